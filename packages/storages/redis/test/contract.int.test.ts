/** The contract on a real Redis, through each client, with settings that hosts are known to use. */
import { createClient, createClientPool } from '@redis/client';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, inject } from 'vitest';

import { storeContract } from '@plugboard/testing';
import type { RedisClient } from '../src/index.ts';
import { createInspector, createStoreFactory, randomPrefix, type Inspector } from './fixture.ts';

const url = inject('redisUrl');
const redis = url ?? '';

beforeEach((context) => context.skip(url === null, 'Redis is not reachable'));

describe('node-redis', () => {
  const client = createClient({ url: redis });
  contract(client, { open: () => client.connect(), close: () => client.destroy() });
});

describe('a pool of node-redis with RESP 3 and bytes for texts', () => {
  const pool = createClientPool({ url: redis, RESP: 3, commandOptions: { typeMapping: { 36: Buffer } } });
  contract(pool, { open: () => pool.connect(), close: () => pool.destroy() });
});

describe('ioredis', () => {
  const client = new Redis(redis, { lazyConnect: true });
  contract(client, { open: () => client.connect(), close: () => client.disconnect() });
});

describe('ioredis with a key prefix, numbers as texts and automatic pipelines', () => {
  const options = { lazyConnect: true, keyPrefix: 'host:', stringNumbers: true, enableAutoPipelining: true };
  const client = new Redis(redis, options);
  contract(client, { open: () => client.connect(), close: () => client.disconnect() }, options.keyPrefix);
});

interface Life {
  open(): Promise<unknown>;
  close(): unknown;
}

function contract(client: RedisClient, { open, close }: Life, keyPrefix = ''): void {
  const prefix = randomPrefix();
  let inspector: Inspector;
  beforeAll(async () => {
    if (url === null) return;
    inspector = await createInspector(url, prefix, keyPrefix);
    await open();
  });
  afterAll(async () => {
    if (url === null) return;
    await inspector.clear();
    await inspector.close();
    close();
  });
  storeContract({
    name: 'redis',
    create: createStoreFactory(
      () => client,
      () => inspector,
      { prefix },
    ),
    skip: { lock: 'Redis has no lock that lives exactly as long as a connection: leases serve.' },
  });
}
