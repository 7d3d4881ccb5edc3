/** What only a process of its own shows: its environment, what it loads, whether it ends. */
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { serveHttp, serveTcp } from './support/loopback.ts';
import { runNode } from './support/run-node.ts';

const source = (file: string) => JSON.stringify(new URL(`../src/${file}`, import.meta.url).href);

/** Sends one call to the origin with the transport that a host gets by default. */
const sendOne = (origin: string) => `
  const { createTransport } = await import(${source('transport/create-transport.ts')});
  const { createEgressPolicy } = await import(${source('url.ts')});
  const { systemClock } = await import(${source('clock.ts')});
  const egress = createEgressPolicy({ allowOrigins: [${JSON.stringify(origin)}] });
  const transport = createTransport({ clock: systemClock, egress });
  const answer = await transport.send({
    provider: 'acme', operation: 'things.list', method: 'GET', url: new URL(${JSON.stringify(origin)}), headers: new Headers(),
    hosts: ['127.0.0.1'], classify: () => undefined, repeat: 'safe', purpose: 'api', limitKey: 'acme:1', secrets: [],
  });
  console.log(answer.text());
`;

describe('F05 proxies of the environment', () => {
  it('are ignored: a call goes to its host or nowhere', async () => {
    const server = await serveHttp((_request, response) => response.end('direct'));
    const proxy = await serveTcp((socket) => void socket.on('data', () => socket.end('HTTP/1.1 502 No\r\n\r\n')));
    const variables = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];
    const env = {
      ...Object.fromEntries(variables.map((name) => [name, proxy.origin])),
      NODE_USE_ENV_PROXY: '1',
      NO_PROXY: '',
    };
    expect(await runNode(sendOne(server.origin), env)).toBe('direct');
    expect(proxy.connections()).toBe(0);
    // The variables do reach a process: its own fetch goes where they point.
    await runNode(`await fetch(${JSON.stringify(server.origin)}).catch(() => undefined)`, env);
    expect(proxy.connections()).toBeGreaterThan(0);
    expect(server.requests).toHaveLength(1);
  });

  it('a proxy that is meant is a wire that is named: `fetchWire` goes where the runtime goes', async () => {
    const server = await serveHttp((_request, response) => response.end('direct'));
    const proxy = await serveTcp((socket) => void socket.on('data', () => socket.end('HTTP/1.1 502 No\r\n\r\n')));
    const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy.origin, NO_PROXY: '' };
    const named = `const { fetchWire } = await import(${source('transport/fetch-wire.ts')});
      ${sendOne(server.origin).replace('clock: systemClock,', 'clock: systemClock, wire: fetchWire,')}`;
    await expect(runNode(named, env)).rejects.toThrow();
    expect(proxy.connections()).toBeGreaterThan(0);
    expect(server.requests).toEqual([]);
  });

  it('options of sockets have no way in: a socket path on the request is not looked at', async () => {
    const server = await serveHttp((_request, response) => response.end('direct'));
    const code = sendOne(server.origin).replace(
      "provider: 'acme',",
      "provider: 'acme', socketPath: '/var/run/x.sock',",
    );
    expect(await runNode(code)).toBe('direct');
  });
});

