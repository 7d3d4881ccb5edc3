import type { ServerResponse } from 'node:http';

import { describe, expect, it } from 'vitest';

import { PlugboardError } from '../src/errors.ts';
import { isUnsent } from '../src/transport/failures.ts';
import { until, type FakeClock } from './support/fake-clock.ts';
import { closedPort, serveHttp, serveTcp } from './support/loopback.ts';
import { transportKit } from './support/transport-kit.ts';

/** Moves time until the call has settled: each wait is taken as it comes. */
async function driven<T>(clock: FakeClock, call: Promise<T>, stepMs = 100): Promise<T> {
  let settled = false;
  const done = call.finally(() => (settled = true));
  done.catch(() => undefined);
  await until(() => {
    if (!settled) void clock.advance(stepMs);
    return settled;
  });
  return done;
}

/** Answers each request from the list, the last entry for ever. */
const scripted = (script: readonly ((response: ServerResponse) => void)[]) => {
  let turn = 0;
  return serveHttp((_request, response) => script[Math.min(turn++, script.length - 1)]?.(response));
};
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(code, headers).end();
  };
const cut = (response: ServerResponse) => void response.socket?.destroy();
const ok = (response: ServerResponse) => void response.end('ok');

describe('D11 what is repeated', () => {
  it.each([
    ['safe', '500', status(500)],
    ['safe', '503', status(503)],
    ['safe', '429', status(429)],
    ['safe', 'a cut', cut],
    ['keyed', '500', status(500)],
    ['keyed', 'a cut', cut],
  ] as const)('a %s call after %s', async (repeat, _name, failure) => {
    const server = await scripted([failure, failure, ok]);
    const { send, clock } = transportKit([server.origin]);
    const headers = { 'idempotency-key': 'k1' };
    expect((await driven(clock, send(server.origin, { method: 'POST', repeat, headers, body: 'x' }))).text()).toBe(
      'ok',
    );
    expect(server.requests.map((request) => [request.headers['idempotency-key'], request.body])).toEqual(
      Array(3).fill(['k1', 'x']),
    );
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['never', 'api', 'server_error', status(500)],
    ['never', 'api', 'rate_limited', status(429)],
    ['never', 'api', 'outcome_unknown', cut],
    ['never', 'token', 'outcome_unknown', cut],
    ['safe', 'token', 'unavailable', status(503)],
    ['safe', 'api', 'bad_request', status(400)],
    ['safe', 'api', 'unauthorized', status(401)],
  ] as const)('not a %s %s call after %s', async (repeat, purpose, code, failure) => {
    const server = await scripted([failure]);
    const { fail, clock } = transportKit([server.origin]);
    expect(await driven(clock, fail(server.origin, { method: 'POST', repeat, purpose, body: 'x' }))).toMatchObject({
      code,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('nothing for ever', async () => {
    const server = await scripted([status(503)]);
    const { fail, clock } = transportKit([server.origin]);
    expect(await driven(clock, fail(server.origin))).toMatchObject({ kind: 'unavailable', status: 503 });
    expect(server.requests).toHaveLength(4);
  });

  it('an answer that breaks off, where it is safe', async () => {
    const half = (response: ServerResponse) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => response.socket?.destroy());
    };
    const server = await scripted([half, ok]);
    const { send, clock } = transportKit([server.origin]);
    expect((await driven(clock, send(server.origin))).text()).toBe('ok');
    const unsafe = await scripted([half, ok]);
    const kit = transportKit([unsafe.origin]);
    const error = await driven(kit.clock, kit.fail(unsafe.origin, { method: 'POST', repeat: 'never' }));
    expect(error).toMatchObject({ kind: 'network', code: 'outcome_unknown', retryable: false });
  });
});

describe('D11 an unknown outcome', () => {
  it('is named, and not marked for repetition', async () => {
    const server = await scripted([cut]);
    const { fail } = transportKit([server.origin]);
    const error = await fail(server.origin, { method: 'POST', repeat: 'never', body: 'charge' });
    expect(error).toMatchObject({ kind: 'network', code: 'outcome_unknown', retryable: false });
    expect(error.hint).toContain('Look at the vendor');
    expect(server.requests).toHaveLength(1);
  });

  it('is what a deadline leaves behind once the request has left', async () => {
    const server = await serveHttp(() => undefined);
    const { fail, clock } = transportKit([server.origin]);
    const call = fail(server.origin, { method: 'POST', repeat: 'never', body: 'charge' });
    await server.untilRequests(1);
    await clock.advance(30_000);
    expect(await call).toMatchObject({ kind: 'timeout', code: 'outcome_unknown', retryable: false });
  });

  it('is not what a deadline leaves behind while there is no connection', async () => {
    let connecting = 0;
    const wire = ({ signal }: { signal: AbortSignal }) => {
      connecting++;
      return new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(Object.assign(new Error('x'), { unsent: true })));
      });
    };
    const { fail, clock } = transportKit(['http://127.0.0.1:1'], { wire });
    const call = fail('http://127.0.0.1:1/', { method: 'POST', repeat: 'never' });
    await until(() => connecting > 0);
    await clock.advance(30_000);
    expect(await call).toMatchObject({ kind: 'timeout', code: 'deadline_exceeded', retryable: true });
  });
});

