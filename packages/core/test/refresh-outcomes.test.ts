/** What a refresh leaves behind: what is told, written and kept, and when the next one may begin. */
import { describe, expect, test } from 'vitest';

import { isPlugboardError, PlugboardError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';
import { silentLog } from '../src/log.ts';
import type { ConnectionRow, Store } from '../src/store.ts';
import { allRows, refreshJob } from './support/fleet.ts';
import { populate } from './support/populate.ts';
import { createRig, drive, failedAt, organizationId } from './support/rig.ts';
import { createStepRig } from './support/step-rig.ts';

const hourMs = 3_600_000;

const codeOf = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );

async function expired(...[options, board, wrap]: Parameters<typeof createRig>) {
  const rig = createRig({ rotation: 'stable', ...options }, { cacheMs: 0, ...board }, wrap);
  await rig.connect();
  await rig.clock.advance(hourMs);
  const row = async () => (await rig.row())!;
  return {
    ...rig,
    row,
    list: () => codeOf(drive(rig, rig.board.client('acme', { organizationId }).orders.list())),
    set: async (change: Partial<ConnectionRow>) =>
      (await rig.store.connections.update(organizationId, (await row()).id, {}, change))!,
  };
}

describe('what the host hears of a refresh', () => {
  test('is the connection, and no recovery where nothing was wrong', async () => {
    const rig = await expired();
    const heard: unknown[] = [];
    rig.board.on('connection.refreshed', ({ connection }) => void heard.push(connection.id));
    rig.board.on('connection.recovered', () => void heard.push('recovered'));
    await rig.list();
    await rig.clock.advance(0);
    expect(heard).toEqual([(await rig.row()).id]);
  });

  test('is a recovery, whether or not somebody hears of each refresh', async () => {
    const rig = await expired();
    await rig.set({ status: 'degraded', statusReason: 'refresh_failing' });
    const heard: unknown[] = [];
    rig.board.on('connection.recovered', ({ connection }) => void heard.push([connection.id, connection.status]));
    await rig.list();
    await rig.clock.advance(0);
    expect(heard).toEqual([[(await rig.row()).id, 'active']]);
  });

  test('is waited for by the job, and not by a caller', async () => {
    const rig = await expired();
    await populate(rig, { count: 1 });
    await rig.clock.advance(hourMs);
    let told = 0;
    rig.board.on('connection.refreshed', async () => {
      await rig.clock.sleep(2_000);
      told++;
    });
    const run = refreshJob(rig).run();
    await rig.clock.advance(1_000);
    expect((await allRows(rig.store)).map(({ credentialsVersion }) => credentialsVersion)).toEqual([2, 2]);
    expect(told).toBe(0);
    await drive(rig, run);
    expect(told).toBe(2);
  });

  test('is a line in the log where the vendor stops telling how long its tokens live', async () => {
    const lines: unknown[] = [];
    const log: Log = { ...silentLog, warn: (fields, message) => void lines.push([fields, message]) };
    const rig = await expired({}, { log });
    await rig.list();
    expect(lines).toEqual([]);
    await rig.clock.advance(hourMs);
    rig.oauth.switches.token.next({ body: 'bad_expiry' });
    expect(await rig.list()).toBe('resolved');
    const { id } = await rig.row();
    const message = expect.stringContaining('one hour is assumed') as string;
    expect(lines).toContainEqual([{ provider: 'acme', connectionId: id }, message]);
  });
});

test('a host whose address of its own cannot be made is not told, and the log says so', async () => {
  const errors: unknown[] = [];
  const log: Log = { ...silentLog, error: (_fields, message) => void errors.push(message) };
  const reconnectUrl = () => {
    throw new TypeError('no address');
  };
  const rig = await expired({}, { log, reconnectUrl });
  await rig.set({ failCount: 2 });
  rig.oauth.switches.token.always({ status: 503 });
  expect(await rig.list()).not.toBe('resolved');
  expect(await rig.row()).toMatchObject({ status: 'degraded', failCount: 3 });
  expect(errors).toEqual(['the host could not be told of a refresh']);
});

