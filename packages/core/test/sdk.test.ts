/** SDKs of vendors on the board's transport: what they send, what they get, and how long they live. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';

import { createPlugboard } from '../src/board.ts';
import { createSdkCache } from '../src/client/sdk-cache.ts';
import { sdkFetch } from '../src/client/sdk-fetch.ts';
import { defineProvider } from '../src/define-provider.ts';
import { operation, type Api } from '../src/endpoint.ts';
import type { PlugboardError } from '../src/errors.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { readServerSentEvents } from '../src/server-sent-events.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { failureOf } from './support/transport-kit.ts';
import { acmeProvider, acmeServers, drive, key, organizationId, userId } from './support/rig.ts';

interface AcmeSdk {
  readonly number: number;
  readonly fetch: typeof fetch;
  /** Sent when the SDK is closed. */
  readonly held: string[];
}

/** A board whose vendor has an SDK that keeps events until it is closed. */
function sdkRig() {
  const clock = createFakeClock();
  const servers = acmeServers({ clock });
  const requests: Request[] = [];
  const made: AcmeSdk[] = [];
  const closed: number[] = [];
  async function loadSdk(api: Api): Promise<AcmeSdk> {
    const sdk = { number: made.length, fetch: sdkFetch(api, { drop: ['x-placeholder'] }), held: [] };
    made.push(sdk);
    return sdk;
  }
  const sound = acmeProvider().definition;
  const provider = defineProvider({
    ...sound,
    operations: {
      ...sound.operations,
      sdks: {
        number: operation({
          summary: 'Tells which SDK it is.',
          input: z.strictObject({}),
          run: async (api) => (await api.sdk(loadSdk)).number,
          example: { input: {} },
        }),
        other: operation({
          summary: 'Asks for an SDK that is not declared.',
          input: z.strictObject({}),
          run: (api) => api.sdk(async () => 1),
          example: { input: {} },
        }),
        words: operation({
          summary: 'Reads a stream.',
          input: z.strictObject({}),
          run: async (api) => {
            const { body } = await api.stream({ method: 'GET', url: '/words' });
            const words = [];
            for await (const { data } of readServerSentEvents(body)) words.push(data);
            return words;
          },
          example: { input: {} },
        }),
      },
    },
    sdk: loadSdk,
    async closeSdk({ number, fetch, held }) {
      closed.push(number);
      for (const body of held) await fetch('https://api.acme.example.com/v1/held', { method: 'POST', body });
    },
  });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [provider({ clientId: 'client', clientSecret: 'client-secret' })],
    store: createMemoryStore({ clock }),
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    wire: handlerWire((request) => {
      if (new URL(request.url).pathname.startsWith('/v1/')) requests.push(request.clone());
      return servers.handle(request);
    }),
  });
  onTestFinished(async () => void (await board.stop()));
  const connect = async (label = 'default') => {
    await board.connect('acme', {
      organizationId,
      userId,
      label,
      method: 'apiKey',
      credentials: { apiKey: 'acme-key' },
    });
    requests.length = 0;
    return board.client('acme', { organizationId, label });
  };
  return { ...servers, clock, board, requests, made, closed, connect };
}

const base = 'https://api.acme.example.com/v1';

