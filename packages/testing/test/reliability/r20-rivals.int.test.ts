/**
 * R20 with rivals: the process that dies has another behind it, which read the row before the first one noted what it
 * was about to spend. What the first one cost must be told apart from a revocation all the same.
 */
import { expect, test } from 'vitest';

import { judge } from './judge.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';
import { useWorlds } from './worlds.ts';

const hourMs = 3_600_000;
const together = sized(5, 10);
const createWorld = useWorlds();

test.for(['row lock', 'lease'] as const)(
  'R20 K4 strict, %s: a rival that read the row before',
  { timeout: 120_000 },
  async (mode, context) => {
    const world = await createWorld({ policy: 'strict', lock: mode === 'row lock' });
    const labels = await world.connect(together);
    const [first, rival] = await Promise.all([world.start(), world.start()]);
    await world.elapse(labels, hourMs);
    await rival.ask({ do: 'arm', point: 'claim', count: together, act: 'wait' });
    const used = rival.ask({ do: 'use', labels });
    await rival.reached();
    world.vendor.switches.token.next({ hold: 'after' }, together);
    first.tell({ do: 'use', labels });
    await world.vendor.gate.whenHeld(together);
    first.kill('SIGKILL');
    await first.exited;
    world.vendor.gate.release();
    await world.elapse(labels, 80_000);
    rival.tell({ do: 'go', sleptMs: 0 });
    expect(await used).toEqual({ done: 0, failed: { refresh_refused: together } });
    const found = await judge(world, labels, () => world.use(labels));
    await noteRow(context, 'K4 with a rival behind', { policy: 'strict', mode, kills: 1, cut: together, ...found });
    const reasons = { rotation_lost: together };
    expect(found).toEqual({ recovered: 0, lost: together, reasons, reuse: together, unseen: 0 });
  },
);
