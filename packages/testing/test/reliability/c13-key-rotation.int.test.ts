/** A key is rotated, deployment by deployment, while four processes read and renew. */
import { beforeEach, expect, inject, test } from 'vitest';

import { createCrowd } from './crowd.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const connections = sized(300, 5_000);
const stepMs = sized(300, 10_000);
const pause = () => new Promise((resolve) => setTimeout(resolve, stepMs));

beforeEach((context) => context.skip(inject('postgresUrl') === null, 'PostgreSQL is not reachable'));

test(
  'C13 no read fails while a key is added, made the first, and taken away, one process after the other',
  { timeout: sized(120_000, 3_600_000) },
  async (context) => {
    const crowd = await createCrowd({ connections, rotation: 'stable' });
    const { k1, k2 } = crowd.keys;
    const beat = { on: true };
    try {
      const workers = await Promise.all([1, 2, 3, 4].map(() => crowd.start({ alone: true })));
      for (const worker of workers) {
        await worker.ask({ do: 'keep refreshing' });
        await worker.ask({ do: 'keep reading', organizations: crowd.organizations, callers: 2 });
      }
      const beats = (async () => {
        while (beat.on) {
          await crowd.sql(
            `update T set refresh_at = clock_timestamp() where id in (select id from T where lease_until is null order by random() limit 10)`,
          );
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      })();
      const startedAt = performance.now();
      await pause();
      for (const worker of workers) await worker.ask({ do: 'ring', ring: { k1, k2 } });
      expect(await crowd.sealedWith('k2')).toBe(0);
      // The first half seals with the new key already; the others open what it wrote.
      for (const worker of workers.slice(0, 2)) await worker.ask({ do: 'ring', ring: { k2, k1 } });
      for (let waited = 0; (await crowd.sealedWith('k2')) < connections / 20; waited++) {
        if (waited === 200) throw new Error('nothing is sealed with the new key');
        await pause();
      }
      for (const worker of workers.slice(2)) await worker.ask({ do: 'ring', ring: { k2, k1 } });
      await pause();
      await workers[0]!.ask({ do: 'reseal', batch: 100 });
      beat.on = false;
      await beats;
      for (const worker of workers) await worker.ask({ do: 'ring', ring: { k2 } });
      await pause();
      const counts = await Promise.all(workers.map((worker) => worker.ask({ do: 'stop' })));
      const reads = counts.reduce((sum, count) => sum + count.reads, 0);
      await noteRow(context, 'C13', {
        connections,
        processes: workers.length,
        reads,
        readsPerSecond: Math.round((reads / (performance.now() - startedAt)) * 1_000),
        refreshed: counts.reduce((sum, { refreshed }) => sum + refreshed, 0),
      });
      expect(counts.map(({ failed }) => failed)).toEqual([{}, {}, {}, {}]);
      expect(reads).toBeGreaterThan(200);
      expect([await crowd.sealedWith('k1'), await crowd.sealedWith('k2')]).toEqual([0, connections]);
    } finally {
      beat.on = false;
      await crowd.close();
    }
  },
);
