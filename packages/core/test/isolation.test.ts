/** What one organization meets at its own server, or with its own credentials, is not felt by any other. */
import { describe, expect, test } from 'vitest';

import type { OAuth2Options } from '../src/auth/auth.ts';
import { isPlugboardError } from '../src/errors.ts';
import type { JsonObject } from '../src/json.ts';
import { createMintingBoard } from './support/minting.ts';
import { drive, failedAt } from './support/rig.ts';
import { createSelfHosted, shopInput } from './support/self-hosted.ts';

const codeOf = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );
const wait = { status: 429, headers: { 'retry-after': '3600' } };

/** Each organization names the server where its users sign in. */
function createShops() {
  const address = (path: string) => (input: JsonObject) => `https://${input['shop'] as string}/${path}`;
  const rig = createSelfHosted({
    input: shopInput,
    discover: undefined,
    issuer: undefined,
    nonce: false,
    authorize: { url: address('authorize') },
    token: { url: address('token'), clientAuth: 'none' },
    revoke: undefined,
  } as unknown as Partial<OAuth2Options>);
  return {
    ...rig,
    async connect(organizationId: string, shop: string) {
      const who = { organizationId, userId: 'user-1' };
      const { url, cookie } = await rig.board.authorize('acme', { ...who, input: { shop } });
      // The stand-in's consent page has one address; the server that takes the code is the tenant's.
      const params = await rig.vendor.oauth.approve(url.replace(shop, 'tenant.acme.example'));
      return codeOf(rig.board.callback('acme', { ...who, params, cookies: `${cookie.name}=${cookie.value}` }));
    },
  };
}

describe('a server that asks to wait for an hour', () => {
  test('holds up its own organization, and nobody else who connects', async () => {
    const { board, answer } = createSelfHosted();
    answer(({ url }) => (new URL(url).host === 'slow.example' ? Response.json({}, wait) : undefined));
    const connect = (organizationId: string, server: string) =>
      codeOf(board.connect('acme', { organizationId, credentials: { key: 'ak_0123456789', server } }));
    expect(await connect('org-1', 'slow.example')).toBe('rate_limited');
    expect(await connect('org-1', 'slow.example')).toBe('limit_reached');
    expect(await connect('org-2', 'shop.acme.example:8443')).toBe('resolved');
  });

  test('holds up its own token calls, and not those to other servers', async () => {
    const { answer, connect } = createShops();
    answer(({ url }) => (url === 'https://slow.example/token' ? Response.json({}, wait) : undefined));
    expect(await connect('org-1', 'slow.example')).toBe('rate_limited');
    expect(await connect('org-1', 'slow.example')).toBe('limit_reached');
    expect(await connect('org-2', 'tenant.acme.example')).toBe('resolved');
  });
});

test('a server that calls the host’s client unknown is believed for its own connections alone', async () => {
  const { answer, board, clock, connect, vendor } = createShops();
  const elsewhere = 'https://tenant.acme.example/token';
  const served = ({ url }: Request) => url.endsWith('/token') && url !== elsewhere;
  answer((request) => (served(request) ? vendor.fetch(new Request(elsewhere, request)) : undefined));
  const alarms: string[] = [];
  board.on('provider.attention', ({ reason }) => void alarms.push(reason));
  await connect('org-1', 'one.example');
  await connect('org-2', 'two.example');
  answer((request) => {
    if (!served(request)) return undefined;
    const known = request.url !== 'https://one.example/token';
    return known
      ? vendor.fetch(new Request(elsewhere, request))
      : Response.json({ error: 'invalid_client' }, { status: 401 });
  });
  await clock.advance(3_600_000);
  const call = (organizationId: string) => codeOf(board.client('acme', { organizationId }).users.me({}));
  expect(await call('org-1')).toBe('invalid_client');
  expect(await call('org-2')).toBe('resolved');
  expect(alarms).toEqual([]);
});

