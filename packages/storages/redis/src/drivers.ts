/**
 * The supported clients, each behind `Redis`. Their types are structural: no client is imported, and none appears in the
 * declarations of this package.
 */
import { configurationError } from '@plugboard/core/store-kit';

import { databaseError } from './errors.ts';

/** What a command is made of. A `Buffer` goes out byte for byte. */
export type RedisArgument = string | Buffer;

/** `Redis` or `Cluster` of ioredis. */
export interface Ioredis {
  readonly isCluster: boolean;
  callBuffer(command: string, ...args: RedisArgument[]): Promise<unknown>;
}

interface CommandOptions {
  readonly timeout: number;
  readonly typeMapping: Readonly<Record<number, unknown>>;
}

/** What `createClient()` or `createClientPool()` of node-redis returns, from version 5. */
export interface NodeRedis {
  sendCommand(args: RedisArgument[], options: never): Promise<unknown>;
}

/** What `createCluster()` of node-redis returns, from version 5. */
export interface NodeRedisCluster {
  getSlotRandomNode(slot: number): unknown;
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean,
    args: RedisArgument[],
    options: never,
  ): Promise<unknown>;
}

export type RedisClient = Ioredis | NodeRedis | NodeRedisCluster;

export interface Redis {
  /** True when all commands travel on one connection, so that `WAIT` speaks of them. */
  readonly oneConnection: boolean;
  /**
   * Sends a command. Texts of an answer come as `Buffer`.
   * @param key that the command is about, for a cluster to find its node.
   */
  send(command: readonly RedisArgument[], key?: string): Promise<unknown>;
}

/**
 * Recognises the client by its shape.
 * @param timeoutMs how long a command may wait in the client before it is sent, where the client can limit it.
 * @throws PlugboardError kind `configuration`, code `unknown_client`.
 */
export function openRedis(client: RedisClient, timeoutMs: number): Redis {
  const redis = recognise(client as unknown, timeoutMs);
  if (redis === undefined) {
    throw configurationError(
      'unknown_client',
      'The client given to the Redis store is none that it knows.',
      'Pass a Redis or Cluster of ioredis, or what createClient(), createClientPool() or createCluster() of node-redis returns.',
    );
  }
  return {
    ...redis,
    async send(command, key) {
      try {
        return await redis.send(command, key);
      } catch (error) {
        throw databaseError(error);
      }
    },
  };
}

function recognise(client: unknown, timeout: number): Redis | undefined {
  if (typeof client !== 'object' || client === null) return undefined;
  if (has(client, 'evalshaBuffer')) return openIoredis(client as Ioredis);
  if (!has(client, 'sendCommand')) return undefined;
  // Texts as bytes, and maps as the flat lists that they are in RESP 2.
  const options = {
    timeout,
    typeMapping: { [resp.text]: Buffer, [resp.map]: Array },
  } satisfies CommandOptions as never;
  if (has(client, 'getSlotRandomNode')) {
    const cluster = client as NodeRedisCluster;
    return {
      oneConnection: false,
      send: (command, key) => cluster.sendCommand(key, false, [...command], options),
    };
  }
  // A pool hands each command to another connection; only a single client can make a pool.
  const oneConnection = has(client, 'createPool');
  if (!oneConnection && !('totalClients' in client)) return undefined;
  return { oneConnection, send: (command) => (client as NodeRedis).sendCommand([...command], options) };
}

/** Types of RESP, by their first byte. */
const resp = { text: 36, map: 37 } as const;

function openIoredis(client: Ioredis): Redis {
  return {
    oneConnection: !client.isCluster,
    // By the methods of the commands, which its types leave out: `callBuffer` loses the name of the command where commands
    // are pipelined automatically.
    async send([name = '', ...args]) {
      const methods = client as unknown as Readonly<Record<string, (...args: RedisArgument[]) => Promise<unknown>>>;
      return methods[`${String(name).toLowerCase()}Buffer`]?.call(client, ...args);
    },
  };
}

function has(client: object, method: string): boolean {
  return typeof (client as Record<string, unknown>)[method] === 'function';
}
