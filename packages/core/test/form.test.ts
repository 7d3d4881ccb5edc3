import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../src/bytes.ts';
import { fieldValue, parseForm, parseUrlEncoded, sortFields } from '../src/form.ts';

const pairs = (body: string | Uint8Array) => parseUrlEncoded(body)?.map(({ name, value }) => [name, value]);

describe('parseUrlEncoded', () => {
  it('keeps order, repeated names and the raw text of each pair', () => {
    expect(parseUrlEncoded('b=1&a=2%20x&b=3+4&=v&n&%41=%e2%82%ac')).toEqual([
      { name: 'b', value: '1', raw: 'b=1' },
      { name: 'a', value: '2 x', raw: 'a=2%20x' },
      { name: 'b', value: '3 4', raw: 'b=3+4' },
      { name: '', value: 'v', raw: '=v' },
      { name: 'n', value: '', raw: 'n' },
      { name: 'A', value: '€', raw: '%41=%e2%82%ac' },
    ]);
  });

  it.each([
    '',
    '&',
    '&&&',
    'a',
    '=',
    'a=b=c',
    'a=%',
    'a=%2',
    'a=%zz',
    'a=%ff',
    'a=%c3%28',
    'a=%ED%A0%80',
    'a=%00',
    '+',
  ])('reads %j as the URL Standard does', (text) => {
    expect(pairs(text)).toEqual([...new URLSearchParams(text)]);
  });

  it('reads any text as the URL Standard does', () => {
    const piece = fc.oneof(
      fc.constantFrom('a', '=', '&', '+', '%', '%2', '%20', '%C3%A9', '%c3', '%ff', '%EF%BB%BF', 'é', '😀', ' ', ';'),
      fc.string({ maxLength: 3 }),
    );
    const text = fc.array(piece, { maxLength: 20 }).map((list) => list.join(''));
    fc.assert(
      fc.property(text, (body) => {
        // A leading question mark is cut off by the constructor, not by the format.
        const expected = [...new URLSearchParams(`?${body}`)];
        expect(pairs(body)).toEqual(expected);
        expect(pairs(encodeUtf8(body))).toEqual(expected);
      }),
      { numRuns: 5000, seed: 7 },
    );
  });

  it('reads bytes that are no UTF-8 without throwing', () => {
    expect(pairs(new Uint8Array([0x61, 0x3d, 0xff, 0x62]))).toEqual([['a', '\ufffdb']]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(parseUrlEncoded(bytes)).toBeDefined();
      }),
      { numRuns: 2000, seed: 8 },
    );
  });

  it('E17 reads 1,000 pairs, no more, and never a part of them', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `p${index}=v`).join('&');
    expect(parseUrlEncoded(many(1000))).toHaveLength(1000);
    expect(parseUrlEncoded(many(1001))).toBeUndefined();
    expect(parseUrlEncoded(`${'&'.repeat(1001)}a=1`)).toBeUndefined();
  });
});

describe('parseForm', () => {
  const body = encodeUtf8('a=1&b=2');

  it.each(['application/x-www-form-urlencoded', 'Application/X-WWW-Form-URLEncoded; charset=UTF-8'])(
    'reads %s',
    (type) => {
      const fields = parseForm(body, type)!;
      expect(fieldValue(fields, 'b')).toBe('2');
      expect(fieldValue(fields, 'c')).toBeUndefined();
    },
  );

  it('reads multipart/form-data', () => {
    const multipart = encodeUtf8('--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b--');
    expect(fieldValue(parseForm(multipart, 'multipart/form-data; boundary=b')!, 'a')).toBe('1');
  });

  it.each([
    null,
    '',
    'application/json',
    'text/plain',
    'application/x-www-form-urlencoded2',
    'multipart/mixed; boundary=b',
  ])('E09 %j is no form', (type) => {
    expect(parseForm(body, type)).toBeUndefined();
  });

  it('takes the first of several values', () => {
    expect(fieldValue(parseUrlEncoded('a=1&a=2')!, 'a')).toBe('1');
  });
});

describe('sortFields', () => {
  it('sorts by code unit, names before values, and drops what is equal', () => {
    const fields = parseUrlEncoded('b=2&a=x&B=1&b=10&b=2&a=X&%C3%A9=1&%F0%9F%98%80=1&%EF%BF%BF=1&a=x')!;
    expect(sortFields(fields).map(({ name, value }) => `${name}=${value}`)).toEqual([
      'B=1',
      'a=X',
      'a=x',
      'b=10',
      'b=2',
      'é=1',
      '😀=1',
      '\uffff=1',
    ]);
    expect(fields[0]).toMatchObject({ name: 'b', value: '2' });
  });
});
