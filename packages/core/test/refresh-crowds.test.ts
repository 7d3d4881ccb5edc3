/** Refresh for thousands: callers, connections, and months of simulated time. */
import { expect, test } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import { allRows, countingRig, runFor } from './support/fleet.ts';
import { populate } from './support/populate.ts';
import { createRig, drive, organizationId } from './support/rig.ts';

const hourMs = 3_600_000;

const codeOf = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );

/** A connected rig whose access token has just expired. */
async function expired() {
  const rig = createRig({}, { cacheMs: 0 });
  await rig.connect();
  await rig.clock.advance(hourMs);
  const list = () => rig.board.client('acme', { organizationId }).orders.list();
  return { ...rig, list, refreshes: () => rig.tokenCalls().length - 1 };
}

test('D01 a thousand parallel callers cause one refresh and get one token', async () => {
  const rig = await expired();
  const results = await Promise.all(Array.from({ length: 1_000 }, () => rig.list()));
  expect(results).toHaveLength(1_000);
  expect(rig.refreshes()).toBe(1);
  const used = new Set(rig.calls.slice(-1_000).map((call) => call.authorization));
  expect(used.size).toBe(1);
  expect(rig.oauth.ledger.reuses).toHaveLength(0);
});

test('D19 ten thousand callers on a dead connection cost two vendor calls', async () => {
  const rig = await expired();
  rig.oauth.revokeAll();
  for (let second = 0; second < 50; second++) {
    await Promise.all(Array.from({ length: 200 }, () => codeOf(rig.list())));
    await rig.clock.advance(1_000);
  }
  expect(rig.refreshes()).toBeLessThanOrEqual(2);
});

test('D18 a token of sixty days causes no call for the first half of its life', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  rig.oauth.switches.token.next({ expiresIn: 60 * 86_400 });
  await rig.connect();
  const [refresh] = rig.board.jobs;
  for (let day = 0; day < 29; day++) {
    await refresh!.run();
    await rig.clock.advance(86_400_000);
  }
  expect(rig.tokenCalls()).toHaveLength(1);
});

test(
  'R28 D08 an hour of invalid_client ends none of ten thousand connections, and costs few calls and one alarm',
  { timeout: 60_000 },
  async () => {
    const rig = createRig({ rotation: 'stable' });
    await populate(rig, { count: 10_000 });
    const heard: string[] = [];
    rig.board.on('provider.attention', ({ reason }) => void heard.push(reason));
    rig.board.on('connection.attention', ({ reason }) => void heard.push(reason));
    rig.board.on('provider.recovered', ({ provider }) => void heard.push(`${provider} recovered`));
    rig.oauth.switches.token.always({ error: 'invalid_client' });
    await rig.clock.advance(hourMs);
    await runFor(rig, hourMs, 30_000);
    // What was in flight when it began, and one probe after each pause.
    expect(rig.tokenCalls().length).toBeLessThanOrEqual(120);
    rig.oauth.switches.token.clear();
    await runFor(rig, 1_200_000, 30_000);
    const rows = await allRows(rig.store);
    expect(rows.filter(({ status, failCount }) => status !== 'active' || failCount > 0)).toEqual([]);
    expect(rows.filter(({ credentialsVersion }) => credentialsVersion < 2)).toEqual([]);
    expect(heard).toEqual(['invalid_client', 'acme recovered']);
  },
);

test('R25 a server that is down for half an hour ends nobody, is asked little, and is caught up with', async () => {
  const rig = createRig({ rotation: 'stable' });
  await populate(rig, { count: 1_000 });
  const ended: string[] = [];
  rig.board.on('connection.attention', ({ reason }) => void ended.push(reason));
  rig.oauth.switches.token.always({ status: 503 });
  await rig.clock.advance(hourMs);
  await runFor(rig, 1_800_000, 15_000);
  // Each connection by itself would have made nine.
  expect(rig.tokenCalls().length).toBeLessThan(300);
  rig.oauth.switches.token.clear();
  await runFor(rig, 360_000, 15_000);
  const rows = await allRows(rig.store);
  expect(rows.filter(({ status, credentialsVersion }) => status !== 'active' || credentialsVersion < 2)).toEqual([]);
  expect(ended).toEqual([]);
});

test(
  'calls wait while too much is unwritten, and all of them go on once it is written',
  { timeout: 60_000 },
  async () => {
    const gate = Promise.withResolvers<void>();
    const rig = createRig({ rotation: 'stable' }, {}, (inner) => ({
      ...inner,
      connections: {
        ...inner.connections,
        async updateMany(writes) {
          await gate.promise;
          return inner.connections.updateMany(writes);
        },
      },
    }));
    await populate(rig, { count: 2_600 });
    await rig.clock.advance(hourMs);
    const [refresh] = rig.board.jobs;
    const run = refresh!.run();
    for (let step = 0; step < 20; step++) await rig.clock.advance(100);
    const held = rig.tokenCalls().length;
    expect(held).toBeGreaterThanOrEqual(2_000);
    expect(held).toBeLessThan(2_600);
    gate.resolve();
    expect(await drive(rig, run)).toEqual({ processed: 2_600, more: false });
  },
);

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