describe('fetch for an SDK', () => {
  it('sends what the SDK sends, with the credentials of the connection instead of its own', async () => {
    const { connect, requests } = sdkRig();
    const { fetch } = await (await connect()).sdk();
    const response = await fetch(`${base}/orders?limit=2`, {
      method: 'POST',
      headers: {
        Authorization: 'Bearer placeholder',
        'X-Placeholder': 'placeholder',
        'User-Agent': 'sdk/1',
        'X-Api-Key': 'placeholder',
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: '{"total":1}',
    });
    expect([response.status, response.ok, await response.json()]).toEqual([200, true, { id: 'o2' }]);
    const sent = requests[0]!;
    expect([sent.method, sent.url, await sent.text()]).toEqual(['POST', `${base}/orders?limit=2`, '{"total":1}']);
    expect(Object.fromEntries(sent.headers)).toEqual({
      'x-api-key': 'acme-key',
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'user-agent': 'plugboard',
    });
  });

  it('takes a Request, bytes and forms', async () => {
    const { connect, requests } = sdkRig();
    const { fetch } = await (await connect()).sdk();
    await fetch(new Request(`${base}/a`, { method: 'PUT', body: new Uint8Array([1, 2, 3]) }));
    const form = new FormData();
    form.set('file', new Blob(['text']), 'a.txt');
    await fetch(new URL(`${base}/b`), { method: 'POST', body: form });
    expect(new Uint8Array(await requests[0]!.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]));
    expect((await requests[1]!.formData()).get('file')).toMatchObject({ name: 'a.txt', size: 4 });
  });

  it('hands refusals over as they came, after every try', async () => {
    const { connect, answer, requests, clock } = sdkRig();
    const { fetch } = await (await connect()).sdk();
    const body = '{"error":{"message":"No such order","extra":[1]}}';
    answer(() => new Response(body, { status: 422, headers: { 'x-request-id': 'r1' } }));
    const refused = await fetch(`${base}/orders/1`);
    expect([refused.status, refused.ok, refused.headers.get('x-request-id'), await refused.text()]).toEqual([
      422,
      false,
      'r1',
      body,
    ]);
    answer(() => new Response('busy', { status: 503 }));
    const busy = await drive({ clock }, fetch(`${base}/orders/1`));
    expect(await busy.text()).toBe('busy');
    expect(requests.length).toBe(5);
  });

  it('repeats what carries an idempotency key, and nothing else that writes', async () => {
    const { connect, answer, requests, clock } = sdkRig();
    const { fetch } = await (await connect()).sdk();
    answer(() => (requests.length % 2 === 1 ? new Response('', { status: 500 }) : undefined));
    const keyed = fetch(`${base}/orders`, { method: 'POST', body: '{}', headers: { 'Idempotency-Key': 'k' } });
    expect((await drive({ clock }, keyed)).status).toBe(200);
    expect(requests.map((request) => request.headers.get('idempotency-key'))).toEqual(['k', 'k']);
    requests.length = 0;
    expect((await fetch(`${base}/orders`, { method: 'POST', body: '{}' })).status).toBe(500);
    expect(requests.length).toBe(1);
  });

  it('streams, and fails in the middle as fetch does', async () => {
    const { connect, answer } = sdkRig();
    const { fetch } = await (await connect()).sdk();
    let feed: ReadableStreamDefaultController<Uint8Array> | undefined;
    answer(() => new Response(new ReadableStream({ start: (controller) => void (feed = controller) })));
    const { body } = await fetch(`${base}/stream`);
    const reader = body!.getReader();
    feed!.enqueue(new TextEncoder().encode('one'));
    expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe('one');
    feed!.error(new Error('the line is cut'));
    const failed = reader.read();
    await expect(failed).rejects.toThrow(TypeError);
    await expect(failed).rejects.toMatchObject({ message: 'terminated', cause: { code: 'stream_broken' } });
  });

  describe('an answer without end', () => {
    const mebibyte = new Uint8Array(1024 * 1024);
    async function read(type: string | undefined, mebibytes: number, path = 'orders') {
      const { connect, answer } = sdkRig();
      const { fetch } = await (await connect()).sdk();
      const sent = { count: 0, left: false };
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>) =>
        sent.count++ < mebibytes ? controller.enqueue(mebibyte) : controller.close();
      const stream = new ReadableStream({ pull, cancel: () => void (sent.left = true) }, { highWaterMark: 0 });
      answer(() => new Response(stream, type === undefined ? {} : { headers: { 'content-type': type } }));
      const response = await fetch(`${base}/${path}`);
      return { sent, size: response.arrayBuffer().then((bytes) => bytes.byteLength) };
    }

    it.each([
      'application/json',
      'text/html; charset=utf-8',
      'application/problem+json',
      'APPLICATION/JSON;x',
      undefined,
    ])('is left where it would be read as a whole: %s', async (type) => {
      const { sent, size } = await read(type, 1_000);
      await expect(size).rejects.toMatchObject({ name: 'TypeError', cause: { code: 'response_too_large' } });
      expect(sent.left).toBe(true);
      expect(sent.count).toBeLessThan(14);
      expect(await (await read(type, 10)).size, 'what is allowed').toBe(10 * 1024 * 1024);
    });

    it.each(['text/event-stream', 'application/x-ndjson', 'audio/mpeg', 'application/octet-stream'])(
      'is read as it comes: %s',
      async (type) => expect(await (await read(type, 12)).size).toBe(12 * 1024 * 1024),
    );

    it.each([
      [3, 'abc'],
      [2, 'response_too_large'],
    ])('is measured as the provider says: %i bytes', async (maxBytes, outcome) => {
      async function* body() {
        for (const letter of 'abc') yield new TextEncoder().encode(letter);
      }
      const headers = new Headers({ 'content-type': 'audio/mpeg' });
      const api = { stream: async () => ({ status: 200, headers, body: body() }) } as unknown as Api;
      const answered = sdkFetch(api, { maxBytes })(base).then((response) => response.text());
      const failed = (error: unknown) => (error as { cause: PlugboardError }).cause.code;
      expect(await answered.catch(failed)).toBe(outcome);
    });
  });

  it('leaves the vendor when the SDK leaves the body', async () => {
    const { connect, answer } = sdkRig();
    const { fetch } = await (await connect()).sdk();
    let left = false;
    answer(() => new Response(new ReadableStream({ cancel: () => void (left = true) })));
    await (await fetch(`${base}/stream`)).body!.cancel();
    expect(left).toBe(true);
  });

  it('fails as fetch does, with our error as the cause and no secret in either', async () => {
    const { connect, requests, answer } = sdkRig();
    const { fetch } = await (await connect()).sdk();
    answer(() => {
      throw Object.assign(new Error('acme-key was sent'), { code: 'ECONNRESET' });
    });
    for (const [url, kind] of [
      [`${base}/orders`, 'network'],
      ['https://evil.example/steal', 'configuration'],
    ] as const) {
      const failed = fetch(url, { method: 'POST' });
      await expect(failed).rejects.toThrow(TypeError);
      const error = (await failed.catch((reason: unknown) => reason)) as TypeError & { cause: PlugboardError };
      expect(error.cause).toMatchObject({ kind, name: 'PlugboardError' });
      expect(JSON.stringify([error, error.cause, error.cause.cause, String(error.cause.cause)])).not.toContain(
        'acme-key',
      );
    }
    expect(requests.length).toBe(1);
  });

  it("tells the SDK's own abort with its own reason", async () => {
    const { connect, answer } = sdkRig();
    const { fetch } = await (await connect()).sdk();
    const controller = new AbortController();
    answer(() => new Response(new ReadableStream()));
    const { body } = await fetch(`${base}/stream`, { signal: controller.signal });
    const read = body!.getReader().read();
    const reason = new Error('the SDK has waited enough');
    controller.abort(reason);
    await expect(read).rejects.toBe(reason);
    await expect(fetch(`${base}/stream`, { signal: controller.signal })).rejects.toBe(reason);
  });

  it('has no body where the status has none', async () => {
    const { connect } = sdkRig();
    const { fetch } = await (await connect()).sdk();
    const response = await fetch(`${base}/orders`, { method: 'DELETE' });
    expect([response.status, response.body]).toEqual([204, null]);
  });
});

