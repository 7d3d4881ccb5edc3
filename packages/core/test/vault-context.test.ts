import crypto from 'node:crypto';

import { describe, expect, it, vi } from 'vitest';

import { encodeUtf8 } from '../src/bytes.ts';
import { randomBytes } from '../src/random.ts';
import { createVault } from '../src/vault/create-vault.ts';
import { createKey } from '../src/vault/key-bytes.ts';
import type { SealContext } from '../src/vault/vault.ts';
import { contextOf, hideNodeCrypto, outcomeOf, tally, testVault } from './support/vault.ts';

const vault = testVault();
const plaintext = encodeUtf8('secret');

describe('a sealed value opens in its own place only', () => {
  it('C01 among a hundred rows', async () => {
    const contexts = Array.from({ length: 100 }, (_, row) =>
      contextOf({ organizationId: `org_${row % 10}`, connectionId: `connection_${Math.floor(row / 10)}` }),
    );
    const rows = await Promise.all(contexts.map((context, row) => vault.seal(context, Uint8Array.of(row))));
    const outcomes: string[] = [];
    for (const context of contexts)
      for (const sealed of rows) outcomes.push(await outcomeOf(vault.open(context, sealed)));
    expect(tally(outcomes)).toEqual({ opened: 100, vault_auth_failed: 9900 });
    for (const [row, context] of contexts.entries())
      expect(await vault.open(context, rows[row]!)).toEqual(Uint8Array.of(row));
  });

  const changes: [string, Partial<SealContext>][] = [
    ['C01 not in another connection', { connectionId: 'connection_2' }],
    ['C02 not for another purpose', { purpose: 'webhook.secret' }],
    ['C03 not for another organization', { organizationId: 'org_2' }],
    ['C03 not for the organization in another case', { organizationId: 'ORG_1' }],
    ['C03 not for the organization with a space', { organizationId: 'org_1 ' }],
    ['C03 not at another provider', { provider: 'acme2' }],
    ['C03 not with organization and connection exchanged', { organizationId: 'connection_1', connectionId: 'org_1' }],
    ['C03 not with a letter moved across', { organizationId: 'org_', connectionId: '1connection_1' }],
  ];
  it.each(changes)('%s', async (_, change) => {
    const sealed = await vault.seal(contextOf(), plaintext);
    expect(await vault.open(contextOf(), sealed)).toEqual(plaintext);
    expect(await outcomeOf(vault.open(contextOf(change), sealed))).toBe('vault_auth_failed');
  });

  it('C04 not in another environment', async () => {
    const key = createKey();
    const sealed = await testVault({ k1: key }, 'production').seal(contextOf(), plaintext);
    expect(await outcomeOf(testVault({ k1: key }, 'production').open(contextOf(), sealed))).toBe('opened');
    expect(await outcomeOf(testVault({ k1: key }, 'staging').open(contextOf(), sealed))).toBe('vault_auth_failed');
  });

  it('C03 not under another Unicode form of its name', async () => {
    const sealed = await vault.seal(contextOf({ organizationId: 'caf\u00e9' }), plaintext);
    expect(await outcomeOf(vault.open(contextOf({ organizationId: 'cafe\u0301' }), sealed))).toBe('vault_auth_failed');
  });

  it('C03 also when both contexts are at hand already', async () => {
    // Names that would meet in a cache that joins them without their lengths.
    const contexts = [
      contextOf({ organizationId: 'a', connectionId: 'bc' }),
      contextOf({ organizationId: 'ab', connectionId: 'c' }),
      contextOf({ organizationId: 'a', connectionId: 'bcacme', provider: 'x' }),
      contextOf({ organizationId: 'a', connectionId: 'bc', provider: 'acmex' }),
    ];
    const sealed = await Promise.all(contexts.map((context) => vault.seal(context, plaintext)));
    const outcomes: string[] = [];
    for (const context of contexts)
      for (const value of sealed) outcomes.push(await outcomeOf(vault.open(context, value)));
    expect(tally(outcomes)).toEqual({ opened: 4, vault_auth_failed: 12 });
  });
});

