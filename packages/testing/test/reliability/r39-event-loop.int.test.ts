/**
 * R39: code of the host blocks the event loop for five seconds in the middle of a refresh, while others want the same
 * connections. No token is spent twice.
 */
import { expect, test } from 'vitest';

import { judgeNow } from './judge.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';
import { useWorlds } from './worlds.ts';

const blockMs = 5_000;
const together = 3;
const rounds = sized(1, 17);
const createWorld = useWorlds();

test.for([
  { policy: 'strict', mode: 'row lock' },
  { policy: 'strict', mode: 'lease' },
] as const)(
  'R39 $policy, $mode: the event loop is blocked',
  { timeout: 600_000 },
  async ({ policy, mode }, context) => {
    const world = await createWorld({ policy, lock: mode === 'row lock' });
    const workers = await Promise.all([world.start(), world.start()]);
    const all: string[] = [];
    for (let round = 0; round < rounds; round++) {
      // Side by side: one process stands still with the turn taken, the other with the answer in its hands.
      const runs = workers.map(async (worker, index) => {
        const labels = await world.connect(together);
        all.push(...labels);
        await world.expire(labels);
        await worker.ask({
          do: 'arm',
          point: index === 0 ? 'claimed' : 'answered',
          count: together,
          act: { blockMs },
        });
        const used = worker.ask({ do: 'use', labels });
        await worker.reached();
        const others = world.use(labels);
        expect(await used).toEqual({ done: together, failed: {} });
        expect(await others).toEqual([]);
      });
      await Promise.all(runs);
    }
    const found = await judgeNow(world, all);
    await noteRow(context, 'R39 event loop blocked', { policy, mode, blocks: 2 * rounds, cut: all.length, ...found });
    expect(found).toEqual({ recovered: all.length, lost: 0, reasons: {}, reuse: 0, unseen: 0 });
  },
);
