import { inspect } from 'node:util';

import { describe, expect, test } from 'vitest';

import { createMemoryStore } from '../src/memory-store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createChannelRig, prolonging, watching, weekMs } from './support/channels.ts';
import { createRig, drive, key, organizationId } from './support/rig.ts';

const refused = 401;

async function opened(...args: Parameters<typeof createChannelRig>) {
  const rig = createChannelRig(...args);
  await rig.connect();
  const channel = await rig.open();
  return { ...rig, channel, watch: rig.vendor.watches[0]! };
}

describe('a channel that is opened', () => {
  test('lets its notifications in before the vendor has even answered', async () => {
    const rig = createChannelRig();
    await rig.connect();
    const statuses: number[] = [];
    rig.vendor.before = async (_path, watch) => {
      statuses.push(await rig.notify(watch!, 1, 'sync'), await rig.notify(watch!, 2));
      return undefined;
    };
    const heard: unknown[] = [];
    rig.board.on('acme', '*', (_data, { type, channel }) => void heard.push([type, channel?.params]));
    await rig.open();
    expect(statuses).toEqual([200, 200]);
    expect(heard).toEqual([['changed', { folder: 'inbox' }]]);
  });

  test('is listed with its end and state; its token is kept nowhere', async () => {
    const values: string[] = [];
    const store = createMemoryStore();
    const { once } = store;
    const set: typeof once.set = (...args) => (values.push(args[1]), once.set(...args));
    const rig = await opened(watching, { store: { ...store, once: { ...once, set } } });
    expect(await rig.list()).toEqual([rig.channel]);
    expect(rig.channel).toMatchObject({
      params: { folder: 'inbox' },
      status: 'open',
      state: { resource: 'res-inbox' },
    });
    const { items } = await rig.board.audit.list({ organizationId });
    const kept = JSON.stringify([await rig.row(), await rig.list(), items, values]);
    expect(values).not.toEqual([]);
    expect(rig.watch.token).toMatch(/^[\w-]{43}$/);
    expect(kept).not.toContain(rig.watch.token);
    expect(items.map(({ type, data }) => [type, data['channel']])).toContainEqual(['channel.opened', rig.channel.id]);
  });

  test('that the vendor refuses shows its token nowhere', async () => {
    const lines: unknown[] = [];
    const note = (...args: unknown[]) => void lines.push(args);
    const rig = createChannelRig(watching, { log: { info: note, warn: note, error: note } });
    await rig.connect();
    let token = '';
    rig.vendor.before = async (_path, watch) => {
      ({ token } = watch!);
      return Response.json({ error: { message: `no channel for ${token}`, code: token } }, { status: 400 });
    };
    const error: unknown = await rig.open().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'PlugboardError', status: 400 });
    const shown = inspect([error, lines, await rig.row()], { depth: 10, showHidden: true });
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(shown).not.toContain(token.slice(8));
  });

  test('belongs to the one connection that opened it, though others have the same account', async () => {
    const rig = createChannelRig();
    await rig.connect();
    await rig.connect('org-2');
    await rig.open('inbox', { organizationId: 'org-2' });
    const heard: unknown[] = [];
    rig.board.on('acme', 'changed' as '*', (_data, context) => void heard.push(context.organizationId));
    expect(await rig.notify(rig.vendor.watches[0]!)).toBe(200);
    expect(await rig.notify(rig.vendor.watches[0]!)).toBe(200);
    expect(heard).toEqual(['org-2']);
  });

  test('is not believed by another token, another id, or no name at all', async () => {
    const rig = await opened();
    const other = await rig.open('other');
    let heard = 0;
    rig.board.on('acme', '*', () => void heard++);
    const { id, token } = rig.watch;
    const forged = [
      { id, token: `${token}x` },
      { id, token: token.slice(1) },
      { id, token: '' },
      { id: other.id, token },
      { id: '', token },
      { id: 'x'.repeat(10_000), token },
      { id: crypto.randomUUID(), token },
    ];
    for (const watch of forged) expect(await rig.notify(watch), JSON.stringify(watch).slice(0, 90)).toBe(refused);
    const nameless = new Request('https://x.example/webhooks/acme', { method: 'POST' });
    expect((await rig.board.webhooks.receive('acme', nameless)).status).toBe(refused);
    const elsewhere = new Request('https://x.example/webhooks/acme', {
      method: 'POST',
      headers: { 'x-channel-id': id, 'x-channel-token': token },
    });
    const foreign = await rig.board.webhooks.receive('acme', elsewhere, { organizationId: 'org-2' });
    expect(foreign.status).toBe(403);
    expect(heard).toBe(0);
  });

  test('is not believed when it names another thing than the vendor said it watches', async () => {
    const rig = await opened();
    expect(await rig.notify({ ...rig.watch, resource: 'res-other' })).toBe(refused);
    expect(await rig.notify({ ...rig.watch, resource: 'res-inbox' }, 2)).toBe(200);
    // What is being opened has no answer yet to differ from.
    rig.vendor.before = async (_path, watch) => {
      expect(await rig.notify({ ...watch!, resource: 'res-not-told-yet' })).toBe(200);
      return undefined;
    };
    await rig.open('other');
  });

  test('is opened once, however often and by how many it is asked for', async () => {
    const rig = createChannelRig();
    await rig.connect();
    const channels = await Promise.all([rig.open(), rig.open(), rig.open(), rig.open('other')]);
    const again = await rig.open();
    expect(rig.vendor.asked).toEqual(['watch', 'watch']);
    expect(new Set([...channels, again].map(({ id }) => id)).size).toBe(2);
  });

  test('is refused before anything is sent or stored: bad params, no connection, no channels', async () => {
    const rig = createChannelRig();
    await expect(rig.open()).rejects.toMatchObject({ code: 'not_connected' });
    await rig.connect();
    const wrong = rig.board.channels.open('acme', { organizationId, params: { folder: '' } });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_input', fields: [{ path: 'folder' }] });
    expect([rig.vendor.asked, await rig.list()]).toEqual([[], []]);
    const plain = createRig();
    await expect(plain.board.channels.list('acme', { organizationId })).rejects.toMatchObject({ code: 'no_channels' });
  });

  test('leaves nothing behind when the vendor refuses', async () => {
    const rig = createChannelRig();
    await rig.connect();
    let token = '';
    let id = '';
    rig.vendor.before = async (_path, watch) => {
      ({ id, token } = watch!);
      return Response.json({ error: 'no' }, { status: 403 });
    };
    await expect(rig.open()).rejects.toMatchObject({ kind: 'permission' });
    expect([await rig.list(), await rig.notify({ id, token })]).toEqual([[], refused]);
  });
});

