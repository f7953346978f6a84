/** The interface of an exported program: names, prototype, and the header that documents the layouts. */
import { formatText } from '../../formats/format.js';
import type { Port, Program } from '../../program/program.js';
import { storageOf } from './library.js';
import { commentText, identifierFor } from './text.js';

/** C identifiers: of every tensor, and of every output port's parameter. */
export interface Names {
  readonly tensors: readonly string[];
  readonly outputs: readonly string[];
}

export function nameProgram({ tensors, outputs }: Program): Names {
  const taken = new Set<string>();
  return {
    tensors: tensors.map(({ name }) => identifierFor(name, taken)),
    outputs: outputs.map(({ name }) => identifierFor(`${name}_out`, taken)),
  };
}

/** `int NAME_run(const int8_t *image, float *probabilities_out)`. */
export function prototypeText(name: string, program: Program): string {
  const texts = parametersOf(program).map(({ text }) => text);
  const line = `int ${name}_run(${texts.join(', ') || 'void'})`;
  return line.length <= 108 ? line : `int ${name}_run(\n  ${texts.join(',\n  ')})`;
}

function parametersOf(program: Program): { text: string; name: string; port: Port }[] {
  const { tensors, inputs, outputs } = program;
  const names = nameProgram(program);
  const parameter = (port: Port, name: string, input: boolean) => {
    const { type } = storageOf(tensors[port.tensor]);
    return { text: `${input ? 'const ' : ''}${type} *${name}`, name, port };
  };
  return [
    ...inputs.map((port) => parameter(port, names.tensors[port.tensor], true)),
    ...outputs.map((port, index) => parameter(port, names.outputs[index], false)),
  ];
}

/** Text of the header of one program. */
export function writeHeader(name: string, program: Program): string {
  const guard = `${name.toUpperCase()}_H`;
  const layouts = parametersOf(program).map(({ name: parameter, port }) => {
    const { shape, format } = program.tensors[port.tensor];
    const kind = format === null ? 'float32' : `codes, ${formatText(format)}`;
    return ` *   ${commentText(`${parameter}: "${port.name}" [${shape.join(', ')}], ${kind}`)}`;
  });
  return `/*
 * ${commentText(program.name || name)}, written by dynafix. Arrays are row-major:
 *
${layouts.join('\n')}
 *
 * A code stands for (code - zeroPoint) * mantissa * 2^-fractionBits; fixed(8,4) has 8 bits and 4 fraction bits.
 *
 * Returns 0; or 1 + the index of the instruction in which an overflow is declared an error, or a float has no code; or
 * -1 - the index of an input that holds codes outside of its format. Intermediate tensors lie in static memory: one run
 * at a time. Inputs and outputs must not overlap.
 */
#ifndef ${guard}
#define ${guard}

#include <stdint.h>

${prototypeText(name, program)};

#endif
`;
}
