/** A host that registers three hundred providers: its start touches no network and holds nothing open. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { noteRow } from './note.ts';

const providers = 300;

const script = `
  import net from 'node:net';
  import dns from 'node:dns';
  const touched = [];
  net.Socket.prototype.connect = function () { touched.push('connect'); return this; };
  for (const name of ['lookup', 'resolve']) dns[name] = () => touched.push(name);
  globalThis.fetch = () => { touched.push('fetch'); return new Promise(() => {}); };
  const startedAt = performance.now();
  const { createKey, createMemoryStore, createPlugboard, apiKey, defineProvider, endpoint, header } = await import('@plugboard/core');
  const importMs = performance.now() - startedAt;
  const { secret } = await import('@plugboard/core/fields');
  const { z } = await import('zod');
  const origin = 'https://vendor.example.com';
  const definitions = Array.from({ length: ${providers} }, (_, index) =>
    defineProvider({
      id: 'vendor-' + index,
      name: 'Vendor ' + index,
      category: 'crm',
      summary: 'One of many.',
      docs: { home: origin, keys: origin, reference: origin, checked: '2026-11-20' },
      hosts: ['vendor.example.com'],
      auth: {
        key: apiKey({
          credentials: z.strictObject({ apiKey: secret('API key') }),
          sign: header('x-api-key', 'apiKey'),
          example: { apiKey: 'key' },
        }),
      },
      api: {
        baseUrl: origin,
        errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
      },
      account: async () => ({ kind: 'none' }),
      healthCheck: async () => ({ status: 'healthy' }),
      operations: {
        things: {
          list: endpoint('GET /things', {
            summary: 'Lists things.',
            input: z.strictObject({}),
            output: z.looseObject({ items: z.array(z.string()) }),
            example: { input: {}, answer: { items: [] } },
          }),
        },
      },
    })(),
  );
  const definedAt = performance.now();
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: definitions,
    store: createMemoryStore(),
    keys: { k1: createKey() },
    mode: 'production',
    acknowledgeSingleProcess: true,
    env: {},
  });
  await board.ready();
  const boardMs = performance.now() - definedAt;
  board.start();
  // The jobs wait for their turn behind timers that keep no process alive.
  const holding = process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|File/.test(name));
  console.log(JSON.stringify({ importMs, boardMs, touched, holding, count: Object.keys(board.setup).length }));
`;

test('R12 starting with 300 providers touches no network, and no timer keeps the process alive', async (context) => {
  const startedAt = performance.now();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@plugboard/source', '--no-warnings', '--input-type=module', '--eval', script],
    { cwd: new URL('.', import.meta.url), env: { PATH: process.env['PATH'] ?? '' }, timeout: 25_000 },
  );
  const found = JSON.parse(stdout) as { importMs: number; boardMs: number } & Record<string, unknown>;
  const { importMs, boardMs } = found;
  await noteRow(context, 'R12', { providers, importFromSourceMs: Math.round(importMs), boardMs: Math.round(boardMs) });
  expect(found).toMatchObject({ touched: [], holding: [], count: providers });
  // The process has ended by itself, although its jobs were started and never stopped.
  expect(performance.now() - startedAt).toBeLessThan(25_000);
  expect(boardMs).toBeLessThan(2_000);
});