test('a connection that the job ends is known as such at once, also where it was just used', async () => {
  const rig = createRig({ rotation: 'stable' }, { cacheMs: 60_000 });
  await rig.connect();
  const { id } = (await rig.row())!;
  const refused = { failCount: 1, lastError: { code: 'refresh_refused' } };
  await rig.store.connections.update(organizationId, id, {}, refused);
  const list = () => codeOf(rig.board.client('acme', { organizationId }).orders.list());
  await rig.clock.advance(0.7 * hourMs - 1_000);
  expect(await list()).toBe('resolved');
  await rig.clock.advance(2_000);
  rig.oauth.switches.token.next({ error: 'invalid_grant' });
  await drive(rig, refreshJob(rig).run());
  expect(await rig.row()).toMatchObject({ status: 'expired' });
  const sent = rig.calls.length;
  expect([await list(), rig.calls.length - sent]).toEqual(['reconnect_required', 0]);
});

describe('in bulk', () => {
  test('a caller who comes while the job asks gets what the job stores', async () => {
    const rig = await expired();
    rig.oauth.switches.token.next({ hold: 'before' });
    const run = refreshJob(rig).run();
    await rig.oauth.gate.whenHeld();
    const asked = rig.list();
    await rig.clock.advance(0);
    rig.oauth.gate.release();
    expect(await drive(rig, Promise.all([asked, run]))).toEqual(['resolved', { processed: 1, more: false }]);
    expect(rig.tokenCalls()).toHaveLength(2);
    expect(await rig.row()).toMatchObject({ credentialsVersion: 2, leaseUntil: null });
  });

  /** A vendor that tells facts at a refresh, beside whose call something happens. */
  async function telling(
    meanwhile: (rig: ReturnType<typeof createStepRig>) => Promise<unknown> = async () => undefined,
  ) {
    const writes: string[] = [];
    const rig: ReturnType<typeof createStepRig> = createStepRig({
      complete: async () => ({
        credentials: { accessToken: 'token-0', refreshToken: 'r' },
        expiresInMs: hourMs,
        metadata: { region: 'eu' },
      }),
      refresh: {
        rotation: 'stable',
        run: async () => {
          await meanwhile(rig);
          return { credentials: { accessToken: 'token-1' }, expiresInMs: hourMs, metadata: { instanceUrl: 'two' } };
        },
      },
    });
    await rig.connect();
    await rig.clock.advance(hourMs);
    const { update, updateMany } = rig.store.connections;
    Object.assign(rig.store.connections, {
      update: (...args: Parameters<typeof update>) => (writes.push('one'), update.apply(rig.store.connections, args)),
      updateMany: (...args: Parameters<typeof updateMany>) => (
        writes.push('many'),
        updateMany.apply(rig.store.connections, args)
      ),
    });
    await drive(rig, refreshJob(rig).run());
    return { ...rig, writes };
  }

  test('facts are stored with the tokens, in one statement', async () => {
    const { row, writes, call } = await telling();
    expect((await row())?.metadata).toEqual({ region: 'eu', instanceUrl: 'two' });
    expect(writes.filter((write) => write === 'many')).toHaveLength(1);
    await expect(call()).resolves.toMatchObject({ id: 'item-1' });
  });

  test('a row that changed meanwhile is written by itself, with the facts of both', async () => {
    const { row, call } = await telling(async (rig) => {
      const { id, metadata } = (await rig.row())!;
      const change = { metadata: { ...metadata, alsoKnownAs: ['item-2'] } };
      await rig.store.connections.update(organizationId, id, {}, change);
    });
    expect((await row())?.metadata).toEqual({ region: 'eu', alsoKnownAs: ['item-2'], instanceUrl: 'two' });
    expect(await row()).toMatchObject({ credentialsVersion: 2, leaseUntil: null });
    await expect(call()).resolves.toMatchObject({ id: 'item-1' });
  });
});