describe('before its end', () => {
  test('a new one is opened, then the old one is stopped; both are believed in between', async () => {
    const rig = await opened();
    await rig.clock.advance(0.59 * weekMs);
    expect([await rig.runJob(), rig.vendor.asked]).toEqual([0, ['watch']]);
    await rig.clock.advance(0.22 * weekMs);
    const statuses: number[] = [];
    rig.vendor.before = async (path) => {
      if (path === 'stop') for (const watch of rig.vendor.watches) statuses.push(await rig.notify(watch));
      return undefined;
    };
    expect(await rig.runJob()).toBe(1);
    expect(rig.vendor.asked).toEqual(['watch', 'watch', 'stop']);
    expect(statuses).toEqual([200, 200]);
    const [channel, ...others] = await rig.list();
    expect([others, channel?.id]).toEqual([[], rig.vendor.watches[1]?.id]);
    expect(channel?.expiresAt?.getTime()).toBe(rig.clock.now() + weekMs);
    expect([await rig.notify(rig.watch, 9), await rig.notify(rig.vendor.watches[1]!, 9)]).toEqual([refused, 200]);
    expect(await rig.runJob()).toBe(0);
  });

  test.each([
    [0, 0.6],
    [0.999, 0.799],
  ])('the moment is drawn: %f gives %f of its life', async (draw, share) => {
    const rig = createChannelRig();
    rig.clock.setRandom(draw);
    await rig.connect();
    await rig.open();
    await rig.clock.advance(share * weekMs - 60_000);
    expect(await rig.runJob()).toBe(0);
    await rig.clock.advance(0.002 * weekMs);
    expect(await rig.runJob()).toBe(1);
  });

  test('of two boards at work one renews it', async () => {
    const rig = await opened();
    const { board } = createRig(
      { webhooks: { ...(rig.board.providers[0]!.definition.webhooks as object) } },
      { store: rig.store, clock: rig.clock, wire: handlerWire(rig.handle), keys: { k1: key } },
    );
    await rig.clock.advance(0.8 * weekMs);
    await Promise.all([rig.runJob(), rig.runJob(board), rig.runJob(board), rig.runJob()]);
    expect(rig.vendor.asked).toEqual(['watch', 'watch', 'stop']);
    expect(await rig.list()).toHaveLength(1);
  });

  test('a vendor that fails loses nothing: the old one stays, one event, tries until it works', async () => {
    const rig = await opened();
    const attention: string[] = [];
    rig.board.on('connection.attention', ({ reason }) => void attention.push(reason));
    rig.vendor.before = async (path) =>
      path === 'watch' ? Response.json({ error: 'down' }, { status: 500 }) : undefined;
    await rig.clock.advance(0.8 * weekMs);
    for (let time = 0; time < 3; time++) {
      await drive(rig, rig.runJob());
      expect(await rig.runJob()).toBe(0);
      await rig.clock.advance(3_600_000 * 1.5);
    }
    expect(attention).toEqual(['channel_renewal_failing']);
    expect(await rig.list()).toMatchObject([{ id: rig.channel.id, status: 'open', error: 'server_error' }]);
    expect(await rig.notify(rig.watch)).toBe(200);
    rig.vendor.before = async () => undefined;
    await rig.runJob();
    expect(await rig.list()).toMatchObject([{ status: 'open', error: null }]);
    expect(rig.watch.stopped).toBe(true);
  });

  test('one that could not be stopped is stopped by a later run, or ends by itself', async () => {
    const rig = await opened();
    rig.vendor.before = async (path) =>
      path === 'stop' ? Response.json({ error: 'down' }, { status: 403 }) : undefined;
    await rig.clock.advance(0.8 * weekMs);
    await rig.runJob();
    expect((await rig.list()).map(({ status }) => status)).toEqual(['stopping', 'open']);
    expect(await rig.runJob()).toBe(0);
    await rig.clock.advance(600_000);
    await Promise.all([rig.runJob(), rig.runJob()]);
    expect(rig.vendor.asked).toEqual(['watch', 'watch', 'stop', 'stop']);
    await rig.clock.advance(0.3 * weekMs);
    await rig.runJob();
    expect(rig.vendor.asked).toHaveLength(4);
    expect((await rig.list()).map(({ status }) => status)).toEqual(['open']);
  });

  test('a process that ends after the vendor has answered leaves it to the next', async () => {
    const store = createMemoryStore();
    const { connections } = store;
    let failing = false;
    const update: typeof connections.update = async (...args) => {
      if (failing) throw new Error('the process has ended');
      return connections.update(...args);
    };
    const rig = createChannelRig(watching, {
      store: { ...store, now: store.now, connections: { ...connections, update } },
    });
    await rig.connect();
    const channel = await rig.open();
    await store.connections.update(organizationId, (await rig.row())!.id, {}, { metadata: await dueNow(rig) });
    rig.vendor.before = async (path) => ((failing = path === 'watch'), undefined);
    await rig.runJob().catch(() => undefined);
    failing = false;
    rig.vendor.before = async () => undefined;
    expect((await rig.list()).map(({ status }) => status)).toEqual(['open', 'opening']);
    expect(await rig.notify(rig.vendor.watches[0]!)).toBe(200);
    // As old as if ten minutes had passed for the store's clock.
    await store.connections.update(organizationId, (await rig.row())!.id, {}, { metadata: await dueNow(rig) });
    await rig.runJob();
    await rig.runJob();
    const [last, ...others] = await rig.list();
    expect([others, last?.status, last?.id === channel.id]).toEqual([[], 'open', false]);
    expect(rig.vendor.watches.filter(({ stopped }) => !stopped).map(({ id }) => id)).toContain(last?.id);
  });

  test('a vendor that prolongs channels keeps this one, and a new one takes the place of a lost one', async () => {
    const rig = await opened(prolonging);
    await rig.clock.advance(0.8 * weekMs);
    await Promise.all([rig.runJob(), rig.runJob()]);
    expect(rig.vendor.asked).toEqual(['watch', 'renew']);
    expect(await rig.list()).toMatchObject([{ id: rig.channel.id, status: 'open' }]);
    await rig.clock.advance(0.79 * weekMs);
    expect(await rig.notify(rig.watch)).toBe(200);
    rig.watch.stopped = true;
    await rig.clock.advance(0.02 * weekMs);
    await rig.runJob();
    expect(rig.vendor.asked).toEqual(['watch', 'renew', 'renew', 'watch', 'stop']);
    expect(await rig.list()).toMatchObject([{ id: rig.vendor.watches[1]?.id, status: 'open' }]);
  });

  test('one that has ended is opened anew: by the job, or by whoever asks for it', async () => {
    const rig = await opened(prolonging);
    await rig.clock.advance(2 * weekMs);
    expect((await rig.open()).id).not.toBe(rig.channel.id);
    await rig.clock.advance(2 * weekMs);
    await rig.runJob();
    expect(rig.vendor.asked).toEqual(['watch', 'watch', 'watch']);
    expect(await rig.list()).toMatchObject([{ id: rig.vendor.watches[2]?.id, status: 'open' }]);
  });
});

