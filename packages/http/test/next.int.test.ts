/** A real application of Next.js whose one route is that of the documentation, served by its development server. */
import { spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { createKey } from '@plugboard/core';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from '../../testing/test/support/free-port.ts';
import { ignoresForwarded, keepsAnswers, signedEvent } from './support/raw-webhook.ts';
import { createRig } from './support/rig.ts';
import { sender } from './support/servers.ts';

const dir = mkdtempSync(join(tmpdir(), 'plugboard-next-'));
const modules = join(import.meta.dirname, '../node_modules');
let send: ReturnType<typeof sender>;
let stop = () => undefined as unknown;

beforeAll(async () => {
  const route = join(dir, 'app/integrations/[...path]');
  mkdirSync(route, { recursive: true });
  symlinkSync(modules, join(dir, 'node_modules'));
  writeFileSync(join(dir, 'package.json'), '{"private":true,"type":"module"}');
  writeFileSync(join(dir, 'app/layout.js'), 'export default ({ children }) => children;');
  await build({
    entryPoints: [join(import.meta.dirname, 'support/next-route.ts')],
    outfile: join(route, 'route.js'),
    conditions: ['@plugboard/source'],
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  const port = await freePort();
  const args = [join(modules, 'next/dist/bin/next'), 'dev', '--webpack', '-p', String(port), '-H', '127.0.0.1'];
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'development', PLUGBOARD_KEY: createKey() };
  const server = spawn(process.execPath, args, { cwd: dir, env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  // With the processes that it starts.
  stop = () => process.kill(-server.pid!, 'SIGKILL');
  for await (const line of createInterface(server.stdout)) if (line.includes('Ready')) break;
  server.stdout.resume();
  send = sender(port);
}, 120_000);
afterAll(() => {
  stop();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

describe('Next.js', { timeout: 120_000 }, () => {
  const rig = createRig();

  it('E05 hands over the bytes that came in', async () => {
    const sent = await signedEvent(rig);
    expect((await send('/webhooks/acme', { ...sent, body: `${sent.body} ` })).status).toBe(401);
    expect((await send('/webhooks/acme', sent)).status).toBe(200);
  });
  it('answers as the handler does', () => keepsAnswers({ rig, send }, 308));
  it('A13 believes no proxy', () => ignoresForwarded({ rig, send }));
});