describe('F09 memory', () => {
  const askBombs = (origin: string, count: number) => `
    ${sendOne(origin).replace('const answer = await transport.send({', 'const request = () => transport.send({').replace('console.log(answer.text());', '')}
    const codeOf = () => request().then(() => 'answered', (error) => error.code);
    // What loading the wire and its decoder takes is no part of the question.
    const codes = [await codeOf()];
    globalThis.gc();
    const before = process.memoryUsage().rss;
    // Not maxRSS, which begins with that of the process that started this one.
    const { readFileSync, existsSync } = await import('node:fs');
    const status = '/proc/self/status';
    const peak = () => existsSync(status) ? Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync(status, 'utf8'))[1]) * 1024 : 0;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 1);
    for (let turn = 0; turn < ${count}; turn++) {
      codes.push(await codeOf());
      globalThis.gc();
    }
    clearInterval(watch);
    most = Math.max(most, process.memoryUsage().rss, peak());
    console.log(JSON.stringify({ codes, grownBytes: most - before }));
  `;

  it.each([
    ['gzip', () => gzipSync(Buffer.alloc(200 * 1024 * 1024), { level: 9 })],
    [
      'br',
      () => brotliCompressSync(Buffer.alloc(200 * 1024 * 1024), { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
    ],
  ])('200 MB behind 200 KB of %s cost a process less than 50 MB, ten times in a row', async (encoding, make) => {
    const bomb = make();
    expect(bomb.byteLength).toBeLessThan(250_000);
    const server = await serveHttp((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(bomb);
    });
    const report = await runNode(askBombs(server.origin, 10), { NODE_OPTIONS: '--expose-gc' });
    const { codes, grownBytes } = JSON.parse(report) as { codes: string[]; grownBytes: number };
    expect(codes).toEqual(Array(11).fill('response_too_large'));
    expect(grownBytes).toBeLessThan(50 * 1024 * 1024);
  });
});

describe('R12 starting', () => {
  it('loads none of the heavy parts before the first call', async () => {
    const report = await runNode(`
      const { createRequire } = await import('node:module');
      const { createTransport } = await import(${source('transport/create-transport.ts')});
      const { systemClock } = await import(${source('clock.ts')});
      createTransport({ clock: systemClock });
      const packages = Object.keys(createRequire(import.meta.url).cache);
      const heavy = /undici|bottleneck|p-retry|ipaddr|opentelemetry/;
      const builtins = process.moduleLoadList.filter((name) => /deps\\/undici|NativeModule (http|dns|zlib)$/.test(name));
      console.log(JSON.stringify({ packages: packages.filter((name) => heavy.test(name)), builtins }));
    `);
    expect(JSON.parse(report)).toEqual({ packages: [], builtins: [] });
  });

  it('a call does load them, so that the test above means something', async () => {
    const server = await serveHttp((_request, response) => response.end('ok'));
    const report = await runNode(`${sendOne(server.origin)}
      const { createRequire } = await import('node:module');
      console.log(Object.keys(createRequire(import.meta.url).cache).some((name) => name.includes('undici')));
    `);
    expect(report.split('\n')).toEqual(['ok', 'true']);
  });
});

describe('ending', () => {
  it('needs no close: neither timers nor idle sockets keep the process alive for long', async () => {
    const server = await serveHttp((_request, response) => response.end('ok'));
    const startedAt = performance.now();
    expect(await runNode(sendOne(server.origin))).toBe('ok');
    // The deadline of the call would hold it for 30 s, a socket that the server keeps open for 60 s.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('S10 hardened runtimes', () => {
  it('code generation from strings stays off', async () => {
    const server = await serveHttp((_request, response) => response.end('ok'));
    expect(await runNode(sendOne(server.origin), { NODE_OPTIONS: '--disallow-code-generation-from-strings' })).toBe(
      'ok',
    );
  });

  it('a call that waits for a limit works there too', async () => {
    const report = await runNode(
      `
      const { createLimiter } = await import(${source('transport/limiter.ts')});
      const { systemClock } = await import(${source('clock.ts')});
      const limiter = createLimiter({ clock: systemClock });
      const limits = [{ requests: 1, perMs: 20 }];
      const call = { request: { provider: 'acme', limitKey: 'k', limits }, signal: new AbortController().signal, remainingMs: () => 5000 };
      await limiter.enter(call);
      await limiter.enter(call);
      console.log('passed');
    `,
      { NODE_OPTIONS: '--disallow-code-generation-from-strings --frozen-intrinsics' },
    );
    expect(report).toBe('passed');
  });
});
