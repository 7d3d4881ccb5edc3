import { inspect } from 'node:util';

import { expect, test } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import { encodeBase64 } from '../src/bytes.ts';
import { randomBytes } from '../src/random.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createRig, drive, key, organizationId } from './support/rig.ts';
import { createStepRig } from './support/step-rig.ts';

const codeOf = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );

/** A connected rig whose access token has just expired. */
async function expired(options: Parameters<typeof createRig>[0] = {}, board: Parameters<typeof createRig>[1] = {}) {
  const rig = createRig(options, { cacheMs: 0, ...board });
  await rig.connect();
  await rig.clock.advance(3_600_000);
  const client = rig.board.client('acme', { organizationId });
  const list = () => client.orders.list();
  return { ...rig, client, list, refreshes: () => rig.tokenCalls().length - 1 };
}

test('a token that is due but good is handed out at once, and renewed behind the caller', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await rig.connect();
  // Drawn at 70 % of the hour with the rig's fixed chance of 0.5.
  await rig.clock.advance(2_600_000);
  const client = rig.board.client('acme', { organizationId });
  await client.orders.list();
  expect(rig.calls.at(-1)?.authorization).toBe(rig.calls[1]?.authorization ?? rig.calls[0]?.authorization);
  await rig.clock.advance(1);
  expect(rig.tokenCalls()).toHaveLength(2);
  await client.orders.list();
  expect(rig.calls.at(-1)?.authorization).not.toBe(rig.calls[0]?.authorization);
});

test('D09 the refresh point is drawn from 50 to 90 % of the life', async () => {
  for (const [chance, share] of [
    [0, 0.5],
    [0.5, 0.7],
    [1, 0.9],
  ] as const) {
    const rig = createRig();
    rig.clock.setRandom(chance);
    await rig.connect();
    const row = await rig.row();
    const life = row!.tokenExpiresAt!.getTime() - row!.connectedAt!.getTime();
    expect((row!.refreshAt!.getTime() - row!.connectedAt!.getTime()) / life).toBeCloseTo(share, 5);
  }
});

test('D07 an outage never ends a connection', async () => {
  const faults = [
    { status: 503 }, { status: 500 }, { status: 429, retryAfter: '5' }, { body: 'html' as const }, { body: 'truncated' as const },
    { body: { text: '<html>bad request</html>', contentType: 'text/html' }, status: 400 }, { drop: 'before' as const },
  ]; // prettier-ignore
  for (const fault of faults) {
    const rig = await expired();
    rig.oauth.switches.token.next(fault);
    const outcome = await codeOf(drive(rig, rig.list()));
    expect(outcome, JSON.stringify(fault)).not.toMatch(/resolved|reconnect|foreign/);
    expect((await rig.row())?.status, JSON.stringify(fault)).toBe('active');
    if ('body' in fault || 'drop' in fault) continue;
    await rig.clock.advance(60_000);
    expect(await codeOf(drive(rig, rig.list())), JSON.stringify(fault)).toBe('resolved');
  }
});

test('D07 a confirmed invalid_grant ends the connection, with one event', async () => {
  const rig = await expired();
  const attention: string[] = [];
  rig.board.on('connection.attention', ({ reason }) => void attention.push(reason));
  rig.oauth.revokeAll();
  expect(await codeOf(rig.list())).toBe('refresh_refused');
  expect((await rig.row())?.status).toBe('active');
  // Within the minute nobody asks again.
  expect(await codeOf(rig.list())).toBe('refresh_cooling_down');
  expect(rig.refreshes()).toBe(1);
  await rig.clock.advance(80_000);
  expect(await codeOf(rig.list())).toBe('reconnect_required');
  expect(await rig.row()).toMatchObject({ status: 'expired', statusReason: 'revoked' });
  expect(await codeOf(rig.list())).toBe('reconnect_required');
  expect(rig.refreshes()).toBe(2);
  expect(attention).toEqual(['revoked']);
  const { items } = await rig.board.audit.list({ organizationId });
  expect(items[0]).toMatchObject({ type: 'connection.expired', data: { reason: 'revoked', before: 'active' } });
});

