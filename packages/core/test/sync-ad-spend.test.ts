import { describe, expect, test } from 'vitest';

import { organizationId } from './support/rig.ts';
import { connected } from './support/sync-rig.ts';

const minute = 60_000;

describe('the stream of ad spend', () => {
  test('reads day by day in the time of the account, and the last days again', async () => {
    const { board, clock } = await connected();
    const days: string[] = [];
    const keys: string[] = [];
    const sync = (since?: Date) =>
      board.sync('ledger', {
        organizationId,
        stream: 'adSpend',
        ...(since && { since }),
        handle(rows) {
          days.push(...new Set(rows.map(({ date }) => date)));
          keys.push(...rows.map((row) => row.key));
        },
      });
    // 2026-01-01T00:00Z is the afternoon of that day in Auckland.
    await sync(new Date(clock.now() - 2 * 24 * 60 * minute));
    expect(days).toEqual(['2025-12-30', '2025-12-31', '2026-01-01']);
    expect(keys.slice(0, 2)).toEqual(['2025-12-30/c1', '2025-12-30/c2']);
    expect(new Set(keys).size).toBe(keys.length);
    await clock.advance(24 * 60 * minute);
    days.length = 0;
    await sync();
    expect(days[0]).toBe('2025-12-25');
    expect(days.at(-1)).toBe('2026-01-02');
    expect(days).toHaveLength(9);
  });

  test('goes back ninety days at first', async () => {
    const { board } = await connected();
    let pages = 0;
    await board.sync('ledger', { organizationId, stream: 'adSpend', handle: () => void pages++ });
    expect(pages).toBe(91);
  });
});
