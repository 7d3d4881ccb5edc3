import { describe, expect, test } from 'vitest';

import { createPlugboard } from '../src/board.ts';
import { defineProvider } from '../src/define-provider.ts';
import { invalidInput, PlugboardError } from '../src/errors.ts';
import { silentLog, type Log } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import type { ConnectionStore, ConnectionWrite } from '../src/store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { allRows, countingRig } from './support/fleet.ts';
import { populate } from './support/populate.ts';
import { acmeProvider, acmeServers, createRig, drive, key } from './support/rig.ts';

const hourMs = 3_600_000;

/** Two vendors at one server, one of which can be made to hang. */
function createTwoVendors() {
  const slow = { hold: false, go: () => undefined as void };
  const gone = new Promise<void>((resolve) => (slow.go = resolve));
  const options = { rotation: 'stable' } as const;
  const clock = createFakeClock();
  const servers = acmeServers({ ...options, clock });
  const store = createMemoryStore({ clock });
  const app = { clientSecret: 'client-secret', signingSecret: 'signing-secret' };
  const acme = acmeProvider(options);
  const other = defineProvider({ ...acme.definition, id: 'other' });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [acme({ ...app, clientId: 'slow' }), other({ ...app, clientId: 'quick' })],
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    store,
    wire: handlerWire(async (request) => {
      if (slow.hold && (await request.clone().text()).includes('client_id=slow')) await gone;
      return servers.handle(request);
    }),
  });
  return { ...servers, clock, store, board, slow };
}

test('what rotates is marked before it is sent, and each new token is stored by itself', async () => {
  const rig = countingRig();
  await populate(rig, { count: 100 });
  await rig.clock.advance(hourMs);
  rig.counts.clear();
  const [refresh] = rig.board.jobs;
  rig.oauth.switches.token.next({ hold: 'before' }, 100);
  const run = refresh!.run();
  await rig.clock.advance(0);
  const sent = await allRows(rig.store);
  expect(sent.filter(({ attemptHash }) => attemptHash === null)).toEqual([]);
  expect(rig.counts.get('updateMany')).toBe(1);
  rig.oauth.gate.release();
  await drive(rig, run);
  expect(rig.counts.get('lock')).toBe(100);
  expect(rig.counts.get('updateMany')).toBe(1);
  const rows = await allRows(rig.store);
  expect(rows.filter((row) => row.attemptHash !== null || row.credentialsVersion !== 2)).toEqual([]);
  expect(rig.oauth.ledger.reuses).toHaveLength(0);
});

test('a token that stays is not marked before it is sent: it may be sent again', async () => {
  const rig = createRig({ rotation: 'stable' });
  await populate(rig, { count: 1 });
  await rig.clock.advance(hourMs);
  rig.oauth.switches.token.next({ hold: 'before' });
  const run = rig.board.jobs[0]!.run();
  await rig.oauth.gate.whenHeld();
  expect((await allRows(rig.store))[0]).toMatchObject({ attemptHash: null, attemptAt: null });
  rig.oauth.gate.release();
  expect(await drive(rig, run)).toEqual({ processed: 1, more: false });
});

test('an organization that holds back half of a batch is claimed from until nothing of it is due', async () => {
  const rig = createRig({ rotation: 'stable' });
  await populate(rig, { count: 520, organizationOf: () => 'org-1' });
  await rig.clock.advance(hourMs);
  expect(await drive(rig, rig.board.jobs[0]!.run())).toEqual({ processed: 520, more: false });
});

test('of a provider that refused the app one row is claimed to find out, and no more', async () => {
  const limits: number[] = [];
  const rig = createRig({ rotation: 'stable' }, {}, (inner) => {
    const claimDue: ConnectionStore['claimDue'] = (request) => {
      limits.push(request.limit);
      return inner.connections.claimDue(request);
    };
    return { ...inner, connections: { ...inner.connections, claimDue } };
  });
  await populate(rig, { count: 3 });
  await rig.clock.advance(hourMs);
  rig.oauth.switches.token.always({ error: 'invalid_client' });
  await drive(rig, rig.board.jobs[0]!.run());
  limits.length = 0;
  expect(await drive(rig, rig.board.jobs[0]!.run())).toEqual({ processed: 0, more: false });
  expect(limits).toEqual([]);
  await rig.clock.advance(60_000);
  await drive(rig, rig.board.jobs[0]!.run());
  expect(limits).toEqual([1]);
});

