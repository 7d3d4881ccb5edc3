/**
 * Global setup of the projects with services: looks for PostgreSQL and Redis and tells the tests where they are.
 *
 *   const url = inject('postgresUrl');
 *   beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));
 */
import { createConnection } from 'node:net';

import pg from 'pg';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Null when no PostgreSQL answered. */
    postgresUrl: string | null;
    /** Null when no Redis answered. */
    redisUrl: string | null;
  }
}

const postgresUrls = process.env['PLUGBOARD_TEST_POSTGRES_URL']
  ? [process.env['PLUGBOARD_TEST_POSTGRES_URL']]
  : ['postgres://root@127.0.0.1:5432/test', 'postgres://postgres@127.0.0.1:5432/test'];
const redisUrl = process.env['PLUGBOARD_TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379';

export default async function setup(project: TestProject): Promise<void> {
  const postgres = await firstThat(postgresUrls, answersPostgres);
  const redis = await firstThat([redisUrl], answersRedis);
  project.provide('postgresUrl', postgres);
  project.provide('redisUrl', redis);

  const missing = [postgres === null && 'PostgreSQL', redis === null && 'Redis'].filter((name) => name !== false);
  if (missing.length === 0) return;
  const line = `${missing.join(' and ')} NOT REACHABLE: the integration tests that need it are skipped.`;
  if (process.env['CI'] === 'true') throw new Error(`${line} In CI that is a failure.`);
  process.stderr.write(`\n!!! ${line}\n\n`);
}

async function firstThat(urls: readonly string[], answers: (url: string) => Promise<boolean>): Promise<string | null> {
  for (const url of urls) if (await answers(url)) return url;
  return null;
}

async function answersPostgres(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function answersRedis(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port || 6379), timeout: 3000 });
    const finish = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => finish(/^[+-]/.test(data.toString())));
    socket.once('error', () => finish(false));
    socket.once('timeout', () => finish(false));
  });
}
