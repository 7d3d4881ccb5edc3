/** What decides where credentials go is sealed with them: who writes to the database alone cannot send them elsewhere. */
import { describe, expect, test } from 'vitest';

import { decodeUtf8, encodeUtf8 } from '../src/bytes.ts';
import { isPlugboardError } from '../src/errors.ts';
import { at, parseJson, type Json, type JsonObject } from '../src/json.ts';
import type { ConnectionRow, Store } from '../src/store.ts';
import { createRig, key, organizationId, userId } from './support/rig.ts';
import { contextOfRow } from './support/sealed-rows.ts';
import { createSelfHosted } from './support/self-hosted.ts';
import { createStepRig } from './support/step-rig.ts';
import { testVault } from './support/vault.ts';

const evil = 'https://evil.example';

const codeOf = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : String(error)),
  );

/** What a writer to the database does: other metadata, the sealed credentials as they are. */
function rewrite(store: Store, row: ConnectionRow | null, change: Partial<ConnectionRow>) {
  return store.connections.update(row!.organizationId, row!.id, {}, change);
}

/** The row as a version of the library left it that sealed credentials alone. */
async function asBefore(store: Store, row: ConnectionRow | null): Promise<ConnectionRow> {
  const vault = testVault({ k1: key });
  const opened = parseJson(decodeUtf8(await vault.open(contextOfRow(row!), row!.credentials!))!) as JsonObject;
  const { f: _facts, ...envelope } = opened;
  const plain = encodeUtf8(JSON.stringify({ ...envelope, v: row!.credentialsVersion + 1 }));
  return (await rewrite(store, row, { credentials: await vault.seal(contextOfRow(row!), plain) }))!;
}

/** The stored facts with one endpoint of the server's moved. */
function moved(row: ConnectionRow | null, endpoint: string): JsonObject {
  const input = row!.metadata['input'] as JsonObject;
  const discovered = { ...(input['discovered'] as JsonObject), [endpoint]: `${evil}/collect` };
  return { ...row!.metadata, input: { ...input, discovered } };
}

describe('endpoints that were discovered, moved in the database', () => {
  async function connected() {
    const rig = createSelfHosted();
    await rig.connect();
    rig.sent.length = 0;
    return rig;
  }

  test.each(['token_endpoint', 'revocation_endpoint', 'jwks_uri'])('%s: nobody is called', async (endpoint) => {
    const { board, store, clock, row, sent } = await connected();
    await rewrite(store, await row(), { metadata: moved(await row(), endpoint) });
    const call = () => codeOf(board.client('acme', { organizationId }).users.me({}));
    expect(await call()).toBe('facts_altered');
    await clock.advance(3_700_000);
    expect(await call(), 'with a token that is due').toBe('facts_altered');
    expect(await board.disconnect('acme', { organizationId })).toMatchObject({ revoked: 'failed' });
    expect(sent).toEqual([]);
  });

  test('a host that a row of before names is not called; connecting again helps', async () => {
    const { board, store, row, sent, connect } = await connected();
    const old = await asBefore(store, await row());
    await rewrite(store, old, { metadata: moved(old, 'token_endpoint') });
    const call = () => codeOf(board.client('acme', { organizationId }).users.me({}));
    await expect(board.client('acme', { organizationId }).users.me({})).rejects.toMatchObject({
      kind: 'configuration',
      code: 'facts_not_sealed',
    });
    expect(sent).toEqual([]);
    await connect();
    expect(await call()).toBe('resolved');
  });

  test('a row of before whose server is where the deployment says goes on, and is sealed by its next refresh', async () => {
    const { board, store, clock, row } = await connected();
    await asBefore(store, await row());
    const call = () => codeOf(board.client('acme', { organizationId }).users.me({}));
    expect(await call()).toBe('resolved');
    await clock.advance(3_700_000);
    expect(await call()).toBe('resolved');
    await rewrite(store, await row(), { metadata: moved(await row(), 'token_endpoint') });
    expect(await call()).toBe('facts_altered');
  });
});

