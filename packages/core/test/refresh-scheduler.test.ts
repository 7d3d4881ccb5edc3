import { expect, test } from 'vitest';

import { createPlugboard } from '../src/board.ts';
import { defineProvider } from '../src/define-provider.ts';
import { invalidInput, PlugboardError } from '../src/errors.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import type { ConnectionStore, ConnectionWrite } from '../src/store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { allRows } from './support/fleet.ts';
import { populate } from './support/populate.ts';
import { acmeProvider, acmeServers, createRig, drive, key } from './support/rig.ts';

const hourMs = 3_600_000;

/** A rig whose store counts how often each function of its connections is called. */
function countingRig(options: Parameters<typeof createRig>[0] = {}) {
  const counts = new Map<string, number>();
  const rig = createRig(options, {}, (inner) => {
    const connections = new Proxy(inner.connections, {
      get(target, name: keyof ConnectionStore) {
        const found = target[name];
        if (typeof found !== 'function') return found;
        return (...args: never[]) => {
          counts.set(name, (counts.get(name) ?? 0) + 1);
          return (found as (...given: never[]) => unknown).apply(target, args);
        };
      },
    });
    return { ...inner, connections };
  });
  return { ...rig, counts };
}

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

test('a thousand rows are claimed, and written, by few statements', async () => {
  const rig = countingRig({ rotation: 'stable' });
  await populate(rig, { count: 1_000 });
  await rig.clock.advance(hourMs);
  rig.counts.clear();
  const [refresh] = rig.board.jobs;
  expect(await drive(rig, refresh!.run())).toEqual({ processed: 1_000, more: false });
  expect(rig.tokenCalls()).toHaveLength(1_000);
  const { claimDue = 0, updateMany = 0, ...others } = Object.fromEntries(rig.counts);
  expect(others).toEqual({});
  // Two for each 500 rows, and one that finds nothing more.
  expect(claimDue + updateMany).toBeLessThanOrEqual(5);
});

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
  await populate(rig, { count: 200, provider: 'acme' });
  await populate(rig, { count: 200, provider: 'other' });
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
  expect(await of('other')).toBe(200);
  expect(await of('acme')).toBe(0);
  rig.slow.hold = false;
  rig.slow.go();
  await drive(rig, run);
  expect(await of('acme')).toBe(200);
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
