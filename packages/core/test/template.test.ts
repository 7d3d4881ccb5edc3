import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import { expandOrigin, expandTemplate, templateNames } from '../src/template.ts';
import { hostileNames } from './support/hostile-names.ts';

const refused = (task: () => unknown): string => {
  try {
    return `accepted: ${String(task())}`;
  } catch (error) {
    return isPlugboardError(error) ? error.code : 'foreign error';
  }
};

const messageOf = (task: () => unknown): string => {
  try {
    return String(task());
  } catch (error) {
    return (error as Error).message;
  }
};

describe('expandTemplate', () => {
  it.each([
    ['plain', 'a1', '/v1/a1/x'],
    ['number', 42, '/v1/42/x'],
    ['F08 slashes', 'a/../../admin', '/v1/a%2F..%2F..%2Fadmin/x'],
    ['F08 encoded dots', '%2e%2e', '/v1/%252e%252e/x'],
    ['F08 path parameters', '..;/', '/v1/..%3B%2F/x'],
    ['F08 backslash', '..\\x', '/v1/..%5Cx/x'],
    ['query and fragment', 'a?b=c#d', '/v1/a%3Fb%3Dc%23d/x'],
    ['unicode', 'ü/é', '/v1/%C3%BC%2F%C3%A9/x'],
    ['a placeholder in a value', '{id}', '/v1/%7Bid%7D/x'],
    ['a replacement pattern in a value', '$&$1', '/v1/%24%26%241/x'],
  ])('%s', (_name, id, expected) => {
    const path = expandTemplate('/v1/{id}/x', { id });
    expect(path).toBe(expected);
    // One segment stays one segment after the URL parser has seen it.
    expect(new URL(path, 'https://api.example.com').pathname.split('/')).toHaveLength(4);
  });

  it.each([
    ['one segment', 'a1', '/v1/a1/x'],
    ['several segments', 'a/b c/d', '/v1/a/b%20c/d/x'],
    ['empty segments', '/a//b/', '/v1//a//b//x'],
    ['F08 encoded dots', 'a/%2e%2e/b', '/v1/a/%252e%252e/b/x'],
    ['query and fragment', 'a/b?c=d#e', '/v1/a/b%3Fc%3Dd%23e/x'],
  ])('a path of %s', (_name, key, expected) => {
    const path = expandTemplate('/v1/{+key}/x', { key });
    expect(path).toBe(expected);
    expect(new URL(path, 'https://api.example.com').pathname).toBe(expected);
  });

  it.each(['..', 'a/..', '../a', 'a/../b', 'a/./b', '.', '', 'a/b\n', 'a/\ud800'])(
    'F08 refuses the path %j, which is none or would leave its place',
    (key) => {
      expect(refused(() => expandTemplate('/v1/{+key}', { key }))).toBe('invalid_input');
      expect(refused(() => expandTemplate('/v1/{+key}/x', { key }))).toBe('invalid_input');
    },
  );

  it.each([
    ['missing', {}],
    ['empty', { id: '' }],
    ['F08 dot', { id: '.' }],
    ['F08 dot dot', { id: '..' }],
    ['NUL', { id: 'a\0b' }],
    ['line break', { id: 'a\r\nb' }],
    ['lone surrogate', { id: '\ud800' }],
    ['not a number', { id: Number.NaN }],
    ['infinite', { id: Number.POSITIVE_INFINITY }],
  ])('refuses %s', (_name, values) => {
    expect(refused(() => expandTemplate('/v1/{id}/x', values))).toBe('invalid_input');
  });

  it('F08 refuses values that only together make a dot segment', () => {
    expect(refused(() => expandTemplate('/v1/{a}{b}/x', { a: '.', b: '.' }))).toBe('invalid_input');
    expect(refused(() => expandTemplate('/v1/.{a}/x', { a: '.' }))).toBe('invalid_input');
    expect(expandTemplate('/v1/{a}.{b}', { a: 'file', b: 'json' })).toBe('/v1/file.json');
  });

  it('takes no inherited property for a value', () => {
    expect(refused(() => expandTemplate('/v1/{constructor}', {}))).toBe('invalid_input');
  });

  it('names the field and never quotes the value', () => {
    expect(() => expandTemplate('/v1/{id}', { id: 'secret\n' })).toThrow(/id: must not contain control characters/);
    expect(() => expandTemplate('/v1/{id}', { id: 'secret\n' })).not.toThrow(/secret/);
  });

  it('lists its names', () => {
    expect(templateNames('/v1/{list_id}/members/{+id}')).toEqual(['list_id', 'id']);
  });
});

describe('F01 expandOrigin', () => {
  const shop = (value: string) => expandOrigin('https://{shop}.shops.example', { shop: value });

  it('accepts labels', () => {
    expect(shop('my-shop')).toBe('https://my-shop.shops.example');
    expect(shop('MY-Shop1')).toBe('https://my-shop1.shops.example');
    expect(shop('a'.repeat(63))).toBe(`https://${'a'.repeat(63)}.shops.example`);
  });

  it('knows more than 200 names to refuse', () => expect(hostileNames.length).toBeGreaterThan(200));

  it.each(hostileNames)('refuses %j, and does not quote it', (value) => {
    expect(refused(() => shop(value))).toBe('invalid_input');
    if (value.length > 4) expect(messageOf(() => shop(value)).includes(value)).toBe(false);
  });

  it('what is accepted leads to a label below the very domain, for any text', () => {
    const characters = fc.constantFrom(...Array.from('ab0-.@/:%?#\\ \u212a\u3002'));
    const texts = fc.string({ unit: characters, maxLength: 12 });
    const isLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
    fc.assert(
      fc.property(texts, (value) => {
        const outcome = refused(() => shop(value));
        if (outcome === 'invalid_input') return !isLabel.test(value);
        const { hostname, origin, port } = new URL(outcome.replace('accepted: ', ''));
        const [first = '', ...rest] = hostname.split('.');
        return isLabel.test(first) && rest.join('.') === 'shops.example' && port === '' && outcome.endsWith(origin);
      }),
      { numRuns: 1_000 },
    );
  });

  it('refuses a template that is no origin', () => {
    expect(refused(() => expandOrigin('https://{shop}.shops.example/path', { shop: 'x' }))).toBe(
      'invalid_origin_template',
    );
    expect(refused(() => expandOrigin('https://user@{shop}.example', { shop: 'x' }))).toBe('invalid_origin_template');
  });
});
