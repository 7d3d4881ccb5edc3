/** Touches so many keys, and says what stayed in memory. Started with --expose-gc. */
import { getEventListeners } from 'node:events';

import { createKey, createMemoryStore, createVault, type ConnectionStore, type Wire } from '@plugboard/core';

import { connectionOf } from '../../../core/test/support/populate.ts';
import { createBoard } from '../processes/vendor.ts';

const keys = Number(process.argv[2]);
const warmUp = Number(process.argv[3]);
const ring = { k1: createKey() };
const vault = createVault({ environment: 'processes', keys: ring });
const inner = createMemoryStore();
const issued = { access_token: 'at', refresh_token: 'rt' };

// A row for whoever asks: what grows is the board, not its database.
const find: ConnectionStore['find'] = async (organizationId, key) => {
  const now = await inner.now();
  const made = await connectionOf(
    vault,
    issued,
    { organizationId, ...key },
    { now, ms: 3_600_000, random: Math.random },
  );
  return {
    ...made,
    organizationId,
    version: 1,
    credentialsVersion: 1,
    leaseFence: 0,
    leaseUntil: null,
    createdAt: now,
    updatedAt: now,
    readAt: now,
  };
};
const store = { ...inner, connections: { ...inner.connections, find } };
// Every second is told to wait: what is remembered of waits is bounded as well.
let calls = 0;
const answer = new TextEncoder().encode(JSON.stringify({ id: 'demo', name: 'Demo account' }));
const wire: Wire = async () => {
  const waits = ++calls % 2 === 0;
  const headers = new Headers({ 'content-type': 'application/json', ...(waits && { 'retry-after': '3600' }) });
  return { status: waits ? 429 : 200, headers, body: bytesOf(answer) };
};

async function* bytesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const board = createBoard('http://127.0.0.1:1', store, '', { keys: ring, wire, cacheMs: 60_000 });
const { signal } = new AbortController();

function heapMb(): number {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error('start with --expose-gc');
  collect();
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function listeners(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}

async function touch(from: number, to: number): Promise<void> {
  const width = 50;
  const lane = async (first: number) => {
    for (let key = first; key < to; key += width) {
      const client = board.client('vendor', { organizationId: `org-${key}` });
      await client.account.get({}, { signal }).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: width }, (_, index) => lane(from + index)));
}

await touch(0, warmUp);
const before = heapMb();
const heardBefore = listeners();
await touch(warmUp, keys);
const after = heapMb();
await board.stop();
console.log(
  JSON.stringify({
    growthMb: Number((after - before).toFixed(1)),
    heapMb: Number(after.toFixed(1)),
    calls,
    listeners: getEventListeners(signal, 'abort').length,
    processListeners: listeners() - heardBefore,
    resources: process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Timeout|Immediate/.test(name)),
  }),
);
