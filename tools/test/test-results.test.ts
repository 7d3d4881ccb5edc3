import { expect, test } from 'vitest';

import { belowFloor, packageOf } from '../test-results.ts';

test('a fallen count, a vanished package and a vanished project are named', () => {
  const floor = { unit: { 'packages/a': 3, 'packages/b': 1 }, integration: { 'packages/a': 2 } };
  expect(belowFloor(floor, { unit: { 'packages/a': 2 } })).toEqual([
    'packages/a (unit): 2 tests executed, the floor is 3',
    'packages/b (unit): 0 tests executed, the floor is 1',
    'packages/a (integration): 0 tests executed, the floor is 2',
  ]);
});

test('more tests than the floor are welcome', () => {
  expect(belowFloor({ unit: { 'packages/a': 3 } }, { unit: { 'packages/a': 4, 'packages/c': 1 } })).toEqual([]);
});

test('a test file belongs to the folder above test', () => {
  expect(packageOf('packages/providers/acme/test/deep/a.test.ts')).toBe('packages/providers/acme');
});
