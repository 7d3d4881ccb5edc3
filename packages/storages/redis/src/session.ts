/** A client with the keys and the time of one store: what the parts of the store run their scripts on. */
import {
  configurationError,
  isPlugboardError,
  PlugboardError,
  systemClock,
  type Clock,
} from '@plugboard/core/store-kit';

import { openRedis, type Redis, type RedisArgument, type RedisClient } from './drivers.ts';
import { unavailable } from './errors.ts';
import { keyBase } from './names.ts';
import { mostInScript, type Script, type ScriptArgument } from './script.ts';
import { checkServer, type RedisReport, type ServerOptions } from './server.ts';

export interface SessionOptions extends ServerOptions {
  /** Start of the names of all keys; they become `{prefix}:...`. Default `integration`. */
  readonly prefix?: string;
  /** How long a call waits for Redis before it fails as `unavailable`, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /**
   * After each write waits until so many replicas have it, or fails with `replication_behind` after the time given. For
   * one server with replicas and a client of one connection.
   */
  readonly waitForReplicas?: { readonly count: number; readonly timeoutMs: number };
  /** Told once, after the first contact, what may cost data: that Redis keeps no log of its writes. */
  readonly onWarning?: (warning: string) => void;
  /** For tests: time comes from this clock instead of Redis. */
  readonly clock?: Clock;
}

export interface Session {
  /** Runs a script at the time of the store. The first run looks at the server before. */
  run(script: Script, ...args: readonly ScriptArgument[]): Promise<unknown>;
  /** Asks the server anew what it is. */
  inspect(): Promise<RedisReport>;
}

/** @throws PlugboardError kind `configuration`: `unknown_client`, `invalid_name`, `invalid_option`. */
export function createSession(client: RedisClient, options: SessionOptions = {}): Session {
  const { prefix = 'integration', timeoutMs = 10_000, waitForReplicas, clock = systemClock } = options;
  const base = keyBase(prefix);
  checkWhole('timeoutMs', timeoutMs);
  const redis = withDeadline(openRedis(client, timeoutMs), timeoutMs, clock);
  if (waitForReplicas !== undefined) checkWait(redis, waitForReplicas, timeoutMs);
  let ready: Promise<RedisReport> | undefined;

  return {
    async run(script, ...args) {
      await firstContact();
      return execute(script, args);
    },
    inspect: () => checkServer({ redis, execute }, options),
  };

  /** Once for all calls; a failure is not kept, so that the next call looks again. */
  async function firstContact(): Promise<void> {
    ready ??= checkServer({ redis, execute }, options).then(
      (report) => {
        for (const warning of report.warnings) options.onWarning?.(warning);
        return report;
      },
      (error: unknown) => {
        ready = undefined;
        throw error;
      },
    );
    await ready;
  }

  async function execute(script: Script, args: readonly ScriptArgument[]): Promise<unknown> {
    const time = options.clock === undefined ? '' : String(options.clock.now());
    const texts = args.map((arg) => (typeof arg === 'number' ? String(arg) : arg));
    const reply = await evaluate(script, ['1', base, time, ...texts]);
    if (script.writes && waitForReplicas !== undefined) await waitFor(redis, waitForReplicas);
    return reply;
  }

  /** By name, which is short; by text when Redis has forgotten the name: after a restart, a failover, SCRIPT FLUSH. */
  async function evaluate({ sha, text }: Script, args: readonly RedisArgument[]): Promise<unknown> {
    try {
      return await redis.send(['EVALSHA', sha, ...args], base);
    } catch (error) {
      if (!isPlugboardError(error) || error.code !== 'unknown_script') throw error;
      return redis.send(['EVAL', text, ...args], base);
    }
  }
}

/** Runs a script over as many items as there are, so many at a time. */
export async function inChunks<T, R>(
  items: readonly T[],
  run: (chunk: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += mostInScript) {
    results.push(...(await run(items.slice(start, start + mostInScript))));
  }
  return results;
}

/** A client without a connection keeps commands back, some of them for ever. */
function withDeadline(redis: Redis, timeoutMs: number, clock: Clock): Redis {
  return {
    ...redis,
    send: (command, key) =>
      new Promise((resolve, reject) => {
        const cancel = clock.after(timeoutMs, () => reject(unavailable(` within ${timeoutMs} ms`)));
        void redis.send(command, key).then(resolve, reject).finally(cancel);
      }),
  };
}

async function waitFor(redis: Redis, { count, timeoutMs }: { count: number; timeoutMs: number }): Promise<void> {
  const reached = Number(await redis.send(['WAIT', String(count), String(timeoutMs)]));
  if (reached >= count) return;
  throw new PlugboardError({
    kind: 'unavailable',
    code: 'replication_behind',
    message: `Redis has written, but ${reached} of ${count} replicas have it so far.`,
    hint: 'Read before you write again; look at the replicas if it lasts.',
  });
}

function checkWait(redis: Redis, wait: { count: number; timeoutMs: number }, timeoutMs: number): void {
  checkWhole('waitForReplicas.count', wait.count);
  checkWhole('waitForReplicas.timeoutMs', wait.timeoutMs);
  if (wait.timeoutMs >= timeoutMs) throw optionError('waitForReplicas.timeoutMs', 'must be shorter than `timeoutMs`');
  if (!redis.oneConnection)
    throw optionError('waitForReplicas', 'needs a client of one connection, no pool or cluster');
}

function checkWhole(option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw optionError(option, 'must be a whole number above zero');
}

function optionError(option: string, rule: string): PlugboardError {
  return configurationError('invalid_option', `\`${option}\` ${rule}.`, 'Leave it out for the default.');
}
