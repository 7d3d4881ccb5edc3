import { expect, test } from 'vitest';

import type { OAuth2Method } from '../src/auth/auth.ts';
import { createPlugboard } from '../src/board.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { acmeProvider, acmeServers, key, userId } from './support/rig.ts';

/** Two products of one vendor, which ends all that a user gave to an app at once. */
function createRig({ otherClient = 'client' } = {}) {
  const clock = createFakeClock();
  const servers = acmeServers({ clock, rotation: 'stable' });
  const product = (id: string, clientId: string) => {
    const { definition, options } = acmeProvider({ rotation: 'stable' })({ clientId, clientSecret: 'client-secret' });
    const oauth: OAuth2Method = definition.auth.oauth;
    const revoke = { url: 'https://auth.acme.example.com/revoke', ends: 'app' } as const;
    return { definition: { ...definition, id, auth: { ...definition.auth, oauth: { ...oauth, revoke } } }, options };
  };
  const revocations: string[] = [];
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [product('acme-mail', 'client'), product('acme-files', otherClient)],
    store: createMemoryStore({ clock }),
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
  return { board, call, connect, disconnect, revocations };
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
