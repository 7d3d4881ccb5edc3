/** Stores on keys of their own. */
import type { Clock } from '@plugboard/core/store-kit';
import { createClient } from '@redis/client';

import type { StoreProbe, StoreUnderTest } from '@plugboard/testing';
import { redisStore, type RedisClient, type RedisStoreOptions } from '../src/index.ts';

/** A prefix that no other run, process or test uses. */
export function randomPrefix(): string {
  return `plugboard_test_${crypto.randomUUID().replaceAll('-', '')}`;
}

/** Reads and deletes keys behind a store's back, by another client than the store's. */
export interface Inspector {
  keys(): Promise<string[]>;
  hash(key: string): Promise<Record<string, Buffer>>;
  send(...command: (string | Buffer)[]): Promise<unknown>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** @param keyPrefix that the store's client puts before every key. */
export async function createInspector(url: string, prefix: string, keyPrefix = ''): Promise<Inspector> {
  const client = await createClient({ url }).connect();
  const base = `${keyPrefix}{${prefix}}:`;
  const keys = async () => {
    const found: string[] = [];
    for await (const batch of client.scanIterator({ MATCH: `${base}*`, COUNT: 1000 })) found.push(...batch);
    return found;
  };
  return {
    keys,
    hash: (key) =>
      client.withTypeMapping({ 36: Buffer }).hGetAll(base + key) as unknown as Promise<Record<string, Buffer>>,
    send: (...command) => client.sendCommand(command),
    async clear() {
      const found = await keys();
      if (found.length > 0) await client.del(found);
    },
    close: async () => client.destroy(),
  };
}

/** Makes stores whose keys are deleted before the next one is made. */
export function createStoreFactory(client: () => RedisClient, inspector: () => Inspector, options: RedisStoreOptions) {
  return async (clock: Clock): Promise<StoreUnderTest> => {
    const { clear, hash, keys } = inspector();
    await clear();
    const probe: StoreProbe = {
      async connection(id) {
        const { status, credentials } = await hash(`connection:${id}`);
        if (status === undefined) return null;
        return {
          status: status.toString(),
          credentials: credentials === undefined ? null : new Uint8Array(credentials),
        };
      },
      onceKeys: async () =>
        (await keys()).filter((key) => key.includes('}:once:')).map((key) => key.split('}:once:')[1] ?? ''),
    };
    return { store: redisStore(client(), { ...options, clock }), probe };
  };
}
