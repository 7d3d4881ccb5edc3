/** Answers that are read while they come. */
import { gzipSync } from 'node:zlib';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { PlugboardError } from '../src/errors.ts';
import type { StreamedAnswer } from '../src/transport/transport.ts';
import { until } from './support/fake-clock.ts';
import { serveHttp, serveTcp } from './support/loopback.ts';
import { failureOf, requestTo, transportKit, type TestRequest, type TransportKit } from './support/transport-kit.ts';

const open = ({ transport }: TransportKit, url: string, request?: TestRequest) =>
  transport.stream(requestTo(url, request));

async function readText({ body }: StreamedAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A server whose answer the test writes. */
async function serveStream(headers: Record<string, string> = {}) {
  const responses: { write(text: string | Buffer): void; end(): void; destroy(): void }[] = [];
  const server = await serveHttp((_request, response) => {
    response.writeHead(200, headers);
    response.flushHeaders();
    responses.push({
      write: (text) => void response.write(text),
      end: () => void response.end(),
      destroy: () => void response.destroy(),
    });
  });
  return { server, answer: (index = 0) => responses[index]! };
}

describe('a streamed answer', () => {
  it('is handed over at its headers, and its pieces as they come', async () => {
    const { server, answer } = await serveStream({ 'x-kind': 'stream' });
    const kit = transportKit([server.origin]);
    const { status, headers, body } = await open(kit, server.origin);
    expect([status, headers.get('x-kind')]).toEqual([200, 'stream']);
    const pieces = body[Symbol.asyncIterator]();
    for (const piece of ['one', 'two']) {
      answer().write(piece);
      expect(Buffer.from((await pieces.next()).value as Uint8Array).toString()).toBe(piece);
    }
    answer().end();
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
    expect(kit.clock.pending).toBe(0);
  });

  it('is unpacked on the way', async () => {
    const server = await serveHttp((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked')),
    );
    expect(await readText(await open(transportKit([server.origin]), server.origin))).toBe('unpacked');
  });

  it('has no deadline after its headers, and one before them', async () => {
    const { server, answer } = await serveStream();
    const kit = transportKit([server.origin]);
    const streamed = await open(kit, server.origin, { deadlineMs: 1_000 });
    const text = readText(streamed);
    await kit.clock.advance(60_000);
    answer().write('late');
    answer().end();
    expect(await text).toBe('late');

    const silent = await serveTcp(() => undefined);
    const other = transportKit([silent.origin]);
    const failed = failureOf(open(other, silent.origin, { deadlineMs: 1_000 }));
    await until(() => silent.received() > 0);
    await other.clock.advance(1_000);
    expect(await failed).toMatchObject({ kind: 'timeout', code: 'deadline_exceeded' });
  });

  it('that refuses is read whole, classified, and repeated like any other', async () => {
    let calls = 0;
    const server = await serveHttp((_request, response) =>
      ++calls === 1
        ? response.writeHead(503, { 'retry-after': '1' }).end('{"error":{"code":"busy"}}')
        : response.writeHead(200).end('ok'),
    );
    const kit = transportKit([server.origin]);
    const streamed = open(kit, server.origin);
    await kit.clock.untilPending(2);
    await kit.clock.advance(1_500);
    expect(await readText(await streamed)).toBe('ok');

    const refusing = await serveHttp((_request, response) => response.writeHead(401).end('{"error":{"code":"bad"}}'));
    const error = await failureOf(open(transportKit([refusing.origin]), refusing.origin));
    expect(error).toMatchObject({ kind: 'auth', status: 401, vendor: { code: 'bad' } });
  });

  it('goes to declared hosts alone', async () => {
    const server = await serveHttp((_request, response) => response.end());
    const failed = await failureOf(open(transportKit([server.origin]), server.origin, { hosts: ['api.acme.example'] }));
    expect(failed.kind).toBe('configuration');
    expect(server.requests).toEqual([]);
  });

  it('is never asked for again once it has begun, and says so where that could do the work twice', async () => {
    for (const [repeat, retryable] of [
      ['safe', true],
      ['never', false],
    ] as const) {
      const { server, answer } = await serveStream();
      const streamed = await open(transportKit([server.origin]), server.origin, { repeat });
      const text = failureOf(readText(streamed));
      answer().write('half');
      await until(() => server.requests.length === 1);
      answer().destroy();
      expect(await text).toMatchObject({ kind: 'network', code: 'stream_broken', retryable });
      expect(server.requests.length).toBe(1);
    }
  });

  it('that stands still is ended', async () => {
    const { server, answer } = await serveStream();
    const kit = transportKit([server.origin]);
    const { body } = await open(kit, server.origin, { idleMs: 5_000 });
    const pieces = body[Symbol.asyncIterator]();
    for (let turn = 0; turn < 3; turn++) {
      const piece = pieces.next();
      await kit.clock.advance(4_000);
      answer().write('still here');
      expect((await piece).done).toBe(false);
    }
    const failed = failureOf(pieces.next());
    await kit.clock.advance(5_000);
    expect(await failed).toMatchObject({ kind: 'timeout', code: 'stream_idle', operation: 'things.list' });
    await server.untilIdle();
    expect(kit.clock.pending).toBe(0);
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
  });

  it('that nobody reads is ended too, and whoever comes late hears of it', async () => {
    const { server } = await serveStream();
    const kit = transportKit([server.origin]);
    const { body } = await open(kit, server.origin, { idleMs: 5_000 });
    await kit.clock.advance(5_000);
    await server.untilIdle();
    expect(await failureOf(body[Symbol.asyncIterator]().next())).toMatchObject({ code: 'stream_idle' });
  });

  it('ends with its caller', async () => {
    const { server, answer } = await serveStream();
    const kit = transportKit([server.origin]);
    const controller = new AbortController();
    const { body } = await open(kit, server.origin, { signal: controller.signal });
    const pieces = body[Symbol.asyncIterator]();
    answer().write('one');
    expect((await pieces.next()).done).toBe(false);
    const failed = failureOf(pieces.next());
    controller.abort(new Error('sk-secret'));
    const error = await failed;
    expect(error).toMatchObject({ kind: 'aborted', code: 'aborted' });
    expect(JSON.stringify([error, error.cause])).not.toContain('sk-secret');
    await server.untilIdle();
  });

  it('ends with its reader, even while a piece is waited for', async () => {
    const { server, answer } = await serveStream();
    const kit = transportKit([server.origin]);
    const streamed = await open(kit, server.origin);
    answer().write('one');
    for await (const _piece of streamed.body) break;
    await server.untilIdle();

    const other = (await open(kit, server.origin)).body[Symbol.asyncIterator]();
    const waiting = other.next();
    await other.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await server.untilIdle();
    expect(kit.clock.pending).toBe(0);
  });

  it('may be as long as it likes, unless it may not', async () => {
    const long = Buffer.alloc(11 * 1024 * 1024);
    const server = await serveHttp((_request, response) => response.end(long));
    const kit = transportKit([server.origin]);
    let bytes = 0;
    for await (const chunk of (await open(kit, server.origin)).body) bytes += chunk.byteLength;
    expect(bytes).toBe(long.byteLength);
    const capped = await open(kit, server.origin, { maxBytes: 1024 });
    expect(await failureOf(readText(capped))).toMatchObject({ kind: 'invalid_response', code: 'response_too_large' });
  });

  it('keeps its place among the calls in flight until it has ended', async () => {
    const { server, answer } = await serveStream();
    const limits = [{ requests: 100, perMs: 1_000, concurrency: 1 }];
    const kit = transportKit([server.origin]);
    const first = await open(kit, server.origin, { limits });
    const second = open(kit, server.origin, { limits });
    await kit.clock.advance(100);
    expect(server.requests.length).toBe(1);
    const text = readText(first);
    answer().end();
    expect(await text).toBe('');
    const { body } = await second;
    expect(server.requests.length).toBe(2);
    await body[Symbol.asyncIterator]().return?.();
    const third = await open(kit, server.origin, { limits });
    await third.body[Symbol.asyncIterator]().return?.();
  });

  it('has a span that ends with it, and knows how', async () => {
    const ended: (PlugboardError | undefined)[] = [];
    const { server, answer } = await serveStream();
    const kit = transportKit([server.origin], {
      telemetry: {
        run: (_facts, call) =>
          call({ retries: 0, limitWaits: 0 }).then(
            (value) => {
              ended.push(undefined);
              return value;
            },
            (error: PlugboardError) => {
              ended.push(error);
              throw error;
            },
          ),
      },
    });
    const text = readText(await open(kit, server.origin));
    expect(ended).toEqual([]);
    answer().end();
    await text;
    expect(ended).toEqual([undefined]);
    const broken = failureOf(readText(await open(kit, server.origin)));
    answer(1).destroy();
    await broken;
    await until(() => ended.length === 2);
    expect(ended[1]).toMatchObject({ code: 'stream_broken' });
  });

  it('leaves no rejection behind that nobody hears', async () => {
    const heard: unknown[] = [];
    const listen = (reason: unknown) => void heard.push(reason);
    process.on('unhandledRejection', listen);
    onTestFinished(() => void process.off('unhandledRejection', listen));
    const { server, answer } = await serveStream();
    const kit = transportKit([server.origin]);
    await open(kit, server.origin);
    answer().destroy();
    await server.untilIdle();
    await kit.clock.advance(200_000);
    expect(heard).toEqual([]);
  });
});
