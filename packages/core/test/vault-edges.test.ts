/** C10-C15, B12: the edges of the vault: what it derives anew, what it overwrites, what it counts. */
import nodeCrypto, { type Hmac } from 'node:crypto';

import { describe, expect, it, vi } from 'vitest';

import { concatBytes, encodeUtf8 } from '../src/bytes.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { randomBytes } from '../src/random.ts';
import { checkKeys, compareKeys, newKeyIds, ownerOf } from '../src/vault/check-keys.ts';
import { createVault } from '../src/vault/create-vault.ts';
import { createKey, decodeKey } from '../src/vault/key-bytes.ts';
import { vaultStatus } from '../src/vault/status.ts';
import type { SealContext } from '../src/vault/vault.ts';
import { addConnection } from './support/sealed-rows.ts';
import { contextOf, hideNodeCrypto, outcomeOf, testVault } from './support/vault.ts';

const plaintext = encodeUtf8('secret');
const [k1, k2] = [createKey(), createKey()];

describe('who looks at a store without writing', () => {
  it('C10 is told which keys are new to it, and whose it is', async () => {
    const store = createMemoryStore();
    const look = async (keys: Record<string, string>) => {
      const vault = testVault(keys, 'production');
      const comparison = await compareKeys(vault, store);
      return [newKeyIds(vault, comparison), ownerOf(comparison)];
    };
    expect(await look({ k1, k2 })).toEqual([['k1', 'k2'], null]);
    await checkKeys(testVault({ k1 }, 'production'), store);
    expect(await look({ k2, k1 })).toEqual([['k2'], 'production']);
    expect(await look({ k1 })).toEqual([[], 'production']);
  });

  it('C14 counts rows under keys that the ring lacks apart from those that hold no sealed value', async () => {
    const store = createMemoryStore();
    const both = testVault({ k1, k2 });
    await addConnection(store, both, 'one');
    for (const secret of ['two', 'three']) await addConnection(store, testVault({ k2 }), secret);
    await addConnection(store, { ...both, seal: async () => randomBytes(40).fill(0x20) }, 'four');
    const { rows, byKey, missingKey, malformed } = await vaultStatus({ store, vault: testVault({ k1 }) });
    expect({ rows, missingKey, malformed }).toEqual({ rows: 4, missingKey: 2, malformed: 1 });
    expect(Object.fromEntries(byKey)).toEqual({ k1: 1, k2: 2 });
  });
});

describe('a refused input names its field', () => {
  it.each<[string, (vault: ReturnType<typeof testVault>) => Promise<unknown>]>([
    ['plaintext', (vault) => vault.seal(contextOf(), 'text' as unknown as Uint8Array)],
    ['use', (vault) => vault.mac('', plaintext)],
    ['use', (vault) => vault.mac('\uD800', plaintext)],
    ['connectionId', (vault) => vault.seal(contextOf({ connectionId: '' }), plaintext)],
  ])('%s', async (path, act) => {
    await expect(act(testVault())).rejects.toMatchObject({ code: 'invalid_input', fields: [{ path }] });
  });
});

it('C06 the shortest value there is opens: nothing at all, under a key id of one letter', async () => {
  const vault = testVault({ k: k1 });
  const sealed = await vault.seal(contextOf(), new Uint8Array());
  expect(sealed).toHaveLength(2 + 1 + 12 + 16);
  expect(vault.keyIdOf(sealed)).toBe('k');
  expect(await vault.open(contextOf(), sealed)).toEqual(new Uint8Array());
});

it('C06 what is shorter than that is no value of a newer format either', async () => {
  const vault = testVault({ k: k1 });
  for (const [length, code] of [[30, 'vault_auth_failed'], [31, 'vault_version']] as const) {
    const sealed = Uint8Array.from({ length }, () => 2);
    expect(await outcomeOf(vault.open(contextOf(), sealed))).toBe(code);
  } // prettier-ignore
});