describe('a connection that goes away while it is refreshed', () => {
  const ends = {
    removed: ({ connections }: Store, id: string) => connections.remove(organizationId, id),
    disconnected: ({ connections }: Store, id: string) =>
      connections.update(organizationId, id, {}, { status: 'disconnected', refreshAt: null }),
  };

  test.each(['removed', 'disconnected'] as const)('%s: the new token is revoked', async (how) => {
    const rig = await expired();
    await rig.set({ account: null });
    rig.oauth.switches.token.next({ hold: 'after' });
    const asked = rig.list();
    await rig.oauth.gate.whenHeld();
    await ends[how](rig.store, (await rig.row()).id);
    rig.oauth.gate.release();
    expect(await asked).toBe('not_connected');
    expect(rig.oauth.ledger.families()).toMatchObject([{ revokedBy: 'request' }]);
  });

  test.each(['removed', 'disconnected'] as const)('%s: a failure says so', async (how) => {
    const rig = await expired();
    rig.oauth.switches.token.next({ hold: 'before', error: 'invalid_grant' });
    const asked = rig.list();
    await rig.oauth.gate.whenHeld();
    await ends[how](rig.store, (await rig.row()).id);
    rig.oauth.gate.release();
    expect(await asked).toBe('not_connected');
  });

  test.each(['removed', 'disconnected'] as const)('%s: who waits for another hears of it', async (how) => {
    const rig = await expired();
    const { id, credentialsVersion } = await rig.row();
    await rig.store.connections.lease(organizationId, id, { credentialsVersion, leaseMs: 75_000 });
    const asked = codeOf(rig.board.client('acme', { organizationId }).orders.list());
    await rig.clock.untilPending(1);
    await ends[how](rig.store, id);
    expect(await drive(rig, asked)).toBe('not_connected');
  });
});

test('K6 a write of our own that is recognised is no conflict', async () => {
  let lost = false;
  const kept: string[] = [];
  const rig = await expired({}, {}, (inner) => {
    const { connections, once } = inner;
    const update: typeof connections.update = async (...args) => {
      const written = await connections.update(...args);
      if (!('credentials' in args[3]) || lost) return written;
      lost = true;
      throw new Error('the acknowledgement is lost');
    };
    const set: typeof once.set = (name, ...rest) => (kept.push(name), once.set(name, ...rest));
    return { ...inner, connections: { ...connections, update }, once: { ...once, set } };
  });
  const conflicts: unknown[] = [];
  rig.board.on('connection.refresh_conflict', (event) => void conflicts.push(event));
  expect(await rig.list()).toBe('resolved');
  expect([lost, conflicts, kept.filter((name) => name.startsWith('shadow'))]).toEqual([true, [], []]);
});

