import fc from 'fast-check';
import { expect, test } from 'vitest';

import { corpus } from './corpus.ts';

const small = (value: number) => expect(value).toBeLessThan(700);

test('R50 a failing case is told with the seed to keep', async () => {
  const failure = await corpus('numbers', fc.nat({ max: 1000 }), small, { seeds: {} }).catch(String);
  expect(failure).toMatch(/Counterexample: \[700\]/);
  expect(failure).toMatch(/Keep it in test\/corpus\/seeds\.json: "numbers": \[\[\d+, "[\d:]+"\]\]/);
});

test('R50 a kept seed is replayed, and first', async () => {
  const failure = String(await corpus('numbers', fc.nat({ max: 1000 }), small, { seeds: {} }).catch(String));
  const [, seed, path] = /\[\[(\d+), "([\d:]+)"\]\]/.exec(failure)!;
  const seen: number[] = [];
  const seeds = { numbers: [[Number(seed), path!]] } as const;
  const values = fc.nat({ max: 1000 });
  await expect(
    corpus('numbers', values, (value) => (seen.push(value), small(value)), { seeds, share: 0 }),
  ).rejects.toThrow('Counterexample: [700]');
  expect(seen[0]).toBe(700);
});
