import { describe, expect, test } from 'vitest';

import { encodeBase64 } from '../src/bytes.ts';
import { randomBytes } from '../src/random.ts';
import { key, organizationId } from './support/rig.ts';
import { connected, createSyncRig, failingAt, idsOf, ordersFrom, refusalOf } from './support/sync-rig.ts';

const minute = 60_000;

describe('a cursor', () => {
  test('is sealed in the store, whatever a vendor puts into it', async () => {
    const { vendor, sync, row, board, clock } = await connected();
    const token = 'page-token-with-a-secret';
    const first = { items: [{ id: 'o1', at: '' }], next: token };
    vendor.answer = (url) => (url.search === '' ? Response.json(first) : Response.json({}, { status: 403 }));
    await refusalOf(sync());
    const stored = await row();
    expect(stored?.cursor).not.toBeNull();
    expect(new TextDecoder('latin1').decode(stored!.cursor!)).not.toContain('secret');
    const listed = await board.streams.list('ledger', { organizationId });
    expect(listed[0]).toEqual({
      stream: 'orders',
      state: 'failed',
      records: 1,
      pages: 1,
      startedAt: new Date(clock.now()),
      finishedAt: null,
      lastError: { code: 'forbidden', message: expect.any(String) as string, at: new Date(clock.now()).toISOString() },
      nextAt: null,
    });
    expect(listed.map(({ stream, state }) => `${stream} ${state}`).slice(1)).toEqual([
      'everything waiting',
      'changes waiting',
      'adSpend waiting',
    ]);
    expect(JSON.stringify(listed)).not.toContain('secret');
  });

  test('that the vendor no longer knows begins the pass anew, once, and the host hears of it', async () => {
    const { vendor, sync, seen, heard, row } = await connected();
    vendor.orders = ordersFrom(4);
    await expect(
      sync({
        handle: failingAt('o3'),
      }),
    ).rejects.toThrow('x');
    vendor.answer = (url) =>
      url.searchParams.get('after') === '2' && vendor.requests.length < 4
        ? Response.json({}, { status: 410 })
        : undefined;
    await sync();
    expect(seen).toEqual(idsOf(4));
    expect(heard.slice(2)).toMatchObject([
      ['sync.restarted', { reason: 'cursor_expired', records: 0, pages: 0 }],
      ['sync.progress', { records: 2 }],
      ['sync.finished', { records: 4 }],
    ]);
    vendor.answer = () => Response.json({}, { status: 410 });
    expect(await refusalOf(sync())).toMatchObject({ code: 'gone' });
    // The mark was too old for the vendor, too: next time everything is read.
    expect(await row()).toMatchObject({ mark: null, lastError: { code: 'gone' } });
  });

  test('that the vendor forgets each time ends the run after one new beginning', async () => {
    const { vendor, sync, seen, names } = await connected();
    vendor.orders = ordersFrom(4);
    vendor.answer = (url) => (url.searchParams.get('after') === '2' ? Response.json({}, { status: 410 }) : undefined);
    expect(await refusalOf(sync())).toMatchObject({ code: 'gone' });
    expect(seen).toEqual(['o1', 'o2', 'o1', 'o2']);
    expect(names()).toEqual(['sync.progress', 'sync.restarted', 'sync.progress', 'sync.failed']);
  });

  test.each([
    ['altered', (bytes: Uint8Array) => bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte))],
    ['no sealed value', () => new Uint8Array([1, 2, 3])],
  ])('that is %s in the store begins the pass anew', async (_what, change) => {
    const { vendor, sync, seen, store, row, heard } = await connected();
    vendor.orders = ordersFrom(4);
    await expect(
      sync({
        handle: failingAt('o3'),
      }),
    ).rejects.toThrow('x');
    const stored = await row();
    const leased = await store.sync.lease(organizationId, stored!, minute);
    await store.sync.save(
      organizationId,
      stored!,
      { leaseFence: leased!.leaseFence, leaseMs: null },
      { cursor: change(stored!.cursor!) },
    );
    await sync();
    expect(seen).toEqual(idsOf(4));
    expect(heard.slice(2)[0]).toMatchObject(['sync.restarted', { reason: 'cursor_unreadable' }]);
  });

  test('under a key that is gone begins the pass anew, from the mark', async () => {
    const { vendor, sync, store, clock, row } = await connected();
    vendor.orders = ordersFrom(1);
    await sync();
    vendor.orders = ordersFrom(4, clock.now());
    await expect(sync({ handle: failingAt('o3') })).rejects.toThrow('x');
    const k2 = encodeBase64(randomBytes(32));
    await createSyncRig({ store, clock, keys: { k2, k1: key } }).board.vault.reseal();
    const after = createSyncRig({ store, clock, vendor, keys: { k2 } });
    await after.board.sync('ledger', { organizationId, stream: 'orders', handle: after.keep });
    expect(after.seen).toEqual(idsOf(4));
    expect(after.heard[0]).toMatchObject(['sync.restarted', { reason: 'cursor_unreadable' }]);
    expect(vendor.requests.at(-2)).toBe('/orders?since=2025-12-31T23:55:00.000Z');
    expect(await row()).toMatchObject({ cursor: null, records: 4 });
  });

  test('of another account is worth nothing, and neither is its mark', async () => {
    const { vendor, sync, seen, heard, board } = await connected();
    vendor.orders = ordersFrom(3);
    await sync();
    await board.connect('ledger', { organizationId, credentials: { apiKey: 'acct-2' }, allowAccountChange: true });
    seen.length = 0;
    await sync();
    expect(seen).toEqual(idsOf(3));
    expect(heard.at(-3)).toMatchObject(['sync.restarted', { reason: 'account_changed' }]);
  });

  test('that is too large ends the run before its page is handled', async () => {
    const { vendor, sync, seen, row } = await connected();
    vendor.answer = () => Response.json({ items: [{ id: 'o1', at: '' }], next: 'x'.repeat(17_000) });
    expect(await refusalOf(sync())).toMatchObject({ kind: 'invalid_response', code: 'cursor_too_large' });
    expect(seen).toEqual([]);
    expect(await row()).toMatchObject({ pages: 0, cursor: null });
  });
});
