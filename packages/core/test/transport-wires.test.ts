import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { systemClock } from '../src/clock.ts';
import { createTransport } from '../src/transport/create-transport.ts';
import { defaultWire } from '../src/transport/default-wire.ts';
import { fetchWire } from '../src/transport/fetch-wire.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createEgressPolicy } from '../src/url.ts';
import { until } from './support/fake-clock.ts';
import { closedPort, serveHttp, serveTcp } from './support/loopback.ts';
import { notations } from './support/notations.ts';
import { failureOf, requestTo, transportKit } from './support/transport-kit.ts';

describe('handlerWire', () => {
  const url = 'https://api.example.com/things?x=1';

  it('hands a web request to the function and reads its answer', async () => {
    const { send } = transportKit([], {
      wire: handlerWire(async (request) => {
        const seen = {
          method: request.method,
          url: request.url,
          key: request.headers.get('x-key'),
          body: await request.text(),
        };
        return Response.json(seen, { status: 201, headers: { 'x-thing': 'a' } });
      }),
    });
    const answer = await send(url, { method: 'POST', repeat: 'never', headers: { 'x-key': 'k' }, body: 'ü' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-thing')).toBe('a');
    expect(answer.json()).toEqual({ method: 'POST', url, key: 'k', body: 'ü' });
  });

  it('is held to the same policies', async () => {
    const { fail } = transportKit([], { wire: handlerWire(() => Response.redirect('https://evil.example/', 302)) });
    expect(await fail(url)).toMatchObject({ code: 'redirect_refused' });
    const big = transportKit([], { wire: handlerWire(() => new Response('x'.repeat(100))) });
    expect(await big.fail(url, { maxBytes: 99 })).toMatchObject({ code: 'response_too_large' });
    const empty = transportKit([], { wire: handlerWire(() => new Response(null, { status: 204 })) });
    expect((await empty.send(url)).bytes.byteLength).toBe(0);
  });

  it('ends at the deadline though the function, or its stream, goes on', async () => {
    let cancelled = 0;
    const stream = () => new ReadableStream<Uint8Array>({ cancel: () => void cancelled++ });
    for (const handle of [() => new Promise<Response>(() => undefined), () => new Response(stream())]) {
      const { fail, clock } = transportKit([], { wire: handlerWire(handle) });
      const call = fail(url);
      await clock.untilPending(1);
      await clock.advance(30_000);
      expect(await call).toMatchObject({ kind: 'timeout', code: 'deadline_exceeded' });
    }
    expect(cancelled).toBe(1);
  });

  it('turns what the function throws into an error that quotes nothing', async () => {
    const wire = handlerWire(() => {
      throw new TypeError('canary');
    });
    const error = await transportKit([], { wire }).fail(url, { method: 'POST', repeat: 'never' });
    expect(error).toMatchObject({ kind: 'network', code: 'outcome_unknown' });
    expect(String(error.cause)).toBe('TypeError: TypeError');
  });
});

describe('fetchWire', () => {
  it('sends through the global that is there at the call', async () => {
    const spy = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('mocked'));
    const { send } = transportKit([], { wire: fetchWire });
    expect((await send('https://api.example.com/x', { method: 'POST', body: 'b' })).text()).toBe('mocked');
    expect(spy.mock.calls[0]?.[1]).toMatchObject({ method: 'POST', body: 'b', redirect: 'manual' });
  });

  it('works against a real server: bodies, redirects, failures', async () => {
    const server = await serveHttp(({ path, body }, response) => {
      if (path === '/moved') response.writeHead(302, { location: '/there' }).end();
      else if (path === '/cut') response.socket?.destroy();
      else response.end(`${path} ${body}`);
    });
    const { send, fail } = transportKit([server.origin], { wire: fetchWire });
    expect((await send(`${server.origin}/moved`)).text()).toBe('/there ');
    expect((await send(server.origin, { method: 'POST', repeat: 'never', body: 'ü' })).text()).toBe('/ ü');
    expect(await fail(`${server.origin}/cut`, { method: 'POST', repeat: 'never' })).toMatchObject({
      code: 'outcome_unknown',
    });
    const port = await closedPort();
    const down = transportKit([`http://127.0.0.1:${port}`], { wire: fetchWire, limits: { maxTries: 1 } });
    expect(await down.fail(`http://127.0.0.1:${port}`, { method: 'POST', repeat: 'never' })).toMatchObject({
      code: 'unreachable',
    });
  });

  it('D25 ends with the deadline and closes the socket', async () => {
    const server = await serveTcp(
      (socket) => void socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx')),
    );
    const { fail, clock } = transportKit([server.origin], { wire: fetchWire });
    const call = fail(server.origin);
    await until(() => server.received() > 0);
    await clock.advance(30_000);
    expect(await call).toMatchObject({ kind: 'timeout' });
    await server.untilIdle();
  });

  it('F02 there are more than forty notations, and none is one twice', () => {
    expect(new Set(notations).size).toBe(notations.length);
    expect(notations.length).toBeGreaterThan(40);
  });

  it.each(notations)('F02 %s is blocked without sockets to look at', async (notation) => {
    const spy = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response());
    const { fail } = transportKit([], { wire: fetchWire });
    expect(await fail(`https://${notation}/`)).toMatchObject({ kind: 'configuration', code: 'egress_blocked' });
    expect(spy).not.toHaveBeenCalled();
  });

  const inside = [
    'localhost', 'LOCALHOST', 'app.localhost', 'metadata', 'intranet', 'metadata.google.internal',
    'instance-data.ec2.internal', 'db.internal', 'printer.local', 'nas.home.arpa', 'home.arpa', 'router.lan', 'wiki.corp',
    'host.localdomain', 'kubernetes.default.svc.cluster.local',
  ]; // prettier-ignore

  it.each(inside)('F03 the name %s, which leads inside, is blocked, until the policy names it', async (name) => {
    const spy = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('inside'));
    const { fail } = transportKit([], { wire: fetchWire });
    expect(await fail(`https://${name}/`)).toMatchObject({ kind: 'configuration', code: 'egress_blocked' });
    expect(spy).not.toHaveBeenCalled();
    const { hostname } = new URL(`https://${name}/`);
    const allow = [{ organizationId: 'org-a', host: hostname, cidr: '10.0.0.0/8' }];
    const kit = transportKit([], { wire: fetchWire, egress: { allow } });
    expect((await kit.send(`https://${name}/`, { organizationId: 'org-a' })).text()).toBe('inside');
    expect(await kit.fail(`https://${name}/`, { organizationId: 'org-b' })).toMatchObject({ code: 'egress_blocked' });
    expect(spy).toHaveBeenCalledTimes(1);
  });

  const outside = [
    'api.example.com', 'internal.example.com', 'local.example', 'locals.example', 'my-localhost.com',
    '4cloud.example', 'api.example2', '93.184.215.14', '[2606:4700:4700::1111]',
  ]; // prettier-ignore

  it.each(outside)('F03 %s is not one of those', async (name) => {
    vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('outside'));
    expect((await transportKit([], { wire: fetchWire }).send(`https://${name}/`)).text()).toBe('outside');
  });

  it('F04 follows no redirect by itself, whatever the runtime would do', async () => {
    const elsewhere = await serveHttp((_request, response) => response.end('secrets'));
    const server = await serveHttp((_request, response) => {
      response.writeHead(307, { location: `${elsewhere.origin}/` }).end();
    });
    const { fail } = transportKit([server.origin, elsewhere.origin], { wire: fetchWire });
    const request = { headers: { 'x-api-key': 'canary' }, hosts: ['127.0.0.1'] };
    expect(await fail(server.origin, request)).toMatchObject({ code: 'redirect_refused' });
    expect(elsewhere.connections()).toBe(0);
  });
});

