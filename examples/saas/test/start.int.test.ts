/** `pnpm start` as its readers run it: a process of its own, on Node, from the sources. */
import { spawn, type ChildProcess } from 'node:child_process';
import { globSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { providers } from '../src/providers.ts';

// A database starts in each process: some seconds where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

const main = join(import.meta.dirname, '../src/main.ts');
const running: ChildProcess[] = [];
afterEach(() => running.splice(0).forEach((child) => child.kill('SIGKILL')));

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  // Keys of the shell, as a developer has them: the example must not use them.
  const keys = { RESEND_API_KEY: 're_real', TWILIO_ACCOUNT_SID: 'AC0', NODE_ENV: 'production' };
  const child = spawn(process.execPath, ['--conditions=@plugboard/source', main, ...args], {
    env: { PATH: process.env['PATH'], ...keys, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, exit, stderr: text(child.stderr), lines: createInterface({ input: child.stdout }) };
}

async function run(args: readonly string[], env?: Readonly<Record<string, string>>) {
  const { exit, stderr, lines } = start(args, env);
  const stdout: string[] = [];
  for await (const line of lines) stdout.push(line);
  return { status: await exit, stdout, stderr: await stderr };
}

const names = providers.map(({ definition }) => definition.name);
const opening = `Starting PostgreSQL, ${names.length} emulated vendors and the application`;
const first = ['Sign in to the application', ...names.map((name) => `Connect ${name}`), 'Call an operation of each'];
const some = ['Read ad spend of Google Ads', 'Send an email by Resend', 'Send an SMS by Twilio'];
const last = [
  'Refresh once under 50 calls',
  'Receive a signed webhook of Slack',
  'Refuse a forged webhook of Slack',
  'Check the health of all',
  'Disconnect Google Ads and revoke',
];

it('has every provider of the workspace', () => {
  const folders = globSync('packages/providers/*', { cwd: join(import.meta.dirname, '../../..') });
  expect(providers.map(({ definition }) => definition.id)).toEqual(
    folders.map((folder) => basename(folder)).toSorted(),
  );
});

describe('pnpm start --exit', () => {
  it('prints one row a step, each with a mark and its time, and nothing else', async () => {
    const { status, stdout, stderr } = await run(['--exit']);
    const rows = stdout.filter((line) => line.startsWith('✓') || line.startsWith('✗'));
    for (const row of rows) expect(row).toMatch(/^✓ .* \d+ ms$/);
    const titles = rows.map((line) => line.slice(2, 42).trim());
    expect(titles.slice(0, first.length)).toEqual(first);
    expect(titles).toEqual(expect.arrayContaining(some));
    expect(titles.slice(-1 - last.length)).toEqual([...last, `${titles.length - 1} steps, all good`]);
    expect(stdout.filter((line) => !/^[✓─]/.test(line))).toEqual([opening]);
    expect([status, stderr]).toEqual([0, '']);
  });
});

describe('pnpm start', () => {
  /** Resolves with the address of the page once it is served. */
  async function opened(lines: AsyncIterable<string>): Promise<string> {
    for await (const line of lines) {
      const url = /^Open (\S+) /.exec(line)?.[1];
      if (url !== undefined) return url;
    }
    throw new Error('the page was never served');
  }

  it('serves the page after the table, until Ctrl-C', async () => {
    const { child, exit, stderr, lines } = start([], { PORT: '0' });
    const url = await opened(lines);
    const page = await fetch(url);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<h1>Integrations</h1>')]);
    child.kill('SIGINT');
    expect([await exit, await stderr]).toEqual([0, '']);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('ends at Ctrl-C in the middle of the table, too', async () => {
    const { child, exit, stderr, lines } = start([], { PORT: '0' });
    for await (const line of lines) if (line.startsWith('✓')) break;
    child.kill('SIGINT');
    expect([await exit, await stderr]).toEqual([0, '']);
  });

  it('says so when the port is taken, and does nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    for (const args of [[], ['--exit']]) {
      const { status, stdout, stderr } = await run(args, { PORT: String(port) });
      expect([status, stdout]).toEqual([1, [opening]]);
      expect(stderr).toBe(`Port ${port} is in use. Free it, or choose another one: PORT=3001 pnpm start\n`);
    }
    taken.close();
  });

  it('says so when PORT is none', async () => {
    for (const port of ['http', '65536']) {
      const { status, stderr } = await run([], { PORT: port });
      expect([port, status, stderr]).toEqual([port, 1, expect.stringMatching(/^PORT is `.*`, which is no port\./)]);
    }
  });
});
