/**
 * R55: canaries through every failing path. A host application runs as a process of its own, with everything switched on
 * that makes processes talk; what it printed, logged, traced, measured, emitted, threw, showed and stored is searched.
 */
import { execFile, fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

import { createCanaries, createFakeOAuthServer, findCanaries, type Canaries } from '@plugboard/testing';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';

import { everythingKept, removeEngine } from '../job-engines/engines.ts';
import { openDatabase, type DatabaseName } from '../support/databases.ts';
import { failingPaths } from './failing-paths.ts';
import { createGossipVendor } from './gossip-vendor.ts';
import type { Report, Setup, Told } from './host.ts';
import { secretNames } from './leaky-board.ts';

const servers = { postgres: inject('postgresUrl'), redis: inject('redisUrl') };

/** What runtime and vendored client print of themselves under NODE_DEBUG; documented, and not ours to stop. */
const runtimeLine = /^(?:UNDICI|HTTP|FETCH|WEBSOCKET) \d+: /;

interface Heard {
  readonly report: Report;
  readonly canaries: Canaries;
  /** What the browser was sent back with: codes and states. */
  readonly callbacks: Canaries;
  readonly stdout: string;
  readonly stderr: string;
  readonly dump: Buffer;
  /** What the job engine keeps: its queues, and how jobs failed. */
  readonly queues: string;
  readonly asked: readonly string[];
}

/** Runs the host once. */
async function listen(name: DatabaseName, scrub: boolean): Promise<Heard> {
  const database = await openDatabase(name, servers);
  const secrets = createCanaries(...secretNames);
  const client = { id: 'client', secret: secrets.clientSecret };
  const oauth = await createFakeOAuthServer({ rotation: 'strict', pkce: 'required', client });
  const gossip = await createGossipVendor();
  const key = randomBytes(32).toString('base64');
  const engine = name === 'redis' ? 'bullmq' : 'pg-boss';
  const url = (name === 'redis' ? servers.redis : servers.postgres) ?? '';
  const place = { engine, url, space: `leaks_${randomUUID().slice(0, 8)}` } as const;
  const setup: Setup = { origins: { oauth: oauth.origin, gossip: gossip.origin }, key, secrets, scrub, place };
  const said = { stdout: '', stderr: '' };
  const child = fork(new URL('host.ts', import.meta.url), {
    env: { ...process.env, ...database.env, NODE_ENV: 'test', DEBUG: '*', NODE_DEBUG: 'undici,http' },
    execArgv: ['--conditions=@plugboard/source', '--unhandled-rejections=strict'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  child.stdout?.on('data', (chunk: Buffer) => (said.stdout += String(chunk)));
  child.stderr?.on('data', (chunk: Buffer) => (said.stderr += String(chunk)));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const told: Told[] = [];
  const next = async <K extends string>(what: K): Promise<Extract<Told, Record<K, unknown>>> => {
    const arrived = new Promise<Told>((resolve) => child.once('message', (message) => resolve(message as Told)));
    const message = await Promise.race([arrived, exited]);
    if (typeof message !== 'object' || message === null || !(what in message))
      throw new Error(`The host ended with ${JSON.stringify(message)}: ${said.stderr.slice(-2_000)}`);
    told.push(message);
    return message as Extract<Told, Record<K, unknown>>;
  };

  try {
    const listening = next('listening');
    child.send(setup);
    const { listening: host } = await listening;
    const callbacks: Record<string, string> = {};
    for (const label of ['default', 'refresh']) {
      const started = (await (await fetch(`${host}/start?label=${label}`)).json()) as {
        url: string;
        cookie: { name: string; value: string };
      };
      const back = await oauth.approve(started.url);
      const query = back.searchParams;
      const cookie = `${started.cookie.name}=${started.cookie.value}`;
      const answer = await fetch(`${host}/callback${back.search}`, { headers: { cookie } });
      expect(await answer.json()).toMatchObject({ status: 'connected' });
      callbacks[`code ${label}`] = query.get('code') ?? '';
      callbacks[`state ${label}`] = query.get('state') ?? '';
      callbacks[`cookie ${label}`] = started.cookie.value;
    }
    const reported = next('report');
    child.send('work');
    const { report } = await reported;
    const dump = name === 'redis' ? await database.dump() : await pgDump(database.env);
    const queues = await everythingKept(place);
    child.send('end');
    expect(await exited).toBe(0);
    const tokens = oauth.ledger.families().flatMap((family) => oauth.ledger.tokens(family.id));
    const texts = tokens.map((token) => token.text.reveal()).filter((text) => !Object.values(callbacks).includes(text));
    const issued = Object.fromEntries(texts.map((text, index) => [`token ${index}`, text]));
    const canaries = { ...secrets, key, ...issued };
    return { report, canaries, callbacks, ...said, dump, queues, asked: gossip.requests.map(({ url }) => url) };
  } finally {
    child.kill('SIGKILL');
    await Promise.all([oauth.close(), gossip.close()]);
    await removeEngine(place);
    await database.close();
  }
}

/** The dump of PostgreSQL's own tool. */
async function pgDump({ URL: url = '', NAMESPACE = '' }: Readonly<Record<string, string>>): Promise<Buffer> {
  const args = ['--schema', NAMESPACE, '--no-owner', url];
  const { stdout } = await promisify(execFile)('pg_dump', args, { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

const joined = (lines: readonly string[]) => lines.join('\n');
const ownLines = (text: string) => joined(text.split('\n').filter((line) => !runtimeLine.test(line)));
const runtimeLines = (text: string) => joined(text.split('\n').filter((line) => runtimeLine.test(line)));

describe.each(['postgres', 'redis'] as const)('R55 every failing path, on %s', { timeout: 120_000 }, (name) => {
  let heard: Heard;
  const missing = servers.postgres === null ? 'PostgreSQL' : servers.redis === null ? 'Redis' : undefined;
  beforeEach((context) => context.skip(missing !== undefined, `${missing} is not reachable`));
  beforeAll(async () => {
    if (missing === undefined) heard = await listen(name, true);
  }, 120_000);
  const everything = () => ({ ...heard.canaries, ...heard.callbacks });

  test('R55 the paths do fail, each in its own way, while the secrets are in use', () => {
    const paths = new Set(heard.report.errors.map(({ path }) => path));
    expect(paths.size).toBe(failingPaths.length);
    expect(paths.size).toBeGreaterThanOrEqual(34);
    expect(heard.report.errors.filter(({ texts }) => texts.some((text) => text.includes('it did not fail')))).toEqual(
      [],
    );
    expect(heard.report.errors.filter(({ code }) => code === 'undefined').map(({ path }) => path)).toEqual([]);
    expect(Object.keys(heard.canaries).length).toBeGreaterThan(20);
    // The vendor did see them, and said them.
    expect(findCanaries(heard.asked.join('\n'), heard.canaries).map((hit) => hit.name)).toContain('queryKey');
  });

  test('R55 B02 B03 no error holds a secret, however it is printed', () => {
    for (const { path, texts } of heard.report.errors) {
      expect([path, findCanaries(joined(texts), everything())]).toEqual([path, []]);
    }
  });

  test('R55 B01 no line on stdout holds a secret: the log at level trace', () => {
    const lines = heard.stdout.trim().split('\n');
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.some((line) => line.includes('"component":"plugboard"'))).toBe(true);
    expect(findCanaries(heard.stdout, everything())).toEqual([]);
  });

  test('R55 B01 B06 nothing of ours on stderr does, under DEBUG=* and NODE_DEBUG=undici,http', () => {
    expect(heard.stderr).toContain('Warning:');
    expect(findCanaries(ownLines(heard.stderr), everything())).toEqual([]);
    // Debugging was on: the client printed, and the keys in its lines are why the guide says to leave it off.
    expect(findCanaries(runtimeLines(heard.stderr), heard.canaries).map((hit) => hit.name)).toContain('queryKey');
  });

  test('R55 B04 no span of any instrumentation does: connect, refresh, a key in the query', () => {
    const spans = heard.report.spans as { by: string; attributes: Record<string, unknown> }[];
    const by = spans.map((span) => span.by);
    // The host's own calls are recorded, with their addresses: those with which the test steers its vendor.
    const clients = spans.filter((span) => span.by === '@opentelemetry/instrumentation-undici');
    expect(clients.length).toBeGreaterThan(10);
    expect(new Set(clients.map(({ attributes }) => attributes['url.path']))).toEqual(new Set(['/control']));
    expect(by).toContain('@opentelemetry/instrumentation-http');
    expect(by.filter((scope) => scope === 'plugboard').length).toBeGreaterThan(30);
    expect(findCanaries(JSON.stringify(heard.report.spans), everything())).toEqual([]);
  });

  test('R55 B07 no measurement and no label does', () => {
    expect(heard.report.metrics.length).toBeGreaterThan(50);
    expect(findCanaries(JSON.stringify(heard.report.metrics), everything())).toEqual([]);
  });

  test('R55 B07 no event does', () => {
    expect(heard.report.events.length).toBeGreaterThan(8);
    expect(findCanaries(joined(heard.report.events), everything())).toEqual([]);
  });

  test('R55 B08 nothing that is shown of a connection, the audit trail or a client does', () => {
    expect(heard.report.views.length).toBeGreaterThan(4);
    expect(findCanaries(joined(heard.report.views), everything())).toEqual([]);
  });

  test('R55 B11 no queue of the job engine does, nor what it keeps of a job that failed', () => {
    expect(heard.queues).toContain('refresh');
    expect(heard.queues).toContain('The job `health` failed');
    expect(findCanaries(heard.queues, everything())).toEqual([]);
  });

  test('R55 B10 the dump of the database does not', () => {
    expect(heard.dump.byteLength).toBeGreaterThan(5_000);
    expect(heard.dump.includes('acct-1')).toBe(true);
    expect(findCanaries(heard.dump, everything())).toEqual([]);
  });
});

describe('B04 without the span processor', { timeout: 120_000 }, () => {
  test('the server’s own span shows the code of the callback, and calls to vendors still show nothing', async (context) => {
    context.skip(servers.postgres === null, 'PostgreSQL is not reachable');
    const { report, canaries, callbacks } = await listen('postgres', false);
    const spans = JSON.stringify(report.spans);
    expect(new Set(findCanaries(spans, callbacks).map(({ name }) => name.split(' ')[0]))).toEqual(
      new Set(['code', 'state']),
    );
    expect(findCanaries(spans, canaries)).toEqual([]);
  });
});