test('D08 a bad client secret touches no connection and raises one alarm', async () => {
  const rig = await expired();
  const alarms: string[] = [];
  rig.board.on('provider.attention', ({ reason }) => void alarms.push(reason));
  rig.board.on('provider.recovered', ({ provider }) => void alarms.push(`${provider} recovered`));
  rig.oauth.switches.token.always({ error: 'invalid_client' });
  for (let minute = 0; minute < 60; minute++) {
    expect(await codeOf(rig.list())).toBe('invalid_client');
    await rig.clock.advance(60_000);
  }
  expect(rig.refreshes()).toBeLessThan(15);
  expect(await rig.row()).toMatchObject({ status: 'active', failCount: 0 });
  rig.oauth.switches.token.clear();
  await rig.clock.advance(600_000);
  expect(await codeOf(rig.list())).toBe('resolved');
  expect(alarms).toEqual(['invalid_client', 'acme recovered']);
});

test('D13 a refresh token that the answer omits is kept', async () => {
  const rig = await expired({ rotation: 'stable' });
  rig.oauth.switches.token.next({ omitRefreshToken: true });
  await rig.list();
  await rig.clock.advance(3_600_000);
  expect(await codeOf(rig.list())).toBe('resolved');
  expect(rig.refreshes()).toBe(2);
});

test.each(['', null])('D13 a refresh token that the answer gives as %j is kept', async (given) => {
  const wire = handlerWire(async (request) => {
    const answer = await vendor.handle(request);
    if (!request.url.endsWith('/token') || vendor.tokenCalls().length !== 2) return answer;
    return Response.json({ ...((await answer.json()) as object), refresh_token: given });
  });
  const vendor: ReturnType<typeof createRig> = createRig({ rotation: 'stable' }, { cacheMs: 0, wire });
  await vendor.connect();
  for (let refresh = 1; refresh <= 2; refresh++) {
    await vendor.clock.advance(3_600_000);
    expect(await codeOf(vendor.board.client('acme', { organizationId }).orders.list())).toBe('resolved');
  }
  expect(vendor.tokenCalls()).toHaveLength(3);
});

test('D14 a refresh token that comes without an access token is stored before the answer is refused', async () => {
  const rig = await expired();
  const [family] = rig.oauth.ledger.snapshot().families;
  rig.oauth.switches.token.next({ body: { text: '{"refresh_token":"next","token_type":"Bearer"}' } });
  expect(await codeOf(drive(rig, rig.list()))).toBe('no_access_token');
  expect((await rig.row())?.credentialsVersion).toBe(2);
  await rig.clock.advance(3_600_000);
  await codeOf(drive(rig, rig.list()));
  // What is sent next is what the odd answer brought, and not the token that was spent for it.
  expect(rig.oauth.ledger.reuses).toHaveLength(0);
  expect(family?.revokedAt).toBeNull();
});

test('D14 the tokens of an odd answer are stored before it is judged', async () => {
  const rig = await expired();
  rig.oauth.switches.token.next({ body: 'bad_expiry' });
  expect(await codeOf(rig.list())).toBe('resolved');
  const row = await rig.row();
  expect(row?.status).toBe('active');
  expect(row!.tokenExpiresAt!.getTime() - row!.readAt.getTime()).toBeLessThanOrEqual(3_600_000);
  await rig.clock.advance(3_600_000);
  expect(await codeOf(rig.list())).toBe('resolved');
  expect(rig.oauth.ledger.reuses).toHaveLength(0);
});

