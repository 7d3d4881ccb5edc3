/** How fast due rows are claimed, renewed and stored where the vendor takes no time. */
import { beforeEach, expect, inject, test } from 'vitest';

import { createCrowd } from './crowd.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const connections = sized(3_000, 100_000);
const processes = sized(2, 4);

beforeEach((context) => context.skip(inject('postgresUrl') === null, 'PostgreSQL is not reachable'));

test(
  'R02 each due row is renewed once, by whichever process',
  { timeout: sized(120_000, 3_600_000) },
  async (context) => {
    const crowd = await createCrowd({ connections, due: true, rotation: 'stable' });
    try {
      const workers = await Promise.all(Array.from({ length: processes }, () => crowd.start({ alone: true })));
      const startedAt = performance.now();
      const runs = await Promise.all(workers.map((worker) => worker.ask<{ processed: number }>({ do: 'refresh' })));
      const seconds = (performance.now() - startedAt) / 1_000;
      const counts = await Promise.all(workers.map((worker) => worker.ask({ do: 'stop' })));
      await noteRow(context, 'R02', {
        connections,
        processes,
        perSecond: Math.round(connections / seconds),
        claimP99Ms: Math.max(...counts.map(({ claimP99Ms }) => claimP99Ms)),
      });
      expect(runs.reduce((sum, { processed }) => sum + processed, 0)).toBe(connections);
      expect(counts.reduce((sum, { tokenCalls }) => sum + tokenCalls, 0)).toBe(connections);
      // Work was shared.
      for (const { processed } of runs) expect(processed).toBeGreaterThan(0);
      const versions = await crowd.sql<{ version: number; count: number; leased: number }>(
        'select credentials_version as version, count(*)::integer as count, count(lease_until)::integer as leased from T group by 1',
      );
      expect(versions).toEqual([{ version: 2, count: connections, leased: 0 }]);
    } finally {
      await crowd.close();
    }
  },
);
