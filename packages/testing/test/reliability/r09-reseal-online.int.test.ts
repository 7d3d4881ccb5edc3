/** Every credential is sealed under a new key while others refresh and read, and the process that does it is killed. */
import { beforeEach, expect, inject, test } from 'vitest';

import { createCrowd } from './crowd.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const connections = sized(2_000, 20_000);
const refreshesPerSecond = 50;
const batch = 200;
const beatMs = 200;

beforeEach((context) => context.skip(inject('postgresUrl') === null, 'PostgreSQL is not reachable'));

test(
  'R09 C14 resealing fails no read, loses no token, and goes on after it was killed',
  { timeout: sized(180_000, 3_600_000) },
  async (context) => {
    const crowd = await createCrowd({ connections });
    const ring = { k2: crowd.keys.k2, k1: crowd.keys.k1 };
    const beat = { on: true };
    try {
      const [refresher, reader, killed, second] = await Promise.all([1, 2, 3, 4].map(() => crowd.start({ ring })));
      await refresher!.ask({ do: 'keep refreshing' });
      await reader!.ask({ do: 'keep reading', organizations: crowd.organizations, callers: 4 });
      const beats = (async () => {
        while (beat.on) {
          await crowd.sql(
            `update T set refresh_at = clock_timestamp() where id in (select id from T where lease_until is null order by random() limit $1)`,
            [(refreshesPerSecond * beatMs) / 1_000],
          );
          await new Promise((resolve) => setTimeout(resolve, beatMs));
        }
      })();

      const half = killed!.ask({ do: 'reseal', batch }).catch(() => 'killed');
      for (let done = 0; done < connections * 0.4;) {
        const { resealed, current } = (await killed!.said()) as { resealed: number; current: number };
        done = resealed + current;
      }
      await killed!.kill();
      expect(await half).toBe('killed');
      const left = await crowd.sealedWith('k1');
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThan(connections * 0.7);

      const report = await second!.ask<{ resealed: number; unreadable: number; passes: number; rowsPerSecond: number }>(
        {
          do: 'reseal',
          batch,
        },
      );
      beat.on = false;
      await beats;
      const [refreshes, reads] = await Promise.all([refresher!.ask({ do: 'stop' }), reader!.ask({ do: 'stop' })]);
      await noteRow(context, 'R09', { connections, reads: reads.reads, refreshed: refreshes.refreshed, ...report });
      expect(report.unreadable).toBe(0);
      // What the killed process had done was not done again.
      expect(report.resealed).toBeLessThanOrEqual(left);
      expect([reads.failed, refreshes.failed]).toEqual([{}, {}]);
      expect(reads.reads).toBeGreaterThan(50);
      expect(refreshes.refreshed).toBeGreaterThan(20);
      expect(await crowd.sealedWith('k1')).toBe(0);
      expect(await crowd.lost()).toEqual([]);
      expect(crowd.vendor.ledger.reuses).toEqual([]);
    } finally {
      beat.on = false;
      await crowd.close();
    }
  },
);