describe('D12 what provably never left', () => {
  it.each(['api', 'token'] as const)(
    'refused connections of a never-repeat %s call: three, then it is up',
    async (purpose) => {
      const server = await scripted([ok]);
      let refusals = 3;
      const refusedPort = await closedPort();
      const { createUndiciWire } = await import('../src/transport/undici-wire.ts');
      const real = createUndiciWire();
      const wire = Object.assign(
        (request: Parameters<typeof real>[0]) => {
          const url = refusals-- > 0 ? new URL(`http://127.0.0.1:${refusedPort}/`) : request.url;
          return real({ ...request, url });
        },
        { close: () => real.close?.() ?? Promise.resolve() },
      );
      const { send, clock } = transportKit([server.origin], { wire });
      const call = send(server.origin, { method: 'POST', repeat: 'never', purpose, body: 'refresh' });
      expect((await driven(clock, call)).text()).toBe('ok');
      expect(server.requests).toHaveLength(1);
    },
  );

  it('a refused connection says so', async () => {
    const port = await closedPort();
    const { fail, clock } = transportKit([`http://127.0.0.1:${port}`]);
    const error = await driven(clock, fail(`http://127.0.0.1:${port}`, { method: 'POST', repeat: 'never' }));
    expect(error).toMatchObject({ kind: 'network', code: 'unreachable', retryable: true });
    expect(String(error.cause)).toContain('ECONNREFUSED');
    expect(String(error.cause)).not.toContain(String(port));
  });

  it('a TLS handshake that fails', async () => {
    const server = await serveTcp((socket) => void socket.on('data', () => socket.end('plain text')));
    const origin = server.origin.replace('http:', 'https:');
    const { fail, clock } = transportKit([origin]);
    const error = await driven(clock, fail(origin, { method: 'POST', repeat: 'never', body: 'canary' }));
    expect(error).toMatchObject({ kind: 'network', code: 'unreachable', retryable: true });
    expect(server.connections()).toBe(4);
  });

  it('a socket that is reset in the handshake', async () => {
    const server = await serveTcp((socket) => void socket.on('data', () => socket.resetAndDestroy()));
    const origin = server.origin.replace('http:', 'https:');
    const { fail, clock } = transportKit([origin]);
    expect(await driven(clock, fail(origin, { method: 'POST', repeat: 'never' }))).toMatchObject({
      code: 'unreachable',
    });
  });

  it('token calls never meet a stale socket: each has its own', async () => {
    // Closes every socket right after the answer, without saying so: an idle one in a pool would be dead or dying.
    const server = await serveTcp((socket) => {
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok'));
    });
    const { send } = transportKit([server.origin]);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, async () => {
        for (let turn = 0; turn < 10; turn++)
          await send(server.origin, { method: 'POST', repeat: 'never', purpose: 'token' });
      }),
    );
    expect(results.filter(({ status: outcome }) => outcome === 'rejected')).toEqual([]);
    expect(server.connections()).toBe(200);
  });

  it('token calls leave no socket open, and take none that is', async () => {
    const server = await scripted([ok]);
    const { send } = transportKit([server.origin]);
    await send(server.origin);
    for (let turn = 0; turn < 5; turn++) await send(server.origin, { purpose: 'token', repeat: 'never' });
    expect(server.connections()).toBe(6);
    await until(() => server.openSockets() === 1);
  });

  it.each([
    ['safe', 'ok'],
    ['never', undefined],
  ] as const)('a token call of repeat %s whose connection breaks', async (repeat, answer) => {
    let calls = 0;
    const server = await serveTcp((socket) => {
      socket.on('data', () => {
        if (++calls === 1) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      });
    });
    const { send, clock } = transportKit([server.origin]);
    const call = send(server.origin, { method: 'POST', purpose: 'token', repeat });
    const text = driven(clock, call).then(
      (given) => given.text(),
      () => undefined,
    );
    expect(await text).toBe(answer);
    expect(calls).toBe(answer === undefined ? 1 : 2);
  });

  it('token calls that may be lost are not repeated for what a server says', async () => {
    const server = await scripted([(response) => void response.writeHead(503).end(), ok]);
    const { fail, clock } = transportKit([server.origin]);
    const call = fail(server.origin, { method: 'POST', purpose: 'token', repeat: 'safe' });
    expect(await driven(clock, call)).toMatchObject({ status: 503 });
    expect(server.requests).toHaveLength(1);
  });

  it('token calls that may be lost keep their sockets, and none of them waits for one', async () => {
    const calls = 200;
    let arrived = 0;
    let answerAll: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (answerAll = resolve));
    const server = await serveTcp((socket) => {
      socket.on('data', () => {
        // More calls than the pool of API calls has sockets: they come together or never.
        if (++arrived === calls) answerAll();
        void all.then(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
      });
    });
    const { send } = transportKit([server.origin]);
    const call = () => send(server.origin, { method: 'POST', purpose: 'token', repeat: 'safe' });
    await Promise.all(Array.from({ length: calls }, call));
    expect(server.connections()).toBe(calls);
    for (let turn = 0; turn < 5; turn++) await call();
    // A socket is free again a moment after its answer, so that one more may be opened.
    expect(server.connections()).toBeLessThanOrEqual(calls + 1);
  });

  it('API calls share sockets', async () => {
    const server = await scripted([ok]);
    const { send } = transportKit([server.origin]);
    for (let turn = 0; turn < 20; turn++) await send(server.origin);
    // A socket is free again a moment after its answer, so that a second one may be opened for the next call.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it.each([
    [{ code: 'ENOTFOUND' }, true],
    [{ code: 'ECONNREFUSED' }, true],
    [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, true],
    [{ code: 'CERT_HAS_EXPIRED' }, true],
    [{ unsent: true }, true],
    [new TypeError('fetch failed', { cause: { code: 'EAI_AGAIN' } }), true],
    [new AggregateError([{ code: 'ECONNREFUSED' }, { code: 'ENETUNREACH' }]), true],
    [new AggregateError([{ code: 'ECONNREFUSED' }, { code: 'ECONNRESET' }]), false],
    [{ code: 'ECONNRESET' }, false],
    [{ code: 'ETIMEDOUT' }, false],
    [{ code: 'EPIPE' }, false],
    [{ code: 'UND_ERR_SOCKET' }, false],
    [{ code: 'UND_ERR_HEADERS_TIMEOUT' }, false],
    [{ unsent: 'yes' }, false],
    [new Error('ENOTFOUND'), false],
    [undefined, false],
    ['ECONNREFUSED', false],
  ])('isUnsent %o: %s', (cause, expected) => expect(isUnsent(cause)).toBe(expected));

  it('isUnsent ends on a cause that is its own cause', () => {
    const loop: { cause?: unknown } = {};
    loop.cause = loop;
    expect(isUnsent(loop)).toBe(false);
  });
});

