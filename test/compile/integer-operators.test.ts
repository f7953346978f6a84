/**
 * Every operator that is lowered, alone and among others, in integers: the program is legal, the oracle and the kernels
 * agree in every byte, and the real values stay close to float.
 */
import { describe, expect, test } from 'vitest';
import { buildGraph } from '../graph/build.js';
import { operatorExamples } from './examples.js';
import { graphExamples } from './graph-examples.js';
import { profiles, quantizeGraph } from './quantize.js';

/** Least signal to noise ratio of an output in dB. Uniform noise in n bits has 6.02 n: 48 and 96. */
const floors = {
  operators: { 'generic-int8': 36, 'generic-int16': 82 },
  graphs: { 'generic-int8': 30, 'generic-int16': 78 },
};

describe.each(profiles)('%s', (profile) => {
  test.each(Object.entries(operatorExamples))('%s', (_, { scales, ...parts }) => {
    for (const value of quantizeGraph(buildGraph(parts), profile, scales).decibels)
      expect(value).toBeGreaterThan(floors.operators[profile]);
  });

  test.each(Object.entries(graphExamples))('%s', (_, { scales, ...parts }) => {
    for (const value of quantizeGraph(buildGraph(parts), profile, scales).decibels)
      expect(value).toBeGreaterThan(floors.graphs[profile]);
  });
});
