import { describe, expect, test } from 'vitest';

import { encodeBase64 } from '../src/bytes.ts';
import type { PlugboardError } from '../src/errors.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { randomBytes } from '../src/random.ts';
import type { InboxRow } from '../src/store-inbox.ts';
import type { Store } from '../src/store.ts';
import { hmacSigner } from '../src/webhooks/hmac-signature.ts';
import { createRig, organizationId } from './support/rig.ts';

const url = 'https://app.example.com/integrations/webhooks/acme';
const sign = hmacSigner({ header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' });
const day = 86_400_000;

async function post(id: string, type = 'order.created', account = 'acct-1'): Promise<Request> {
  const body = JSON.stringify({ type, id, account, total: 5 });
  return new Request(url, {
    method: 'POST',
    body,
    headers: await sign({ body, url, at: new Date(0) }, 'signing-secret'),
  });
}

type Rig = ReturnType<typeof createRig>;
const send = async ({ board }: Rig, ...args: Parameters<typeof post>) =>
  (await board.webhooks.receive('acme', await post(...args))).status;
const job = ({ board }: Rig, name = 'webhooks') => board.jobs.find((each) => each.name === name)!.run();
const background = { webhooks: { dispatch: 'background', attempts: 3 } } as const;

describe('while the vendor waits', () => {
  test('E16 an event whose handler keeps failing is kept when the vendor gives up, and can be replayed', async () => {
    const rig = createRig();
    await rig.connect();
    const heard: string[] = [];
    let broken = true;
    rig.board.on('acme', 'order.created', (_data, { id }) => {
      if (broken) throw new TypeError('canary');
      heard.push(id);
    });
    expect([await send(rig, 'e1'), await send(rig, 'e1')]).toEqual([500, 500]);
    const { items } = await rig.board.webhooks.failed();
    expect(items).toMatchObject([
      { provider: 'acme', organizationId, type: 'order.created', status: 'failed', attempts: 2, reason: 'TypeError' },
    ]);
    expect(JSON.stringify(items)).not.toContain('canary');
    broken = false;
    expect(await rig.board.webhooks.replay(items[0]!.id)).toBe(1);
    expect(heard).toEqual([]);
    await job(rig);
    expect([heard, (await rig.board.webhooks.failed()).items]).toEqual([['e1'], []]);
    expect([await send(rig, 'e1'), heard]).toEqual([200, ['e1']]);
  });

  test('E16 what a handler hears is in the store before', async () => {
    const rig = createRig();
    await rig.connect();
    let stored: unknown;
    rig.board.on('acme', '*', async () => {
      await rig.clock.advance(0);
      stored = await rig.store.inbox!.add([await knownEvent(rig.store)], { leaseMs: 1, keepMs: 1 });
    });
    expect(await send(rig, 'e1')).toBe(200);
    expect(stored).toEqual([{ outcome: 'busy', leaseFence: 0 }]);
  });

  test('E04 a process that is slow keeps what it works on, and one that died loses it within a minute', async () => {
    const rig = createRig();
    await rig.connect();
    let release = () => undefined as unknown;
    let runs = 0;
    // Two handlers that take 40 s each: longer than a lease.
    for (const type of ['order.created', '*'])
      rig.board.on('acme', type, () => {
        runs++;
        return new Promise<void>((resolve) => (release = resolve));
      });
    const first = send(rig, 'e1');
    await rig.clock.advance(40_000);
    release();
    await rig.clock.advance(40_000);
    expect([await send(rig, 'e1'), runs]).toEqual([503, 2]);
    release();
    expect(await first).toBe(200);
    // Nothing prolongs what a dead process holds.
    const dying = createRig({}, {}, (inner) => ({
      ...inner,
      inbox: {
        ...inner.inbox!,
        extend: () => new Promise(() => undefined),
        settle: () => new Promise(() => undefined),
      },
    }));
    await dying.connect();
    let heard = 0;
    dying.board.on('acme', '*', () => void heard++);
    void send(dying, 'e1');
    await dying.clock.advance(59_000);
    expect([await send(dying, 'e1'), heard]).toEqual([503, 1]);
    await dying.clock.advance(1_000);
    void send(dying, 'e1');
    await dying.clock.advance(0);
    expect([runs, heard]).toEqual([2, 2]);
  });

  test('takes no more statements for an event than it did with marks', async () => {
    let calls: string[] = [];
    const counted = <T extends object>(part: T, name: string): T =>
      Object.fromEntries(
        Object.entries(part).map(([method, run]) => [
          method,
          (...args: unknown[]) => (calls.push(`${name}.${method}`), (run as (...given: unknown[]) => unknown)(...args)),
        ]),
      ) as T;
    const watching = (inner: Store): Store => ({
      ...inner,
      connections: counted(inner.connections, 'connections'),
      once: counted(inner.once, 'once'),
      ...(inner.inbox && { inbox: counted(inner.inbox, 'inbox') }),
    });
    const counts: string[][] = [];
    for (const wrap of [watching, (inner: Store) => watching(withoutInbox(inner))]) {
      const rig = createRig({}, {}, wrap);
      await rig.connect();
      rig.board.on('acme', '*', () => undefined);
      calls = [];
      expect(await send(rig, 'e1')).toBe(200);
      counts.push([...calls]);
    }
    expect(counts).toEqual([
      ['connections.findByAccount', 'inbox.add', 'inbox.settle'],
      ['once.put', 'connections.findByAccount', 'once.peek', 'once.set'],
    ]);
  });

  test('a store without an inbox serves as before, and the board says once what is missing', async () => {
    const warned: object[] = [];
    const log = { ...silentLog, warn: (fields: object) => void warned.push(fields) };
    const rig = createRig({}, { log }, withoutInbox);
    await rig.connect();
    let heard = 0;
    rig.board.on('acme', '*', () => void heard++);
    expect([await send(rig, 'e1'), await send(rig, 'e1'), heard]).toEqual([200, 200, 1]);
    expect(warned).toEqual([{ store: 'memory' }]);
    await expect(rig.board.webhooks.failed()).rejects.toMatchObject({ code: 'no_inbox' });
    expect(await job(rig)).toEqual({ processed: 0, more: false });
  });
});

describe('in the background', () => {
  test('E16 the vendor is answered once the event is stored, and the handlers run later, once', async () => {
    const rig = createRig({}, background);
    await rig.connect();
    const heard: unknown[] = [];
    rig.board.on('acme', 'order.created', (data, context) => {
      heard.push([data.total, context.id, context.organizationId, context.accountId, context.connection?.label]);
    });
    expect([await send(rig, 'e1'), await send(rig, 'e1'), heard]).toEqual([200, 200, []]);
    expect(await job(rig)).toEqual({ processed: 1, more: false });
    expect([await send(rig, 'e1'), await job(rig)]).toEqual([200, { processed: 0, more: false }]);
    expect(heard).toEqual([[5, 'e1', organizationId, 'acct-1', 'default']]);
  });

  test('a failure comes again after 5, 20, 80 seconds, and is dead after as many tries as are allowed', async () => {
    const rig = createRig({}, background);
    await rig.connect();
    const at: number[] = [];
    const start = rig.clock.now();
    rig.board.on('acme', '*', () => {
      at.push(rig.clock.now() - start);
      throw new RangeError('no');
    });
    await send(rig, 'e1');
    for (let second = 0; second < 200; second++) {
      await job(rig);
      await rig.clock.advance(1_000);
    }
    expect(at).toEqual([0, 5_000, 25_000]);
    const { items } = await rig.board.webhooks.failed({ status: 'dead' });
    expect(items).toMatchObject([{ status: 'dead', attempts: 3, reason: 'RangeError', nextTryAt: null }]);
    await rig.board.webhooks.replay({ provider: 'acme', status: 'dead' });
    await job(rig);
    expect(at).toHaveLength(4);
    expect((await rig.board.webhooks.failed()).items).toMatchObject([{ status: 'failed', attempts: 1 }]);
  });

  test('a poisoned event that kills every process is dead, too, and runs no handler any more', async () => {
    const rig = createRig({}, background);
    await rig.connect();
    let runs = 0;
    rig.board.on('acme', '*', () => void runs++);
    await send(rig, 'e1');
    // As a process does that is killed while it works on it.
    for (let kill = 0; kill < 3; kill++) {
      await rig.store.inbox!.claimDue({ providers: ['acme'], limit: 1, leaseMs: 60_000 });
      await rig.clock.advance(60_000);
    }
    await job(rig);
    expect(runs).toBe(0);
    expect((await rig.board.webhooks.failed()).items).toMatchObject([{ status: 'dead', reason: 'interrupted' }]);
  });

  test('in order, an event waits for the one before it, of its own connection alone, until that is done or dead', async () => {
    const rig = createRig({}, { webhooks: { ...background.webhooks, ordered: true } });
    await rig.connect();
    const other = await rig.consent('other', { account: 'acct-2' });
    await rig.board.callback('acme', { params: other.back, cookies: other.cookies, organizationId, userId: 'user-1' });
    const heard: string[] = [];
    rig.board.on('acme', '*', (_data, { id }) => {
      heard.push(id);
      if (id === 'a1') throw new Error('no');
    });
    for (const [id, account] of [
      ['a1', 'acct-1'],
      ['a2', 'acct-1'],
      ['b1', 'acct-2'],
      ['b2', 'acct-2'],
      ['a3', 'acct-1'],
    ] as const)
      await send(rig, id, 'order.created', account);
    await job(rig);
    expect(heard).toEqual(['a1', 'b1', 'b2']);
    await rig.clock.advance(5_000);
    await job(rig);
    await rig.clock.advance(20_000);
    await job(rig);
    expect(heard).toEqual(['a1', 'b1', 'b2', 'a1', 'a1', 'a2', 'a3']);
  });

  test('an event of a connection that ended meanwhile is dead, not lost', async () => {
    const rig = createRig({}, background);
    await rig.connect();
    let runs = 0;
    rig.board.on('acme', '*', () => void runs++);
    await send(rig, 'e1');
    await rig.board.disconnect('acme', { organizationId });
    await job(rig);
    expect(runs).toBe(0);
    expect((await rig.board.webhooks.failed()).items).toMatchObject([{ status: 'dead', reason: 'connection_ended' }]);
  });

  test('a process without handlers takes nothing, and one that starts the job is woken within 20 ms', async () => {
    const rig = createRig({}, background);
    await rig.connect();
    await send(rig, 'e1');
    expect(await job(rig)).toEqual({ processed: 0, more: false });
    const heard: string[] = [];
    rig.board.on('acme', '*', (_data, { id }) => void heard.push(id));
    rig.board.start({ jobs: ['webhooks'] });
    await rig.clock.advance(1_000);
    expect(heard).toEqual(['e1']);
    await send(rig, 'e2');
    await rig.clock.advance(19);
    expect(heard).toEqual(['e1']);
    // What comes meanwhile goes along, and puts nothing off.
    await send(rig, 'e3');
    await rig.clock.advance(1);
    expect(heard).toEqual(['e1', 'e2', 'e3']);
    await send(rig, 'e4');
    await rig.clock.advance(20);
    expect(heard).toEqual(['e1', 'e2', 'e3', 'e4']);
    await rig.board.stop();
  });

  test('providers that answer through their handlers stay as they were', async () => {
    const rig = createRig({}, { webhooks: { dispatch: 'background', inline: ['acme'] } });
    await rig.connect();
    rig.board.on('acme', '*', () => ({ status: 202 }));
    expect(await send(rig, 'e1')).toBe(202);
  });

  test.each([
    [{ dispatch: 'later' }, 'dispatch'],
    [{ attempts: 0 }, 'attempts'],
    [{ inFlight: 1.5 }, 'inFlight'],
    [{ keepDays: 366 }, 'keepDays'],
    [{ ordered: true }, 'ordered'],
    [{ dispatch: 'background', ordered: 'yes' }, 'ordered'],
    [{ inline: ['nobody'] }, 'inline'],
    [{ retries: 3 }, 'retries'],
  ])('G08 refuses %j, by name', (webhooks, named) => {
    const make = () => createRig({}, { webhooks: webhooks as never });
    expect(make).toThrow(
      expect.objectContaining({ code: 'invalid_webhooks', message: expect.stringContaining(named) as string }),
    );
  });

  test('needs a store that keeps events', () => {
    const make = () => createRig({}, background, withoutInbox);
    expect(make).toThrow(expect.objectContaining({ kind: 'configuration', code: 'no_inbox' }));
  });
});

describe('what is kept', () => {
  async function failing(count: number): Promise<Rig> {
    const rig = createRig({}, { webhooks: { keepDays: 10 } });
    await rig.connect();
    rig.board.on('acme', '*', () => {
      throw new Error('no');
    });
    for (let index = 0; index < count; index++) expect(await send(rig, `e${index}`)).toBe(500);
    return rig;
  }

  test('B01 is sealed, and opens for no other row, organization or connection', async () => {
    const rig = await failing(1);
    const [row] = (await rig.store.inbox!.list({ statuses: ['failed'] })).items;
    expect(Buffer.from(row!.payload!).toString('latin1')).not.toContain('order');
    const context = { organizationId, connectionId: row!.id, provider: 'acme', purpose: 'webhook.event' } as const;
    expect(row).toMatchObject({ organizationId, type: 'order.created', lane: null });
    // Whoever writes to the database moves the event to another connection of the same organization.
    const moved = { ...row!, connectionId: crypto.randomUUID() };
    const { openItem } = await import('../src/webhooks/inbox-payload.ts');
    const { createVault } = await import('../src/vault/create-vault.ts');
    const { key } = await import('./support/rig.ts');
    const vault = createVault({ environment: 'test', keys: { k1: key } });
    const open = (changed: InboxRow) => openItem({ vault } as never, changed);
    expect(await open(row!)).toMatchObject({ id: 'e0', event: { type: 'order.created' } });
    await expect(open(moved)).rejects.toMatchObject({ code: 'event_unreadable' });
    for (const change of [{ id: 'x' }, { organizationId: 'org-2' }, { organizationId: null }, { provider: 'other' }])
      await expect(open({ ...row!, ...change }), JSON.stringify(change)).rejects.toMatchObject({
        code: 'vault_auth_failed',
      });
    expect(context.purpose).toBe('webhook.event');
  });

  test('is listed by organization, page by page, and discarded for good', async () => {
    const rig = await failing(5);
    const { webhooks } = rig.board;
    expect((await webhooks.failed({ organizationId: 'org-2' })).items).toEqual([]);
    const first = await webhooks.failed({ organizationId, limit: 3 });
    const next = await webhooks.failed({ organizationId, limit: 3, cursor: first.nextCursor! });
    expect([first.items.length, next.items.length, next.nextCursor]).toEqual([3, 2, null]);
    expect(await webhooks.discard(first.items[0]!.id)).toBe(1);
    await expect(webhooks.discard(first.items[0]!.id)).rejects.toMatchObject({ code: 'unknown_event' });
    const progress: number[] = [];
    expect(await webhooks.discard({ organizationId }, { onProgress: (count) => void progress.push(count) })).toBe(4);
    expect(progress).toEqual([4]);
    expect((await webhooks.failed()).items).toEqual([]);
    expect(await send(rig, 'e0')).toBe(200);
    for (const bad of [{ status: 'done' }, { limit: 0 }, { organization: 'org-1' }, { cursor: 'x' }])
      await expect(webhooks.failed(bad as never)).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(webhooks.replay({ status: 'received' })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('E04 goes after its days, and what was handled after those that a vendor sends again', async () => {
    const rig = await failing(1);
    const cleanup = () => job(rig, 'cleanup');
    await rig.clock.advance(10 * day - 1);
    await cleanup();
    expect((await rig.board.webhooks.failed()).items).toHaveLength(1);
    await rig.clock.advance(1);
    await cleanup();
    expect((await rig.board.webhooks.failed()).items).toEqual([]);
    const other = createRig();
    await other.connect();
    let heard = 0;
    other.board.on('acme', '*', () => void heard++);
    await send(other, 'e1');
    await other.clock.advance(3 * day - 1);
    await job(other, 'cleanup');
    expect([await send(other, 'e1'), heard]).toEqual([200, 1]);
    await other.clock.advance(1);
    expect((await job(other, 'cleanup')).processed).toBeGreaterThan(0);
    expect([await send(other, 'e1'), heard]).toEqual([200, 2]);
  });

  test('C13 keeps the key that sealed it in the ring', async () => {
    const store = createMemoryStore();
    const { key } = await import('./support/rig.ts');
    const first = createRig({}, { store, keys: { k1: key } });
    const connected = await first.connect();
    expect(connected).toHaveProperty('connection');
    first.board.on('acme', '*', () => {
      throw new Error('no');
    });
    await send(first, 'e1');
    const keys = { k2: encodeBase64(randomBytes(32)), k1: key };
    const { board } = createRig({}, { store, keys });
    await board.vault.reseal();
    const refused: unknown = await board.vault.assertRemovable('k1').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'key_in_use' });
    expect((refused as PlugboardError).message).toContain('1 webhook event');
    await board.webhooks.discard({});
    await board.vault.assertRemovable('k1');
  });
});

function withoutInbox({ inbox: _none, ...store }: Store): Store {
  return store;
}

async function knownEvent(store: Store) {
  // Held, so listed nowhere: the id is made as the engine makes it.
  const { hashText } = await import('../src/hash.ts');
  const [row] = await store.connections.findByAccount('acme', 'acct-1');
  const unique = JSON.stringify(['test', 'acme', 'e1', row!.id]);
  const id = await hashText('sha256', unique, 'base64url');
  const about = { provider: 'acme', organizationId, connectionId: row!.id, type: 'x', lane: null };
  return { id, ...about, payload: new Uint8Array([1]) };
}
