import { expect, it } from 'vitest';

import { encodeForm, encodeFormText } from '../src/form-encoding.ts';

const everyUnit = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));

it('writes every character as URLSearchParams does, halves of pairs included', () => {
  const byPlatform = (text: string) => new URLSearchParams({ v: text }).toString().slice(2);
  expect(everyUnit.filter((unit) => encodeFormText(unit) !== byPlatform(unit))).toEqual([]);
  for (const text of ['', 'a b', '1//r+=&?', 'é😀', "it's (~ok)!*", '100%20', '\r\n', 'a\ud800b\udc00']) {
    expect(encodeFormText(text)).toBe(byPlatform(text));
  }
});

it('writes pairs in order, as URLSearchParams does', () => {
  for (const fields of [{}, { a: '' }, { grant_type: 'x y', 'b&c': 'd=e', é: '~' }]) {
    expect(encodeForm(fields)).toBe(new URLSearchParams(fields).toString());
  }
});