describe('subkeys', () => {
  it('C11 differ between connections: one nonce under two contexts gives unrelated ciphertexts', async () => {
    const zeros = new Uint8Array(64);
    const streams = new Set<string>();
    for (let row = 0; row < 50; row++) {
      const sealed = await vault.seal(contextOf({ connectionId: `connection_${row}` }), zeros);
      streams.add(String(sealed.subarray(16)));
    }
    expect(streams.size).toBe(50);
  });

  it('are derived once while their context is among those last used', async () => {
    const small = createVault({ environment: 'test', keys: { k1: createKey() }, cachedSubkeys: 2 });
    const [a, b, c] = ['a', 'b', 'c'].map((connectionId) => contextOf({ connectionId }));
    await small.keyCheckValues();
    const derive = vi.spyOn(crypto, 'createHmac');
    const derivationsFor = async (context: SealContext) => {
      const before = derive.mock.calls.length;
      expect(await small.open(context, await small.seal(context, plaintext))).toEqual(plaintext);
      return derive.mock.calls.length - before;
    };
    const used = [a!, b!, a!, c!, a!, b!, c!, c!];
    const derivations: number[] = [];
    for (const context of used) derivations.push(await derivationsFor(context));
    expect(derivations).toEqual([1, 1, 0, 1, 0, 1, 1, 0]);
  });
});

describe('a context that could be mistaken for another', () => {
  const wrong: [string, unknown][] = [
    ['an empty name', ''],
    ['no name', undefined],
    ['null', null],
    ['a number', 7],
    ['a list', ['org_1']],
    ['a lone surrogate, which UTF-8 cannot hold', 'org_\ud800'],
  ];
  it.each(wrong)('C03 is refused: %s', async (_, value) => {
    for (const member of ['organizationId', 'connectionId', 'provider', 'purpose'] as const) {
      const context = { ...contextOf(), [member]: value } as SealContext;
      const refusal = { kind: 'invalid_request', code: 'invalid_input', fields: [{ path: member }] };
      await expect(vault.seal(context, plaintext)).rejects.toMatchObject(refusal);
      await expect(vault.open(context, await vault.seal(contextOf(), plaintext))).rejects.toMatchObject(refusal);
    }
  });

  it('also where the plaintext is no byte array', async () => {
    await expect(vault.seal(contextOf(), 'text' as unknown as Uint8Array)).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
});

describe('Vault.mac', () => {
  it('depends on key, environment, use and data, and on nothing else', async () => {
    const keys = { k1: randomBytes(32), k2: randomBytes(32) };
    const a = testVault(keys);
    const data = encodeUtf8('data');
    const tag = await a.mac('oauth.state', data);
    expect(tag).toHaveLength(32);
    expect(await testVault({ k1: keys.k1 }).mac('oauth.state', data)).toEqual(tag);
    const others = [
      a.mac('oauth.state', data, 'k2'),
      a.mac('oauth.stat', data),
      a.mac('oauth.state', encodeUtf8('dat')),
      testVault(keys, 'other').mac('oauth.state', data),
    ];
    for (const other of await Promise.all(others)) expect(other).not.toEqual(tag);
    hideNodeCrypto();
    expect(await testVault(keys).mac('oauth.state', data)).toEqual(tag);
  });

  it('C13 checks under the key that signed, in a process with another primary key', async () => {
    const [k1, k2] = [createKey(), createKey()];
    const before = testVault({ k1, k2 });
    const after = testVault({ k2, k1 });
    const data = encodeUtf8('state');
    expect(await after.mac('oauth.state', data, 'k1')).toEqual(await before.mac('oauth.state', data));
    expect(await after.mac('oauth.state', data)).not.toEqual(await before.mac('oauth.state', data));
    expect(await outcomeOf(after.mac('oauth.state', data, 'k9'))).toBe('key_unavailable');
    await expect(after.mac('', data)).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
