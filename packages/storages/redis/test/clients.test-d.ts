/** The clients' own types fit ours, which are structural; anything else does not. Compiled, never run. */
import type { Store } from '@plugboard/core/store-kit';
import type { createClient, createClientPool, createCluster } from '@redis/client';
import type { Cluster, Redis } from 'ioredis';
import { expectTypeOf } from 'vitest';

import { redisStore, type RedisClient } from '../src/index.ts';

declare const clients: {
  client: ReturnType<typeof createClient>;
  pool: ReturnType<typeof createClientPool>;
  cluster: ReturnType<typeof createCluster>;
  ioredis: Redis;
  ioredisCluster: Cluster;
};

expectTypeOf(redisStore(clients.client)).toEqualTypeOf<Store>();
expectTypeOf(redisStore(clients.pool)).toEqualTypeOf<Store>();
expectTypeOf(redisStore(clients.cluster)).toEqualTypeOf<Store>();
expectTypeOf(redisStore(clients.ioredis)).toEqualTypeOf<Store>();
expectTypeOf(redisStore(clients.ioredisCluster)).toEqualTypeOf<Store>();
expectTypeOf<RedisClient>().not.toBeAny();

// @ts-expect-error an address is no client
redisStore('redis://localhost');
// @ts-expect-error there are no tables to name
redisStore(clients.client, { tables: {} });
