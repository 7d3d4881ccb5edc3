/**
 * Refreshes a thousand times, then writes a snapshot of its heap. Tells where it is, and whether the vault's key was in it;
 * which tokens there were is known to the parent alone.
 */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { getHeapSnapshot } from 'node:v8';

import { createMemoryStore, createPlugboard, silentLog } from '@plugboard/core';
import { connectFakeOAuthServer } from '@plugboard/testing/oauth-server';

import { createFakeClock } from '../../src/clock.ts';
import { createVendor, organizationId, userId } from '../processes/vendor.ts';

export interface HeapReport {
  readonly file: string;
  /** Spellings of the key that the snapshot holds. */
  readonly keys: number;
  readonly connections: number;
  readonly refreshes: number;
}

const connections = 20;
const rounds = 50;
const [, , origin = '', clientSecret = ''] = process.argv;
// Spelled by the search alone, after the snapshot is taken.
const keyBytes = crypto.getRandomValues(Buffer.alloc(32));
const clock = createFakeClock();
const store = createMemoryStore({ clock });
const remote = connectFakeOAuthServer(origin);
const board = createPlugboard({
  url: 'https://app.example.com/integrations',
  providers: [createVendor(origin, 'strict')({ clientId: 'client', clientSecret })],
  store,
  keys: { k1: async () => keyBytes },
  environment: 'heap',
  mode: 'test',
  env: {},
  log: silentLog,
  clock,
  egress: { allowOrigins: [origin] },
});

const labels = Array.from({ length: connections }, (_, index) => `c${index}`);
for (const label of labels) {
  const { url, cookie } = await board.authorize('vendor', { organizationId, userId: `${userId}-${label}`, label });
  const params = await remote.approve(url);
  const cookies = `${cookie.name}=${cookie.value}`;
  await board.callback('vendor', { params, cookies, organizationId, userId: `${userId}-${label}` });
}
let refreshes = 0;
board.on('connection.refreshed', () => void refreshes++);
for (let round = 0; round < rounds; round++) {
  // All tokens have expired by then, and so has what the board keeps opened.
  await clock.advance(3_700_000);
  const again = labels.map((label) => board.client('vendor', { organizationId, label }).account.get());
  await Promise.all(again);
}
globalThis.gc!();
await new Promise((resolve) => setImmediate(resolve));
globalThis.gc!();

const file = join(tmpdir(), `plugboard-heap-${process.pid}.json`);
await pipeline(getHeapSnapshot(), createWriteStream(file));
const snapshot = await readFile(file, 'latin1');
const spellings = (['base64', 'base64url', 'hex'] as const).map((encoding) =>
  keyBytes.toString(encoding).replace(/=$/, ''),
);
const keys = spellings.filter((text) => snapshot.includes(text)).length;
process.send!({ file, keys, connections, refreshes } satisfies HeapReport);
await board.stop();
process.disconnect();
