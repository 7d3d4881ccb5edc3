import crypto from 'node:crypto';

import { beforeAll, describe, expect, it, vi, type MockInstance } from 'vitest';

import { concatBytes, encodeBase64, encodeUtf8 } from '../src/bytes.ts';
import { randomBytes } from '../src/random.ts';
import { sealedFromText, sealedToText } from '../src/vault/format.ts';
import { importNodeKey } from '../src/vault/node-cipher.ts';
import { importWebKey } from '../src/vault/web-cipher.ts';
import { contextOf, outcomeOf, tally, testVault, thrownCode } from './support/vault.ts';

const context = contextOf();
const vault = testVault();
const headerLength = 4;

describe('a sealed value of 600 bytes', () => {
  let sealed: Uint8Array;
  const open = (bytes: Uint8Array) => outcomeOf(vault.open(context, bytes));

  beforeAll(async () => {
    sealed = await vault.seal(context, randomBytes(600 - headerLength - 28));
  });

  it('C06 opens only without a flipped bit', async () => {
    expect(sealed).toHaveLength(600);
    expect(await open(sealed)).toBe('opened');
    const outcomes: string[] = [];
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = new Uint8Array(sealed);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      outcomes.push(await open(flipped));
    }
    // The header names format and key, and answers for them; every bit behind it is covered by the tag.
    expect(tally(outcomes.slice(headerLength * 8))).toEqual({ vault_auth_failed: (600 - headerLength) * 8 });
    const version = [
      'vault_auth_failed',
      ...Array<string>(4).fill('vault_version'),
      ...Array<string>(3).fill('vault_auth_failed'),
    ];
    expect(outcomes.slice(0, 8)).toEqual(version);
    for (const outcome of outcomes.slice(8, headerLength * 8))
      expect(outcome).toMatch(/^(vault_auth_failed|key_unavailable)$/);
  });

  it('C06 opens only at its full length', async () => {
    const cut = await Promise.all(Array.from({ length: 600 }, (_, length) => open(sealed.subarray(0, length))));
    expect(tally(cut)).toEqual({ vault_auth_failed: 600 });
    // Behind the header there must be room for a nonce and a tag.
    const lengths = Array.from({ length: 60 }, (_, length) => length);
    const named = lengths.filter((length) => vault.keyIdOf(sealed.subarray(0, length)) !== null);
    expect(named).toEqual(lengths.slice(headerLength + 12 + 16));
    const extended = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => open(concatBytes(sealed, randomBytes(index + 1)))),
    );
    expect(tally(extended)).toEqual({ vault_auth_failed: 1000 });
    const shifted = await Promise.all([1, 2, 15, 16].map((bytes) => open(concatBytes(randomBytes(bytes), sealed))));
    expect(shifted).not.toContain('opened');
  });

  it('R51 refuses random bytes under a correct header', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        open(concatBytes(sealed.subarray(0, headerLength), randomBytes(index))),
      ),
    );
    expect(tally(outcomes)).toEqual({ vault_auth_failed: 1000 });
  });

  it('C06 refuses every classic alteration of the tag', async () => {
    const tagAt = sealed.length - 16;
    const alterations: ((tag: Uint8Array) => void)[] = [
      (tag) => tag.fill(0),
      (tag) => tag.fill(0xff),
      (tag) => tag.forEach((byte, index) => (tag[index] = byte ^ 0xff)),
      (tag) => tag.forEach((byte, index) => (tag[index] = byte ^ 0x80)),
      (tag) => tag.reverse(),
      (tag) => tag.set(tag.slice(0, 8), 8),
      (tag) => tag.subarray(8).fill(0),
      (tag) => tag.copyWithin(0, 1),
    ];
    for (const alter of alterations) {
      const altered = new Uint8Array(sealed);
      alter(altered.subarray(tagAt));
      expect(await open(altered)).toBe('vault_auth_failed');
    }
  });

  it('C07 refuses short tags', async () => {
    for (const kept of [0, 4, 8, 12, 13, 15])
      expect(await open(sealed.subarray(0, 584 + kept))).toBe('vault_auth_failed');
  });

  it('C06 has exactly one text form', () => {
    const text = sealedToText(sealed);
    expect(sealedFromText(text)).toEqual(sealed);
    const body = text.slice(4);
    const standard = encodeBase64(
      concatBytes(sealed.subarray(0, 4), Uint8Array.of(0xfb, 0xff, 0xfe), sealed.subarray(4)),
    );
    const others = [
      '',
      'iv1',
      'iv1.!',
      body,
      `iv2.${body}`,
      `IV1.${body}`,
      `iv1.${standard}`,
      `${text}=`,
      `${text}==`,
      `${text}\n`,
      ` ${text}`,
      `iv1. ${body}`,
      `iv1.${body.slice(0, 40)}\n${body.slice(40)}`,
      `iv1.${body.slice(0, -3)}`,
      'iv1.AB',
      'iv1.AAB',
      'iv1.é',
      'iv1.ＡＡＡＡ',
    ];
    expect(others.filter((other) => thrownCode(() => sealedFromText(other)) !== 'vault_auth_failed')).toEqual([]);
  });
});

