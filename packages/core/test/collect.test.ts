import { expect, test } from 'vitest';

import { collect } from '../src/collect.ts';

async function* pages() {
  yield { items: [1, 2] };
  yield { items: [] };
  yield { items: [3] };
  await Promise.resolve();
}

test('every item of every page, in their order', async () => {
  expect(await collect(pages(), ({ items }) => items.map((item) => `#${item}`))).toEqual(['#1', '#2', '#3']);
});

test('a page that fails leaves no half of a list', async () => {
  async function* broken() {
    yield* pages();
    throw new Error('outage');
  }
  await expect(collect(broken(), ({ items }) => items)).rejects.toThrow('outage');
});
