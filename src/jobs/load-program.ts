/** A program from a program file, or the float program of a model. */
import { compileProgram } from '../compile/compile.js';
import { readProgram } from '../program/file.js';
import type { Program } from '../program/program.js';
import { loadModel } from './load-model.js';
import { isModel } from './read-graph.js';

/** Throws a ModelError or a ProgramError where the file is neither. */
export function loadProgram(path: string, shapes: Readonly<Record<string, readonly number[]>> = {}): Program {
  if (!isModel(path)) return readProgram(path);
  const { graph, digest } = loadModel(path, shapes);
  return compileProgram(graph, null, { model: digest });
}