describe('a channel that is given up', () => {
  test('is not believed any more from that moment, and the vendor is told', async () => {
    const rig = await opened();
    rig.vendor.before = async (path) =>
      path === 'stop' && (await rig.notify(rig.watch)) !== refused ? Response.error() : undefined;
    await rig.board.channels.close('acme', { organizationId, id: rig.channel.id });
    expect([rig.watch.stopped, await rig.list()]).toEqual([true, []]);
    const again = rig.board.channels.close('acme', { organizationId, id: rig.channel.id });
    await expect(again).rejects.toMatchObject({ code: 'invalid_input', fields: [{ path: 'id' }] });
  });

  test('while it is being opened is stopped as soon as the vendor has opened it', async () => {
    const rig = createChannelRig();
    await rig.connect();
    rig.vendor.before = async (path, watch) => {
      if (path === 'watch') await rig.board.channels.close('acme', { organizationId, id: watch!.id });
      return undefined;
    };
    await expect(rig.open()).rejects.toMatchObject({ code: 'not_connected' });
    const [watch] = rig.vendor.watches;
    expect([watch?.stopped, await rig.list(), await rig.notify(watch!)]).toEqual([true, [], refused]);
  });

  test('by a disconnect is stopped first, whatever the vendor answers', async () => {
    const rig = await opened();
    await rig.open('other');
    rig.vendor.before = async (path, watch) =>
      path === 'stop' && watch === rig.watch ? Response.json({}, { status: 403 }) : undefined;
    await rig.board.disconnect('acme', { organizationId });
    expect(rig.vendor.watches.map(({ stopped }) => stopped)).toEqual([false, true]);
    expect((await rig.row())?.metadata).toEqual({});
    for (const watch of rig.vendor.watches) expect(await rig.notify(watch)).toBe(refused);
    expect(await rig.runJob()).toBe(0);
  });

  test('by a disconnect while it is renewed stops the new one as well', async () => {
    const rig = await opened();
    await rig.clock.advance(weekMs * 0.8);
    rig.vendor.before = async (path) => {
      rig.vendor.before = async () => undefined;
      if (path === 'watch') await rig.board.disconnect('acme', { organizationId });
      return undefined;
    };
    await rig.runJob();
    expect(rig.vendor.watches.map(({ stopped }) => stopped)).toEqual([true, true]);
    for (const watch of rig.vendor.watches) expect(await rig.notify(watch)).toBe(refused);
  });

  test('stays through a reconnect of the same account, and is dropped with another', async () => {
    const rig = await opened();
    await rig.connect();
    expect([await rig.list(), await rig.notify(rig.watch)]).toEqual([[rig.channel], 200]);
    rig.answer((request) =>
      new URL(request.url).pathname === '/v1/me' ? Response.json({ id: 'acct-2', name: 'Two' }) : undefined,
    );
    await rig.board.connect('acme', {
      organizationId,
      credentials: { apiKey: 'acme-key' },
      allowAccountChange: true,
    });
    expect([await rig.list(), await rig.notify(rig.watch)]).toEqual([[], refused]);
  });
});

/** The metadata with every channel due, and whatever is being opened left behind long ago. */
async function dueNow(rig: { row(): Promise<{ metadata: Record<string, unknown> } | null> }) {
  const { metadata } = (await rig.row())!;
  const channels = (metadata['channels'] as { renewAt: string | null }[]).map((record) => ({
    ...record,
    since: '2020-01-01T00:00:00.000Z',
    ...(record.renewAt !== null && { renewAt: '2020-01-01T00:00:00.000Z' }),
  }));
  return { ...metadata, channels } as never;
}

test('what is wrong with one connection keeps no other from its turn', async () => {
  const rig = createChannelRig({
    ...watching,
    async stop(api, channel) {
      if ((channel.params as { folder: string }).folder === 'bad') throw new TypeError('x');
      await watching.stop?.(api, channel);
    },
  });
  for (const label of ['first', 'second', 'third']) {
    await rig.connect(organizationId, label);
    await rig.open(label === 'second' ? 'bad' : 'good', { label });
  }
  await rig.clock.advance(0.8 * weekMs);
  await rig.runJob();
  expect(rig.vendor.asked.toSorted()).toEqual([...Array<string>(2).fill('stop'), ...Array<string>(6).fill('watch')]);
});
