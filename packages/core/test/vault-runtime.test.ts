import nodeCrypto from 'node:crypto';

import { describe, expect, it, vi } from 'vitest';

import { encodeHex, encodeUtf8 } from '../src/bytes.ts';
import { randomBytes } from '../src/random.ts';
import { createVault, type KeyUsage } from '../src/vault/create-vault.ts';
import { createKey } from '../src/vault/key-bytes.ts';
import { contextOf, hideNodeCrypto, testVault } from './support/vault.ts';

const context = contextOf();
const plaintext = encodeUtf8('secret');

describe('C11 nonces', () => {
  it('never repeat', async () => {
    const vault = testVault();
    const seals = 20_000;
    const nonces = new Set<string>();
    for (let seal = 0; seal < seals; seal++)
      nonces.add(encodeHex((await vault.seal(context, plaintext)).subarray(4, 16)));
    expect(nonces.size).toBe(seals);
  });

  it('are drawn anew for every seal: nothing is kept in stock that a cloned machine would use twice', async () => {
    const vault = testVault();
    await vault.seal(context, plaintext);
    const draw = vi.spyOn(crypto, 'getRandomValues');
    const sealed = [await vault.seal(context, plaintext), await vault.seal(context, plaintext)];
    expect(draw.mock.results.map((result) => result.value as unknown)).toEqual(
      sealed.map((value) => value.slice(4, 16)),
    );
  });
});

describe.each(['node:crypto', 'WebCrypto'])('the self-test, on %s', (platform) => {
  const stuck: [string, (target: Uint8Array) => void][] = [
    ['zeros', (target) => target.fill(0)],
    ['one byte', (target) => target.fill(0x5a)],
    ['one sequence', (target) => target.forEach((_, index) => (target[index] = index * 7))],
  ];
  it.each(stuck)('C11 catches a generator that answers %s', async (_, fill) => {
    if (platform === 'WebCrypto') hideNodeCrypto();
    const vault = testVault();
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((target) => {
      fill(target as Uint8Array);
      return target;
    });
    const refusal = { kind: 'configuration', code: 'vault_self_test' };
    await expect(vault.seal(context, plaintext)).rejects.toMatchObject(refusal);
    await expect(vault.keyCheckValues()).rejects.toMatchObject(refusal);
    vi.restoreAllMocks();
    await expect(vault.seal(context, plaintext)).resolves.toBeInstanceOf(Uint8Array);
  });
});

describe('the self-test of a cipher', () => {
  const cases: [string, () => void, string][] = [
    ['answers other bytes', () => fakeDecrypt(async () => new ArrayBuffer(32)), 'does not decrypt what it encrypted'],
    [
      'always fails',
      () => fakeDecrypt(async () => Promise.reject(new Error('broken'))),
      'does not decrypt what it encrypted',
    ],
    ['verifies nothing', pretendToEncrypt, 'accepts an altered ciphertext'],
  ];
  it.each(cases)('catches one that %s', async (_, breakCipher, message) => {
    hideNodeCrypto();
    breakCipher();
    await expect(testVault().seal(context, plaintext)).rejects.toMatchObject({
      code: 'vault_self_test',
      message: expect.stringContaining(message) as string,
    });
  });

  function fakeDecrypt(decrypt: (body: Uint8Array) => Promise<ArrayBuffer>): void {
    vi.spyOn(crypto.subtle, 'decrypt').mockImplementation(async (_, __, body) => decrypt(body as Uint8Array));
  }

  function pretendToEncrypt(): void {
    vi.spyOn(crypto.subtle, 'encrypt').mockImplementation(async (_, __, body) => {
      return Uint8Array.from([...(body as Uint8Array), ...new Uint8Array(16)]).buffer;
    });
    fakeDecrypt(async (body) => Uint8Array.from(body.subarray(0, -16)).buffer);
  }
});

describe('C12 the budget of a key', () => {
  it('is reported once, when it is used up, and for the key that seals', async () => {
    const usage: KeyUsage[] = [];
    const keys = { k2: createKey(), k1: createKey() };
    const vault = createVault({
      environment: 'test',
      keys,
      warnAfterSeals: 5,
      onKeyBudget: (report) => usage.push(report),
    });
    const old = await testVault({ k1: keys.k1 }).seal(context, plaintext);
    for (let seal = 1; seal <= 4; seal++) await vault.seal(contextOf({ connectionId: String(seal) }), plaintext);
    await vault.open(context, old);
    expect(usage).toEqual([]);
    await vault.seal(context, plaintext);
    expect(usage).toEqual([{ keyId: 'k2', seals: 5 }]);
    for (let seal = 0; seal < 20; seal++) await vault.seal(context, plaintext);
    expect(usage).toHaveLength(1);
  });

  it('does not cost the seal that reaches it when the listener fails', async () => {
    const onKeyBudget = vi.fn<(usage: KeyUsage) => void>(() => {
      throw new Error('the listener is broken');
    });
    const vault = createVault({ environment: 'test', keys: { k1: createKey() }, warnAfterSeals: 1, onKeyBudget });
    expect(await vault.open(context, await vault.seal(context, plaintext))).toEqual(plaintext);
    expect(onKeyBudget).toHaveBeenCalledOnce();
  });
});

describe('B12 memory', () => {
  it('holds key bytes in key objects only: what they were made from is overwritten, on node:crypto', async () => {
    const create = vi.spyOn(nodeCrypto, 'createSecretKey');
    await testVault().seal(context, plaintext);
    // The root key, the subkey of the self-test, the subkey of the context.
    expect(create.mock.calls.map(([bytes]) => new Uint8Array(bytes as unknown as Uint8Array))).toEqual(
      Array(3).fill(new Uint8Array(32)),
    );
  });

  it('holds key bytes in key objects only: what they were made from is overwritten, on WebCrypto', async () => {
    hideNodeCrypto();
    const create = vi.spyOn(crypto.subtle, 'importKey');
    await testVault().seal(context, plaintext);
    expect(create.mock.calls.map(([, bytes]) => bytes as unknown)).toEqual(Array(3).fill(new Uint8Array(32)));
    expect(create.mock.calls.map(([, , , extractable]) => extractable)).toEqual([false, false, false]);
  });

  it('keeps no plaintext of the caller and hands out bytes that are the caller’s own', async () => {
    const vault = testVault();
    const secret = randomBytes(40);
    const sealed = await vault.seal(context, secret);
    const first = await vault.open(context, sealed);
    first.fill(0);
    expect(await vault.open(context, sealed)).toEqual(secret);
  });
});