describe('what was derived is kept', () => {
  /** How many keys an act makes. */
  const counting = () => {
    const create = vi.spyOn(nodeCrypto, 'createSecretKey');
    return async (act: () => Promise<unknown>) => {
      const before = create.mock.calls.length;
      await act();
      return create.mock.calls.length - before;
    };
  };

  it('for a keyed hash by its use and key, for 200 uses at most', async () => {
    const vault = testVault({ k1, k2 });
    const made = counting();
    const first = await vault.mac('use 0', plaintext);
    expect(await made(() => vault.mac('use 0', plaintext))).toBe(0);
    expect(await vault.mac('use 0', plaintext)).toEqual(first);
    expect(await made(() => vault.mac('use 0', plaintext, 'k2'))).toBeGreaterThan(0);
    for (let use = 1; use < 199; use++) await vault.mac(`use ${use}`, plaintext);
    expect(await made(() => vault.mac('use 0', plaintext))).toBe(0);
    await vault.mac('use 199', plaintext);
    expect(await made(() => vault.mac('use 199', plaintext))).toBe(0);
    expect(await made(() => vault.mac('use 0', plaintext))).toBeGreaterThan(0);
    expect(await vault.mac('use 0', plaintext)).toEqual(first);
  });

  it('for the connections used last, which flows that end soon do not push out', async () => {
    const vault = createVault({ environment: 'test', keys: { k1 }, cachedSubkeys: 4 });
    const seal = (connectionId: string, purpose: SealContext['purpose'] = 'credentials') =>
      vault.seal(contextOf({ connectionId, purpose }), plaintext);
    const made = counting();
    for (const id of ['a', 'b', 'c']) await seal(id);
    expect(await made(() => seal('a'))).toBe(0);
    for (const purpose of ['oauth.state', 'browser.step', 'webhook.event'] as const) {
      // Each flow has a key of its own, and none is kept.
      for (let flow = 0; flow < 6; flow++) expect(await made(() => seal(`flow ${flow}`, purpose))).toBe(1);
      expect(await made(() => seal('flow 5', purpose))).toBe(1);
    }
    expect(await made(() => seal('a'))).toBe(0);
    expect(await made(() => seal('c'))).toBe(0);
    for (const id of ['d', 'e', 'f']) await seal(id);
    expect(await made(() => seal('b'))).toBe(1);
  });

  it('for nobody where nothing is to be kept', async () => {
    const vault = createVault({ environment: 'test', keys: { k1 }, cachedSubkeys: 0 });
    const made = counting();
    await vault.seal(contextOf(), plaintext);
    for (let seal = 0; seal < 3; seal++) expect(await made(() => vault.seal(contextOf(), plaintext))).toBe(1);
  });
});

describe('B12 memory', () => {
  it('what a keyed hash is made under is overwritten', async () => {
    const vault = testVault({ k1 });
    await vault.keyCheckValues();
    const digests: Buffer[] = [];
    const { digest } = nodeCrypto.Hmac.prototype;
    vi.spyOn(nodeCrypto.Hmac.prototype, 'digest').mockImplementation(function (this: Hmac) {
      const bytes = Reflect.apply(digest, this, []) as Buffer;
      digests.push(bytes);
      return bytes;
    } as typeof digest);
    const result = await vault.mac('use', plaintext);
    // The derived key, the subkey of its self-test, and the answer.
    expect(digests.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true, true, false]);
    expect(result).toEqual(new Uint8Array(digests[2]!));
  });

  it('the copy of a key that is refused is overwritten, the caller’s bytes are not', () => {
    const weak = new Uint8Array(32).fill(7);
    const copies: Uint8Array[] = [];
    const fill = vi.spyOn(Uint8Array.prototype, 'fill').mockImplementation(function (this: Uint8Array, value: number) {
      copies.push(this);
      for (let index = 0; index < this.length; index++) this[index] = value;
      return this;
    });
    expect(() => decodeKey('k1', weak)).toThrow(/its bytes repeat/);
    fill.mockRestore();
    expect(copies).toEqual([new Uint8Array(32)]);
    expect(weak).toEqual(new Uint8Array(32).fill(7));
  });
});

it('C11 the self-test catches a cipher that checks the form of a message and nothing else', async () => {
  hideNodeCrypto();
  vi.spyOn(crypto.subtle, 'encrypt').mockImplementation(async (_, __, body) => {
    return concatBytes(body as Uint8Array, new Uint8Array(16)).buffer;
  });
  vi.spyOn(crypto.subtle, 'decrypt').mockImplementation(async (_, __, body) => {
    const bytes = body as Uint8Array;
    if (bytes.length < 16) throw new Error('too short');
    return Uint8Array.from(bytes.subarray(0, -16)).buffer;
  });
  await expect(testVault().seal(contextOf(), plaintext)).rejects.toThrow('accepts an altered ciphertext');
});
