/** Time and size of an answer. */
import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { until } from './support/fake-clock.ts';
import { serveHttp, serveTcp } from './support/loopback.ts';
import { failureOf, transportKit } from './support/transport-kit.ts';

const text = JSON.stringify({ items: Array.from({ length: 500 }, (_, id) => ({ id, name: `thing ${id}` })) });

describe('content encodings', () => {
  it.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
    ['identity', Buffer.from(text)],
  ])('%s is undone', async (encoding, body) => {
    const server = await serveHttp((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );
    expect((await transportKit([server.origin]).send(server.origin)).text()).toBe(text);
    expect(server.requests[0]?.headers['accept-encoding']).toBe('gzip, br');
  });

  it.each(['zstd', 'gzip, gzip', 'compress', 'constructor'])('%s, not asked for, is refused', async (encoding) => {
    const server = await serveHttp((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end('x'),
    );
    const { fail } = transportKit([server.origin]);
    expect(await fail(server.origin)).toMatchObject({ kind: 'invalid_response', code: 'unsupported_encoding' });
  });

  it.each([
    ['cut short', gzipSync(text).subarray(0, 40)],
    ['plain text', Buffer.from('not compressed at all')],
  ])('a gzip body that is %s is refused', async (_name, body) => {
    const server = await serveHttp((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(body),
    );
    const { fail } = transportKit([server.origin]);
    expect(await fail(server.origin)).toMatchObject({ kind: 'invalid_response', code: 'undecodable_body' });
  });

  it('an empty body needs no encoding', async () => {
    const server = await serveHttp((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(),
    );
    expect((await transportKit([server.origin]).send(server.origin)).bytes.byteLength).toBe(0);
  });

  it('a request may ask for none', async () => {
    const server = await serveHttp((_request, response) => response.end('x'));
    await transportKit([server.origin]).send(server.origin, { headers: { 'accept-encoding': 'identity' } });
    expect(server.requests[0]?.headers['accept-encoding']).toBe('identity');
  });
});

describe('F09 size', () => {
  // Most of its time goes into making the bomb.
  it('of a bomb: 200 KB on the wire, 200 MB unpacked, stops at the cap', { timeout: 30_000 }, async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024), { level: 9 });
    expect(bomb.byteLength).toBeLessThan(250_000);
    // The answer stays open, so that only closing the socket ends it.
    const server = await serveHttp((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).write(bomb);
    });
    const { fail } = transportKit([server.origin]);
    const before = process.memoryUsage().rss;
    const error = await fail(server.origin);
    expect(error).toMatchObject({
      kind: 'invalid_response',
      code: 'response_too_large',
      status: 200,
      retryable: false,
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
    await server.untilIdle();
  });

  it('of a bomb that has arrived completely: the socket that it leaves waiting is closed', async () => {
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024), { level: 9 });
    const server = await serveHttp((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).write(bomb);
    });
    expect(await transportKit([server.origin]).fail(server.origin)).toMatchObject({ code: 'response_too_large' });
    await server.untilIdle();
  });

  it('of an endless answer', async () => {
    let open = true;
    const server = await serveTcp((socket) => {
      socket.on('close', () => (open = false));
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const chunk = randomBytes(64 * 1024);
        const more = () => {
          while (open && socket.write(chunk));
        };
        socket.on('drain', more);
        more();
      });
    });
    const { fail } = transportKit([server.origin]);
    expect(await fail(server.origin, { maxBytes: 1024 * 1024 })).toMatchObject({ code: 'response_too_large' });
    await server.untilIdle();
  });

  it('is counted to the byte, for API and token calls by default', async () => {
    const server = await serveHttp(({ path }, response) => response.end(Buffer.alloc(Number(path.slice(1)))));
    const { send, fail } = transportKit([server.origin]);
    const token = { purpose: 'token' } as const;
    for (const [bytes, request] of [
      [262_144, token],
      [10_485_760, {}],
      [10, { maxBytes: 10 }],
    ] as const) {
      expect((await send(`${server.origin}/${bytes}`, request)).bytes.byteLength).toBe(bytes);
      expect(await fail(`${server.origin}/${bytes + 1}`, request)).toMatchObject({ code: 'response_too_large' });
    }
  });
});