test('a run ends when what it got is stored, and not when it is answered', async () => {
  const stored = Promise.withResolvers<void>();
  const rig = createRig({ rotation: 'stable' }, {}, (inner) => {
    const updateMany: ConnectionStore['updateMany'] = async (...args) => {
      await stored.promise;
      return inner.connections.updateMany(...args);
    };
    return { ...inner, connections: { ...inner.connections, updateMany } };
  });
  await populate(rig, { count: 3 });
  await rig.clock.advance(hourMs);
  let ended = false;
  const run = rig.board.jobs[0]!.run().finally(() => (ended = true));
  await rig.clock.advance(1_000);
  expect([rig.tokenCalls().length, ended]).toEqual([3, false]);
  stored.resolve();
  await drive(rig, run);
  expect((await allRows(rig.store)).map(({ credentialsVersion }) => credentialsVersion)).toEqual([2, 2, 2]);
});

test('R21 after the signal nothing is claimed: what is in flight ends, what was only claimed is due for others', async () => {
  const rig = countingRig({ rotation: 'stable' });
  await populate(rig, { count: 300 });
  await rig.clock.advance(hourMs);
  const [refresh] = rig.board.jobs;
  const stop = new AbortController();
  rig.oauth.switches.token.always({ hold: 'before' });
  const run = refresh!.run(stop.signal);
  await rig.clock.advance(0);
  rig.counts.clear();
  stop.abort();
  rig.oauth.switches.token.clear();
  rig.oauth.gate.release();
  const { processed } = await drive(rig, run);
  expect(processed).toBe(100);
  expect(rig.counts.get('claimDue')).toBeUndefined();
  expect(rig.tokenCalls()).toHaveLength(100);
  const left = (await allRows(rig.store)).filter(({ credentialsVersion }) => credentialsVersion === 1);
  expect(left).toHaveLength(200);
  expect(left.filter(({ leaseUntil, refreshAt, readAt }) => leaseUntil !== null || refreshAt! > readAt)).toEqual([]);
});

test('the failure of a claimed row under the lock gives its turn back, with a pause', async () => {
  const rig = countingRig({ rotation: 'strict' });
  await populate(rig, { count: 1 });
  await rig.clock.advance(hourMs);
  const [refresh] = rig.board.jobs;
  rig.oauth.switches.token.next({ status: 500 });
  await drive(rig, refresh!.run());
  const [row] = await allRows(rig.store);
  expect(row).toMatchObject({ failCount: 1, leaseUntil: null });
  expect(row!.refreshAt! > row!.readAt).toBe(true);
});

test('a row that the store refuses keeps the tokens of no other from being stored', async () => {
  const rig = createRig({ rotation: 'stable' }, {}, (inner) => {
    const refuse = () => Promise.reject(invalidInput('The write', [{ path: 'change', message: 'is refused' }]));
    const { updateMany } = inner.connections;
    const connections = {
      ...inner.connections,
      updateMany: (writes: readonly ConnectionWrite[]) => (writes.length > 1 ? refuse() : updateMany(writes)),
    };
    return { ...inner, connections };
  });
  await populate(rig, { count: 20 });
  await rig.clock.advance(hourMs);
  const [refresh] = rig.board.jobs;
  await drive(rig, refresh!.run());
  expect((await allRows(rig.store)).map(({ credentialsVersion }) => credentialsVersion)).toEqual(Array(20).fill(2));
});

test('a database that is away fails the run, which tells so, and loses no row', async () => {
  let away = false;
  const rig = createRig({ rotation: 'stable' }, {}, (inner) => {
    const claimDue: ConnectionStore['claimDue'] = async (request) => {
      if (away) throw new PlugboardError({ kind: 'unavailable', code: 'store_unavailable', message: 'away' });
      return inner.connections.claimDue(request);
    };
    return { ...inner, connections: { ...inner.connections, claimDue } };
  });
  await populate(rig, { count: 3 });
  await rig.clock.advance(hourMs);
  const [refresh] = rig.board.jobs;
  away = true;
  await expect(refresh!.run()).rejects.toMatchObject({ code: 'store_unavailable' });
  away = false;
  expect(await drive(rig, refresh!.run())).toEqual({ processed: 3, more: false });
});

