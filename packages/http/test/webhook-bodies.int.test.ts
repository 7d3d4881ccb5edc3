/** E08, E09: what anybody may post to a webhook's address, over real sockets. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

import { toNodeHandler } from '@plugboard/http/node';
import { createFakeClock } from '../../testing/src/clock.ts';
import { afterEach, expect, test } from 'vitest';

import { createRig } from './support/rig.ts';

const running: (() => unknown)[] = [];
afterEach(() => running.splice(0).forEach((stop) => stop()));

const megabyte = 1_048_576;
const head = (...headers: readonly string[]) =>
  ['POST /integrations/webhooks/acme HTTP/1.1', 'Host: x', ...headers, '', ''].join('\r\n');

async function listen() {
  const clock = createFakeClock();
  const rig = createRig({ clock });
  let heard = 0;
  rig.board.on('acme', '*', () => void heard++);
  const handle = toNodeHandler(rig.handler);
  const requests: IncomingMessage[] = [];
  const server = createServer((incoming, outgoing) => {
    requests.push(incoming);
    handle(incoming, outgoing);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return { clock, port, rig, heard: () => heard, read: () => requests[0]?.socket.bytesRead ?? 0 };
}

function dial(port: number): { readonly socket: Socket; answer(): Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  running.push(() => socket.destroy());
  const first = once(socket, 'data') as Promise<[Buffer]>;
  return { socket, answer: async () => (await first)[0].toString() };
}

test('E08 a body that comes byte by byte, one a second, gets 408 after fifteen seconds', async () => {
  const { clock, port, heard } = await listen();
  const { socket, answer } = dial(port);
  socket.write(`${head('Content-Length: 100')}x`);
  await clock.untilPending(1);
  let answered = false;
  const answering = answer().then((text) => ((answered = true), text));
  for (let second = 0; second < 14; second++) {
    socket.write('x');
    await clock.advance(1_000);
  }
  expect(answered).toBe(false);
  await clock.advance(1_000);
  expect(await answering).toMatch(/^HTTP\/1\.1 408 [^]*body_too_slow/);
  expect([heard(), clock.pending]).toEqual([0, 0]);
});

test('E08 a length above the limit gets 413 before a byte of the body is read', async () => {
  const { port, heard } = await listen();
  const { socket, answer } = dial(port);
  socket.write(head(`Content-Length: ${26 * megabyte}`));
  expect(await answer()).toMatch(/^HTTP\/1\.1 413 [^]*body_too_large/);
  expect(heard()).toBe(0);
});

test('E08 26 MB in chunks, without a length, get 413 when the limit is passed, and the rest is not read', async () => {
  const { port, heard, read } = await listen();
  const { socket, answer } = dial(port);
  socket.write(head('Transfer-Encoding: chunked'));
  const size = 65_536;
  const chunk = Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), Buffer.alloc(size, 'x'), Buffer.from('\r\n')]);
  for (let sent = 0; sent < 26 * megabyte; sent += size) socket.write(chunk);
  expect(await answer()).toMatch(/^HTTP\/1\.1 413 [^]*body_too_large/);
  expect(read()).toBeLessThan(4 * megabyte);
  expect(heard()).toBe(0);
});

test('E09 200 MB in 204 KB of gzip get 415 unopened, whatever the encoding is called', async () => {
  const { port, rig, heard } = await listen();
  const bomb = gzipSync(Buffer.alloc(200 * megabyte), { level: 1 });
  expect(bomb.length).toBeLessThan(megabyte);
  const signed = await rig.vendor.webhook('{"id":"evt-1","type":"order.created"}', 'stub-acme-signingSecret');
  const headers = [...signed.headers].map(([name, value]) => `${name}: ${value}`);
  const before = process.memoryUsage.rss();
  for (const encoding of ['gzip', 'GZIP', 'br', 'deflate', 'gzip, identity', 'x-gzip']) {
    const { socket, answer } = dial(port);
    socket.write(head(...headers, `Content-Encoding: ${encoding}`, `Content-Length: ${bomb.length}`));
    socket.write(bomb);
    expect(await answer(), encoding).toMatch(/^HTTP\/1\.1 415 [^]*content_encoding/);
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * megabyte);
  expect(heard()).toBe(0);
});

test('E08 500 posts at once, each just below a limit of 1 MB, take less than 600 MB, and hold none of it after', async (context) => {
  const child = fork(new URL('support/body-server.ts', import.meta.url), {
    env: { ...process.env, NODE_ENV: 'test' },
    execArgv: ['--conditions=@plugboard/source', '--no-warnings', '--expose-gc'],
  });
  running.push(() => child.kill());
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const look = async (atLeast = 0) => {
    child.send({ atLeast });
    return ((await once(child, 'message')) as [{ rss: number; arrayBuffers: number }])[0];
  };
  const url = `http://127.0.0.1:${port}/integrations/webhooks/acme`;
  expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
  const before = await look();
  const count = 500;
  const almost = Buffer.alloc(megabyte - 1, 'x');
  const calls = Array.from({ length: count }, () => dial(port));
  for (const { socket } of calls) {
    socket.write(head(`Content-Length: ${megabyte}`));
    socket.write(almost);
  }
  // Whatever was sent has come in: every one of them waits for its last byte.
  const held = await look(count * almost.length);
  for (const { socket } of calls) socket.write('x');
  const answers = await Promise.all(calls.map(({ answer }) => answer()));
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  const peak = await look();
  for (const { socket } of calls) socket.destroy();
  let after = await look();
  for (let tries = 0; tries < 20 && after.arrayBuffers > 50 * megabyte; tries++) after = await look();
  const grown = (seen: { rss: number }) => Math.round((seen.rss - before.rss) / megabyte);
  await context.annotate(
    `RSS: ${grown(held)} MB while held, ${grown(peak)} MB at the answers, ${grown(after)} MB after`,
  );
  expect(grown(held)).toBeLessThan(600);
  expect(grown(peak)).toBeLessThan(600);
  // Nothing holds the bodies any more. Their memory is the allocator's: a bare server of node:http keeps as much.
  expect(after.arrayBuffers).toBeLessThan(50 * megabyte);
  child.send({ stop: true });
}, 120_000);
