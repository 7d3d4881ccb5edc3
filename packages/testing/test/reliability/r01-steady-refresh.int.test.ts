/** Connections whose tokens are short-lived, kept alive by the background jobs of several processes. */
import { beforeEach, expect, inject, test } from 'vitest';

import { createCrowd, type Crowd } from './crowd.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const connections = sized(800, 20_000);
const lifeSeconds = sized(24, 60);
const runSeconds = sized(25, 300);
const processes = 4;
const mostMb = 300;

beforeEach((context) => context.skip(inject('postgresUrl') === null, 'PostgreSQL is not reachable'));

/** How long the row that waits longest has been due, in seconds. */
async function longestLag(crowd: Crowd): Promise<number> {
  const [row] = await crowd.sql<{ lag: number | null }>(
    `select extract(epoch from clock_timestamp() - min(refresh_at))::float8 as lag from T where refresh_at < clock_timestamp()`,
  );
  return row?.lag ?? 0;
}

test(
  'R01 steady refresh by four processes loses nothing, lags little and does not grow',
  { timeout: sized(180_000, 3_600_000) },
  async (context) => {
    const crowd = await createCrowd({ connections, lifeSeconds });
    try {
      const workers = await Promise.all(Array.from({ length: processes }, () => crowd.start()));
      for (const worker of workers) await worker.ask({ do: 'start' });
      const startedAt = performance.now();
      const lags: number[] = [];
      let warm = 0;
      while (performance.now() - startedAt < runSeconds * 1_000) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        lags.push(await longestLag(crowd));
        if (warm === 0 && performance.now() - startedAt > runSeconds * 500) {
          warm = Math.max(
            ...(await Promise.all(workers.map((worker) => worker.ask({ do: 'count' })))).map(({ rssMb }) => rssMb),
          );
        }
      }
      const counts = await Promise.all(workers.map((worker) => worker.ask({ do: 'stop' })));
      const refreshed = counts.reduce((sum, count) => sum + count.refreshed, 0);
      const rssMb = Math.max(...counts.map((count) => count.rssMb));
      const lagSeconds = Math.max(...lags);
      await noteRow(context, 'R01', {
        connections,
        processes,
        refreshed,
        perSecond: Math.round(refreshed / runSeconds),
        lagMaxSeconds: lagSeconds.toFixed(1),
        rssHalfwayMb: warm,
        rssMb,
      });
      expect(refreshed).toBeGreaterThan(connections);
      expect(await crowd.lost()).toEqual([]);
      expect(crowd.vendor.ledger.reuses).toEqual([]);
      expect(lagSeconds).toBeLessThan(30);
      expect(rssMb).toBeLessThan(mostMb);
      expect(rssMb - warm).toBeLessThan(60);
    } finally {
      await crowd.close();
    }
  },
);