test.each([
  ['under the lease', 'stable'],
  ['under the row lock', 'strict'],
] as const)(
  'D15 a disconnect during a refresh %s stays a disconnect, and the new token is revoked',
  async (_how, rotation) => {
    const rig = await expired({ rotation });
    rig.oauth.switches.token.next({ hold: 'after' });
    const calling = codeOf(rig.list());
    await rig.clock.advance(1);
    expect(rig.refreshes()).toBe(1);
    const disconnecting = rig.board.disconnect('acme', { organizationId });
    await rig.clock.advance(1);
    rig.oauth.gate.release();
    await Promise.all([calling, disconnecting]);
    expect(await rig.row()).toMatchObject({ status: 'disconnected', credentials: null });
    const [family] = rig.oauth.ledger.families();
    expect(rig.oauth.ledger.current(family!.id)).toBeUndefined();
    expect(await codeOf(rig.list())).toBe('not_connected');
  },
);

test('D20 a refused access token causes one refresh and one repetition, then the error stands', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await rig.connect();
  rig.answer((request) =>
    request.url.includes('/orders') ? Response.json({ error: 'unauthorized' }, { status: 401 }) : undefined,
  );
  const before = rig.calls.length;
  const client = rig.board.client('acme', { organizationId });
  expect(await codeOf(client.orders.list())).toBe('unauthorized');
  expect(rig.tokenCalls()).toHaveLength(2);
  expect(rig.calls.length - before).toBe(2);
});

test('D20 an access token that was revoked alone is replaced without the caller noticing', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await rig.connect();
  rig.oauth.expireTokens();
  expect(await codeOf(rig.board.client('acme', { organizationId }).orders.list())).toBe('resolved');
  expect(rig.tokenCalls()).toHaveLength(2);
});

test('K5 a lost rotation is told apart from a revocation', async () => {
  const rig = await expired();
  // The vendor rotates, the answer is lost: the next use of the same token revokes the family.
  rig.oauth.switches.token.next({ drop: 'after' });
  expect(await codeOf(drive(rig, rig.list()))).toBe('outcome_unknown');
  for (let turn = 0; turn < 5; turn++) {
    await rig.clock.advance(120_000);
    await codeOf(drive(rig, rig.list()));
  }
  expect(await rig.row()).toMatchObject({ status: 'expired', statusReason: 'rotation_lost' });
});

test.each([{ status: 429 }, { status: 503 }, { error: 'invalid_client' }])(
  'K5 what the vendor says before it looks at the token (%o) does not hide a lost rotation',
  async (fault) => {
    const rig = await expired();
    rig.oauth.switches.token.next({ drop: 'after' });
    expect(await codeOf(drive(rig, rig.list()))).toBe('outcome_unknown');
    rig.oauth.switches.token.next(fault);
    for (let turn = 0; turn < 6; turn++) {
      await rig.clock.advance(120_000);
      await codeOf(drive(rig, rig.list()));
    }
    expect(await rig.row()).toMatchObject({ status: 'expired', statusReason: 'rotation_lost' });
  },
);

test('a refresh that our own limits hold back says nothing of the connection', async () => {
  const rig = createRig({ rotation: 'stable' }, { cacheMs: 0 });
  await rig.connect('a');
  await rig.connect('b');
  const attention: string[] = [];
  rig.board.on('connection.attention', ({ reason }) => void attention.push(reason));
  await rig.clock.advance(3_600_000);
  const list = (label: string) => drive(rig, rig.board.client('acme', { organizationId, label }).orders.list());
  rig.oauth.switches.token.next({ status: 429, retryAfter: '3000' });
  expect(await codeOf(list('a'))).toBe('rate_limited');
  const sent = rig.tokenCalls().length;
  for (let turn = 0; turn < 4; turn++) {
    expect(await codeOf(list('b'))).toBe('limit_reached');
    await rig.clock.advance(60_000);
  }
  expect(rig.tokenCalls()).toHaveLength(sent);
  expect(await rig.row('b')).toMatchObject({ status: 'active', failCount: 0, attemptHash: null });
  expect(attention).toEqual([]);
  await rig.clock.advance(3_000_000);
  expect(await codeOf(list('b'))).toBe('resolved');
});

