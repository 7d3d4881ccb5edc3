/**
 * R31: the vendor breaks the connection, before it has done what it was asked, or after. Who refreshes cannot know which;
 * the outcome is that of the vendor's rotation.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';

import { judge } from './judge.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';
import type { Used } from './worker.ts';
import { createWorld, type World } from './world.ts';

const url = inject('postgresUrl');
const hourMs = 3_600_000;
/** Fewer than make a server count as down, so that each is really sent. */
const together = 8;
const rounds = sized(1, 25);

describe.each([
  { policy: 'stable', mode: 'lease' },
  { policy: 'grace', mode: 'lease' },
  { policy: 'strict', mode: 'lease' },
  { policy: 'strict', mode: 'row lock' },
] as const)('R31 $policy, $mode', ({ policy, mode }) => {
  let world: World;
  beforeAll(async () => {
    if (url !== null) world = await createWorld({ policy, lock: mode === 'row lock' });
  });
  beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));
  afterAll(async () => {
    if (url !== null) await world.close();
  });

  const cuts = (['before', 'after'] as const).flatMap((drop) =>
    (['on demand', 'in the background'] as const).map((path) => ({ drop, path })),
  );
  test.for(cuts)('cut $drop processing, $path', { timeout: 600_000 }, async ({ drop, path }, context) => {
    const worker = await world.start();
    const [spare] = await world.connect(1);
    const total = { recovered: 0, lost: 0, reasons: 0, reuse: 0, unseen: 0 };
    for (let round = 0; round < rounds; round++) {
      // A server that nothing is heard of between two rounds counts as down in the second, and is not asked.
      await world.elapse([spare!], hourMs);
      expect(await worker.ask<Used>({ do: 'use', labels: [spare!] })).toEqual({ done: 1, failed: {} });
      const labels = await world.connect(together);
      await world.elapse(labels, hourMs);
      const before = world.vendor.ledger.tokenCalls.length;
      world.vendor.switches.token.next({ drop }, together);
      if (path === 'in the background') await worker.ask({ do: 'refresh' });
      else {
        const used = await worker.ask<Used>({ do: 'use', labels });
        // What stays as it is may be sent again at once, as long as the budget of second tries lasts.
        const repeats = policy === 'stable';
        const spent = repeats && round > 0 ? (used.failed['connection_lost'] ?? 0) : 0;
        const givenUp = spent === 0 ? {} : { connection_lost: spent };
        expect(used).toEqual(
          repeats ? { done: together - spent, failed: givenUp } : { done: 0, failed: { outcome_unknown: together } },
        );
      }
      expect(world.vendor.ledger.tokenCalls.slice(before).filter(({ outcome }) => outcome === 'dropped')).toHaveLength(
        together,
      );
      const found = await judge(world, labels, () => world.use(labels));
      for (const name of ['recovered', 'lost', 'reuse', 'unseen'] as const) total[name] += found[name];
      total.reasons += found.reasons['rotation_lost'] ?? 0;
    }
    expect((await worker.stop()).exit).toEqual({ code: 0, signal: null });
    const cut = rounds * together;
    const { reasons: flagged, ...counts } = total;
    await noteRow(context, `R31 cut ${drop} processing`, { policy, mode, path, cut, ...counts, flagged });
    const lost = policy === 'strict' && drop === 'after' ? cut : 0;
    expect(total).toEqual({ recovered: cut - lost, lost, reasons: lost, reuse: lost, unseen: 0 });
  });
});
