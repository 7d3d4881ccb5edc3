/**
 * R20: a process dies, or is cut off, at every point of a refresh (K1 to K9). The vendor's ledger says what it cost:
 * nothing but at K4 and K5 of a strict server, and there each loss is told apart from a revocation.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';

import { judge, type Verdict } from './judge.ts';
import { disconnectMeanwhile, kills, loseAcknowledgement, loseDatabase, type Path } from './kills.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';
import { createWorld, type World } from './world.ts';

/** SIGKILLs in each cell, and refreshes that each of them cuts off. */
const rounds = sized(1, 5);
const together = 10;

/** Row locks serve vendors that are strict; the others are refreshed under leases whatever the store can do. */
const variants = [
  { policy: 'stable', mode: 'lease' },
  { policy: 'grace', mode: 'lease' },
  { policy: 'strict', mode: 'row lock' },
  { policy: 'strict', mode: 'lease' },
] as const;
const paths = ['on demand', 'in the background'] as const satisfies readonly Path[];
const cells = variants.flatMap((variant) => paths.map((path) => ({ ...variant, path })));
const url = inject('postgresUrl');

describe.each(cells)('R20 D04 $policy, $mode, $path', ({ policy, mode, path }) => {
  const locked = mode === 'row lock';
  let world: World;
  beforeAll(async () => {
    if (url !== null) world = await createWorld({ policy, lock: locked });
  });
  beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));
  afterAll(async () => {
    if (url !== null) await world.close();
  });

  const attempt = (labels: readonly string[]) => () => (path === 'on demand' ? world.use(labels) : world.refreshJob());

  async function sum(strike: (labels: readonly string[]) => Promise<void>): Promise<Verdict & { cut: number }> {
    const total = { cut: 0, recovered: 0, lost: 0, reasons: {} as Record<string, number>, reuse: 0, unseen: 0 };
    for (let round = 0; round < rounds; round++) {
      const labels = await world.connect(together);
      await strike(labels);
      const verdict = await judge(world, labels, attempt(labels));
      total.cut += labels.length;
      for (const name of ['recovered', 'lost', 'reuse', 'unseen'] as const) total[name] += verdict[name];
      for (const [reason, count] of Object.entries(verdict.reasons))
        total.reasons[reason] = (total.reasons[reason] ?? 0) + count;
    }
    return total;
  }

  const deaths = Object.entries(kills).map(([id, kill]) => ({ id, ...kill }));
  test.for(deaths)('$id $what', { timeout: 600_000 }, async ({ id, what, strike }, context) => {
    const found = await sum((labels) => strike({ world, labels, path, locked }));
    const cut = rounds * together;
    const costs = policy === 'strict' && (id === 'K4' || id === 'K5') ? cut : 0;
    await noteRow(context, `${id} ${what}`, { policy, mode, path, kills: rounds, ...found });
    expect(found).toEqual({
      cut,
      recovered: cut - costs,
      lost: costs,
      reasons: costs === 0 ? {} : { rotation_lost: costs },
      reuse: costs,
      unseen: 0,
    });
  });

  test.for([
    { id: 'K6', what: 'stored, the acknowledgement is lost', strike: loseAcknowledgement },
    { id: 'K8', what: 'the database is away when the answer comes', strike: loseDatabase },
  ])('$id $what', { timeout: 600_000 }, async ({ id, what, strike }, context) => {
    const calls = world.vendor.ledger.tokenCalls.length;
    const found = await sum((labels) => strike({ world, labels, path, locked }));
    const cut = rounds * together;
    await noteRow(context, `${id} ${what}`, { policy, mode, path, kills: 0, ...found });
    expect(found).toEqual({ cut, recovered: cut, lost: 0, reasons: {}, reuse: 0, unseen: 0 });
    // For each: the code, the refresh that was cut off, and the one after the token had expired again.
    expect(world.vendor.ledger.tokenCalls.length - calls).toBe(3 * cut);
  });

  test.for(['before the answer', 'around the answer'] as const)(
    'K9 a disconnection ends %s, and leaves no grant',
    { timeout: 600_000 },
    async (when, context) => {
      const labels = await world.connect(together);
      await disconnectMeanwhile({ world, labels, path, locked }, when);
      await noteRow(context, `K9 disconnected ${when}`, { policy, mode, path, kills: 0, cut: together, orphans: 0 });
    },
  );
});