describe('an SDK', () => {
  it('is one for its connection, for the host and for operations', async () => {
    const { connect, board, made } = sdkRig();
    const client = await connect();
    await connect('second');
    const sdk = await client.sdk();
    expect(await board.client('acme', { organizationId }).sdk()).toBe(sdk);
    expect(await client.sdks.number()).toBe(sdk.number);
    expect(await board.client('acme', { organizationId, label: 'second' }).sdks.number()).not.toBe(sdk.number);
    expect(made.length).toBe(2);
  });

  it('is another one after its credentials or its settings have changed, and the old one is closed', async () => {
    const { connect, board, closed } = sdkRig();
    const client = await connect();
    const first = await client.sdk();
    await connect();
    expect(closed).toEqual([first.number]);
    const second = await client.sdk();
    expect(second).not.toBe(first);
    await board.settings.update('acme', { organizationId, settings: { channel: 'c1' } });
    expect(await client.sdk()).not.toBe(second);
    expect(closed).toEqual([first.number, second.number]);
  });

  it('sends what it holds before a disconnect takes the credentials', async () => {
    const { connect, board, requests, closed } = sdkRig();
    (await (await connect()).sdk()).held.push('last words');
    await board.disconnect('acme', { organizationId });
    expect(closed.length).toBe(1);
    expect(await requests.at(-1)!.text()).toBe('last words');
    expect(requests.at(-1)!.headers.get('x-api-key')).toBe('acme-key');
  });

  it('sends what it holds before the board stops', async () => {
    const { connect, board, requests, closed } = sdkRig();
    (await (await connect()).sdk()).held.push('one');
    (await (await connect('second')).sdk()).held.push('two');
    await board.stop();
    expect(closed.length).toBe(2);
    expect(await Promise.all(requests.slice(-2).map((request) => request.text()))).toEqual(['one', 'two']);
  });

  it('must be the one that the definition names', async () => {
    const client = await sdkRig().connect();
    expect(await failureOf(client.sdks.other())).toMatchObject({ kind: 'configuration', code: 'unknown_sdk' });
  });
});