describe('tags of the ciphers', () => {
  const nonce = randomBytes(12);
  const associatedData = encodeUtf8('data');

  it.each([
    ['node:crypto', (key: Uint8Array<ArrayBuffer>) => importNodeKey(crypto, key)],
    ['WebCrypto', importWebKey],
  ])('C07 are 16 bytes on %s, never fewer', async (_, importKey) => {
    const subkey = await (await importKey(randomBytes(32))).subkey(associatedData);
    const sealed = await subkey.encrypt({ nonce, associatedData, body: new Uint8Array() }, new Uint8Array());
    const tag = sealed.subarray(nonce.length);
    expect(tag).toHaveLength(16);
    const decrypt = async (length: number) => subkey.decrypt({ nonce, associatedData, body: tag.subarray(0, length) });
    expect(await decrypt(16)).toHaveLength(0);
    for (const length of [4, 8, 12, 13, 14, 15]) expect(await outcomeOf(decrypt(length))).toBe('vault_auth_failed');
  });
});

describe('values that were never sealed', () => {
  it.each([
    ['a bare token', encodeUtf8('gho_16C7e42F292c6912E7710c838347Ae178B4a0123456789')],
    ['JSON', encodeUtf8('{"accessToken":"at","refreshToken":"rt","padding":"................"}')],
    ['a JOSE token', encodeUtf8('eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..abcdefgh.abcdefgh.abcdefgh')],
    ['hexadecimal', encodeUtf8('00'.repeat(64))],
    ['nothing', new Uint8Array()],
    ['one byte', Uint8Array.of(2)],
    ['zeros', new Uint8Array(64)],
  ])('C08 refuses %s', async (_, bytes) => {
    expect(await outcomeOf(vault.open(context, bytes))).toBe('vault_auth_failed');
    expect(vault.keyIdOf(bytes)).toBeNull();
  });

  it('C08 refuses what is no byte array', async () => {
    for (const value of ['gho_token', null, undefined, {}, [1, 2, 3], new ArrayBuffer(64)]) {
      expect(await outcomeOf(vault.open(context, value as Uint8Array))).toBe('vault_auth_failed');
      expect(vault.keyIdOf(value as Uint8Array)).toBeNull();
    }
  });

  it('C08 tells a newer format from an older or foreign one', async () => {
    const sealed = await vault.seal(context, randomBytes(40));
    const withVersion = (version: number) =>
      outcomeOf(vault.open(context, concatBytes(Uint8Array.of(version), sealed.subarray(1))));
    expect(await withVersion(0)).toBe('vault_auth_failed');
    expect(await withVersion(1)).toBe('opened');
    expect(await withVersion(2)).toBe('vault_version');
    expect(await withVersion(0x1f)).toBe('vault_version');
    expect(await withVersion(0x20)).toBe('vault_auth_failed');
    expect(await withVersion(0xff)).toBe('vault_auth_failed');
  });
});

describe('a key id', () => {
  it('C09 that is unknown is answered without any decryption', async () => {
    const foreign = await testVault({ k2: randomBytes(32) }).seal(context, randomBytes(40));
    const decipher = vi.spyOn(crypto, 'createDecipheriv');
    await expect(vault.open(context, foreign)).rejects.toMatchObject({
      kind: 'configuration',
      code: 'key_unavailable',
      retryable: false,
      message: expect.stringContaining('k2') as string,
    });
    expect(decipher).not.toHaveBeenCalled();
    await vault.open(context, await vault.seal(context, randomBytes(1)));
    expect(decipher).toHaveBeenCalledTimes(1);
  });

  it('C09 is checked for length and alphabet before the ring is asked', async () => {
    const forged = (keyId: string) => concatBytes(Uint8Array.of(1, keyId.length), encodeUtf8(keyId), randomBytes(60));
    for (const keyId of ['', 'k.1', 'k 1', "k1'", 'k\u00001', 'x'.repeat(33)]) {
      expect(await outcomeOf(vault.open(context, forged(keyId)))).toBe('vault_auth_failed');
    }
    for (const keyId of ['__proto__', 'constructor', 'x'.repeat(32)]) {
      expect(await outcomeOf(vault.open(context, forged(keyId)))).toBe('key_unavailable');
      expect(vault.keyIdOf(forged(keyId))).toBe(keyId);
    }
  });
});

describe('unverified plaintext', () => {
  it('C18 is overwritten and never returned', async () => {
    const sealed = await vault.seal(context, encodeUtf8('refresh token of 28 letters.'));
    sealed[sealed.length - 1]! ^= 1;
    const released: MockInstance[] = [];
    const create = crypto.createDecipheriv.bind(crypto);
    vi.spyOn(crypto, 'createDecipheriv').mockImplementation((...args) => {
      const decipher = create(...args);
      released.push(vi.spyOn(decipher, 'update'));
      return decipher;
    });
    const consumer = vi.fn<(plaintext: Uint8Array) => void>();
    await expect(vault.open(context, sealed).then(consumer)).rejects.toMatchObject({ code: 'vault_auth_failed' });
    expect(consumer).not.toHaveBeenCalled();
    expect(released.map((update) => update.mock.results)).toEqual([[{ type: 'return', value: Buffer.alloc(28) }]]);
  });
});
