/** The engines under test, each in a space of its own, with the ways in which a test looks into it and moves its time. */
import { bullmqJobs } from '@plugboard/jobs-bullmq';
import { pgBossJobs } from '@plugboard/jobs-pg-boss';
import type { JobBoard, JobEngine } from '@plugboard/core/job-kit';
import { Redis } from 'ioredis';
import pg from 'pg';
import { PgBoss } from 'pg-boss';

export type EngineName = 'pg-boss' | 'bullmq';

export interface Place {
  readonly engine: EngineName;
  /** Where the engine keeps its queues. */
  readonly url: string;
  /** A schema or prefix of its own. */
  readonly space: string;
}

export interface OpenedEngine {
  readonly jobs: JobEngine;
  /** Closes what the host of the engine owns. */
  close(): Promise<void>;
}

/** BullMQ's lock is short here, so that a lost worker is noticed while the test waits. */
const lockMs = 1_500;

export async function openEngine({ engine, url, space }: Place, board: JobBoard): Promise<OpenedEngine> {
  if (engine === 'bullmq') {
    const { hostname, port } = new URL(url);
    const connection = { host: hostname, port: Number(port || 6379) };
    return { jobs: bullmqJobs(board, { connection, prefix: space, lockMs }), close: async () => undefined };
  }
  const boss = new PgBoss({ connectionString: url, schema: space, max: 3 });
  boss.on('error', () => undefined);
  await boss.start();
  return { jobs: pgBossJobs(board, boss), close: () => boss.stop({ graceful: false }) };
}

/** Everything the engine keeps, as text. */
export async function everythingKept({ engine, url, space }: Place): Promise<string> {
  return engine === 'bullmq' ? redisTexts(url, space) : tableTexts(url, space);
}

/** As if the sign of life of every running job had been long ago. BullMQ notices by its short lock. */
export async function forgetSigns({ engine, url, space }: Place): Promise<void> {
  if (engine === 'bullmq') return;
  await withPool(url, (pool) => pool.query(`update ${space}.job set heartbeat_on = now() - interval '10 minutes'`));
  // One instance looks at a queue in each interval; whoever did so last did it before that.
  await withPool(url, (pool) => pool.query(`update ${space}.queue set monitor_on = null, monitor_claim_on = null`));
  const boss = new PgBoss({ connectionString: url, schema: space, max: 1, supervise: false, schedule: false });
  await boss.start();
  await boss.supervise();
  // A try after a failure waits; that wait is over too.
  await withPool(url, (pool) => pool.query(`update ${space}.job set start_after = now() where state = 'retry'`));
  await boss.stop({ graceful: false });
}

/** How the job's latest failure is told by the engine. */
export async function failureText({ engine, url, space }: Place, job: string): Promise<string> {
  if (engine === 'bullmq') return redisTexts(url, `${space}:${job}`);
  const sql = `select output::text from ${space}.job where output is not null and name like $1`;
  const { rows } = await withPool(url, (pool) => pool.query<{ output: string }>(sql, [`%${job}`]));
  return rows.map(({ output }) => output).join('\n');
}

export async function removeEngine({ engine, url, space }: Place): Promise<void> {
  if (engine === 'pg-boss') return void (await withPool(url, (pool) => pool.query(`drop schema ${space} cascade`)));
  const redis = new Redis(url);
  const keys = await redis.keys(`${space}:*`);
  if (keys.length > 0) await redis.del(keys);
  redis.disconnect();
}

async function tableTexts(url: string, schema: string): Promise<string> {
  return withPool(url, async (pool) => {
    const { rows } = await pool.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = $1`,
      [schema],
    );
    const texts: string[] = [];
    for (const { name } of rows) {
      const { rows: kept } = await pool.query<{ line: string }>(`select t::text as line from ${schema}."${name}" t`);
      texts.push(...kept.map(({ line }) => line));
    }
    return texts.join('\n');
  });
}

async function redisTexts(url: string, prefix: string): Promise<string> {
  const redis = new Redis(url);
  const texts: string[] = [];
  for (const key of await redis.keys(`${prefix}:*`)) {
    const kind = await redis.type(key);
    const value =
      kind === 'hash'
        ? await redis.hgetall(key)
        : kind === 'zset'
          ? await redis.zrange(key, '0', '-1')
          : kind === 'list'
            ? await redis.lrange(key, 0, -1)
            : kind === 'set'
              ? await redis.smembers(key)
              : kind === 'stream'
                ? await redis.xrange(key, '-', '+')
                : await redis.get(key);
    texts.push(`${key} ${JSON.stringify(value)}`);
  }
  redis.disconnect();
  return texts.join('\n');
}

async function withPool<T>(url: string, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
