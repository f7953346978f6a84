/** The conformance suite: every published case in scope, exact or within what its publisher allows. */
import { expect } from 'vitest';
import { supportedOperators } from '../compile/examples.js';
import { sharedTest } from '../shared.js';
import { sharedFolder } from '../shared-folder.js';
import { findCases, isFailure, runCase } from './suite.js';

/** Operators without a published case of operator set 6 or newer; test/compile/float-operators.test.ts has them. */
const withoutCase = ['GlobalLpPool'];

sharedTest(
  'the published cases in scope agree, and cover every operator',
  () => {
    const results = findCases(`${sharedFolder}/vectors`).map(runCase);
    expect(results.filter(isFailure)).toEqual([]);
    const passed = results.filter(({ outcome }) => outcome.status === 'passed');
    const covered = new Set(passed.flatMap(({ operators }) => operators.split('+')));
    expect(supportedOperators().filter((operator) => !covered.has(operator))).toEqual(withoutCase);
  },
  600_000,
);
