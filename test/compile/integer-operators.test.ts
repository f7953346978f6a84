/**
 * Every operator that is lowered, alone and among others, in integers: the program is legal, the oracle and the kernels
 * agree in every byte, and the real values stay close to float.
 */
import { describe, expect, test } from 'vitest';
import { buildGraph } from '../graph/build.js';
import { operatorExamples } from './examples.js';
import { graphExamples } from './graph-examples.js';
import { profiles, quantizeGraph } from './quantize.js';

/**
 * Least signal to noise ratio of an output in dB. Noise over the whole range of n bits has 6 n: 48 and 96; formats with room
 * for unseen values, coarse weights and outputs far below their extremes cost up to four bits.
 */
const floors = { 'generic-int8': 24, 'generic-int16': 72 };

describe.each(profiles)('%s', (profile) => {
  test.each(Object.entries({ ...operatorExamples, ...graphExamples }))(
    '%s',
    async (_, { scales, ...parts }) => {
      const { decibels } = await quantizeGraph(buildGraph(parts), profile, scales);
      for (const value of decibels) expect(value).toBeGreaterThan(floors[profile]);
    },
  );
});