describe('deadline', () => {
  it.each([
    ['api', 30_000],
    ['token', 45_000],
  ] as const)('D25 of %s calls ends an answer that drips', async (purpose, deadlineMs) => {
    const server = await serveTcp((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n'));
    });
    const { fail, clock } = transportKit([server.origin]);
    let settled = false;
    const call = fail(server.origin, { purpose }).finally(() => (settled = true));
    await until(() => server.received() > 0);
    await clock.advance(deadlineMs - 1);
    expect(settled).toBe(false);
    await clock.advance(1);
    expect(await call).toMatchObject({ kind: 'timeout', code: 'deadline_exceeded', retryable: true });
    await server.untilIdle();
    expect(clock.pending).toBe(0);
  });

  it('ends a drip of compressed chunks, and closes the socket', async () => {
    const server = await serveTcp((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n');
        socket.write(gzipSync(randomBytes(100_000)).subarray(0, 50_000));
      });
    });
    const { fail, clock } = transportKit([server.origin]);
    const call = fail(server.origin, { deadlineMs: 1_000 });
    await until(() => server.received() > 0);
    await clock.advance(1_000);
    expect(await call).toMatchObject({ kind: 'timeout', code: 'deadline_exceeded' });
    await server.untilIdle();
  });

  it('covers all tries together', async () => {
    const server = await serveHttp((_request, response) => response.writeHead(503).end());
    const { send, clock } = transportKit([server.origin], { limits: { maxTries: 100 } });
    clock.setRandom(0.9);
    const call = failureOf(send(server.origin, { deadlineMs: 3_000 }));
    await clock.untilPending(2);
    await clock.advance(225);
    await server.untilRequests(2);
    await clock.untilPending(2);
    await clock.advance(450);
    await server.untilRequests(3);
    await clock.untilPending(2);
    await clock.advance(900);
    await server.untilRequests(4);
    // 1,575 ms are gone; the next wait of 1,800 ms would end too late, so there is none.
    expect(await call).toMatchObject({ kind: 'unavailable', status: 503 });
    expect(server.requests).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer and no listener behind', async () => {
    const server = await serveHttp((_request, response) => response.end());
    const { send, clock } = transportKit([server.origin]);
    const controller = new AbortController();
    const added: string[] = [];
    const removed: string[] = [];
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (added.push(args[0]), add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (removed.push(args[0]), remove(...args));
    await send(server.origin, { signal });
    expect(added).toEqual(['abort']);
    expect(removed).toEqual(['abort']);
    expect(clock.pending).toBe(0);
  });
});

describe('the caller’s signal', () => {
  const silent = () => serveTcp((socket) => void socket.on('data', () => undefined));

  it('ends the call at once', async () => {
    const server = await silent();
    const { fail, clock } = transportKit([server.origin]);
    const controller = new AbortController();
    const call = fail(server.origin, { signal: controller.signal });
    await until(() => server.received() > 0);
    controller.abort(new Error('canary'));
    const error = await call;
    expect(error).toMatchObject({ kind: 'aborted', code: 'aborted', retryable: false });
    expect(String(error.cause)).not.toContain('canary');
    await server.untilIdle();
    expect(clock.pending).toBe(0);
  });

  it('sends nothing when it is aborted already', async () => {
    const server = await silent();
    const { fail } = transportKit([server.origin]);
    expect(await fail(server.origin, { signal: AbortSignal.abort() })).toMatchObject({ kind: 'aborted' });
    expect(server.connections()).toBe(0);
  });

  it('ends the wait before a retry', async () => {
    const server = await serveHttp((_request, response) => response.writeHead(503).end());
    const { fail, clock } = transportKit([server.origin]);
    const controller = new AbortController();
    const call = fail(server.origin, { signal: controller.signal });
    await clock.untilPending(2);
    controller.abort();
    expect(await call).toMatchObject({ kind: 'aborted' });
    expect(server.requests).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});
