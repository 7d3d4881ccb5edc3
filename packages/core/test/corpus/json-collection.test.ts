/** R53: the public collection of JSON texts. `y_` must be read, `n_` must not, of `i_` each verdict stands here. */
import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { isPlugboardError } from '../../src/errors.ts';
import { parseJson } from '../../src/json.ts';
import { createAnswer } from '../../src/transport/answer.ts';

const { files } = JSON.parse(readFileSync(new URL('../vectors/json-test-suite.json', import.meta.url), 'utf8')) as {
  files: Record<string, string>;
};
const all = new Map(Object.entries(files).map(([name, base64]) => [name, Buffer.from(base64, 'base64')]));
all.set('n_structure_100000_opening_arrays', Buffer.from('['.repeat(100_000)));
all.set('n_structure_open_array_object', Buffer.from('[{"":'.repeat(50_000)));

function verdict(bytes: Uint8Array): string {
  const answer = createAnswer({ status: 200, headers: new Headers() }, bytes);
  try {
    answer.json();
    return 'read';
  } catch (error) {
    return isPlugboardError(error) ? error.code : `foreign: ${String(error)}`;
  }
}

test('R53 the collection is whole', () => {
  expect(all.size).toBe(318);
});

test.each([...all].filter(([name]) => name.startsWith('y_')))('R53 %s is read as the platform reads it', (_, bytes) => {
  const text = new TextDecoder().decode(bytes);
  expect(verdict(bytes)).toBe('read');
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

test.each([...all].filter(([name]) => name.startsWith('n_')))('R53 %s is refused', (_, bytes) => {
  expect(verdict(bytes)).toMatch(/^(not_json|json_too_deep)$/);
});

describe('R53 what the standard leaves open', () => {
  test('the verdicts', () => {
    const open = [...all].filter(([name]) => name.startsWith('i_'));
    const read = open.filter(([, bytes]) => verdict(bytes) === 'read').map(([name]) => name);
    const refused = open.filter(([name]) => !read.includes(name)).map(([name, bytes]) => [name, verdict(bytes)]);
    expect({ read, refused }).toMatchInlineSnapshot(`
      {
        "read": [
          "i_number_double_huge_neg_exp",
          "i_number_huge_exp",
          "i_number_neg_int_huge_exp",
          "i_number_pos_double_huge_exp",
          "i_number_real_neg_overflow",
          "i_number_real_pos_overflow",
          "i_number_real_underflow",
          "i_number_too_big_neg_int",
          "i_number_too_big_pos_int",
          "i_number_very_big_negative_int",
          "i_object_key_lone_2nd_surrogate",
          "i_string_1st_surrogate_but_2nd_missing",
          "i_string_1st_valid_surrogate_2nd_invalid",
          "i_string_UTF-8_invalid_sequence",
          "i_string_UTF8_surrogate_U+D800",
          "i_string_incomplete_surrogate_and_escape_valid",
          "i_string_incomplete_surrogate_pair",
          "i_string_incomplete_surrogates_escape_valid",
          "i_string_invalid_lonely_surrogate",
          "i_string_invalid_surrogate",
          "i_string_invalid_utf-8",
          "i_string_inverted_surrogates_U+1D11E",
          "i_string_iso_latin_1",
          "i_string_lone_second_surrogate",
          "i_string_lone_utf8_continuation_byte",
          "i_string_not_in_unicode_range",
          "i_string_overlong_sequence_2_bytes",
          "i_string_overlong_sequence_6_bytes",
          "i_string_overlong_sequence_6_bytes_null",
          "i_string_truncated-utf-8",
          "i_structure_UTF-8_BOM_empty_object",
        ],
        "refused": [
          [
            "i_string_UTF-16LE_with_BOM",
            "not_json",
          ],
          [
            "i_string_utf16BE_no_BOM",
            "not_json",
          ],
          [
            "i_string_utf16LE_no_BOM",
            "not_json",
          ],
          [
            "i_structure_500_nested_arrays",
            "json_too_deep",
          ],
        ],
      }
    `);
  });
});

test('R53 depth bombs end at the sixty-fifth bracket, however long they are and wherever they hide', () => {
  const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
  expect(verdict(Buffer.from(deep('[', ']', 64)))).toBe('read');
  for (const depth of [65, 1_000, 100_000, 1_000_000]) {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
      ['[{"\\"[":', '}]'],
    ] as const)
      expect(verdict(Buffer.from(deep(open, close, depth)))).toBe('json_too_deep');
  }
  // Brackets inside texts count for nothing.
  expect(parseJson(`"${'[{'.repeat(100_000)}"`)).toHaveLength(200_000);
});

test('R53 no key of any text reaches a prototype', () => {
  const names = ['__proto__', 'constructor', 'prototype', '\\u005f_proto__', '__pr\\u006fto__', 'c\\u006Fnstructor'];
  for (const name of names) {
    for (const text of [
      `{"${name}":{"polluted":1}}`,
      `[{"a":{"${name}":{"polluted":1}}}]`,
      `{"a":1,"${name}":{"prototype":{"polluted":1}}}`,
    ]) {
      const copy = Object.assign({}, parseJson(text)) as { polluted?: unknown };
      expect(JSON.stringify(copy)).not.toContain('polluted');
      expect(copy.polluted).toBeUndefined();
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    }
  }
});
