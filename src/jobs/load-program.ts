/** A program from a program file or a model: integer where the model comes quantised, else float32. */
import { compileProgram } from '../compile/compile.js';
import { readProgram } from '../program/file.js';
import type { Program } from '../program/program.js';
import { loadModel } from './load-model.js';
import { isModel } from './read-graph.js';

/** Throws a ModelError or a ProgramError where the file is neither. */
export function loadProgram(path: string, shapes: Readonly<Record<string, readonly number[]>> = {}): Program {
  if (!isModel(path)) return readProgram(path);
  const { graph, digest, formats } = loadModel(path, shapes);
  return compileProgram(graph, formats, { model: digest });
}
