/** A token endpoint of which every second answer is an error. */
import { expect, test } from 'vitest';

import { allRows, createFleet, runFor, seededChance } from '../../../core/test/support/fleet.ts';
import { populate } from '../../../core/test/support/populate.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const connections = sized(250, 10_000);
const minuteMs = 60_000;

test(
  'R26 an hour of every second answer a 5xx loses nothing, and nearly every token is renewed in time',
  { timeout: sized(60_000, 3_600_000) },
  async (context) => {
    const fleet = createFleet({ rotation: 'strict' });
    await populate(fleet, { count: connections });
    await fleet.clock.advance(30 * minuteMs);
    const chance = seededChance(7);
    let failed = 0;
    fleet.between.fault = () => {
      if (chance() < 0.5) return undefined;
      failed++;
      return new Response(null, { status: chance() < 0.5 ? 503 : 502 });
    };
    const late = new Set<string>();
    let renewed = 0;
    fleet.board.on('connection.refreshed', () => void renewed++);
    for (let step = 0; step < 240; step++) {
      await runFor(fleet, 15_000, 15_000);
      for (const { id, credentialsVersion, tokenExpiresAt, readAt } of await allRows(fleet.store)) {
        if (tokenExpiresAt! <= readAt) late.add(`${id}/${credentialsVersion}`);
      }
    }
    await noteRow(context, 'R26', { connections, renewed, failed, late: late.size });
    expect(failed).toBeGreaterThan(connections / 2);
    expect(renewed).toBeGreaterThan(connections);
    expect(late.size / renewed).toBeLessThanOrEqual(0.001);
    expect((await allRows(fleet.store)).filter(({ status }) => status === 'expired')).toEqual([]);
    expect(fleet.oauth.ledger.reuses).toEqual([]);
    expect(fleet.oauth.ledger.families().filter(({ revokedAt }) => revokedAt !== null)).toEqual([]);
  },
);
