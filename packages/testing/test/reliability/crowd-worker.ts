/** A process of a host with thousands of connections: refreshes, reads or reseals, as its parent says. */
import { handlerWire, isPlugboardError, type KeyRing, type Store } from '@plugboard/core';
import { postgresStore } from '@plugboard/storage-postgres';
import { Pool } from 'pg';

import { createBoard, type Board, type Rotation } from '../processes/vendor.ts';

export type Command =
  /** Starts the background jobs, as a host does. */
  | { readonly do: 'start' }
  /** Runs the refresh job once, to its end. */
  | { readonly do: 'refresh' }
  /** Runs the refresh job again and again. */
  | { readonly do: 'keep refreshing' }
  /** Uses random connections, so many callers at a time. */
  | { readonly do: 'keep reading'; readonly organizations: readonly string[]; readonly callers: number }
  /** Goes on with another ring of keys, as after a deployment. */
  | { readonly do: 'ring'; readonly ring: KeyRing }
  /** Seals everything anew; says how far it is after each batch. */
  | { readonly do: 'reseal'; readonly batch: number }
  | { readonly do: 'count' }
  /** Ends what goes on, and counts. */
  | { readonly do: 'stop' };

export interface Counted {
  readonly reads: number;
  /** Codes of what was thrown, and how often. */
  readonly failed: Readonly<Record<string, number>>;
  readonly refreshed: number;
  /** Calls of the token endpoint, where the vendor is in this process. */
  readonly tokenCalls: number;
  readonly rssMb: number;
  /** 99 of 100 claims took no longer, in milliseconds. */
  readonly claimP99Ms: number;
}

const { ORIGIN = '', DATABASE = '', SCHEMA = '', RING = '', ROTATION = '"strict"', ALONE = 'no' } = process.env;
const rotation = JSON.parse(ROTATION) as Rotation;
const pool = new Pool({ connectionString: DATABASE, max: 8 });
const claimMs: number[] = [];
const total = { reads: 0, failed: {} as Record<string, number>, refreshed: 0, tokenCalls: 0 };
let stopping = false;
let going: Promise<unknown>[] = [];

function timed(store: Store): Store {
  const claimDue: Store['connections']['claimDue'] = async (request) => {
    const startedAt = performance.now();
    const rows = await store.connections.claimDue(request);
    if (rows.length > 0) claimMs.push(performance.now() - startedAt);
    return rows;
  };
  return { ...store, connections: { ...store.connections, claimDue } };
}

/** A vendor without delay or network: what is measured then is the rest. */
const vendorHere = handlerWire((request) => {
  if (new URL(request.url).pathname !== '/token') return Response.json({ id: 'demo', name: 'Demo account' });
  total.tokenCalls++;
  const token = `at-${process.pid}-${total.tokenCalls}`;
  return Response.json({ access_token: token, refresh_token: `rt-${token}`, expires_in: 3_600, token_type: 'Bearer' });
});

function boardWith(keys: KeyRing): Board {
  const store = timed(postgresStore(pool, { schema: SCHEMA }));
  const made = createBoard(ORIGIN, store, '', { rotation, keys, ...(ALONE === 'yes' && { wire: vendorHere }) });
  made.on('connection.refreshed', () => void total.refreshed++);
  return made;
}

const before: Board[] = [];
let board = boardWith(JSON.parse(RING) as KeyRing);
await board.ready();

const codeOf = (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`);

function fail(error: unknown): void {
  total.failed[codeOf(error)] = (total.failed[codeOf(error)] ?? 0) + 1;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function read(organizations: readonly string[]): Promise<void> {
  while (!stopping) {
    const organizationId = organizations[Math.floor(Math.random() * organizations.length)] ?? '';
    await board
      .client('vendor', { organizationId })
      .account.get()
      .then(() => total.reads++, fail);
    // Leaves the machine to the others as well.
    await pause(5);
  }
}

const refreshOnce = () => board.jobs.find(({ name }) => name === 'refresh')!.run();

async function keepRefreshing(): Promise<void> {
  while (!stopping) {
    await refreshOnce().catch(fail);
    await pause(100);
  }
}

async function reseal(batch: number): Promise<object> {
  const startedAt = performance.now();
  const sum = { resealed: 0, unreadable: 0, passes: 0 };
  for (let busy = 1; busy > 0; sum.passes++) {
    const passed = await board.vault.reseal({
      batch,
      onProgress: ({ resealed, current }) => void process.send?.({ said: { resealed, current } }),
    });
    ({ busy } = passed);
    await pause(100);
    sum.resealed += passed.resealed;
    sum.unreadable += passed.unreadable;
  }
  return { ...sum, rowsPerSecond: Math.round((sum.resealed / (performance.now() - startedAt)) * 1_000) };
}

function counted(): Counted {
  const sorted = claimMs.toSorted((a, b) => a - b);
  const claimP99Ms = Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0);
  return { ...total, claimP99Ms, rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20) };
}

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'start':
      return board.start();
    case 'refresh':
      return refreshOnce();
    case 'keep refreshing':
      return void going.push(keepRefreshing());
    case 'keep reading':
      return void going.push(...Array.from({ length: command.callers }, () => read(command.organizations)));
    case 'ring': {
      const next = boardWith(command.ring);
      await next.ready();
      // What is under way ends with the board that it began with.
      before.push(board);
      board = next;
      return null;
    }
    case 'reseal':
      return reseal(command.batch);
    case 'count':
      return counted();
    case 'stop':
      stopping = true;
      await Promise.all(going);
      going = [];
      await Promise.all([...before, board].map((one) => one.stop()));
      return counted();
  }
}

process.on('message', ({ id, command }: { id: number; command: Command }) => {
  void obey(command).then(
    (answer) => process.send?.({ id, answer: answer ?? null }),
    (error: unknown) => process.send?.({ id, error: codeOf(error) }),
  );
});
process.send?.({ said: 'ready' });
