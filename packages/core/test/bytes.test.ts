import { describe, expect, it, test, vi } from 'vitest';

import {
  concatBytes,
  crc32,
  decodeBase64,
  decodeBase64url,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeBase64url,
  encodeHex,
  encodeUtf8,
  equalBytes,
  equalText,
  lengthPrefixed,
} from '../src/bytes.ts';
import { randomBytes, randomToken, randomTokens, randomUuid } from '../src/random.ts';

const samples = [...Array.from({ length: 100 }, (_, length) => randomBytes(length)), randomBytes(10_000)];
const codecs = [
  ['hex', encodeHex, decodeHex],
  ['base64', encodeBase64, decodeBase64],
  ['base64url', encodeBase64url, decodeBase64url],
] as const;

describe.each(codecs)('%s', (name, encode, decode) => {
  it('agrees with the platform’s codec', () => {
    for (const bytes of samples) {
      expect(encode(bytes)).toBe(Buffer.from(bytes).toString(name));
      expect(decode(encode(bytes))).toEqual(bytes);
    }
  });

  it('writes the same where there is no codec of the platform', () => {
    const expected = samples.map((bytes) => Buffer.from(bytes).toString(name));
    vi.stubGlobal('Buffer', undefined);
    try {
      expect(samples.map((bytes) => encode(bytes))).toEqual(expected);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('writes views as what they show', () => {
    const whole = randomBytes(64);
    expect(encode(whole.subarray(7, 20))).toBe(Buffer.from(whole).subarray(7, 20).toString(name));
  });
});

describe('decoders', () => {
  it('accept one spelling of base64url', () => {
    const others = ['A', 'AA=', 'AA==', 'AB', 'AAB', 'AAAAA', 'A A', 'AA\n', 'A+', 'A/', 'é', 'ＡＡ', 'A\u0100', 'A\0'];
    expect(others.filter((text) => decodeBase64url(text) !== undefined)).toEqual([]);
    expect(decodeBase64url('')).toEqual(new Uint8Array());
    expect(decodeBase64url('-_8')).toEqual(Uint8Array.of(0xfb, 0xff));
  });

  it('accept one spelling of base64', () => {
    const others = [
      '=',
      '==',
      '====',
      'AA',
      'AA=',
      'AAA',
      'AB==',
      'AAB=',
      'A===',
      'AA==AA==',
      'AA==\n',
      ' AA==',
      '-_8=',
      'AA=A',
    ];
    expect(others.filter((text) => decodeBase64(text) !== undefined)).toEqual([]);
    expect(decodeBase64('')).toEqual(new Uint8Array());
    expect(decodeBase64('+/8=')).toEqual(Uint8Array.of(0xfb, 0xff));
  });

  it('accept hexadecimal in both cases and nothing else', () => {
    expect(decodeHex('00fFaB')).toEqual(Uint8Array.of(0, 0xff, 0xab));
    expect(decodeHex('')).toEqual(new Uint8Array());
    const others = ['0', '0g', ' 00', '00 ', '0x00', '+1', '00\n'];
    expect(others.filter((text) => decodeHex(text) !== undefined)).toEqual([]);
  });

  it('give back every text and refuse what is not UTF-8', () => {
    for (const text of ['', 'a', 'é 🦄 \0', '\ufeffmark', 'x'.repeat(9000)])
      expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0xa6]]) {
      expect(decodeUtf8(Uint8Array.from(bytes))).toBeUndefined();
    }
  });
});

describe('lengthPrefixed', () => {
  it('writes four bytes of length before each UTF-8 text', () => {
    const bytes = lengthPrefixed(encodeUtf8('head'), 'é', '', 'abc');
    expect(encodeHex(bytes)).toBe('68656164' + '00000002c3a9' + '00000000' + '00000003616263');
    expect(encodeHex(lengthPrefixed(new Uint8Array(), 'x'.repeat(70_000))).slice(0, 10)).toBe('0001117078');
  });

  it('writes the same of texts that are ASCII and of those that are not, behind whatever head', () => {
    const head = Uint8Array.of(0xff);
    expect(encodeHex(lengthPrefixed(head, 'ab', '\x7f', 'c'))).toBe(
      'ff' + '000000026162' + '000000017f' + '0000000163',
    );
    expect(encodeHex(lengthPrefixed(head, 'é'))).toBe('ff' + '00000002c3a9');
    expect(encodeHex(lengthPrefixed(head))).toBe('ff');
  });

  it('keeps lists apart that join to the same text', () => {
    const lists = [['ab', 'c'], ['a', 'bc'], ['abc', ''], ['', 'abc'], ['abc'], ['a', 'b', 'c']];
    expect(new Set(lists.map((list) => encodeHex(lengthPrefixed(new Uint8Array(), ...list)))).size).toBe(lists.length);
  });
});

describe('bytes', () => {
  it('are joined in order, views included', () => {
    const source = Uint8Array.of(1, 2, 3, 4);
    expect(concatBytes(source.subarray(2), new Uint8Array(), source.subarray(0, 2))).toEqual(Uint8Array.of(3, 4, 1, 2));
    expect(concatBytes()).toEqual(new Uint8Array());
  });

  it('are equal in length and in every byte, or not equal', () => {
    const bytes = randomBytes(64);
    expect(equalBytes(bytes, new Uint8Array(bytes))).toBe(true);
    expect(equalBytes(bytes, bytes.subarray(1))).toBe(false);
    expect(equalBytes(new Uint8Array(), new Uint8Array())).toBe(true);
    for (const [a, b] of [[[1], [1, 2]], [[1, 0], [1]], [[], [0]], [[0], []]] as const)
      expect(equalBytes(Uint8Array.from(a), Uint8Array.from(b))).toBe(false); // prettier-ignore
    for (let bit = 0; bit < 512; bit++) {
      const other = new Uint8Array(bytes);
      other[bit >> 3]! ^= 1 << (bit & 7);
      expect(equalBytes(bytes, other)).toBe(false);
    }
  });
});

test.each([
  ['', 0],
  ['a', 0xe8b7be43],
  ['123456789', 0xcbf43926],
])('the check value of %j is the one that is published (CRC-32/ISO-HDLC)', (text, value) => {
  expect(crc32(encodeUtf8(text))).toBe(value);
});

describe('texts', () => {
  it('are equal in every character, or not equal', () => {
    expect(equalText('signature', 'signature')).toBe(true);
    expect(equalText('', '')).toBe(true);
    for (const other of ['signaturE', 'Signature', 'signatur', 'signature ', '', 'sign\u0161ture']) {
      expect(equalText('signature', other)).toBe(false);
    }
  });
});

describe('random values', () => {
  it('have the promised form and do not repeat', () => {
    expect(randomToken()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(randomToken(16)).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(randomUuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(Array.from({ length: 1000 }, () => randomToken())).size).toBe(1000);
  });

  it('come many at a time, each of bytes of its own', () => {
    const draw = vi.spyOn(crypto, 'getRandomValues');
    const tokens = randomTokens(3);
    const drawn = draw.mock.results.map(({ value }) => value as Uint8Array);
    expect(drawn).toHaveLength(1);
    expect(tokens).toEqual([0, 32, 64].map((at) => encodeBase64url(drawn[0]!.subarray(at, at + 32))));
    expect(drawn[0]).toHaveLength(96);
  });
});
