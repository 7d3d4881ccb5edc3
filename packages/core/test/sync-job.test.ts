import { describe, expect, test } from 'vitest';

import { organizationId } from './support/rig.ts';
import { createSyncRig, createVendor, idsOf, ordersFrom } from './support/sync-rig.ts';

const minute = 60_000;

describe('the job', () => {
  test('does nothing, and asks the store nothing, while no stream is registered', async () => {
    const rig = createSyncRig();
    await rig.connect();
    expect(await rig.job.run()).toEqual({ processed: 0, more: false });
    expect(await rig.row()).toBeNull();
  });

  test('reads what was just connected, and again when it is due', async () => {
    const rig = createSyncRig();
    rig.vendor.orders = ordersFrom(3);
    rig.board.streams.on('ledger', 'orders', rig.keep, { everyMs: 10 * minute });
    await rig.connect();
    expect(await rig.row()).toMatchObject({ dueAt: new Date(rig.clock.now()) });
    expect(await rig.job.run()).toEqual({ processed: 1, more: false });
    expect(rig.seen).toEqual(idsOf(3));
    const due = (await rig.row())?.dueAt?.getTime() ?? 0;
    expect(due - rig.clock.now()).toBe(10 * minute);
    expect(await rig.job.run()).toEqual({ processed: 0, more: false });
    await rig.clock.advance(10 * minute);
    rig.vendor.orders = ordersFrom(1, rig.clock.now());
    expect(await rig.job.run()).toEqual({ processed: 1, more: false });
    expect(rig.seen).toEqual([...idsOf(3), 'o1']);
  });

  test('finds connections that were made before the stream was registered', async () => {
    const rig = createSyncRig();
    rig.vendor.orders = ordersFrom(1);
    for (const owner of ['org-1', 'org-2', 'org-3']) await rig.connect(owner);
    rig.board.streams.on('ledger', 'orders', rig.keep);
    expect(await rig.job.run()).toEqual({ processed: 3, more: false });
    const off = rig.board.streams.on('ledger', 'everything', rig.keep);
    expect(await rig.job.run()).toEqual({ processed: 3, more: false });
    off();
    await rig.clock.advance(60 * minute);
    expect(await rig.job.run()).toEqual({ processed: 3, more: false });
  });

  test('draws the next time at random, so that streams keep out of step', async () => {
    const rig = createSyncRig();
    rig.board.streams.on('ledger', 'orders', rig.keep, { everyMs: 10 * minute });
    await rig.connect();
    rig.clock.setRandom(0);
    await rig.job.run();
    expect((await rig.row())?.dueAt).toEqual(new Date(rig.clock.now() + 9 * minute));
  });

  test('goes on after a failure with growing patience, from where it was, and others are not kept waiting', async () => {
    const rig = createSyncRig();
    rig.vendor.orders = ordersFrom(3);
    const handle: typeof rig.keep = (records) => {
      if (broken && records[0]?.id === 'o3') throw new Error('x');
      rig.keep(records);
    };
    let broken = true;
    rig.board.streams.on('ledger', 'orders', handle);
    rig.board.streams.on('ledger', 'everything', () => undefined);
    await rig.connect();
    const waits: number[] = [];
    for (let time = 0; time < 9; time++) {
      await rig.job.run();
      const row = await rig.row();
      expect(row).toMatchObject({ failCount: time + 1, lastError: { code: 'handler_failed' } });
      waits.push((row?.dueAt?.getTime() ?? 0) - rig.clock.now());
      await rig.clock.advance(waits.at(-1) ?? 0);
    }
    expect(waits.map((ms) => ms / 1000)).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    expect(await rig.row('everything')).toMatchObject({ failCount: 0, lastError: null });
    broken = false;
    await rig.job.run();
    expect(rig.seen).toEqual(idsOf(3));
    expect(await rig.row()).toMatchObject({ failCount: 0, lastError: null });
  });

  test('waits for as long as the vendor says', async () => {
    const rig = createSyncRig();
    rig.vendor.answer = () => Response.json({}, { status: 429, headers: { 'retry-after': '1800' } });
    rig.board.streams.on('ledger', 'orders', rig.keep);
    await rig.connect();
    await rig.job.run();
    const row = await rig.row();
    expect(row).toMatchObject({ lastError: { code: 'rate_limited' } });
    expect((row?.dueAt?.getTime() ?? 0) - rig.clock.now()).toBe(1_800_000);
  });

  test('leaves connections alone that only their organization can mend, and takes them up once they work', async () => {
    const rig = createSyncRig();
    rig.vendor.orders = ordersFrom(1);
    rig.board.streams.on('ledger', 'orders', rig.keep);
    await rig.connect();
    await rig.board.disconnect('ledger', { organizationId });
    expect(await rig.job.run()).toEqual({ processed: 1, more: false });
    expect(await rig.row()).toMatchObject({ dueAt: null, leaseUntil: null, failCount: 0 });
    await rig.clock.advance(60 * minute);
    expect(await rig.job.run()).toEqual({ processed: 0, more: false });
    expect(rig.vendor.requests).toEqual([]);
    await rig.connect();
    expect(await rig.job.run()).toEqual({ processed: 1, more: false });
    expect(rig.seen).toEqual(['o1']);
  });

  test('goes quietly to rest when the connection ends in the middle', async () => {
    const rig = createSyncRig();
    rig.vendor.orders = ordersFrom(4);
    const { id } = await rig.connect();
    const expire = () => rig.store.connections.update(organizationId, id, {}, { status: 'expired' });
    rig.board.streams.on('ledger', 'orders', async () => void (await expire()));
    await rig.job.run();
    expect(await rig.row()).toMatchObject({ dueAt: null, lastError: { code: 'reconnect_required' } });
    expect(rig.heard.at(-1)).toMatchObject(['sync.failed', { reason: 'reconnect_required', nextAt: null }]);
    await rig.clock.advance(60 * minute);
    expect(await rig.job.run()).toEqual({ processed: 0, more: false });
  });

  test('reads eight streams at a time, and two of one organization', async () => {
    const rig = createSyncRig();
    rig.vendor.orders = ordersFrom(1);
    let running = 0;
    let most = 0;
    const ofOne: number[] = [];
    const byOwner = new Map<string, number>();
    const count = async (_records: unknown, context: { readonly organizationId: string }) => {
      const owner = context.organizationId;
      byOwner.set(owner, (byOwner.get(owner) ?? 0) + 1);
      most = Math.max(most, ++running);
      ofOne.push(byOwner.get(owner) ?? 0);
      for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      byOwner.set(owner, (byOwner.get(owner) ?? 0) - 1);
    };
    rig.board.streams.on('ledger', 'orders', count);
    const labels = Array.from({ length: 12 }, (_, index) => `label-${index}`);
    for (const label of labels)
      await rig.board.connect('ledger', { organizationId, label, credentials: { apiKey: 'acct-1' } });
    await rig.clock.advance(1000);
    for (let index = 2; index < 12; index++) await rig.connect(`org-${index}`);
    expect(await rig.job.run()).toEqual({ processed: 22, more: false });
    expect(most).toBe(8);
    expect(Math.max(...ofOne)).toBe(2);
  });

  test('gives a stream that takes long its turn and then others theirs', async () => {
    const rig = createSyncRig();
    rig.vendor.orders = ordersFrom(10);
    const order: string[] = [];
    const fences: unknown[] = [];
    const slow = async (_records: unknown, context: { readonly label: string; readonly connectionId: string }) => {
      const { label, connectionId } = context;
      order.push(label);
      const row = await rig.store.sync.get(organizationId, { connectionId, stream: 'orders' });
      if (label === 'long') fences.push(row?.leaseFence);
      // The whole process is slow: nobody else gets ahead meanwhile.
      await rig.clock.advance(label === 'long' ? 61_000 : 0);
    };
    rig.board.streams.on('ledger', 'orders', slow);
    for (const label of ['long', 'a', 'b', 'c']) {
      await rig.board.connect('ledger', { organizationId, label, credentials: { apiKey: 'acct-1' } });
      await rig.clock.advance(1);
    }
    let runs = 0;
    for (let more = true; more && runs < 20; runs++) ({ more } = await rig.job.run());
    expect(runs).toBeGreaterThan(1);
    expect(order.filter((label) => label === 'long')).toHaveLength(5);
    expect(fences, 'each page is a turn of its own').toEqual([1, 2, 3, 4, 5]);
    expect(order.lastIndexOf('long')).toBe(order.length - 1);
    for (const label of ['a', 'b', 'c']) expect(order.filter((one) => one === label)).toHaveLength(5);
  });

  test('stops at the next page when its board stops, and a new process goes on there', async () => {
    const rig = createSyncRig();
    rig.vendor.orders = ordersFrom(6);
    const controller = new AbortController();
    const stopping: typeof rig.keep = (records) => {
      rig.keep(records);
      controller.abort();
    };
    const off = rig.board.streams.on('ledger', 'orders', stopping);
    await rig.connect();
    await rig.job.run(controller.signal);
    expect(await rig.row()).toMatchObject({
      records: 2,
      leaseUntil: null,
      dueAt: new Date(rig.clock.now()),
      failCount: 0,
    });
    off();
    const next = createSyncRig({ store: rig.store, clock: rig.clock, vendor: rig.vendor });
    next.board.streams.on('ledger', 'orders', next.keep);
    await next.job.run();
    expect([...rig.seen, ...next.seen]).toEqual(idsOf(6));
  });

  test('goes on with the others while one handler never returns', async () => {
    const rig = createSyncRig();
    rig.vendor.orders = ordersFrom(1);
    const { promise: forever, resolve } = Promise.withResolvers<void>();
    const handled: string[] = [];
    rig.board.streams.on('ledger', 'orders', async (_records, context) => {
      handled.push(context.organizationId);
      if (context.organizationId === 'org-1') await forever;
    });
    await rig.connect('org-1');
    const run = rig.job.run();
    await rig.clock.untilPending(2);
    await rig.connect('org-2');
    await rig.clock.advance(5 * minute);
    expect(await run).toMatchObject({ more: true });
    expect(handled).toEqual(['org-1', 'org-2']);
    const second = rig.job.run();
    await rig.connect('org-3');
    await rig.clock.advance(minute);
    expect(handled).toEqual(['org-1', 'org-2', 'org-3']);
    expect(await rig.board.streams.list('ledger', { organizationId: 'org-1' })).toContainEqual(
      expect.objectContaining({ stream: 'orders', state: 'running' }),
    );
    resolve();
    await rig.clock.advance(5 * minute);
    await second;
  });

  test('leaves what a stub made to boards whose vendor is a stub', async () => {
    const rig = createSyncRig();
    const { id } = await rig.connect();
    await rig.store.connections.update(organizationId, id, {}, { stub: true });
    await rig.store.sync.schedule([{ organizationId, connectionId: id, stream: 'orders' }]);
    rig.board.streams.on('ledger', 'orders', rig.keep);
    expect(await rig.job.run()).toEqual({ processed: 1, more: false });
    expect(await rig.row()).toMatchObject({ dueAt: null, failCount: 0, lastError: null });
    expect(rig.heard).toEqual([]);
    await rig.clock.advance(60 * minute);
    expect(await rig.job.run()).toEqual({ processed: 0, more: false });
    expect(rig.vendor.requests).toEqual([]);
  });
});

