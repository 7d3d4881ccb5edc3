/** What is sealed with the credentials of a row, and what is believed when it is opened. */
import { describe, expect, test } from 'vitest';

import { decodeUtf8, encodeUtf8 } from '../src/bytes.ts';
import { openCredentials, renumber, sealCredentials } from '../src/connections/envelope.ts';
import { factsOf, vendorFacts, withFacts } from '../src/connections/facts.ts';
import type { Engine } from '../src/engine.ts';
import { hashText } from '../src/hash.ts';
import { parseJson, type JsonObject } from '../src/json.ts';
import { Secret } from '../src/secret.ts';
import type { ConnectionRow } from '../src/store.ts';
import { contextOfRow } from './support/sealed-rows.ts';
import { testVault } from './support/vault.ts';

const vault = testVault();
const engine = { vault } as unknown as Engine;
const row = {
  id: 'c1',
  organizationId: 'org-1',
  provider: 'acme',
  method: 'oauth',
  metadata: {},
  credentialsVersion: 1,
};
const opened = async (sealed: Uint8Array) => parseJson(decodeUtf8(await vault.open(contextOfRow(row), sealed))!);
const sealedAs = (text: string | Uint8Array) =>
  vault.seal(contextOfRow(row), typeof text === 'string' ? encodeUtf8(text) : text);
const envelope = { s: 1, v: 1, f: '["oauth",{}]', c: { accessToken: 'token' } };

describe('credentials of a row', () => {
  test('are sealed with their version and the facts that decide where they go', async () => {
    const sealed = await sealCredentials(engine, row, { accessToken: new Secret('token') }, 1);
    expect(await opened(sealed)).toEqual(envelope);
    expect(await openCredentials(engine, { ...row, credentials: sealed })).toEqual({
      accessToken: new Secret('token'),
    });
  });

  test('hold facts as they are up to 43 characters, which is what a hash has, and a hash of longer ones', async () => {
    for (const [length, isPlain] of [[36, true], [37, false]] as const) {
      const method = 'm'.repeat(length);
      const text = `["${method}",{}]`;
      const sealed = await sealCredentials(engine, { ...row, method }, {}, 1);
      expect(await opened(sealed)).toMatchObject({ f: isPlain ? text : await hashText('sha256', text, 'base64url') });
      await openCredentials(engine, { ...row, method, credentials: sealed });
    } // prettier-ignore
  });

  test.each<[string, Uint8Array | string | null, string]>([
    ['there are none', null, 'credentials_missing'],
    ['they are of a newer format', JSON.stringify({ ...envelope, s: 2 }), 'credentials_unreadable'],
    ['they are of no format', '{}', 'credentials_unreadable'],
    ['they are of another version of the row', JSON.stringify({ ...envelope, v: 2 }), 'credentials_rolled_back'],
    ['their facts are others', JSON.stringify({ ...envelope, f: '["apiKey",{}]' }), 'facts_altered'],
  ])('are refused where %s', async (_what, plain, code) => {
    const credentials = plain === null ? null : await sealedAs(plain);
    const refused = openCredentials(engine, { ...row, credentials });
    await expect(refused).rejects.toMatchObject({ kind: 'configuration', code });
  });

  test.each(['no json', new Uint8Array([0xff])])('that are no JSON are refused', async (plain) => {
    const refused = openCredentials(engine, { ...row, credentials: await sealedAs(plain) });
    await expect(refused).rejects.toMatchObject({ code: 'not_json' });
  });

  test('are texts: whatever else stands there is none', async () => {
    const sealed = await sealedAs(JSON.stringify({ ...envelope, c: { accessToken: 'token', n: 1, o: {}, z: null } }));
    expect(await openCredentials(engine, { ...row, credentials: sealed })).toEqual({
      accessToken: new Secret('token'),
    });
    const nothing = await sealedAs(JSON.stringify({ ...envelope, c: undefined }));
    expect(await openCredentials(engine, { ...row, credentials: nothing })).toEqual({});
  });

  test('are numbered anew for a reseal, and nothing else is', () => {
    expect(decodeUtf8(renumber(encodeUtf8(JSON.stringify(envelope)), 2))).toBe(JSON.stringify({ ...envelope, v: 2 }));
    for (const other of [encodeUtf8('{"a":1}'), encodeUtf8('no json'), new Uint8Array([0xff])])
      expect(renumber(other, 2)).toBe(other);
  });
});

describe('facts of a connection', () => {
  const own: JsonObject = {
    accountChoices: [],
    alsoKnownAs: ['a2'],
    channels: [],
    input: { shop: 'one.example' },
    missingScopes: ['write'],
    webhookKeys: [],
  };

  test('are a vendor’s, but for those that are the engine’s: a vendor sets no host and no address', () => {
    expect(vendorFacts({ ...own, region: 'eu' })).toEqual({ region: 'eu' });
    expect(vendorFacts()).toEqual({});
  });

  test('make way for those of a new grant, but for the engine’s own', () => {
    expect(withFacts({ ...own, region: 'eu', plan: 'free' }, { region: 'us' })).toEqual({ ...own, region: 'us' });
  });

  test('are what a connection is known by: no more than it has', () => {
    const known = { metadata: { ...own, region: 'eu' }, scopes: ['read'], account: { id: 'a1', name: 'One' } };
    expect(factsOf(known as unknown as ConnectionRow)).toEqual({
      metadata: { region: 'eu', input: own['input'] },
      scopes: ['read'],
      account: { id: 'a1', name: 'One' },
    });
    const bare = { metadata: {}, scopes: null, account: null } as unknown as ConnectionRow;
    expect(factsOf(bare)).toStrictEqual({ metadata: {} });
  });
});
