/**
 * R33: Redis as the only store fails over while refreshes are on their way. With a replica that has every write nothing is
 * spent twice. With one that lags, a lease is lost with the old primary: what that costs is counted, and said of each
 * connection; no newer credential is written over by an older one.
 */
import { randomBytes } from 'node:crypto';

import { createFakeOAuthServer, type FakeOAuthServer } from '@plugboard/testing';
import { redisStore } from '@plugboard/storage-redis';
import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';

import { canStartRedis, eventually, startRedis, type RedisServer } from '../../../storages/redis/test/redis-server.ts';
import { createBoard, organizationId, userId } from '../processes/vendor.ts';
import { noteRow } from './note.ts';
import { startWorker, type Worker } from './process.ts';
import { sized } from './size.ts';
import { createTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import type { Used } from './worker.ts';
import { policies } from './world.ts';

const connections = sized(6, 50);
const startable = canStartRedis();
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Failover {
  readonly vendor: FakeOAuthServer;
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly proxy: TcpProxy;
  readonly workers: readonly [Worker, Worker];
  readonly labels: readonly string[];
  expire(): Promise<void>;
  /** The primary dies; what asked it is led to the replica. */
  failOver(): Promise<void>;
  states(): Promise<
    readonly { readonly status: string; readonly statusReason: string | null; readonly version: number }[]
  >;
}

async function setUp(policy: keyof typeof policies, replicas: number): Promise<Failover> {
  const primary = await startRedis();
  cleanups.push(() => primary.close());
  const startReplica = async () => {
    const started = await startRedis('--replicaof', '127.0.0.1', String(primary.port));
    cleanups.push(() => started.close());
    return started;
  };
  // The second takes the place of the first when that becomes the primary.
  const [replica, other] = [await startReplica(), await startReplica()];
  await eventually(() => hasReplicas(primary, 2));
  const proxy = await createTcpProxy(primary.url);
  cleanups.push(() => proxy.close());
  const rotation = policies[policy];
  const accounts = Array.from({ length: connections }, (_, index) => ({ id: `a${index}`, name: `Account ${index}` }));
  const vendor = await createFakeOAuthServer({ rotation, pkce: 'required', accounts });
  cleanups.push(() => vendor.close());

  const key = randomBytes(32).toString('base64');
  const client = new Redis(proxy.url, { autoResendUnfulfilledCommands: false });
  client.on('error', () => undefined);
  cleanups.push(async () => client.disconnect());
  const store = redisStore(client, { prefix: 'failover' });
  const board = createBoard(vendor.origin, store, key, { rotation });
  cleanups.push(() => board.stop());
  const labels = accounts.map(({ id }) => id);
  for (const label of labels) {
    const { url, cookie } = await board.authorize('vendor', { organizationId, userId, label });
    const params = await vendor.approve(url, { account: label });
    await board.callback('vendor', { params, cookies: `${cookie.name}=${cookie.value}`, organizationId, userId });
  }
  const settings = { ORIGIN: vendor.origin, DATABASE: proxy.url, SCHEMA: 'failover', KEY: key };
  const start = () => startWorker({ ...settings, ROTATION: JSON.stringify(rotation), REPLICAS: String(replicas) });
  const workers = await Promise.all([start(), start()]);
  cleanups.push(() => Promise.all(workers.map(async (worker) => (worker.kill('SIGKILL'), worker.exited))));
  return {
    vendor,
    primary,
    replica,
    proxy,
    workers,
    labels,
    async expire() {
      const past = new Date((await store.now()).getTime() - 1_000);
      for (const { id } of await store.connections.scan(null, 100)) {
        await store.connections.update(organizationId, id, {}, { tokenExpiresAt: past, refreshAt: past });
      }
    },
    async failOver() {
      await primary.kill();
      await replica.send('REPLICAOF', 'NO', 'ONE');
      await other.send('REPLICAOF', '127.0.0.1', String(replica.port));
      await eventually(() => hasReplicas(replica, 1));
      proxy.moveTo(replica.url);
    },
    states: () => store.connections.scan(null, 100),
  };
}

async function hasReplicas(server: RedisServer, count: number): Promise<boolean> {
  const online = String(await server.send('INFO', 'replication')).match(/state=online/g) ?? [];
  return online.length === count;
}

/** A client that has just lost its server says so once; then it is connected anew. */
async function useUntilDone(worker: Worker, labels: readonly string[]): Promise<void> {
  await eventually(async () => {
    const { failed } = await worker.ask<Used>({ do: 'use', labels });
    return Object.keys(failed).length === 0;
  });
}

test(
  'R33 nothing is spent twice where a replica has every write',
  { timeout: sized(60_000, 300_000) },
  async (context) => {
    context.skip(!startable, 'There is no redis-server to start.');
    const { vendor, workers, labels, ...servers } = await setUp('strict', 1);
    const [first, second] = workers;
    await servers.expire();
    vendor.switches.token.next({ hold: 'after' }, labels.length);
    first.tell({ do: 'use', labels });
    await vendor.gate.whenHeld(labels.length);
    await servers.failOver();

    // The other process finds the leases on the new primary, and waits for who holds them.
    const waiting = useUntilDone(second, labels);
    vendor.gate.release();
    await waiting;
    await useUntilDone(first, labels);
    const calls = vendor.ledger.tokenCalls.length - labels.length;
    await noteRow(context, 'R33 replica has all', { connections, calls, reuse: vendor.ledger.reuses.length });
    expect(calls).toBe(labels.length);
    expect(vendor.ledger.reuses).toEqual([]);
    expect((await servers.states()).map(({ status }) => status)).toEqual(labels.map(() => 'active'));
  },
);

test.for(['strict', 'grace'] as const)(
  'R33 %s: a lease that the replica never saw is counted, and overwrites nothing newer',
  { timeout: sized(60_000, 300_000) },
  async (policy, context) => {
    context.skip(!startable, 'There is no redis-server to start.');
    const { vendor, workers, labels, ...servers } = await setUp(policy, 0);
    const [first, second] = workers;
    await servers.expire();
    await eventually(async () => (await servers.primary.send('WAIT', '1', '100')) === 2);
    // From here on the replica is behind.
    await servers.replica.send('REPLICAOF', 'NO', 'ONE');
    vendor.switches.token.next({ hold: 'after' }, labels.length);
    first.tell({ do: 'use', labels });
    await vendor.gate.whenHeld(labels.length);
    await servers.failOver();

    await second.ask<Used>({ do: 'use', labels });
    vendor.gate.release();
    await eventually(async () => {
      const { failed } = await first.ask<Used>({ do: 'use', labels });
      return failed['database_unavailable'] === undefined;
    });
    const spentTwice = vendor.ledger.tokenCalls.length - 2 * labels.length;
    const { length: reuse } = vendor.ledger.reuses;
    // Whether what is stored is what the vendor knows shows at the next expiry.
    await servers.expire();
    const { done, failed } = await second.ask<Used>({ do: 'use', labels });
    await noteRow(context, `R33 replica behind, ${policy}`, { connections, spentTwice, reuse, done, failed });
    expect(spentTwice).toBeGreaterThanOrEqual(labels.length);
    if (policy === 'grace') {
      expect({ reuse, done, failed }).toEqual({ reuse: 0, done: labels.length, failed: {} });
      return;
    }
    // The vendor has ended these grants, and nobody is told that they work. That an answer had been lost cannot be told:
    // the note of the attempt went down with the primary.
    expect({ reuse, done, failed }).toEqual({
      reuse: labels.length,
      done: 0,
      failed: { reconnect_required: labels.length },
    });
    for (const state of await servers.states()) {
      expect(state).toMatchObject({ status: 'expired', statusReason: 'revoked' });
    }
  },
);
