/** On what was measured, and whether it was busy with something else. */
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { databaseUrl } from './database-url.ts';

/** No names of hosts, users or folders. */
export async function machineLine(): Promise<string> {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const parts = [
    `${availableParallelism()} cores (${model})`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `${type()} ${release().split('-')[0]}`,
    `Node ${process.versions.node}`,
    `PostgreSQL ${await postgresVersion()}`,
  ];
  return parts.join(', ');
}

/** Share of all cores, 0 to 1, that others used while this process slept. */
export async function busyShare(): Promise<number> {
  const before = ticks();
  await sleep(500);
  const after = ticks();
  return 1 - (after.idle - before.idle) / (after.total - before.total);
}

function ticks(): { idle: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += Object.values(times).reduce((sum, part) => sum + part, 0);
  }
  return { idle, total };
}

async function postgresVersion(): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version.split(' ')[0] ?? 'unknown';
  } catch {
    return 'not reachable';
  } finally {
    await client.end().catch(() => undefined);
  }
}
