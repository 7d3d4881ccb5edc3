/** Characters that become others when somebody normalizes them: full-width forms, and other dots and slashes. */
import { emailAddressPattern, type AnyDefinition } from '@plugboard/core';
import { baseUrl, host } from '@plugboard/core/fields';
import { accepts, exampleOf, type Schema } from '@plugboard/core/provider-kit';
import { describe, expect, test } from 'vitest';

import { definitions } from './definitions.ts';

const forms: Readonly<Record<string, readonly string[]>> = {
  '@': ['＠', '﹫'],
  '.': ['．', '。', '｡', '․', '﹒'],
  '/': ['／', '⁄', '∕'],
  ':': ['：', '﹕'],
};

/** The text with each mark and each letter in turn in another form. */
function lookalikes(text: string): string[] {
  const found: string[] = [];
  for (const [index, character] of Array.from(text).entries()) {
    const code = character.codePointAt(0)!;
    const wide = /[a-z0-9-]/i.test(character) ? [String.fromCodePoint(code + 0xfee0)] : [];
    for (const other of [...(forms[character] ?? []), ...wide])
      found.push(text.slice(0, index) + other + text.slice(index + 1));
  }
  return found;
}

/** Fields of a schema's example that name a place or a person, each with its neighbours. */
function fieldsOf(schema: Schema | undefined, given?: unknown) {
  const example = Object(given ?? (schema && exampleOf(schema))) as Record<string, unknown>;
  return Object.entries(example).flatMap(([name, value]) =>
    typeof value === 'string' &&
    /^[^\s@]+@[\w-]+(\.[\w-]+)+$|^(https:\/\/)?[\w-]+(\.[a-z][\w-]*)+(:\d+)?(\/\S*)?$/i.test(value)
      ? [{ name, value, example }]
      : [],
  );
}

const subjects = definitions.flatMap(({ id, auth }: AnyDefinition) =>
  Object.entries(auth).flatMap(([name, method]) => {
    const schema = 'credentials' in method ? method.credentials : method.input;
    const found = fieldsOf(schema, 'credentials' in method ? method.example : undefined);
    return found.map((field) => ({ what: `${id}.${name}.${field.name}`, schema: schema!, ...field }));
  }),
);

describe('G17 what a tenant enters as a place or a person is refused in another form', () => {
  test('some are entered', () => {
    expect(subjects.map(({ what }) => what)).toEqual(expect.arrayContaining([expect.stringMatching(/^shopify\./)]));
    expect(subjects.length).toBeGreaterThan(3);
  });
  test.each(subjects)('$what', ({ schema, name, value, example }) => {
    expect(accepts(schema, example)).toBe(true);
    const others = lookalikes(value);
    expect(others.length).toBeGreaterThan(3);
    expect(others.filter((text) => accepts(schema, { ...example, [name]: text }))).toEqual([]);
  });
  test.each([
    ['a host', host('Host'), 'storage.example.com:8443'],
    ['a base URL', baseUrl('URL'), 'https://storage.example.com/v1'],
  ])('%s', (_, schema, value) => {
    expect(accepts(schema, value)).toBe(true);
    // A path may hold any letter: it stays on its host.
    const others = lookalikes(value).filter((text) => text.endsWith('/v1') || !value.endsWith('/v1'));
    expect(others.filter((text) => accepts(schema, text))).toEqual([]);
  });
  test('an email address', () => {
    for (const value of ['ada@example.com', 'Ada ＠ home <ada@example.com>', 'jürgen@bücher.example']) {
      expect(value).toMatch(emailAddressPattern);
      const [, name = '', address = ''] = /^(.*?<)?([^<>]+)/.exec(value)!;
      const others = lookalikes(address).map((text) => value.replace(address, text));
      expect(others.filter((text) => emailAddressPattern.test(text))).toEqual([]);
      expect(name === '' || value.startsWith(name)).toBe(true);
    }
  });
});
