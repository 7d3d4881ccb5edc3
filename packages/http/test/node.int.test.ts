/** A real server of node:http, as Express builds on it, and raw sockets. */
import { createServer, type RequestListener } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { toNodeHandler } from '@plugboard/http/node';
import { afterEach, describe, expect, it } from 'vitest';

import { createRig, session } from './support/rig.ts';

const globals = [Request, Response];
const running: (() => void)[] = [];
afterEach(() => running.splice(0).forEach((stop) => stop()));

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  running.push(() => server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}

function talk(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(request);
  return text(socket);
}

describe('toNodeHandler', () => {
  const event = '{"id":"evt-1","type":"order.created","\u00fc":1.0}';

  async function signedRequest(rig: ReturnType<typeof createRig>) {
    const signed = await rig.vendor.webhook(event, 'stub-acme-signingSecret');
    return { method: 'POST', headers: Object.fromEntries(signed.headers), body: event };
  }

  it('E05 hands over the bytes that came in', async () => {
    const rig = createRig();
    const port = await listen(toNodeHandler(rig.handler));
    const heard: unknown[] = [];
    rig.board.on('acme', 'order.created', (data) => void heard.push(data));
    const response = await fetch(`http://127.0.0.1:${port}/integrations/webhooks/acme`, await signedRequest(rig));
    expect([response.status, heard.length]).toEqual([200, 1]);
  });

  it('E05 refuses a request whose body somebody read before, instead of guessing at its bytes', async () => {
    const rig = createRig();
    const handle = toNodeHandler(rig.handler);
    const port = await listen((incoming, outgoing) => {
      void text(incoming).then(() => handle(incoming, outgoing));
    });
    const response = await fetch(`http://127.0.0.1:${port}/integrations/webhooks/acme`, await signedRequest(rig));
    expect([response.status, await response.json()]).toMatchObject([500, { code: 'body_consumed' }]);
  });

  it('works where the framework has cut off the path of the mount, and keeps redirects and cookies', async () => {
    const rig = createRig();
    const port = await listen(toNodeHandler(rig.handler));
    const response = await fetch(`http://127.0.0.1:${port}/connect/acme`, { headers: session, redirect: 'manual' });
    expect(response.status).toBe(303);
    expect(response.headers.getSetCookie()).toHaveLength(1);
    expect(response.headers.get('location')).toContain(
      'redirect_uri=https%3A%2F%2Fapp.example.com%2Fintegrations%2Fcallback%2Facme',
    );
  });

  it('leaves the globals of the host alone', async () => {
    await listen(toNodeHandler(createRig().handler));
    expect([Request, Response]).toEqual(globals);
  });

  it('G15 survives requests that no client library would send', async () => {
    const port = await listen(toNodeHandler(createRig().handler));
    const head = (line: string, ...headers: string[]) => [line, ...headers, 'Connection: close', '', ''].join('\r\n');
    const requests = [
      head('GET /integrations/connections HTTP/1.1', 'Host: a b'),
      head('GET /integrations/connections HTTP/1.1', 'Host: [::'),
      head('GET /integrations/connections HTTP/1.1', 'Host: user:pass@evil/x'),
      head('GET // HTTP/1.1', 'Host: x'),
      head('GET /integrations/connect/%ff%00 HTTP/1.1', 'Host: x'),
      head('GET http://evil.example/integrations/connections HTTP/1.1', 'Host: x'),
      head('POST /integrations/connect/acme HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked') + 'zz\r\n',
      head('OPTIONS * HTTP/1.1', 'Host: x'),
      'GET\r\n\r\n',
      '\0\0\0\0',
    ];
    for (const request of requests) {
      const answer = await talk(port, request);
      expect([request, answer]).toEqual([request, expect.stringMatching(/^(HTTP\/1\.1 4\d\d |$)/)]);
    }
    expect(
      await talk(port, head('GET /integrations/connections HTTP/1.1', 'Host: x', `Cookie: ${session.cookie}`)),
    ).toMatch(/^HTTP\/1\.1 200 /);
  });
});