describe('whether another refresh may begin', () => {
  const failing = { failCount: 1, lastError: { code: 'server_error', kind: 'unavailable' } } as const;

  test('a pause holds, also where a lease ended before it', async () => {
    const rig = await expired();
    const { id, credentialsVersion } = await rig.row();
    await rig.store.connections.lease(organizationId, id, { credentialsVersion, leaseMs: 1_000 });
    await rig.clock.advance(1_000);
    const { readAt } = await rig.row();
    await rig.set({ ...failing, refreshAt: new Date(readAt.getTime() + 1) });
    expect(await codeOf(rig.board.client('acme', { organizationId }).orders.list())).toBe('refresh_cooling_down');
    await rig.clock.advance(1);
    expect(await rig.list()).toBe('resolved');
  });

  test('who finds another at it waits for it instead', async () => {
    const rig = await expired();
    await rig.set(failing);
    const { id, credentialsVersion } = await rig.row();
    const leased = await rig.store.connections.lease(organizationId, id, { credentialsVersion, leaseMs: 75_000 });
    const asked = codeOf(rig.board.client('acme', { organizationId }).orders.list());
    await rig.clock.untilPending(1);
    await rig.store.connections.release(organizationId, id, leased!.leaseFence, null);
    expect(await drive(rig, asked)).toBe('resolved');
  });

  test('an outage is over once the server was heard of since, and its first pause has passed', async () => {
    for (const [failedAgoMs, heardAgoMs, kind, outcome] of [
      [30_000, 30_000, 'unavailable', 'resolved'],
      [30_000, 20_000, 'unavailable', 'resolved'],
      [29_999, 20_000, 'unavailable', 'refresh_cooling_down'],
      [30_000, 30_001, 'unavailable', 'refresh_cooling_down'],
      [30_000, 20_000, 'auth', 'refresh_cooling_down'],
    ] as const) {
      const rig = await expired();
      await rig.connect('other');
      await rig.clock.advance(hourMs);
      await rig.board.client('acme', { organizationId, label: 'other' }).orders.list();
      await rig.clock.advance(heardAgoMs);
      const { readAt } = await rig.row();
      const at = new Date(readAt.getTime() - failedAgoMs).toISOString();
      await rig.set({ failCount: 3, lastError: { code: 'x', kind, at }, refreshAt: new Date(readAt.getTime() + hourMs) });
      expect([failedAgoMs, heardAgoMs, kind, await rig.list()]).toEqual([failedAgoMs, heardAgoMs, kind, outcome]);
    } // prettier-ignore
  });
});

describe('a server in trouble', () => {
  const due = async (count: number) => {
    const rig = createRig({ rotation: 'stable' }, { cacheMs: 0 });
    await populate(rig, { count });
    await rig.clock.advance(hourMs);
    return rig;
  };
  const run = (rig: Awaited<ReturnType<typeof due>>) => drive(rig, refreshJob(rig).run());

  test('is asked by one, once ten connections have found it down', async () => {
    const rig = await due(10);
    rig.oauth.switches.token.always({ status: 503, retryAfter: '1' });
    await run(rig);
    const asked = rig.tokenCalls().length;
    await rig.clock.advance(1_000);
    expect(await refreshJob(rig).run()).toMatchObject({ processed: 0 });
    expect(rig.tokenCalls()).toHaveLength(asked);
    await rig.clock.advance(5_000);
    rig.oauth.switches.token.clear();
    expect(await run(rig)).toMatchObject({ processed: 10 });
  });

  test('is not down where it answers, however oddly', async () => {
    const rig = await due(10);
    rig.oauth.switches.token.always({ body: 'array' });
    await run(rig);
    rig.oauth.switches.token.clear();
    await populate(rig, { count: 3, organizationOf: (index) => `late-${index}` });
    await rig.clock.advance(hourMs);
    expect((await run(rig)).processed).toBe(13);
  });

  test('was heard of when it refused a grant', async () => {
    const rig = await expired();
    await rig.set({ failCount: 5 });
    await rig.connect('other');
    await rig.clock.advance(hourMs);
    rig.oauth.switches.token.next({ error: 'invalid_grant' });
    await codeOf(drive(rig, rig.board.client('acme', { organizationId, label: 'other' }).orders.list()));
    rig.oauth.switches.token.always({ status: 503 });
    await rig.list();
    const row = await rig.row();
    expect(row.refreshAt!.getTime() - failedAt(row)).toBe(30_000);
  });
});

describe('a refusal', () => {
  test.each<[string, Partial<ConnectionRow>]>([
    ['after failures of which nothing is known', { failCount: 1, lastError: null }],
    ['after one that is over', { failCount: 0, lastError: { code: 'refresh_refused' } }],
  ])('%s is the first', async (_what, before) => {
    const rig = await expired();
    await rig.set(before);
    rig.oauth.switches.token.next({ error: 'invalid_grant' });
    expect(await rig.list()).toBe('refresh_refused');
    expect(await rig.row()).toMatchObject({ status: 'active', failCount: (before.failCount ?? 0) + 1 });
  });
});

