/**
 * R23: the database goes away under load, and comes back. Nothing is lost, every failure is one of ours, and all work again
 * within ten seconds.
 *
 * A proxy breaks and refuses the connections; then the server itself crashes and starts again.
 */
import { setTimeout as wait } from 'node:timers/promises';

import { until } from '@plugboard/testing';
import { afterEach, expect, test } from 'vitest';

import { postgresPrograms, startOwnPostgres, type OwnPostgres } from '../support/own-postgres.ts';
import { judge } from './judge.ts';
import { noteRow } from './note.ts';
import type { Worker } from './process.ts';
import { sized } from './size.ts';
import { createTcpProxy } from './tcp-proxy.ts';
import type { Report, Used } from './worker.ts';
import { createWorld, type World } from './world.ts';

const programs = postgresPrograms();
const restarts = sized(1, 5);
const outages = sized(2, 5);
const awayMs = sized(1_500, 60_000);
const processes = sized(2, 4);
let postgres: OwnPostgres | undefined;
let world: World | undefined;
/** What the callers of a host may see while its database is away. */
const typed = new Set(['database_unavailable', 'lock_lost', 'refresh_cooling_down', 'refresh_busy', 'lock_busy']);

afterEach(async () => {
  await world?.close();
  await postgres?.close();
  world = postgres = undefined;
});

test.for([
  { policy: 'strict', mode: 'row lock' },
  { policy: 'grace', mode: 'lease' },
] as const)(
  'R23 $policy, $mode: the database is away under load',
  { timeout: sized(60_000, 1_200_000) },
  async ({ policy, mode }, context) => {
    context.skip(programs === null, 'There is no initdb to make a PostgreSQL server of the test’s own.');
    const server = await startOwnPostgres(programs!);
    postgres = server;
    const here = await createWorld({ policy, lock: mode === 'row lock', database: server.url });
    world = here;
    const { vendor } = here;
    const proxy = await createTcpProxy(here.database);
    const labels = await here.connect(sized(12, 40));
    const steady = await here.connect(5);
    const workers = await Promise.all(
      Array.from({ length: processes }, () => here.start({ database: proxy.url, pool: 8, poolWaitMs: 2_000 })),
    );
    vendor.switches.token.always({ delayBeforeMs: 50, delayAfterMs: 50 });
    for (const worker of workers) await worker.ask({ do: 'load', labels, callers: 4 });
    let slowestMs = 0;
    let held = 0;

    /** Uses the connections by every process until none fails. */
    async function works(wanted: readonly string[]): Promise<void> {
      const used = async (worker: Worker) => {
        const { failed } = await worker.ask<Used>({ do: 'use', labels: wanted });
        return Object.keys(failed).length === 0;
      };
      for (const worker of workers) while (!(await used(worker))) await wait(50);
    }

    async function recover(): Promise<void> {
      const since = performance.now();
      // Of these no turn was taken when the database went away: they are refreshed anew at once.
      await here.expire(steady);
      await works(steady);
      slowestMs = Math.max(slowestMs, performance.now() - since);
      // Answers that came meanwhile are stored by now, or soon. Turns of which nobody heard end with their leases.
      const leased = () =>
        here.sql<{ id: string }>('select id from T where label = any($1) and lease_until > clock_timestamp()', [
          labels,
        ]);
      for (let look = 0; look < 60 && (await leased()).length > 0; look++) await wait(100);
      held += (await leased()).length;
      await here.elapse(labels, 80_000);
      await works(labels);
    }

    for (let outage = 0; outage < outages; outage++) {
      await here.expire(labels);
      await until(() => vendor.ledger.tokenCalls.some(({ outcome }) => outcome === 'pending'));
      proxy.cut();
      await wait(awayMs);
      proxy.restore();
      await recover();
    }
    for (let turn = 0; turn < restarts; turn++) {
      await here.expire(labels);
      await until(() => vendor.ledger.tokenCalls.some(({ outcome }) => outcome === 'pending'));
      await server.restart('immediate');
      await recover();
    }
    const failed: Record<string, number> = {};
    for (const worker of workers) {
      const report = await worker.ask<Report>({ do: 'report' });
      for (const [code, count] of Object.entries(report.failed)) failed[code] = (failed[code] ?? 0) + count;
      expect((await worker.stop()).exit).toEqual({ code: 0, signal: null });
    }
    await proxy.close();
    vendor.switches.token.clear();

    const all = [...labels, ...steady];
    const found = await judge(here, all, () => here.use(all));
    const recoveryMs = Math.round(slowestMs);
    await noteRow(context, 'R23 database away', {
      policy,
      mode,
      outages,
      awayMs,
      restarts,
      ...found,
      recoveryMs,
      held,
      failed,
    });
    expect(found).toEqual({ recovered: all.length, lost: 0, reasons: {}, reuse: 0, unseen: 0 });
    expect(slowestMs).toBeLessThan(10_000);
    expect(Object.keys(failed).filter((code) => !typed.has(code))).toEqual([]);
  },
);