describe('«sync now»', () => {
  test('reads with the registered handler at once, and the job need not', async () => {
    const rig = createSyncRig();
    rig.vendor.orders = ordersFrom(3);
    rig.board.streams.on('ledger', 'orders', rig.keep, { everyMs: 10 * minute });
    await rig.connect();
    expect(await rig.board.sync('ledger', { organizationId, stream: 'orders' })).toEqual({
      records: 3,
      pages: 2,
      complete: true,
    });
    expect(rig.names()).toEqual(['sync.progress', 'sync.finished']);
    expect(await rig.row()).toMatchObject({ dueAt: new Date(rig.clock.now() + 10 * minute) });
    expect(await rig.job.run()).toEqual({ processed: 0, more: false });
  });

  test('while the job reads is refused', async () => {
    const rig = createSyncRig();
    rig.vendor.orders = ordersFrom(1);
    const refused: unknown[] = [];
    rig.board.streams.on('ledger', 'orders', async () => {
      await rig.board
        .sync('ledger', { organizationId, stream: 'orders' })
        .catch((error: unknown) => refused.push(error));
    });
    await rig.connect();
    await rig.job.run();
    expect(refused).toMatchObject([{ code: 'sync_busy' }]);
  });
});

test('a stream has one handler, until it is taken away', () => {
  const { board } = createSyncRig();
  const off = board.streams.on('ledger', 'orders', () => undefined);
  expect(() => board.streams.on('ledger', 'orders', () => undefined)).toThrow(
    expect.objectContaining({ kind: 'configuration', code: 'duplicate_stream_handler' }),
  );
  off();
  expect(() => board.streams.on('ledger', 'orders', () => undefined)).not.toThrow();
});

test('the registered `since` is where a first pass begins', async () => {
  const rig = createSyncRig({ vendor: createVendor() });
  rig.vendor.orders = ordersFrom(4);
  rig.board.streams.on('ledger', 'orders', rig.keep, { since: new Date(Date.UTC(2025, 0, 1, 0, 3)) });
  await rig.connect();
  await rig.job.run();
  expect(rig.seen).toEqual(['o4']);
});
