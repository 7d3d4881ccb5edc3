import { describe, expect, it } from 'vitest';

import { createRig, json } from './support/rig.ts';

type Rig = ReturnType<typeof createRig>;

async function connected(): Promise<Rig> {
  const rig = createRig();
  await rig.call('/connect/acme', { body: { credentials: { apiKey: 'key' } } });
  return rig;
}

const sync = ({ call }: Rig, body: object = { stream: 'orders' }) => call('/sync/acme', { body });

async function progress({ call }: Rig): Promise<unknown> {
  const { streams } = (await json(await call('/streams/acme'))) as unknown as { streams: Record<string, unknown>[] };
  return streams.map(({ stream, state, records, pages }) => [stream, state, records, pages]);
}

describe('reading a stream now', () => {
  it('answers when it has come to its end, and tells meanwhile how far it is', async () => {
    const rig = await connected();
    const seen: unknown[] = [];
    rig.board.streams.on('acme', 'orders', async (records) => {
      seen.push(records, await progress(rig));
    });
    expect(await progress(rig)).toEqual([['orders', 'waiting', 0, 0]]);
    const done = await sync(rig);
    expect([done.status, await json(done)]).toEqual([200, { records: 2, pages: 2, complete: true }]);
    expect(seen).toEqual([
      [{ id: 'o1' }],
      [['orders', 'running', 0, 0]],
      [{ id: 'o2' }],
      [['orders', 'running', 1, 1]],
    ]);
    expect(await progress(rig)).toEqual([['orders', 'idle', 2, 2]]);
  });

  it('is refused while somebody else reads it', async () => {
    const rig = await connected();
    const second: unknown[] = [];
    rig.board.streams.on('acme', 'orders', async () => {
      const busy = await sync(rig);
      second.push(busy.status, (await json(busy))['code']);
    });
    expect((await sync(rig)).status).toBe(200);
    expect(second).toEqual([409, 'sync_busy', 409, 'sync_busy']);
  });

  it('shows of a failure its code, and no word of the handler', async () => {
    const rig = await connected();
    rig.board.streams.on('acme', 'orders', () => {
      throw new Error('canary');
    });
    const failed = await sync(rig);
    const streams = await (await rig.call('/streams/acme')).text();
    expect([failed.status, JSON.parse(streams)]).toMatchObject([
      500,
      { streams: [{ state: 'failed', lastError: { code: 'handler_failed' } }] },
    ]);
    expect((await failed.text()) + streams + rig.logged.join()).not.toContain('canary');
  });

  it('needs a stream of the provider, a handler, and a connection', async () => {
    const rig = await connected();
    for (const [body, status, code] of [
      [{ stream: 'nothing' }, 404, 'unknown_stream'],
      [{ stream: 'constructor' }, 404, 'unknown_stream'],
      [{ stream: 7 }, 400, 'invalid_input'],
      [{}, 400, 'invalid_input'],
      [{ stream: 'orders', since: 'now' }, 400, 'invalid_input'],
      [{ stream: 'orders' }, 500, 'no_stream_handler'],
    ] as const) {
      const response = await sync(rig, body);
      expect([body, response.status, (await json(response))['code']]).toEqual([body, status, code]);
    }
    const nobody = await createRig().call('/streams/acme');
    expect([nobody.status, (await json(nobody))['code']]).toEqual([404, 'not_connected']);
    expect(await json(await rig.call('/streams/shop'))).toMatchObject({ code: 'not_connected' });
  });
});
