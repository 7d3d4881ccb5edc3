import { describe, expect, test } from 'vitest';

import { organizationId } from './support/rig.ts';
import { connected, createSyncRig, createVendor, idsOf, ordersFrom, refusalOf } from './support/sync-rig.ts';

const minute = 60_000;

describe('a pass', () => {
  test('handles every record in order, page by page, and tells how far it is', async () => {
    const { vendor, sync, seen, heard, connection, row, clock, board } = await connected();
    vendor.orders = ordersFrom(5);
    const pages: number[] = [];
    const handle = (records: readonly { id: string }[]) => {
      pages.push(records.length);
      seen.push(...records.map(({ id }) => id));
    };
    expect(await sync({ handle })).toEqual({ records: 5, pages: 3, complete: true });
    expect(seen).toEqual(idsOf(5));
    expect(pages).toEqual([2, 2, 1]);
    const ids = { provider: 'ledger', organizationId, connectionId: connection.id, stream: 'orders' };
    expect(heard).toEqual([
      ['sync.progress', { ...ids, records: 2, pages: 1 }],
      ['sync.progress', { ...ids, records: 4, pages: 2 }],
      ['sync.finished', { ...ids, records: 5, pages: 3 }],
    ]);
    const now = new Date(clock.now());
    expect(await row()).toMatchObject({ cursor: null, mark: now, finishedAt: now, records: 5, leaseUntil: null });
    const view = await board.connections.get('ledger', { organizationId });
    expect(view?.lastSyncAt).toEqual(now);
  });

  test('gives the handler what the page is of', async () => {
    const { vendor, sync, connection } = await connected();
    vendor.orders = ordersFrom(1);
    const contexts: unknown[] = [];
    await sync({ handle: (_records: unknown, context: unknown) => void contexts.push(context) });
    const ids = { provider: 'ledger', organizationId, connectionId: connection.id, label: 'default', stream: 'orders' };
    expect(contexts).toEqual([{ ...ids, accountId: 'acct-1', signal: expect.any(AbortSignal) as AbortSignal }]);
  });

  test('asks for the next page only once the handler has resolved', async () => {
    const { vendor, sync } = await connected();
    vendor.orders = ordersFrom(6);
    const asked: number[] = [];
    const handle = async () => {
      const before = vendor.requests.length;
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      asked.push(vendor.requests.length - before);
    };
    await sync({ handle });
    expect(asked).toEqual([0, 0, 0]);
    expect(vendor.requests).toHaveLength(3);
  });

  test('asks later only for what changed since the last one began, and a little before', async () => {
    const { vendor, sync, seen, clock } = await connected();
    vendor.orders = ordersFrom(2);
    // Changed while the first pass is under way, behind its back.
    vendor.answer = () => {
      clock.set(clock.now() + 10 * minute);
      return undefined;
    };
    const began = clock.now();
    await sync();
    expect(vendor.requests).toEqual(['/orders']);
    seen.length = 0;
    vendor.orders = [...vendor.orders, ...ordersFrom(1, began + minute), ...ordersFrom(1, began - 6 * minute)];
    await sync();
    expect(vendor.requests.at(-1)).toBe(`/orders?since=${new Date(began - 5 * minute).toISOString()}`);
    expect(seen).toEqual(['o1']);
    await sync({ overlapMs: 60 * minute });
    const second = began + 10 * minute;
    expect(vendor.requests.at(-1)).toBe(`/orders?since=${new Date(second - 60 * minute).toISOString()}`);
  });

  test('begins where the host says, once; and from the beginning with `full`', async () => {
    const { vendor, sync, seen } = await connected();
    vendor.orders = ordersFrom(4);
    const since = new Date(Date.UTC(2025, 0, 1, 0, 2));
    await sync({ since });
    expect(seen).toEqual(['o3', 'o4']);
    await sync({ since });
    expect(vendor.requests.at(-1)).toBe('/orders?since=2025-12-31T23:55:00.000Z');
    seen.length = 0;
    await sync({ full: true });
    expect(seen).toEqual(idsOf(4));
  });

  test('reads everything each time where the stream cannot be asked for changes', async () => {
    const { vendor, sync, seen } = await connected();
    vendor.orders = ordersFrom(3);
    await sync({ stream: 'everything' });
    await sync({ stream: 'everything' });
    expect(seen).toEqual([...idsOf(3), ...idsOf(3)]);
  });

  test('goes on from the token of the last one where the vendor gives one', async () => {
    const { vendor, board } = await connected();
    const seen: string[] = [];
    const sync = () =>
      board.sync('ledger', { organizationId, stream: 'changes', handle: (ids) => void seen.push(...ids) });
    vendor.changes = ['a', 'b', 'c'];
    expect(await sync()).toEqual({ records: 3, pages: 2, complete: true });
    expect(await sync()).toEqual({ records: 0, pages: 1, complete: true });
    vendor.changes.push('d');
    expect(await sync()).toEqual({ records: 1, pages: 1, complete: true });
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
    expect(vendor.requests.slice(2)).toEqual(['/changes?token=3', '/changes?token=3']);
  });
});

