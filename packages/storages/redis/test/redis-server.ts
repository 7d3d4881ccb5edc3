/** Redis servers of the test's own: with another configuration, to stop and start, to hold no more than they may. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createClient } from '@redis/client';

import { freePort } from '../../../testing/test/support/free-port.ts';

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Runs commands, each on a connection of its own. */
  send(...command: string[]): Promise<unknown>;
  /** Ends the process without a farewell. */
  kill(): Promise<void>;
  /** Starts it anew on the same port and data. */
  start(): Promise<void>;
  /** Ends it and deletes its data. */
  close(): Promise<void>;
}

/** False where there is no redis-server to start; in CI that is a failure. */
export function canStartRedis(): boolean {
  const found = spawnSync('redis-server', ['--version']).status === 0;
  if (!found && process.env['CI'] === 'true') throw new Error('There is no redis-server. In CI that is a failure.');
  return found;
}

/** @param settings as on the command line: `['--maxmemory-policy', 'allkeys-lru']`. */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'plugboard-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...settings];
  let child: ChildProcess | undefined;
  const server: RedisServer = {
    port,
    url,
    async send(...command) {
      const client = await createClient({ url }).connect();
      return client.sendCommand(command).finally(() => client.destroy());
    },
    async kill() {
      if (child === undefined) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      child = undefined;
    },
    async start() {
      child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
      for await (const line of child.stdout ?? []) if (String(line).includes('Ready to accept connections')) break;
    },
    async close() {
      await server.kill();
      rmSync(folder, { recursive: true });
    },
  };
  await server.start();
  return server;
}

/** Resolves when the condition holds; looks at every turn of the event loop, and gives up in the end. */
export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; !(await condition()); turn++) {
    if (turn === 20_000) throw new Error('What the test waits for does not happen.');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