test('who waits for the lease of a claim does not keep the claim from being used', async () => {
  const claimed = Promise.withResolvers<void>();
  const rig = createRig({ rotation: 'stable' }, { cacheMs: 0 }, (inner) => {
    const connections: ConnectionStore = {
      ...inner.connections,
      // The caller has seen a free row; before it takes the lease, the job does.
      lease: async (...args) => {
        await claimed.promise;
        return inner.connections.lease(...args);
      },
      claimDue: async (request) => {
        const rows = await inner.connections.claimDue(request);
        if (rows.length > 0) claimed.resolve();
        return rows;
      },
    };
    return { ...inner, connections };
  });
  await rig.connect();
  await rig.clock.advance(hourMs);
  const asked = rig.board.client('acme', { organizationId: 'org-1' }).orders.list();
  await rig.clock.advance(0);
  const startedAt = rig.clock.monotonic();
  const [refresh] = rig.board.jobs;
  await drive(rig, Promise.all([asked, refresh!.run()]));
  expect(rig.clock.monotonic() - startedAt).toBeLessThan(5_000);
  expect(rig.tokenCalls()).toHaveLength(2);
  expect((await rig.row())?.leaseUntil).toBeNull();
});

test('a slow vendor holds up no other', async () => {
  const rig = createTwoVendors();
  await populate(rig, { count: 20, provider: 'acme' });
  await populate(rig, { count: 20, provider: 'other' });
  await rig.clock.advance(hourMs);
  const [refresh] = rig.board.jobs;
  rig.slow.hold = true;
  const run = refresh!.run();
  await rig.clock.advance(1_000);
  // More of the other vendor becomes due while the first one hangs.
  await populate(rig, { count: 5, provider: 'other' });
  await rig.clock.advance(0);
  const of = async (provider: string) =>
    (await allRows(rig.store)).filter((row) => row.provider === provider && row.credentialsVersion === 2).length;
  expect(await of('other')).toBe(20);
  expect(await of('acme')).toBe(0);
  rig.slow.hold = false;
  rig.slow.go();
  await drive(rig, run);
  expect(await of('acme')).toBe(20);
});

test('R21 a stop that is told a deadline does not wait longer for a vendor that hangs', async () => {
  const rig = createRig({ rotation: 'stable' });
  await populate(rig, { count: 3 });
  await rig.clock.advance(hourMs);
  rig.oauth.switches.token.always({ hold: 'before' });
  rig.board.start({ jobs: ['refresh'] });
  await rig.clock.advance(1_000);
  expect(rig.tokenCalls()).toHaveLength(3);
  const stopped = rig.board.stop({ deadlineMs: 5_000 });
  await rig.clock.advance(5_000);
  expect(await stopped).toEqual({ drained: false });
  rig.oauth.gate.release();
});

test('R21 a stop lets what is in flight come to its end', async () => {
  const rig = createRig({ rotation: 'stable' });
  await populate(rig, { count: 3 });
  await rig.clock.advance(hourMs);
  rig.oauth.switches.token.next({ hold: 'before' }, 3);
  rig.board.start({ jobs: ['refresh'] });
  await rig.clock.advance(1_000);
  const stopped = rig.board.stop();
  await rig.clock.advance(1_000);
  rig.oauth.gate.release();
  expect(await drive(rig, stopped)).toEqual({ drained: true });
  expect((await allRows(rig.store)).map(({ credentialsVersion }) => credentialsVersion)).toEqual([2, 2, 2]);
});