describe('defaultWire', () => {
  it('is guarded sockets on Node, on the system’s clock', async () => {
    const spy = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('fetch was called'));
    const server = await serveHttp((_request, response) => response.end('ok'));
    const transport = createTransport({
      clock: systemClock,
      egress: createEgressPolicy({ allowOrigins: [server.origin] }),
    });
    onTestFinished(() => transport.close());
    expect((await transport.send(requestTo(server.origin))).text()).toBe('ok');
    expect(await failureOf(transport.send(requestTo('https://127.0.0.1/')))).toMatchObject({ code: 'egress_blocked' });
    expect(spy).not.toHaveBeenCalled();
  });

  it('is fetch elsewhere', () => {
    const { process: real } = globalThis;
    onTestFinished(() => void Object.assign(globalThis, { process: real }));
    for (const process of [
      undefined,
      {},
      { versions: { node: '24.0.0', bun: '1.3.0' } },
      { versions: { node: '24.0.0', deno: '2.0.0' } },
    ]) {
      Object.assign(globalThis, { process });
      const wire = defaultWire();
      Object.assign(globalThis, { process: real });
      expect(wire).toBe(fetchWire);
    }
  });

  it('can be closed before it was used', async () => {
    await expect(defaultWire().close?.()).resolves.toBeUndefined();
  });
});

describe('sockets', () => {
  it('R11 none is left after a close', async () => {
    const server = await serveHttp((_request, response) => response.end('ok'));
    const { send, transport } = transportKit([server.origin]);
    await Promise.all(Array.from({ length: 50 }, () => send(server.origin)));
    expect(server.openSockets()).toBeGreaterThan(0);
    await transport.close();
    await server.untilIdle();
  });

  it('flow is stopped while the reader is behind', async () => {
    const server = await serveHttp((_request, response) => response.end(Buffer.alloc(8 * 1024 * 1024, 'x')));
    const { send } = transportKit([server.origin]);
    expect((await send(server.origin)).bytes.byteLength).toBe(8 * 1024 * 1024);
  });
});
