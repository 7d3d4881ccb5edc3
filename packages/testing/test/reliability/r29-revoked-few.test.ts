/** One grant of a hundred is revoked at the vendor. */
import { expect, test } from 'vitest';

import { allRows, count, createFleet, runFor } from '../../../core/test/support/fleet.ts';
import { populate } from '../../../core/test/support/populate.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const connections = sized(1_000, 10_000);

test(
  'R29 exactly the connections whose grant is revoked end, after one confirmation, with one event each',
  { timeout: sized(120_000, 3_600_000) },
  async (context) => {
    const fleet = createFleet({ rotation: 'strict' });
    const ids = await populate(fleet, { count: connections });
    const { ledger } = fleet.oauth;
    const families = ledger.families().map(({ id }) => id);
    const revoked = new Set<string>();
    for (let index = 13; index < connections; index += 100) {
      fleet.oauth.revoke(ledger.current(families[index]!)!.reveal());
      revoked.add(ids[index]!);
    }
    const told = new Map<string, number>();
    fleet.board.on('connection.attention', ({ connection, reason }) => void count(told, `${connection.id} ${reason}`));
    await runFor(fleet, 70 * 60_000, 15_000);
    const rows = await allRows(fleet.store);
    const ended = rows.filter(({ status }) => status !== 'active');
    await noteRow(context, 'R29', { connections, revoked: revoked.size, ended: ended.length });
    expect(ended.map(({ id }) => id).toSorted()).toEqual([...revoked].toSorted());
    expect(new Set(ended.map(({ status, statusReason }) => `${status} ${statusReason}`))).toEqual(
      new Set(['expired revoked']),
    );
    expect(told).toEqual(new Map([...revoked].map((id) => [`${id} revoked`, 1])));
    // The first refusal, and its confirmation.
    const refused = ledger.tokenCalls.filter(({ outcome }) => outcome === 'refused');
    expect(refused).toHaveLength(2 * revoked.size);
  },
);