describe('how much is claimed', () => {
  /** A rig that notes what is claimed, and whose job makes so many calls at once. */
  function claimingRig(options: Parameters<typeof createRig>[0], refreshesInFlight?: number) {
    const claims: unknown[] = [];
    const background = refreshesInFlight === undefined ? {} : { background: { refreshesInFlight } };
    const { definition } = acmeProvider();
    const keys = defineProvider({ ...definition, id: 'keys', auth: { apiKey: definition.auth.apiKey } })({});
    const rig = createRig(options, { ...background, more: [keys] }, (inner) => {
      const claimDue: ConnectionStore['claimDue'] = async (request) => {
        claims.push(request);
        return inner.connections.claimDue(request);
      };
      return { ...inner, connections: { ...inner.connections, claimDue } };
    });
    return { ...rig, claims };
  }

  test('is what may be called within ten seconds, as fast as the vendor was seen to be', async () => {
    const quick = claimingRig({ rotation: 'stable' });
    await quick.board.jobs[0]!.run();
    expect(quick.claims).toEqual([{ provider: 'acme', limit: 1_000, leaseMs: 75_000, perOrganization: 500 }]);
    const slow = claimingRig({ rotation: 'stable' }, 1);
    await populate(slow, { count: 200 });
    await slow.clock.advance(hourMs);
    slow.oauth.switches.token.always({ delayBeforeMs: 2_000 });
    const run = slow.board.jobs[0]!.run();
    await slow.clock.advance(60_000);
    expect(slow.claims.slice(0, 2)).toMatchObject([
      { limit: 10, perOrganization: 5 },
      { limit: 7, perOrganization: 4 },
    ]);
    // A run ends after five minutes, and says that there is more.
    let ended = false;
    void run.finally(() => (ended = true));
    await slow.clock.advance(239_999);
    expect(ended).toBe(false);
    await slow.clock.advance(2_001);
    expect(await run).toEqual({ processed: 150, more: true });
    expect(slow.tokenCalls()).toHaveLength(150);
    const left = (await allRows(slow.store)).filter(({ credentialsVersion }) => credentialsVersion === 1);
    expect(left.filter(({ leaseUntil }) => leaseUntil !== null)).toEqual([]);
  });

  test.each([
    ['strict', 2, true, 2],
    ['strict', undefined, true, 5],
    ['strict', 2, false, 5],
    ['stable', 2, true, 5],
  ] as const)(
    'calls at once with %s rotation, %s locks and locking %s: %i',
    async (rotation, locks, locking, calls) => {
      const rig = createRig({ rotation }, {}, (inner) => {
        const { lock, locks: _locks, ...connections } = inner.connections;
        const given = { ...connections, ...(locking && lock && { lock }), ...(locks !== undefined && { locks }) };
        return { ...inner, connections: given };
      });
      await populate(rig, { count: 5 });
      await rig.clock.advance(hourMs);
      rig.oauth.switches.token.always({ hold: 'before' });
      const run = rig.board.jobs[0]!.run();
      await rig.clock.advance(0);
      expect(rig.tokenCalls()).toHaveLength(calls);
      rig.oauth.switches.token.clear();
      rig.oauth.gate.release();
      expect(await drive(rig, run)).toEqual({ processed: 5, more: false });
    },
  );
});

test('a row that somebody changed before it was marked is not spent, and is due for others', async () => {
  let raced = false;
  const rig = createRig({ rotation: 'strict' }, {}, (inner) => {
    const { connections } = inner;
    const updateMany: ConnectionStore['updateMany'] = async (writes, options) => {
      const [first] = writes;
      if (!raced && first !== undefined) {
        raced = true;
        await connections.update(first.organizationId, first.id, {}, { settings: { channel: 'c1' } });
      }
      return connections.updateMany(writes, options);
    };
    return { ...inner, connections: { ...connections, updateMany } };
  });
  await populate(rig, { count: 3 });
  await rig.clock.advance(hourMs);
  rig.oauth.switches.token.next({ hold: 'before' }, 2);
  const run = rig.board.jobs[0]!.run();
  await rig.clock.advance(0);
  expect(rig.tokenCalls()).toHaveLength(2);
  const rows = await allRows(rig.store);
  const [changed] = rows.filter(({ settings }) => settings['channel'] === 'c1');
  expect(rows.filter(({ leaseUntil }) => leaseUntil !== null)).toHaveLength(2);
  expect(changed).toMatchObject({ leaseUntil: null, attemptHash: null, credentialsVersion: 1 });
  expect(changed!.refreshAt! <= changed!.readAt).toBe(true);
  rig.oauth.gate.release();
  await drive(rig, run);
});

test('what was claimed before the database went away is refreshed all the same', async () => {
  let claims = 0;
  const rig = createRig({ rotation: 'stable' }, { background: { refreshesInFlight: 1 } }, (inner) => {
    const claimDue: ConnectionStore['claimDue'] = async (request) => {
      if (++claims > 1) throw new PlugboardError({ kind: 'unavailable', code: 'store_unavailable', message: 'away' });
      return inner.connections.claimDue(request);
    };
    return { ...inner, connections: { ...inner.connections, claimDue } };
  });
  await populate(rig, { count: 12 });
  await rig.clock.advance(hourMs);
  await expect(drive(rig, rig.board.jobs[0]!.run())).rejects.toMatchObject({ code: 'store_unavailable' });
  const versions = (await allRows(rig.store)).map(({ credentialsVersion }) => credentialsVersion);
  expect(versions.filter((version) => version === 2)).toHaveLength(10);
});

