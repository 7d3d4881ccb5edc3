import { beforeEach, describe, expect, it, vi } from 'vitest';

import { decodeBase64url, encodeBase64url } from '../src/bytes.ts';
import { randomBytes } from '../src/random.ts';
import { sealedFromText, sealedToText } from '../src/vault/format.ts';
import type { SealContext, Vault } from '../src/vault/vault.ts';
import { contextOf, hideNodeCrypto, outcomeOf, tally, testVault } from './support/vault.ts';
import vectors from './vectors/vault.json' with { type: 'json' };

// Made by tools/vectors/vault_vectors.py, an implementation in another language that shares nothing with this one.
const cases = vectors.sealed.map((vector) => ({ ...vector, context: vector.context as SealContext }));

function vaultOf({ keyId, environment }: { keyId: string; environment: string }): Vault {
  return testVault({ [keyId]: (vectors.keys as Record<string, string>)[keyId]! }, environment);
}

/** The next draws of the generator that have this length answer these bytes. */
function fixRandom(bytes: Uint8Array): void {
  const draw = crypto.getRandomValues.bind(crypto);
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((target) => {
    if (!(target instanceof Uint8Array) || target.length !== bytes.length) return draw(target);
    target.set(bytes);
    return target;
  });
}

describe.each(['node:crypto', 'WebCrypto'])('vectors of the second implementation, on %s', (platform) => {
  beforeEach(() => {
    if (platform === 'WebCrypto') hideNodeCrypto();
  });

  it.each(cases)('$name', async (vector) => {
    const vault = vaultOf(vector);
    const sealed = sealedFromText(vector.sealed);
    const plaintext = decodeBase64url(vector.plaintext)!;
    expect(vault.keyIdOf(sealed)).toBe(vector.keyId);
    expect(await vault.open(vector.context, sealed)).toEqual(plaintext);
    fixRandom(decodeBase64url(vector.nonce)!);
    expect(sealedToText(await vault.seal(vector.context, plaintext))).toBe(vector.sealed);
  });

  it('no vector opens in the place of another', async () => {
    const outcomes: string[] = [];
    const vaults = cases.map(vaultOf);
    for (const [place, { context }] of cases.entries()) {
      for (const { sealed } of cases)
        outcomes.push(await outcomeOf(vaults[place]!.open(context, sealedFromText(sealed))));
    }
    const samePlace = new Map<string, number>();
    for (const { keyId, environment, context } of cases) {
      const place = JSON.stringify([keyId, environment, context]);
      samePlace.set(place, (samePlace.get(place) ?? 0) + 1);
    }
    const expected = [...samePlace.values()].reduce((sum, count) => sum + count ** 2, 0);
    expect(tally(outcomes)['opened']).toBe(expected);
  });

  it('C10 check values', async () => {
    const vault = testVault(vectors.keys, 'production');
    expect(Object.fromEntries(await vault.keyCheckValues())).toEqual(vectors.checkValues);
  });

  it('keyed hashes', async () => {
    for (const { environment, use, data, mac } of vectors.macs) {
      const vault = testVault(vectors.keys, environment);
      expect(encodeBase64url(await vault.mac(use, decodeBase64url(data)!, 'k1'))).toBe(mac);
    }
  });
});

describe('two platforms', () => {
  it('open what the other one sealed', async () => {
    const key = randomBytes(32);
    const node = testVault({ k1: key });
    const context = contextOf({ organizationId: 'тест 🦄' });
    const lengths = [0, 1, 15, 16, 17, 500, 4096];
    const plaintexts = lengths.map(randomBytes);
    const fromNode = await Promise.all(plaintexts.map((plaintext) => node.seal(context, plaintext)));
    hideNodeCrypto();
    const web = testVault({ k1: key });
    for (const [index, plaintext] of plaintexts.entries()) {
      expect(await web.open(context, fromNode[index]!)).toEqual(plaintext);
      expect(await node.open(context, await web.seal(context, plaintext))).toEqual(plaintext);
    }
    expect(await web.keyCheckValues()).toEqual(await node.keyCheckValues());
    fromNode[5]![300]! ^= 1;
    expect(await outcomeOf(web.open(context, fromNode[5]!))).toBe('vault_auth_failed');
  });

  it('take views of larger buffers', async () => {
    const key = randomBytes(32);
    const frame = randomBytes(700);
    for (const hide of [() => undefined, hideNodeCrypto]) {
      hide();
      const vault = testVault({ k1: key });
      const sealed = await vault.seal(contextOf(), frame.subarray(100, 200));
      const padded = new Uint8Array(sealed.length + 20);
      padded.set(sealed, 7);
      expect(await vault.open(contextOf(), padded.subarray(7, 7 + sealed.length))).toEqual(frame.slice(100, 200));
    }
  });
});