describe('the cache of SDKs', () => {
  const runtime = (close: (sdk: unknown) => Promise<void>) => ({ definition: { id: 'acme', closeSdk: close } });
  const session = (cacheKey: string | undefined, close = async (_sdk: unknown) => undefined as void) =>
    ({ runtime: runtime(close), ...(cacheKey !== undefined && { cacheKey }) }) as never;
  const access = { method: 'key', version: 1, stub: false, settings: {} } as never;

  it('closes the one that was not used for longest when there are too many', async () => {
    const closed: unknown[] = [];
    const close = async (sdk: unknown) => void closed.push(sdk);
    const cache = createSdkCache(() => undefined, 2);
    for (const name of ['a', 'b', 'a', 'c']) await cache.use(session(name, close), access, async () => name);
    await cache.close();
    expect(closed).toEqual(['b', 'a', 'c']);
  });

  it('forgets one that failed to load, and keeps none for credentials that are not stored', async () => {
    const cache = createSdkCache(() => undefined);
    const failing = cache.use(session('a'), access, () => Promise.reject(new Error('not installed')));
    await expect(failing).rejects.toThrow('not installed');
    expect(await cache.use(session('a'), access, async () => 2)).toBe(2);
    expect(await cache.use(session(undefined), access, async () => 3)).toBe(3);
    expect(await cache.use(session(undefined), access, async () => 4)).toBe(4);
  });

  it('hands nobody’s SDK to another: the platform’s is none of a connection’s, nor that of one that was there before', async () => {
    const cache = createSdkCache(() => undefined);
    const of = (connectionId: string | undefined, sdk: string) =>
      cache.use(session('a'), { ...(access as object), connectionId } as never, async () => sdk);
    expect(await of(undefined, 'platform')).toBe('platform');
    expect(await of('first', 'first')).toBe('first');
    expect(await of('second', 'second')).toBe('second');
    expect(await of('second', 'another')).toBe('second');
  });

  it('reports an SDK that cannot be closed, and goes on', async () => {
    const failures: unknown[] = [];
    const cache = createSdkCache((provider, error) => void failures.push([provider, String(error)]));
    const close = async () => {
      throw new Error('stuck');
    };
    await cache.use(session('a', close), access, async () => 1);
    await cache.close();
    expect(failures).toEqual([['acme', 'Error: stuck']]);
  });
});

describe('api.stream', () => {
  it('reads events through a connection', async () => {
    const { connect, answer } = sdkRig();
    const client = await connect();
    answer(({ url }) => (url.endsWith('/words') ? new Response('data: one\n\ndata: two\n\n') : undefined));
    expect(await client.sdks.words()).toEqual(['one', 'two']);
    answer(() => Response.json({}, { status: 404 }));
    expect(await failureOf(client.sdks.words())).toMatchObject({ kind: 'not_found', operation: 'sdks.words' });
  });
});
