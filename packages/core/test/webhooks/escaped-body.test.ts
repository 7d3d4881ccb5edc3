import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/bytes.ts';
import { escapedBody } from '../../src/webhooks/escaped-body.ts';
import { delivery } from './deliveries.ts';

const escaped = (body: string | Uint8Array) => escapedBody(delivery({ body }));

describe('escapedBody', () => {
  it('writes what is beyond ASCII as lower-case escapes, astral characters as two', () => {
    expect(escaped('{"a":"J\u00f6rg 😀\u007f\u0080\uffff"}\r\n')).toEqual([
      ['{"a":"J\\u00f6rg \\ud83d\\ude00\u007f\\u0080\\uffff"}\r\n'],
    ]);
  });

  it('offers nothing for ASCII, and for bytes that are no UTF-8', () => {
    expect(escaped('{"a":"\\u00f6"}\u0000')).toEqual([]);
    expect(escaped('')).toEqual([]);
    expect(escaped(new Uint8Array([0x7b, 0xff, 0x7d]))).toEqual([]);
    expect(escaped(new Uint8Array([0xc0, 0x80]))).toEqual([]);
  });

  it('keeps a byte order mark in view', () => {
    expect(escaped('\ufeff{}')).toEqual([['\\ufeff{}']]);
  });

  it('is pure ASCII and stands for the same JSON text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const json = JSON.stringify(text);
        const [parts] = escaped(json);
        expect(parts === undefined).toBe(encodeUtf8(json).length === json.length);
        const form = (parts?.[0] ?? json) as string;
        expect(form).toMatch(/^[\0-\x7f]*$/);
        expect(JSON.parse(form)).toBe(text);
      }),
      { numRuns: 500, seed: 6 },
    );
  });
});