describe('D10 Retry-After', () => {
  it('is waited for within the deadline, to the millisecond', async () => {
    const server = await scripted([status(429, { 'retry-after': '20' }), ok]);
    const { send, clock } = transportKit([server.origin]);
    clock.setRandom(0);
    const call = send(server.origin);
    await clock.untilPending(2);
    await clock.advance(19_999);
    expect(server.requests).toHaveLength(1);
    await clock.advance(1);
    expect((await driven(clock, call)).text()).toBe('ok');
  });

  it.each([
    ['120', 120_000],
    ['date', 120_000],
    ['315360000', 3_600_000],
  ])('beyond the deadline fails at once: %s', async (value, retryAfterMs) => {
    const start = Date.UTC(2026, 10, 20, 12);
    const header = value === 'date' ? new Date(start + 120_000).toUTCString() : value;
    const date = new Date(start).toUTCString();
    const server = await scripted([status(429, { 'retry-after': header, date })]);
    const { fail, clock } = transportKit([server.origin]);
    expect(await fail(server.origin)).toMatchObject({
      kind: 'rate_limited',
      status: 429,
      retryAfterMs,
      retryable: true,
    });
    expect(server.requests).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('closes the key for everybody until then, and nobody else’s', async () => {
    const server = await scripted([status(429, { 'retry-after': '120' }), ok]);
    const { send, fail, clock } = transportKit([server.origin]);
    await fail(server.origin);
    const refused = await fail(server.origin, { method: 'POST', repeat: 'never' });
    expect(refused).toMatchObject({ kind: 'rate_limited', code: 'limit_reached', retryAfterMs: 120_000 });
    expect(refused.message).toMatch(/^acme things\.list: /);
    expect(server.requests).toHaveLength(1);
    await send(server.origin, { limitKey: 'acme:connection-2' });
    await clock.advance(119_999);
    expect(await fail(server.origin, { deadlineMs: 1 })).toMatchObject({ retryAfterMs: 1 });
    expect(server.requests).toHaveLength(2);
    await clock.advance(1);
    expect((await send(server.origin)).text()).toBe('ok');
  });

  it('can be capped lower', async () => {
    const server = await scripted([status(503, { 'retry-after': '86400' })]);
    const { fail } = transportKit([server.origin], { limits: { maxRetryAfterMs: 60_000 } });
    expect(await fail(server.origin)).toMatchObject({ retryAfterMs: 60_000 });
  });

  it.each(['-1', 'abc', '', '1e9'])('junk falls back to back-off: %j', async (value) => {
    const server = await scripted([status(429, { 'retry-after': value }), ok]);
    const { send, clock } = transportKit([server.origin]);
    expect((await driven(clock, send(server.origin))).text()).toBe('ok');
    expect(server.requests).toHaveLength(2);
  });

  it('of a quota that no wait cures closes nothing', async () => {
    const server = await scripted([status(429, { 'retry-after': '120' }), ok]);
    const { send, fail } = transportKit([server.origin]);
    const classify = () => ({ kind: 'rate_limited', code: 'daily_quota', retryable: false }) as const;
    expect(await fail(server.origin, { classify })).toMatchObject({ retryable: false, retryAfterMs: 120_000 });
    expect((await send(server.origin)).text()).toBe('ok');
  });

  it('can come from outside: pause', async () => {
    const server = await scripted([ok]);
    const { fail, transport } = transportKit([server.origin]);
    transport.pause('acme:connection-1', 40_000);
    expect(await fail(server.origin)).toMatchObject({ code: 'limit_reached', retryAfterMs: 40_000 });
    expect(server.requests).toHaveLength(0);
  });
});

it('a limiter that refuses is not asked again', async () => {
  let asked = 0;
  const enter = () => {
    asked++;
    return Promise.reject(new PlugboardError({ kind: 'rate_limited', code: 'queue_full', message: 'full' }));
  };
  const { fail, clock } = transportKit([], { limiter: { enter, pause: () => undefined } });
  expect(await fail('https://api.example.com/')).toMatchObject({ code: 'queue_full', provider: 'acme' });
  expect(asked).toBe(1);
  expect(clock.pending).toBe(0);
});

describe('the retry budget', () => {
  it('keeps an outage from being answered with a multiple of the load', async () => {
    const server = await scripted([status(503)]);
    const { fail, clock } = transportKit([server.origin]);
    const calls = Promise.all(
      Array.from({ length: 200 }, (_, index) => fail(server.origin, { limitKey: `acme:${index}` })),
    );
    await driven(clock, calls);
    // 200 calls, 50 retries saved up, 20 earned, none else: not 800.
    expect(server.requests.length).toBeGreaterThan(200);
    expect(server.requests.length).toBeLessThanOrEqual(270);
  });
});
