/**
 * A host application at its most talkative, as a process of its own: pino at level trace on stdout, a tracing SDK with the
 * instrumentations of HTTP servers and clients. Its parent is the browser, the vendors and the reader of all it says.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';

import { pinoLog, type BoardEventName } from '@plugboard/core';
import { connectFakeOAuthServer } from '@plugboard/testing/oauth-server';
import { pino } from 'pino';

import { openEngine, type Place } from '../job-engines/engines.ts';
import { organizationId, userId } from '../processes/vendor.ts';
import { openWorkerStore } from '../support/databases.ts';
import { AggregateErrors, expireTokens, failingPaths, type World } from './failing-paths.ts';
import { createLeakyBoard, type Secrets } from './leaky-board.ts';
import { registerTelemetry } from './telemetry.ts';

/** What the parent sends before anything else. No secret is in the environment, which tools like to print. */
export interface Setup {
  readonly origins: { readonly oauth: string; readonly gossip: string };
  readonly key: string;
  readonly secrets: Secrets;
  readonly scrub: boolean;
  /** Where a job engine keeps its queues. */
  readonly place: Place;
}

export interface SaidError {
  readonly path: string;
  readonly code: string;
  /** As it prints, as JSON, as a string, its stack. */
  readonly texts: readonly string[];
}

export interface Report {
  readonly errors: readonly SaidError[];
  readonly events: readonly string[];
  readonly spans: readonly unknown[];
  readonly metrics: readonly unknown[];
  /** What the host and its users are shown of connections and of the audit trail. */
  readonly views: readonly string[];
}

export type Told = { readonly listening: string } | { readonly report: Report };

const print = (value: unknown) => inspect(value, { depth: 10, showHidden: true, maxStringLength: null });
const setup = await new Promise<Setup>((resolve) => process.once('message', (message) => resolve(message as Setup)));
const recorded = registerTelemetry(setup.scrub);
const { store, close } = openWorkerStore(process.env);
const log = pinoLog(pino({ level: 'trace' }));
const options = { ...setup, store, log };
const board = createLeakyBoard(options);
const events: string[] = [];
for (const name of [
  'connection.connected',
  'connection.refreshed',
  'connection.attention',
  'connection.recovered',
  'connection.disconnected',
  'provider.attention',
  'vault.attention',
  'provider.recovered',
  'provider.issuer_seen',
] as const satisfies readonly BoardEventName[]) {
  board.on(name, (payload) => {
    events.push(print([name, payload]), JSON.stringify([name, payload]));
    throw new Error(`a handler failed over ${setup.secrets.pasted}`);
  });
}

function saidBy(path: string, error: unknown): readonly SaidError[] {
  if (error instanceof AggregateErrors) return error.errors.flatMap((one) => saidBy(path, one));
  const texts = [print(error), JSON.stringify(error), String(error), error instanceof Error ? (error.stack ?? '') : ''];
  const { code, status } = error as { code?: unknown; status?: unknown };
  return [{ path, code: String(code ?? status), texts }];
}

async function connectAll(): Promise<void> {
  const { apiKey, queryKey, password } = setup.secrets;
  await board.connect('keyed', { organizationId, credentials: { apiKey } });
  await board.connect('queried', { organizationId, credentials: { apiKey: queryKey } });
  await board.connect('basic', { organizationId, credentials: { username: 'user', password } });
}

/** Two jobs on the engine: one that renews tokens, and one that fails with a secret in its error. */
async function runJobs(): Promise<void> {
  const ran = { refresh: Promise.withResolvers<void>(), health: Promise.withResolvers<void>() };
  const jobs = Object.entries(ran).map(([name, { resolve }]) => {
    const job = board.jobs.find((one) => one.name === name)!;
    const run: typeof job.run = async (...args) => {
      try {
        if (name === 'health') throw new Error(`it failed over ${setup.secrets.pasted}`, { cause: setup.secrets });
        return await job.run(...args);
      } finally {
        resolve();
      }
    };
    return { ...job, run };
  });
  await expireTokens(store);
  const engine = await openEngine(setup.place, { jobs, log });
  await engine.jobs.start();
  await Promise.all(Object.values(ran).map(({ promise }) => promise));
  await engine.jobs.stop();
  await engine.close();
}

async function work(): Promise<Report> {
  await connectAll();
  await expireTokens(store);
  const client = board.client('vendor', { organizationId });
  await client.account.get();
  await board.connections.refresh('vendor', { organizationId, label: 'refresh' });
  for (const provider of ['keyed', 'queried', 'basic'] as const) {
    await board.client(provider, { organizationId }).calls.me({});
    await board.health(provider, { organizationId });
  }
  const world: World = {
    board,
    options,
    store,
    secrets: setup.secrets,
    vendor: connectFakeOAuthServer(setup.origins.oauth),
  };
  const errors: SaidError[] = [];
  for (const [path, run] of failingPaths) {
    const error: unknown = await run(world).then(
      () => new Error('it did not fail'),
      (caught: unknown) => caught,
    );
    errors.push(...saidBy(path, error));
  }
  await runJobs();
  // Some of the paths end a connection.
  await board.disconnect('vendor', { organizationId, label: 'refresh' }).catch(() => undefined);
  const views = [
    print(await board.connections.list({ organizationId })),
    JSON.stringify(await board.connections.list({ organizationId })),
    JSON.stringify(await board.audit.list({ organizationId })),
    print(board),
    print(client),
  ];
  process.emitWarning(print(board));
  return { errors, events, spans: recorded.spans(), metrics: recorded.metrics, views };
}

const tell = (told: Told) => process.send!(told);
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://host');
  const answer = async (): Promise<unknown> => {
    if (url.pathname === '/start')
      return board.authorize('vendor', { organizationId, userId, label: url.searchParams.get('label') ?? 'default' });
    const cookies = request.headers.cookie ?? '';
    return board.callback('vendor', { params: url, cookies, organizationId, userId });
  };
  answer()
    .catch((error: unknown) => ({ failed: print(error) }))
    .then((body) => response.end(JSON.stringify(body)))
    .catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => tell({ listening: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));

async function end(): Promise<void> {
  await board.stop();
  server.close();
  server.closeAllConnections();
  await close();
  process.disconnect();
}

process.on('message', (message) => {
  if (message === 'work') void work().then((report) => tell({ report }));
  if (message === 'end') void end();
});
