import { describe, expect, test } from 'vitest';

import type { OAuth2Method, RevokePolicy } from '../src/auth/auth.ts';
import { createPlugboard } from '../src/board.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { acmeProvider, acmeServers, key, userId } from './support/rig.ts';

/** Two products of one vendor, which ends all that a user gave to an app at once. */
const whole: RevokePolicy = { url: 'https://auth.acme.example.com/revoke', ends: 'app' };

function createRig({ otherClient = 'client', revoke = whole }: { otherClient?: string; revoke?: RevokePolicy } = {}) {
  const clock = createFakeClock();
  const servers = acmeServers({ clock, rotation: 'stable' });
  const product = (id: string, clientId: string) => {
    const { definition, options } = acmeProvider({ rotation: 'stable' })({ clientId, clientSecret: 'client-secret' });
    const oauth: OAuth2Method = definition.auth.oauth;
    return { definition: { ...definition, id, auth: { ...definition.auth, oauth: { ...oauth, revoke } } }, options };
  };
  const revocations: string[] = [];
  const store = createMemoryStore({ clock });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [product('acme-mail', 'client'), product('acme-files', otherClient)],
    store,
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    wire: handlerWire((request) => {
      if (request.url.endsWith('/revoke')) revocations.push(request.url);
      return servers.handle(request);
    }),
  });
  async function connect(provider: string, organizationId = 'org-1', account = 'acct-1') {
    const { url, cookie } = await board.authorize(provider, { organizationId, userId });
    const params = (await servers.oauth.approve(url, { account })).searchParams;
    return board.callback(provider, { params, cookies: `${cookie.name}=${cookie.value}`, organizationId, userId });
  }
  const disconnect = async (provider: string, organizationId = 'org-1') =>
    (await board.disconnect(provider, { organizationId })).revoked;
  type Client = { readonly users: { me(input: object): Promise<unknown> } };
  const call = (provider: string) =>
    (board.client(provider, { organizationId: 'org-1' }) as unknown as Client).users.me({});
  return { board, call, connect, disconnect, revocations, store };
}

test('a grant that others rest on is kept, and the last connection revokes', async () => {
  const { board, call, connect, disconnect, revocations } = createRig();
  const reported: string[] = [];
  board.on('connection.disconnected', ({ revoked }) => void reported.push(revoked));
  await connect('acme-mail');
  await connect('acme-files');
  expect(await disconnect('acme-mail')).toBe('kept');
  expect(revocations).toEqual([]);
  expect((await board.connections.get('acme-mail', { organizationId: 'org-1' }))?.status).toBe('disconnected');
  await expect(call('acme-files')).resolves.toBeDefined();
  expect(await disconnect('acme-files')).toBe('revoked');
  expect(revocations.length).toBeGreaterThan(0);
  expect(reported).toEqual(['kept', 'revoked']);
});

test('another app, and a connection without a grant of its own, are no reason to keep one', async () => {
  const apart = createRig({ otherClient: 'another-client' });
  await apart.connect('acme-mail');
  await apart.connect('acme-files');
  expect(await apart.disconnect('acme-mail')).toBe('revoked');

  const { board, connect, disconnect } = createRig();
  await connect('acme-mail');
  await board.connect('acme-files', { organizationId: 'org-1', credentials: { apiKey: 'acme-key' } });
  expect(await disconnect('acme-mail')).toBe('revoked');
});

test('another organization keeps a grant by connecting the same account, and no other', async () => {
  const { connect, disconnect } = createRig();
  await connect('acme-mail');
  await connect('acme-files', 'org-2');
  expect(await disconnect('acme-mail')).toBe('kept');
  await connect('acme-mail', 'org-3', 'acct-2');
  expect(await disconnect('acme-mail', 'org-3')).toBe('revoked');
});

test('a grant that is refused for another account does not end what is connected', async () => {
  const { call, connect, revocations } = createRig();
  await connect('acme-mail');
  await expect(connect('acme-mail', 'org-1', 'acct-2')).rejects.toMatchObject({ code: 'account_mismatch' });
  expect(revocations).toEqual([]);
  await expect(call('acme-mail')).resolves.toBeDefined();
});

test('an expired connection has nothing to lose: it keeps nothing alive', async () => {
  const { connect, disconnect, store } = createRig();
  await connect('acme-mail');
  await connect('acme-files');
  const row = (await store.connections.find('org-1', { provider: 'acme-files', label: 'default' }))!;
  await store.connections.update('org-1', row.id, { version: row.version }, { status: 'expired', statusReason: 'x' });
  expect(await disconnect('acme-mail')).toBe('revoked');
});

describe('where a revocation ends every grant to one account', () => {
  /** A vendor with one token for each account, whoever asked for it. */
  function createAccounts() {
    const ended: string[] = [];
    const run = async ({ credentials }: { readonly credentials: object }) => void ended.push(typeof credentials);
    return { ...createRig({ revoke: { run, ends: 'account' } }), ended };
  }

  test('the last connection to it revokes, in whichever organization', async () => {
    const { call, connect, disconnect, ended } = createAccounts();
    await connect('acme-mail', 'org-1');
    await connect('acme-mail', 'org-2');
    expect(await disconnect('acme-mail', 'org-2')).toBe('kept');
    expect(ended).toEqual([]);
    await expect(call('acme-mail')).resolves.toBeDefined();
    expect(await disconnect('acme-mail', 'org-1')).toBe('revoked');
    expect(ended).toHaveLength(1);
  });

  test('another account of the same organization is none of its business', async () => {
    const { connect, disconnect } = createRig({ revoke: { ...whole, ends: 'account' } });
    await connect('acme-mail', 'org-1', 'acct-1');
    await connect('acme-files', 'org-1', 'acct-2');
    expect(await disconnect('acme-mail')).toBe('revoked');
    await connect('acme-mail', 'org-2', 'acct-2');
    expect(await disconnect('acme-mail', 'org-2')).toBe('kept');
  });

  test('a reconnect that is refused does not end what another organization has to that account', async () => {
    const { connect, ended } = createAccounts();
    await connect('acme-mail', 'org-1', 'acct-1');
    await connect('acme-mail', 'org-2', 'acct-2');
    const refused = connect('acme-mail', 'org-2', 'acct-1');
    await expect(refused).rejects.toMatchObject({ code: 'account_mismatch' });
    expect(ended).toEqual([]);
  });
});