test('K4 where the vendor leaves a grace window, the lost answer costs nothing', async () => {
  const rig = await expired({ rotation: { graceSeconds: 300 } });
  rig.oauth.switches.token.next({ drop: 'after' });
  expect(await codeOf(drive(rig, rig.list()))).toBe('outcome_unknown');
  await rig.clock.advance(60_000);
  expect(await codeOf(rig.list())).toBe('resolved');
  expect(await rig.row()).toMatchObject({ status: 'active' });
});

/** Makes writes of credentials fail, the lock's own writes included. `lost` writes happen all the same. */
function breakWrites(rig: Awaited<ReturnType<typeof expired>>, times: number, lost: boolean): () => number {
  const { connections } = rig.store;
  const { update, lock } = connections;
  let failures = 0;
  async function fail<T>(change: object, write: () => Promise<T>): Promise<T> {
    if (!('credentials' in change) || failures >= times) return write();
    failures++;
    if (lost) await write();
    throw new Error('the database system is shutting down');
  }
  Object.assign(connections, {
    update: (...args: Parameters<typeof update>) => fail(args[3], () => update.apply(connections, args)),
    lock: (org: string, id: string, work: Parameters<NonNullable<typeof lock>>[2]) =>
      lock!.call(connections, org, id, (row, write) => work(row, (change) => fail(change, () => write(change)))),
  });
  return () => failures;
}

test.each(['stable', 'strict'] as const)(
  'K6 a write whose acknowledgement is lost is recognised as our own (%s)',
  async (rotation) => {
    const rig = await expired({ rotation });
    const failures = breakWrites(rig, 1, true);
    expect(await codeOf(drive(rig, rig.list()))).toBe('resolved');
    expect([failures(), rig.refreshes()]).toEqual([1, 1]);
    await rig.clock.advance(3_600_000);
    expect(await codeOf(rig.list())).toBe('resolved');
    expect(rig.oauth.ledger.reuses).toHaveLength(0);
  },
);

test.each(['stable', 'strict'] as const)(
  'K8 while the database is away the answer is kept, and written when it is back (%s)',
  async (rotation) => {
    const rig = await expired({ rotation });
    const failures = breakWrites(rig, 8, false);
    expect(await codeOf(drive(rig, rig.list()))).toBe('resolved');
    expect([failures(), rig.refreshes()]).toEqual([8, 1]);
    await rig.clock.advance(3_600_000);
    expect(await codeOf(rig.list())).toBe('resolved');
    expect(rig.oauth.ledger.reuses).toHaveLength(0);
  },
);

test('the refresh job renews what is due, and a failure stops neither the rest nor the connection', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await rig.connect('a');
  await rig.connect('b');
  await rig.clock.advance(2_600_000);
  const [refresh] = rig.board.jobs;
  rig.oauth.switches.token.next({ status: 500 });
  expect(await refresh!.run()).toEqual({ processed: 2, more: false });
  expect(rig.tokenCalls()).toHaveLength(4);
  expect(await refresh!.run()).toEqual({ processed: 0, more: false });
  await rig.clock.advance(31_000);
  expect(await refresh!.run()).toEqual({ processed: 1, more: false });
  expect([(await rig.row('a'))?.failCount, (await rig.row('b'))?.failCount]).toEqual([0, 0]);
});

test('C14 a connection whose credentials were resealed is used and refreshed as before', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await rig.connect();
  const other = encodeBase64(randomBytes(32));
  const { board } = createRig(
    {},
    { store: rig.store, keys: { k2: other, k1: key }, cacheMs: 0, wire: handlerWire(rig.handle), clock: rig.clock },
  );
  await expect(board.vault.assertRemovable('k1')).rejects.toMatchObject({ code: 'key_in_use' });
  expect(await board.vault.reseal()).toMatchObject({ complete: true, resealed: 1 });
  expect((await board.vault.status()).byKey).toEqual(
    new Map([
      ['k2', 1],
      ['k1', 0],
    ]),
  );
  const list = () => board.client('acme', { organizationId }).orders.list();
  expect(await codeOf(list())).toBe('resolved');
  await rig.clock.advance(3_600_000);
  expect(await codeOf(list())).toBe('resolved');
  expect(rig.tokenCalls()).toHaveLength(2);
});

