import { createHash, createHmac } from 'node:crypto';

import { describe, expect, it, vi } from 'vitest';

import { decodeHex, encodeHex, encodeUtf8 } from '../src/bytes.ts';
import { hash, hashText, hmac, nodeCrypto, type HashName } from '../src/hash.ts';
import { randomBytes } from '../src/random.ts';
import { hideNodeCrypto, outcomeOf } from './support/vault.ts';

const names: HashName[] = ['sha1', 'sha256', 'sha384', 'sha512'];

const platforms: [string, () => void][] = [
  ['node:crypto', () => undefined],
  ['WebCrypto', hideNodeCrypto],
];

describe.each(platforms)('on %s', (_, choosePlatform) => {
  it('hash answers the standard’s vectors', async () => {
    choosePlatform();
    // FIPS 180-4, examples of SHA-1 and SHA-256 for the message "abc".
    expect(encodeHex(await hash('sha1', 'abc'))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(encodeHex(await hash('sha256', 'abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('hashText writes the same hash', async () => {
    choosePlatform();
    for (const encoding of ['hex', 'base64url'] as const) {
      expect(await hashText('sha256', 'abc', encoding)).toBe(createHash('sha256').update('abc').digest(encoding));
    }
  });

  it('hmac answers the standard’s vectors', async () => {
    choosePlatform();
    // RFC 4231, test cases 2 and 6.
    expect(encodeHex(await hmac('sha256', 'Jefe', 'what do ya want for nothing?'))).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    const longKey = decodeHex('aa'.repeat(131))!;
    expect(encodeHex(await hmac('sha256', longKey, 'Test Using Larger Than Block-Size Key - Hash Key First'))).toBe(
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    );
  });

  it('every hash takes texts and views alike, and agrees with the reference', async () => {
    choosePlatform();
    const frame = randomBytes(300);
    const [key, data] = [frame.subarray(10, 50), frame.subarray(50, 290)];
    for (const name of names) {
      expect(await hash(name, data)).toEqual(new Uint8Array(createHash(name).update(data).digest()));
      expect(await hmac(name, key, data)).toEqual(new Uint8Array(createHmac(name, key).update(data).digest()));
      expect(await hash(name, 'schön')).toEqual(await hash(name, encodeUtf8('schön')));
      expect(await hmac(name, 'schön', 'grün')).toEqual(await hmac(name, encodeUtf8('schön'), encodeUtf8('grün')));
    }
  });

  it('hmac refuses an empty key', async () => {
    choosePlatform();
    for (const key of ['', new Uint8Array()]) expect(await outcomeOf(hmac('sha256', key, 'data'))).toBe('empty_key');
  });
});

it('node:crypto is looked for where there is a process that has it, and nowhere else', () => {
  expect(nodeCrypto()?.createHmac).toBe(createHmac);
  const found: unknown[] = [];
  for (const runtime of [undefined, {}]) {
    vi.stubGlobal('process', runtime);
    try {
      found.push(nodeCrypto());
    } finally {
      vi.unstubAllGlobals();
    }
  }
  expect(found).toEqual([undefined, undefined]);
});