describe('a run that ends early', () => {
  test('has the page again that was not handled, none before it, and none is passed over', async () => {
    const { vendor, sync, seen, keep, row, heard } = await connected();
    vendor.orders = ordersFrom(5);
    const failing = (records: readonly { id: string }[]) => {
      if (seen.length === 2) throw new RangeError('order o3 of jenny@example.com');
      keep(records);
    };
    await expect(sync({ handle: failing })).rejects.toThrow('order o3');
    expect(await row()).toMatchObject({
      records: 2,
      failCount: 1,
      leaseUntil: null,
      lastError: { code: 'handler_failed', message: 'The handler threw: RangeError.' },
    });
    expect(heard.at(-1)).toEqual([
      'sync.failed',
      expect.objectContaining({ reason: 'handler_failed', records: 2, nextAt: null }),
    ]);
    expect(JSON.stringify([await row(), heard])).not.toContain('jenny');
    expect(await sync()).toEqual({ records: 3, pages: 2, complete: true });
    expect(seen).toEqual(idsOf(5));
    expect(vendor.requests).toEqual(['/orders', '/orders?after=2', '/orders?after=2', '/orders?after=4']);
    expect(await row()).toMatchObject({ records: 5, pages: 3, failCount: 0, lastError: null });
  });

  test('keeps the mark of when its pass began, however long the pass takes', async () => {
    const { vendor, sync, clock, row } = await connected();
    vendor.orders = ordersFrom(3);
    const began = new Date(clock.now());
    await expect(
      sync({
        handle: () => {
          if (vendor.requests.length > 1) throw new Error('x');
        },
      }),
    ).rejects.toThrow('x');
    await clock.advance(60 * minute);
    await sync();
    expect(await row()).toMatchObject({ mark: began, startedAt: began, finishedAt: new Date(clock.now()) });
  });

  test('records what the vendor refused, with its code', async () => {
    const { vendor, sync, row, names } = await connected();
    vendor.answer = () => Response.json({}, { status: 403 });
    expect(await refusalOf(sync())).toMatchObject({ kind: 'permission', code: 'forbidden', provider: 'ledger' });
    expect(await row()).toMatchObject({ lastError: { code: 'forbidden' }, failCount: 1 });
    expect(names()).toEqual(['sync.failed']);
  });

  test('stops between two pages when the host asks, which is no failure', async () => {
    const { vendor, sync, seen, keep, row, names } = await connected();
    vendor.orders = ordersFrom(6);
    const controller = new AbortController();
    const handle = (records: readonly { id: string }[]) => {
      keep(records);
      controller.abort();
    };
    expect(await refusalOf(sync({ handle, signal: controller.signal }))).toMatchObject({ kind: 'aborted' });
    expect(await row()).toMatchObject({ records: 2, failCount: 0, lastError: null, leaseUntil: null });
    expect(names()).toEqual(['sync.progress']);
    await sync();
    expect(seen).toEqual(idsOf(6));
  });

  test('ends with a connection that must be renewed by its organization', async () => {
    const { vendor, sync, store, connection, row, heard } = await connected();
    vendor.orders = ordersFrom(4);
    const handle = () => store.connections.update(organizationId, connection.id, {}, { status: 'expired' });
    expect(await refusalOf(sync({ handle }))).toMatchObject({ kind: 'auth', code: 'reconnect_required' });
    expect(await row()).toMatchObject({ records: 2, lastError: { code: 'reconnect_required' } });
    expect(heard.at(-1)).toMatchObject(['sync.failed', { reason: 'reconnect_required', nextAt: null }]);
  });

  test('never reads on with anything but its connection: not with what the platform has', async () => {
    const { vendor, sync, board } = await connected({ env: { LEDGER_API_KEY: 'acct-platform' } });
    vendor.orders = ordersFrom(4);
    const handle = async () => void (await board.disconnect('ledger', { organizationId }));
    expect(await refusalOf(sync({ handle }))).toMatchObject({ kind: 'auth', code: 'not_connected' });
    expect(vendor.requests).toHaveLength(1);
    await expect(board.client('ledger', { organizationId }).orders.list()).resolves.toBeDefined();
  });

  test('never reads two accounts in one pass', async () => {
    const { vendor, sync, board, seen, keep } = await connected();
    vendor.orders = ordersFrom(4);
    const credentials = { apiKey: 'acct-2' };
    const handle = async (page: readonly { readonly id: string }[]) => {
      keep(page);
      await board.connect('ledger', { organizationId, credentials, allowAccountChange: true });
    };
    expect(await refusalOf(sync({ handle }))).toMatchObject({ kind: 'conflict', code: 'account_changed' });
    expect(vendor.requests).toHaveLength(1);
    await sync();
    expect(seen).toEqual(['o1', 'o2', ...idsOf(4)]);
  });
});