test('C05 a ciphertext that was rolled back alone is seen, and not used', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await rig.connect();
  const before = await rig.row();
  await rig.clock.advance(3_600_000);
  await rig.board.client('acme', { organizationId }).orders.list();
  const after = await rig.row();
  // The store gives a new version to every write; an attacker who writes behind its back does not.
  const rows = rig.store.connections;
  const { find } = rows;
  Object.assign(rows, {
    find: async (...args: Parameters<typeof find>) => ({
      ...(await find.apply(rows, args))!,
      credentials: before!.credentials,
    }),
  });
  expect(after?.credentialsVersion).toBe(2);
  expect(await codeOf(rig.board.client('acme', { organizationId }).orders.list())).toBe('credentials_rolled_back');
});

test('B02 a vendor that quotes the token it refused does not get it into the error, not even after the refresh', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await rig.connect();
  const refused = rig.calls.at(-1)?.authorization?.replace('Bearer ', '') ?? '';
  const quote = { error: { message: `Token ${refused} is not valid here.` } };
  rig.answer((request) => (request.url.includes('/orders') ? Response.json(quote, { status: 401 }) : undefined));
  const error: unknown = await rig.board
    .client('acme', { organizationId })
    .orders.list()
    .then(
      () => undefined,
      (caught: unknown) => caught,
    );
  expect(rig.tokenCalls()).toHaveLength(2);
  expect(refused.length).toBeGreaterThan(8);
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(refused);
  expect(inspect(error)).toContain('is not valid here');
});

/** A vendor that tells at each refresh where its API is now. */
const moving = (rotation: 'strict' | 'stable') => {
  let tokens = 0;
  return createStepRig({
    complete: async () => ({
      credentials: { accessToken: 'token-0', refreshToken: 'r' },
      expiresInMs: 3_600_000,
      scopes: ['read', 'write'],
      metadata: { instanceUrl: 'https://one.example.com', region: 'eu' },
    }),
    refresh: {
      rotation,
      run: async () => ({
        credentials: { accessToken: `token-${++tokens}` },
        expiresInMs: 3_600_000,
        refreshExpiresInMs: 86_400_000,
        scopes: ['read'],
        metadata: { instanceUrl: 'https://two.example.com' },
      }),
    },
  });
};

test.each(['strict', 'stable'] as const)(
  'what a refresh tells of the grant is stored: %s rotation',
  async (rotation) => {
    const rig = moving(rotation);
    await rig.connect();
    await rig.clock.advance(3_600_000);
    await rig.call();
    await expect(rig.call(), 'with what the refresh told').resolves.toMatchObject({ id: 'item-1' });
    expect(await rig.row()).toMatchObject({
      metadata: { instanceUrl: 'https://two.example.com', region: 'eu' },
      scopes: ['read'],
      account: { id: 'item-1' },
      refreshExpiresAt: new Date(rig.clock.now() + 86_400_000),
    });
  },
);

test('facts that change while a token is refreshed under a lease are kept', async () => {
  const chosen = { alsoKnownAs: ['item-2'] };
  const rig: ReturnType<typeof createStepRig> = createStepRig({
    complete: async () => ({ credentials: { accessToken: 'token-0', refreshToken: 'r' }, expiresInMs: 3_600_000 }),
    refresh: {
      rotation: 'stable',
      run: async () => {
        const row = (await rig.row())!;
        await rig.store.connections.update(row.organizationId, row.id, { version: row.version }, { metadata: chosen });
        return { credentials: { accessToken: 'token-1' }, expiresInMs: 3_600_000, metadata: { instanceUrl: 'two' } };
      },
    },
  });
  await rig.connect();
  await rig.clock.advance(3_600_000);
  await rig.call();
  expect((await rig.row())?.metadata).toEqual({ ...chosen, instanceUrl: 'two' });
});
