/** One organization with far more due connections than all others together. */
import { expect, test } from 'vitest';

import type { DueRequest } from '../../../core/src/store.ts';
import { createFleet, refreshJob, seededChance } from '../../../core/test/support/fleet.ts';
import { populate } from '../../../core/test/support/populate.ts';
import { drive } from '../../../core/test/support/rig.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const others = sized(150, 4_000);
const crowd = others * 5;
/** So many that the whole backlog takes two minutes, at 200 ms a call. */
const inFlight = Math.ceil((others + crowd) / 600);

test(
  'D23 an organization with most of what is due gets no more than its share of a batch, and nobody else waits for it',
  { timeout: sized(60_000, 3_600_000) },
  async (context) => {
    const shares: number[] = [];
    const fleet = createFleet({ rotation: 'stable' }, { background: { refreshesInFlight: inFlight } }, (inner) => {
      const claimDue = async (request: DueRequest) => {
        const rows = await inner.connections.claimDue(request);
        const crowded = rows.filter(({ organizationId }) => organizationId === 'crowd').length;
        // Once the others are done, the batches are the crowd's alone.
        if (crowded < rows.length) shares.push(crowded / request.limit);
        return rows;
      };
      return { ...inner, connections: { ...inner.connections, claimDue } };
    });
    const chance = seededChance(2);
    const { clock } = fleet;
    // The crowd has waited longest.
    await populate(fleet, { count: crowd, organizationOf: () => 'crowd' });
    await clock.advance(60_000);
    await populate(fleet, { count: others, organizationOf: (index) => `org-${index}` });
    fleet.between.fault = (_token, request) => clock.sleep(150 + 100 * chance()).then(() => fleet.handle(request));
    await clock.advance(3_600_000);
    const startedAt = clock.monotonic();
    const lags: number[] = [];
    fleet.board.on('connection.refreshed', ({ connection }) => {
      if (connection.organizationId !== 'crowd') lags.push(clock.monotonic() - startedAt);
    });
    await drive(fleet, refreshJob(fleet).run());
    const p99 = lags.toSorted((a, b) => a - b)[Math.floor(lags.length * 0.99)]! / 1_000;
    const backlog = (clock.monotonic() - startedAt) / 1_000;
    await noteRow(context, 'D23', { others, crowd, p99Seconds: p99, backlogSeconds: backlog });
    expect(lags).toHaveLength(others);
    expect(backlog).toBeGreaterThan(80);
    expect(p99).toBeLessThan(60);
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.55);
  },
);
