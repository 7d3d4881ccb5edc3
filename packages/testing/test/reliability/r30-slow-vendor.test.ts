/** Answers that take nearly as long as is waited for them, and some that never come. */
import { expect, test } from 'vitest';

import { allRows, createFleet, runFor } from '../../../core/test/support/fleet.ts';
import { populate } from '../../../core/test/support/populate.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const connections = sized(1_000, 20_000);

test.for([
  ['strict', 'loses what it must, and tells so'],
  ['grace', 'loses nothing'],
] as const)(
  'R30 D03 with slow answers and lost ones a %s server %s',
  { timeout: sized(120_000, 3_600_000) },
  async ([kind], context) => {
    const fleet = createFleet({ rotation: kind === 'strict' ? 'strict' : { graceSeconds: 1_800 } });
    await populate(fleet, { count: connections });
    const { clock, oauth } = fleet;
    const ids = new Map<string, number>();
    let calls = 0;
    let slow = 0;
    let lost = 0;
    fleet.between.fault = (token, request) => {
      // What happens to a connection is drawn once: its repetition is answered at once.
      if (ids.has(token)) return undefined;
      const index = calls++;
      ids.set(token, index);
      if (index % 500 === 250 && index % 1_000 !== 250) {
        lost++;
        // The vendor has done its work; its answer is lost.
        return oauth.handle(request).then(() => new Promise<never>(() => undefined));
      }
      // The request never arrived: nothing is lost but time.
      if (index % 1_000 === 250) return new Promise<never>(() => undefined);
      if (index % 50 !== 7) return undefined;
      slow++;
      return oauth.handle(request).then(async (response) => {
        await clock.sleep([500, 1_000, 2_000, 5_000, 20_000, 40_000][slow % 6]!);
        return response;
      });
    };
    await runFor(fleet, 65 * 60_000, 15_000);
    const rows = await allRows(fleet.store);
    const ended = rows.filter(({ status }) => status !== 'active');
    await noteRow(context, 'R30', { server: kind, connections, slow, lost, ended: ended.length });
    expect(slow).toBeGreaterThan(connections / 100);
    expect(lost).toBeGreaterThan(0);
    const costs = kind === 'strict' ? lost : 0;
    expect(ended.map(({ statusReason }) => statusReason)).toEqual(Array(costs).fill('rotation_lost'));
    // One careful repetition of each that was lost; none of those that were slow.
    expect(oauth.ledger.reuses).toHaveLength(costs);
    expect(oauth.ledger.families().filter(({ revokedAt }) => revokedAt !== null)).toHaveLength(costs);
  },
);