describe('what a vendor told of a connection', () => {
  const located = (told: () => JsonObject) =>
    createStepRig({
      complete: async ({ input }) =>
        input['mode'] === 'update' ? 'keep' : { credentials: { accessToken: 'token-1' }, metadata: told() },
    });

  test.each<[string, (row: ConnectionRow) => Partial<ConnectionRow>]>([
    ['another place', ({ metadata }) => ({ metadata: { ...metadata, instanceUrl: evil } })],
    ['no place', ({ metadata: { instanceUrl: _gone, ...metadata } }) => ({ metadata })],
    ['a value of the tenant more', ({ metadata }) => ({ metadata: { ...metadata, input: { shop: 'evil.example' } } })],
  ])('%s is refused before anything is sent', async (_name, change) => {
    const rig = located(() => ({ instanceUrl: 'https://one.example.com' }));
    await rig.connect();
    const row = await rig.row();
    await rewrite(rig.store, row, change(row!));
    const before = rig.asked('/item');
    expect(await codeOf(rig.call())).toBe('facts_altered');
    expect(rig.asked('/item')).toBe(before);
    expect(await rig.row()).toMatchObject({ status: 'error', statusReason: 'credentials_altered' });
  });

  test('a store may keep members in any order, and the engine its own beside them', async () => {
    const rig = located(() => ({ a: { x: 1, y: [1, { p: 1, q: null }] }, b: 'two' }));
    await rig.connect();
    const row = await rig.row();
    const metadata = { channels: [], b: 'two', alsoKnownAs: ['item-9'], a: { y: [1, { q: null, p: 1 }], x: 1 } };
    await rewrite(rig.store, row, { metadata, settings: { any: 'thing' } });
    expect(await codeOf(rig.call())).toBe('resolved');
    await rewrite(rig.store, await rig.row(), { metadata: { ...metadata, a: { y: [{ p: 1, q: null }, 1], x: 1 } } });
    expect(await codeOf(rig.call()), 'lists have an order').toBe('facts_altered');
  });

  test('facts that a repair brings are sealed with the credentials that it keeps', async () => {
    let region: Json = 'eu';
    const rig = createStepRig(
      { complete: async ({ input }) => (input['mode'] === 'update' ? 'keep' : { credentials: { accessToken: 't' } }) },
      { facts: () => ({ region }) },
    );
    await rig.connect();
    expect(await codeOf(rig.call())).toBe('resolved');
    region = 'us';
    const { flow } = await rig.prepare();
    await rig.finish(flow);
    expect(at((await rig.row())?.metadata, 'region')).toBe('us');
    expect(await codeOf(rig.call())).toBe('resolved');
  });
});

test('an account that is chosen, a channel and settings leave the seal as it is', async () => {
  const accounts = [
    { id: 'acct-1', name: 'One' },
    { id: 'acct-2', name: 'Two' },
  ];
  const rig = createRig({ accounts }, { cacheMs: 0 });
  await rig.connect();
  await rig.board.accounts.choose('acme', { organizationId, accountId: 'acct-2', userId });
  await rig.board.settings.update('acme', { organizationId, settings: { channel: 'c1' } });
  expect(await codeOf(rig.board.client('acme', { organizationId }).users.me({}))).toBe('resolved');
});

test('a token is not signed as another way to connect would', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await rig.connect();
  const before = rig.calls.length;
  await rewrite(rig.store, await rig.row(), { method: 'apiKey' });
  expect(await codeOf(rig.board.client('acme', { organizationId }).users.me({}))).toBe('facts_altered');
  expect(rig.calls).toHaveLength(before);
});

test('what is left of an ended connection names no server to whoever checks a delivery', async () => {
  const asked: Json[] = [];
  const rig = createRig({
    oauth: { discover: async () => ({ jwks_uri: 'https://auth.acme.example.com/jwks' }) },
    webhooks: {
      async verify(_delivery, _secrets, tools) {
        asked.push((await tools?.discovered?.())?.['jwks_uri'] ?? null);
        return { ok: false, reason: 'signature_invalid' };
      },
    },
  });
  await rig.connect();
  await rig.board.disconnect('acme', { organizationId });
  await rewrite(rig.store, await rig.row(), { metadata: { input: { discovered: { jwks_uri: `${evil}/jwks` } } } });
  const request = new Request('https://app.example.com/integrations/webhooks/acme', { method: 'POST', body: '{}' });
  await rig.board.webhooks.receive('acme', request, { organizationId });
  expect(asked).toEqual(['https://auth.acme.example.com/jwks']);
});