describe('one reader at a time', () => {
  test('a second one is refused while the first reads, whichever process it is in', async () => {
    const { vendor, sync, board, seen, store, clock } = await connected();
    vendor.orders = ordersFrom(2);
    const other = createSyncRig({ store, clock, vendor: createVendor() });
    const handle = async () => {
      expect(await refusalOf(sync())).toMatchObject({ kind: 'conflict', code: 'sync_busy', retryable: true });
      const theirs = other.board.sync('ledger', { organizationId, stream: 'orders', handle: other.keep });
      expect(await refusalOf(theirs)).toMatchObject({ code: 'sync_busy' });
      expect(await board.streams.list('ledger', { organizationId })).toContainEqual(
        expect.objectContaining({ stream: 'orders', state: 'running' }),
      );
    };
    await sync({ handle });
    await sync({ full: true });
    expect(seen).toEqual(idsOf(2));
  });

  test('keeps its turn while a handler takes longer than the lease', async () => {
    const { vendor, sync, clock, row } = await connected();
    vendor.orders = ordersFrom(3);
    const handle = async () => {
      await clock.advance(10 * minute);
      expect((await row())?.leaseUntil?.getTime()).toBeGreaterThan(clock.now());
      expect(await refusalOf(sync())).toMatchObject({ code: 'sync_busy' });
    };
    expect(await sync({ handle })).toMatchObject({ complete: true });
  });

  test('a process that slept past its lease writes nothing over what the next one wrote, and stops', async () => {
    const { vendor, sync, seen, keep, row, clock } = await connected();
    vendor.orders = ordersFrom(6);
    let stopped: unknown;
    const sleeping = async (records: readonly { id: string }[], { signal }: { signal: AbortSignal }) => {
      // Its timers do not run; the time of the store goes on.
      clock.set(clock.now() + 2 * minute);
      await sync();
      expect(seen).toEqual(idsOf(6));
      await clock.advance(minute);
      stopped = signal.reason;
      keep(records);
    };
    expect(await refusalOf(sync({ handle: sleeping }))).toMatchObject({ kind: 'conflict', code: 'sync_superseded' });
    expect(stopped).toMatchObject({ code: 'sync_superseded' });
    expect(await row()).toMatchObject({ records: 6, pages: 3, failCount: 0, lastError: null, cursor: null });
    expect(seen).toEqual([...idsOf(6), 'o1', 'o2']);
    expect(vendor.requests).toHaveLength(4);
  });
});

describe('bad input', () => {
  test('is refused before anything is read or stored', async () => {
    const { board, vendor, row } = await connected();
    const sync = (provider: string, more: object) =>
      board.sync(provider as 'ledger', { organizationId, stream: 'orders', handle: () => undefined, ...more });
    expect(await refusalOf(sync('ledger', { stream: 'nothing' }))).toMatchObject({
      code: 'unknown_stream',
      hint: 'It has: orders, everything, changes, adSpend.',
    });
    expect(await refusalOf(sync('ledger', { stream: 'constructor' }))).toMatchObject({ code: 'unknown_stream' });
    expect(await refusalOf(sync('nobody', {}))).toMatchObject({ code: 'unknown_provider' });
    expect(await refusalOf(sync('ledger', { handle: undefined }))).toMatchObject({ code: 'no_stream_handler' });
    expect(await refusalOf(sync('ledger', { label: 'other' }))).toMatchObject({ code: 'not_connected' });
    expect(await refusalOf(sync('ledger', { organizationId: '' }))).toMatchObject({ code: 'invalid_input' });
    for (const [field, value] of [
      ['overlapMs', -1],
      ['since', new Date(Number.NaN)],
      ['full', 'yes'],
    ] as const)
      expect(await refusalOf(sync('ledger', { [field]: value }))).toMatchObject({
        code: 'invalid_input',
        fields: [{ path: field }],
      });
    expect(() => board.streams.on('ledger', 'nothing' as 'orders', () => undefined)).toThrow(
      expect.objectContaining({ code: 'unknown_stream' }),
    );
    expect(() => board.streams.on('ledger', 'orders', () => undefined, { everyMs: 1 })).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
    expect(vendor.requests).toEqual([]);
    expect(await row()).toBeNull();
  });
});
