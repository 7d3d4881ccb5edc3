import { expect, test } from 'vitest';

import { pages, readAll, readBase64, texts } from '../src/index.ts';

test('bytes are read in either alphabet, with padding or without', () => {
  const bytes = new Uint8Array([255, 255, 254, 62]);
  for (const text of ['///+Pg==', '///+Pg', '___-Pg==', '___-Pg']) expect(readBase64(text), text).toEqual(bytes);
  expect(readBase64('')).toEqual(new Uint8Array());
  expect(['%%', 'A', 'AA A'].map(readBase64)).toEqual([undefined, undefined, undefined]);
});

test('lists go on at the token of a page, and end without one', () => {
  const { items, next } = pages((page: { readonly nextPageToken?: string; readonly things?: string[] }) => page.things);
  expect([items({ things: ['a'] }), items({})]).toEqual([['a'], []]);
  expect(next({ nextPageToken: 'n' }, { q: 'x', pageToken: 'm' })).toEqual({ q: 'x', pageToken: 'n' });
  expect([next({}, {}), next({ nextPageToken: '' }, {})]).toEqual([undefined, undefined]);
});

test('all pages are read to the last one, whose token counts', async () => {
  const pagesOf = async function* (...given: { items?: number[]; token?: string }[]) {
    yield* await Promise.resolve(given);
  };
  const all = pagesOf({ items: [1, 2] }, {}, { items: [3], token: 'next' });
  expect(await readAll(all, ({ items }) => items)).toEqual({ items: [1, 2, 3], last: { items: [3], token: 'next' } });
  expect(await readAll(pagesOf(), ({ items }) => items)).toEqual({ items: [], last: undefined });
});

test('a list of texts holds at least one, none of them empty, and no more than are taken', () => {
  const verdictsOf = (most?: number) =>
    [[], [''], ['a'], ['a', 'b'], ['a', 'b', 'c']].map((list) => texts(most).safeParse(list).success);
  expect(verdictsOf()).toEqual([false, false, true, true, true]);
  expect(verdictsOf(2)).toEqual([false, false, true, true, false]);
  expect(texts(2, ['a']).meta()?.['examples']).toEqual([['a']]);
});