describe('what is heard of a server that an organization named', () => {
  const elsewhere = 'https://tenant.acme.example/token';
  /** Servers of tenants that answer like the vendor's own until told otherwise. */
  async function connected(shops: readonly string[]) {
    const rig = createShops();
    const trouble = new Map<string, () => Response>();
    rig.answer((request) => {
      const { host, pathname } = new URL(request.url);
      if (pathname !== '/token') return undefined;
      return trouble.get(host)?.() ?? rig.vendor.fetch(new Request(elsewhere, request));
    });
    for (const [index, shop] of shops.entries()) expect(await rig.connect(`org-${index}`, shop)).toBe('resolved');
    const row = async (organizationId: string) =>
      (await rig.store.connections.find(organizationId, { provider: 'acme', label: 'default' }))!;
    const call = (organizationId: string) =>
      codeOf(drive(rig, rig.board.client('acme', { organizationId }).users.me({})));
    return { ...rig, trouble, row, call };
  }

  test('an outage of one keeps no refresh of others from the job', async () => {
    const rig = await connected(Array(11).fill('down.example'));
    await rig.clock.advance(1_800_000);
    expect(await rig.connect('late', 'up.example')).toBe('resolved');
    rig.trouble.set('down.example', () => new Response('', { status: 503 }));
    const refresh = rig.board.jobs.find(({ name }) => name === 'refresh')!;
    await rig.clock.advance(1_200_000);
    await drive(rig, refresh.run());
    expect((await rig.row('org-10')).failCount).toBe(1);
    const { id } = await rig.row('late');
    await rig.store.connections.update('late', id, {}, { refreshAt: new Date(rig.clock.now()) });
    await drive(rig, refresh.run());
    expect((await rig.row('late')).credentialsVersion).toBe(2);
  });

  test('and a refusal by one says nothing of another', async () => {
    const rig = await connected(['one.example', 'two.example']);
    await rig.clock.advance(3_600_000);
    const { id } = await rig.row('org-0');
    await rig.store.connections.update('org-0', id, {}, { failCount: 3 });
    rig.trouble.set('one.example', () => new Response('', { status: 503 }));
    rig.trouble.set('two.example', () => Response.json({ error: 'invalid_grant' }, { status: 400 }));
    expect(await rig.call('org-1')).toBe('refresh_refused');
    await rig.call('org-0');
    const row = await rig.row('org-0');
    expect(row.refreshAt!.getTime() - failedAt(row)).toBe(240_000);
  });
});

/** A vendor at which each organization has a client of its own. */
function createMinting() {
  const dead = new Set<string>();
  const alarms: string[] = [];
  const { board, clock, store } = createMintingBoard(async (request) => {
    const sent = new URLSearchParams(await request.text()).get('key') ?? '';
    if (dead.has(sent)) return Response.json({ error: 'invalid_client' }, { status: 401 });
    return Response.json({ access_token: `token-of-${sent}`, expires_in: 3600 });
  });
  board.on('provider.attention', ({ reason }) => void alarms.push(reason));
  return {
    alarms,
    board,
    clock,
    dead,
    store,
    connect: (organizationId: string) =>
      board.connect('minting', { organizationId, credentials: { id: organizationId, key: organizationId } }),
    call: (organizationId: string) => codeOf(board.client('minting', { organizationId }).probe.ping({})),
    row: (organizationId: string) => store.connections.find(organizationId, { provider: 'minting', label: 'default' }),
  };
}

describe('credentials that an organization itself registered', () => {
  test('are refused at connect like every other credential', async () => {
    const { connect, dead } = createMinting();
    dead.add('org-1');
    await expect(connect('org-1')).rejects.toMatchObject({ kind: 'invalid_request', code: 'credentials_refused' });
  });

  test('end their own connection when they are dead, and hold up no other refresh', async () => {
    const { alarms, call, clock, connect, dead, row } = createMinting();
    await connect('org-1');
    await connect('org-2');
    dead.add('org-1');
    await clock.advance(3_600_000);
    expect(await call('org-1')).toBe('refresh_refused');
    expect(await call('org-2')).toBe('resolved');
    expect(alarms).toEqual([]);
    await clock.advance(90_000);
    expect(await call('org-1')).toBe('reconnect_required');
    expect((await row('org-1'))?.status).toBe('expired');
  });
});

test('whoever goes on with wrong credentials is held back before the vendor bans the address of all', async () => {
  const { board, answer, clock, sent } = createSelfHosted();
  answer(({ headers }) => (headers.get('x-acme-key') === 'ak_wrong' ? Response.json({}, { status: 401 }) : undefined));
  const connect = (organizationId: string, secretKey: string) => {
    const credentials = { key: secretKey, server: 'shop.acme.example:8443' };
    return codeOf(board.connect('acme', { organizationId, credentials }));
  };
  for (let turn = 0; turn < 20; turn++) expect(await connect('org-1', 'ak_wrong')).toBe('credentials_refused');
  expect(await connect('org-1', 'ak_wrong')).toBe('too_many_refusals');
  expect(sent).toHaveLength(20);
  expect(await connect('org-2', 'ak_0123456789')).toBe('resolved');
  await clock.advance(600_000);
  expect(await connect('org-1', 'ak_0123456789')).toBe('resolved');
});

test('a row that cannot be opened holds up no other refresh', async () => {
  const { alarms, call, clock, connect, row, store } = createMinting();
  await connect('org-1');
  await connect('org-2');
  const [mine, theirs] = [(await row('org-1'))!, (await row('org-2'))!];
  const change = { credentials: theirs.credentials };
  await store.connections.update('org-1', mine.id, { version: mine.version }, change);
  await clock.advance(3_600_000);
  expect(await call('org-1')).toBe('vault_auth_failed');
  expect(await call('org-2')).toBe('resolved');
  expect(alarms).toEqual([]);
});