describe('a turn that was lost while the vendor answered', () => {
  /** Another takes the lease before the refresh fails. */
  async function losing(error: PlugboardError, before: Partial<ConnectionRow>) {
    const rig: ReturnType<typeof createStepRig> = createStepRig({
      complete: async () => ({ credentials: { accessToken: 'token-0', refreshToken: 'r' }, expiresInMs: hourMs }),
      refresh: {
        rotation: 'stable',
        run: async () => {
          const { id, leaseFence, credentialsVersion } = (await rig.row())!;
          await rig.store.connections.release(organizationId, id, leaseFence, null);
          await rig.store.connections.lease(organizationId, id, { credentialsVersion, leaseMs: 75_000 });
          throw error;
        },
      },
    });
    await rig.connect();
    await rig.clock.advance(hourMs);
    const { id } = (await rig.row())!;
    await rig.store.connections.update(organizationId, id, {}, before);
    const heard: string[] = [];
    rig.board.on('connection.attention', ({ reason }) => void heard.push(reason));
    const outcome = await codeOf(drive(rig, rig.call()));
    await rig.clock.advance(0);
    const { items } = await rig.board.audit.list({ organizationId });
    return { outcome, heard, trail: items.map(({ type }) => type), row: (await rig.row())! };
  }

  test('notes and tells nothing of a failure', async () => {
    const down = new PlugboardError({ kind: 'unavailable', code: 'down', message: 'Down.' });
    const { outcome, heard, row } = await losing(down, { failCount: 2 });
    expect([outcome, heard]).toEqual(['down', []]);
    expect(row).toMatchObject({ status: 'active', failCount: 2 });
    expect(row.leaseUntil).not.toBeNull();
  });

  test('ends nothing', async () => {
    const refused = new PlugboardError({ kind: 'auth', code: 'invalid_grant', message: 'No.' });
    const { outcome, heard, trail, row } = await losing(refused, {
      failCount: 1,
      lastError: { code: 'refresh_refused' },
    });
    expect([outcome, heard]).toEqual(['reconnect_required', []]);
    expect(trail).not.toContain('connection.expired');
    expect(row).toMatchObject({ status: 'active' });
  });
});

test('a token that has ended ends no connection that somebody has changed meanwhile', async () => {
  const rig = await expired({ oauth: { refresh: 'none' } }, {}, (inner) => {
    const { connections } = inner;
    const update: typeof connections.update = async (organization, id, guard, change) => {
      if (change.status === 'expired') await connections.update(organization, id, {}, { settings: { channel: 'c1' } });
      return connections.update(organization, id, guard, change);
    };
    return { ...inner, connections: { ...connections, update } };
  });
  expect(await rig.list()).toBe('reconnect_required');
  expect(await rig.row()).toMatchObject({ status: 'active', settings: { channel: 'c1' } });
});

test('an outage that is over for others is over for who asks, before the own pause has passed', async () => {
  const rig = createRig({ rotation: 'stable' }, { cacheMs: 0 });
  await rig.connect('a');
  await rig.connect('b');
  await rig.clock.advance(hourMs);
  const list = (label: string) => rig.board.client('acme', { organizationId: 'org-1', label }).orders.list();
  rig.oauth.switches.token.always({ status: 503 });
  for (let turn = 0; turn < 4; turn++) {
    await expect(drive(rig, list('a'))).rejects.toMatchObject({ status: 503 });
    // The next failure doubles the pause.
    await rig.clock.advance(250_000);
  }
  await expect(drive(rig, list('a'))).rejects.toMatchObject({ status: 503 });
  rig.oauth.switches.token.clear();
  await rig.clock.advance(31_000);
  await expect(drive(rig, list('a'))).rejects.toMatchObject({ code: 'refresh_cooling_down' });
  await drive(rig, list('b'));
  expect((await drive(rig, list('a'))).items).toEqual(['o1']);
});
