import { expect, test } from 'vitest';

import { populate } from './support/populate.ts';
import { createRig, drive, key } from './support/rig.ts';
import type { OnceStore, Store } from '../src/store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';

const hourMs = 3_600_000;

type Rig = ReturnType<typeof createRig>;
const health = ({ board }: Pick<Rig, 'board'>) => board.jobs.find(({ name }) => name === 'health')!;
const checks = (rig: Rig) => rig.calls.filter(({ path }) => path === '/v1/me').length;

/** Another process with the same database. */
function sibling(rig: Rig, background = {}) {
  const parts = { store: rig.store, keys: { k1: key }, clock: rig.clock, wire: handlerWire(rig.handle), background };
  return createRig({}, { cacheMs: 0, ...parts });
}

/** Answers nothing any more once its process has ended. */
function mortal(once: OnceStore, life: { readonly ended: boolean }): OnceStore {
  return new Proxy(once, {
    get: (target, name: keyof OnceStore) =>
      life.ended ? () => new Promise(() => undefined) : (target[name] as () => unknown).bind(target),
  });
}

test('one process walks for all: the others find it done, until the interval has passed', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await populate(rig, { count: 30 });
  const other = sibling(rig);
  expect(await health(other).due!()).toBe(true);
  expect(await drive(rig, health(rig).run())).toEqual({ processed: 30, more: false });
  expect(await health(other).due!()).toBe(false);
  await rig.clock.advance(hourMs);
  expect(await health(other).due!()).toBe(true);
});

test('while one walks, another that is told to run does nothing', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await populate(rig, { count: 5 });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  rig.answer(() => promise);
  const walk = health(rig).run();
  await rig.clock.advance(0);
  const other = sibling(rig);
  expect(await health(other).due!()).toBe(false);
  expect(await health(other).run()).toEqual({ processed: 0, more: false });
  resolve(undefined);
  expect((await drive(rig, walk)).processed).toBe(5);
});

test('a walk whose process was killed goes on in another, from the step that it was at', async () => {
  const life = { ended: false };
  let living: Store | undefined;
  const rig = createRig({}, { cacheMs: 0 }, (inner) => {
    living = inner;
    return { ...inner, once: mortal(inner.once, life) };
  });
  await populate(rig, { count: 180 });
  // Killed with two steps of fifty behind it.
  rig.answer(() => void (life.ended = checks(rig) > 101));
  void health(rig).run();
  await rig.clock.advance(1_000);
  life.ended = true;
  const before = checks(rig);
  expect(before).toBeLessThan(160);
  const other = sibling({ ...rig, store: living! });
  expect(await health(other).due!()).toBe(false);
  await rig.clock.advance(301_000);
  expect(await health(other).due!()).toBe(true);
  const { processed } = await drive(rig, health(other).run());
  expect(processed).toBeGreaterThan(0);
  expect(processed).toBeLessThanOrEqual(80);
  const rows = await rig.store.connections.scan(null, 200);
  expect(rows.filter((row) => row.health === null)).toEqual([]);
});

test('a place that was changed behind our back is not gone on from, and stops no walk', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await populate(rig, { count: 3 });
  for (const place of ['not json', '{"from":1}', '{"from":"x","after":"y"}', '[]']) {
    await rig.store.once.set('job:health:place', place, hourMs);
    await rig.store.once.take('job:health:done');
    await drive(rig, health(rig).run());
  }
  expect(checks(rig)).toBe(3);
});

test('D21 no provider is asked more often than its share, and no connection is left out for ever', async () => {
  const rig = createRig({}, { cacheMs: 0, background: { healthChecks: 20 } });
  await populate(rig, { count: 60 });
  await drive(rig, health(rig).run());
  expect(checks(rig)).toBe(20);
  const unchecked = async () => (await rig.store.connections.scan(null, 200)).filter((row) => row.health === null);
  let walks = 1;
  for (; (await unchecked()).length > 0 && walks < 60; walks++) {
    await rig.clock.advance(hourMs / 4);
    await drive(rig, health(rig).run());
  }
  expect(await unchecked()).toEqual([]);
  expect(checks(rig)).toBeLessThanOrEqual(20 * walks);
});

test('what was checked a moment ago is not asked for again', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await rig.connect();
  await drive(rig, rig.board.health('acme', { organizationId: 'org-1' }));
  const before = checks(rig);
  expect(await drive(rig, health(rig).run())).toEqual({ processed: 0, more: false });
  expect(checks(rig)).toBe(before);
  await rig.clock.advance(hourMs / 2);
  expect((await drive(rig, health(rig).run())).processed).toBe(1);
});

test('an outage is told once and its end once, however many processes find it', async () => {
  const rig = createRig({}, { cacheMs: 0 });
  await rig.connect();
  const other = sibling(rig);
  const heard: string[] = [];
  for (const { board } of [rig, other]) {
    board.on('connection.attention', ({ reason }) => void heard.push(reason));
    board.on('connection.recovered', () => void heard.push('recovered'));
  }
  rig.answer(() => new Response(null, { status: 500 }));
  const both = () => [rig, other].map(({ board }) => drive(rig, board.health('acme', { organizationId: 'org-1' })));
  for (let turn = 0; turn < 4; turn++) await Promise.all(both());
  expect((await rig.row())?.status).toBe('degraded');
  rig.answer(() => undefined);
  for (let turn = 0; turn < 4; turn++) await Promise.all(both());
  expect((await rig.row())?.status).toBe('active');
  expect(heard).toEqual(['vendor_outage', 'recovered']);
});