test('an error that is none of ours is a line in the log, and the run goes on', async () => {
  const errors: unknown[] = [];
  const log: Log = { ...silentLog, error: (fields, message) => void errors.push([fields, message]) };
  let broken = '';
  const rig = createRig({ rotation: 'stable' }, { log }, (inner) => {
    const get: ConnectionStore['get'] = async (organization, id) => {
      if (broken === '') {
        broken = id;
        throw new TypeError('broken');
      }
      return inner.connections.get(organization, id);
    };
    return { ...inner, connections: { ...inner.connections, get } };
  });
  await populate(rig, { count: 2 });
  await rig.clock.advance(hourMs);
  rig.oauth.switches.token.always({ error: 'invalid_grant' });
  expect(await drive(rig, rig.board.jobs[0]!.run())).toEqual({ processed: 2, more: false });
  expect(errors).toEqual([
    [expect.objectContaining({ provider: 'acme', connectionId: broken }) as object, 'a refresh failed'],
  ]);
});

test('a vendor with nothing to do looks again every five seconds while another is busy', async () => {
  const rig = createTwoVendors();
  await populate(rig, { count: 1, provider: 'acme' });
  await populate(rig, { count: 1, provider: 'other', organizationOf: () => 'org-late' });
  await rig.clock.advance(hourMs);
  const late = (await allRows(rig.store)).find(({ provider }) => provider === 'other')!;
  await rig.store.connections.update('org-late', late.id, {}, { refreshAt: new Date(rig.clock.now() + 1_000) });
  rig.slow.hold = true;
  const run = rig.board.jobs[0]!.run();
  const version = async () => (await rig.store.connections.get('org-late', late.id))?.credentialsVersion;
  await rig.clock.advance(4_999);
  expect(await version()).toBe(1);
  await rig.clock.advance(1);
  expect(await version()).toBe(2);
  rig.slow.hold = false;
  rig.slow.go();
  expect(await drive(rig, run)).toEqual({ processed: 2, more: false });
});

test('an idle wait ends with the signal', async () => {
  const rig = createTwoVendors();
  await populate(rig, { count: 1, provider: 'acme' });
  await rig.clock.advance(hourMs);
  rig.slow.hold = true;
  const stop = new AbortController();
  const run = rig.board.jobs[0]!.run(stop.signal);
  await rig.clock.advance(1_000);
  stop.abort();
  rig.slow.hold = false;
  rig.slow.go();
  const startedAt = rig.clock.monotonic();
  expect(await drive(rig, run)).toEqual({ processed: 1, more: false });
  expect(rig.clock.monotonic() - startedAt).toBeLessThan(2_000);
});

describe('rows that rotate', () => {
  test.each([[1], [2]])('whose credentials cannot be opened fail by themselves: %i of 2', async (unopened) => {
    const rig = createRig({ rotation: 'strict' });
    await populate(rig, { count: 3 });
    await rig.clock.advance(hourMs);
    const rows = await allRows(rig.store);
    const [spare] = rows.splice(2, 1);
    await rig.store.connections.remove(spare!.organizationId, spare!.id);
    for (const { organizationId: owner, id } of rows.slice(0, unopened))
      await rig.store.connections.update(owner, id, {}, { credentials: spare!.credentials });
    expect(await drive(rig, rig.board.jobs[0]!.run())).toEqual({ processed: 2, more: false });
    const after = await allRows(rig.store);
    const flagged = after.filter(({ status, leaseUntil }) => status === 'error' && leaseUntil === null);
    expect(flagged).toHaveLength(unopened);
    expect(rig.tokenCalls()).toHaveLength(2 - unopened);
  });

  test('are known to have been sent before, whoever sent them', async () => {
    const rig = createRig({ rotation: 'strict' }, { cacheMs: 0 });
    await rig.connect();
    await rig.clock.advance(hourMs);
    rig.oauth.switches.token.next({ drop: 'after' });
    await drive(rig, rig.board.client('acme', { organizationId: 'org-1' }).orders.list()).catch(() => undefined);
    await rig.clock.advance(120_000);
    await drive(rig, rig.board.jobs[0]!.run());
    expect((await rig.row())?.lastError).toMatchObject({ code: 'refresh_refused', unknown: true });
  });
});
