/**
 * R20, R22, R23 and R30 at once: eight processes under load, some killed, some stopped for a while, the database's server
 * crashed and started again, and two of a hundred answers of the vendor late. The ledger says what it cost.
 */
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, expect, test } from 'vitest';

import { postgresPrograms, startOwnPostgres, type OwnPostgres } from '../support/own-postgres.ts';
import { judge, turnMs } from './judge.ts';
import { noteRow } from './note.ts';
import type { Worker } from './process.ts';
import { sized } from './size.ts';
import { createWorld, type World } from './world.ts';

const programs = postgresPrograms();
const processes = 8;
const connections = sized(40, 200);
const strokes = sized(6, 60);
const strokeMs = sized(900, 3_000);
/** Shorter than a lease. */
const pauseMs = sized(1_500, 20_000);
const lateMs = sized(1_000, 20_000);
const tokenSeconds = 2;

let postgres: OwnPostgres | undefined;
let world: World | undefined;
afterEach(async () => {
  await world?.close();
  await postgres?.close();
  world = postgres = undefined;
});

type Stroke = 'kill' | 'pause' | 'restart';

const nothing = { lost: 0, reasons: {}, reuse: 0, unseen: 0 };

const withKills = [
  { policy: 'grace', lock: false, killed: true, costs: 'nothing' },
  { policy: 'strict', lock: true, killed: true, costs: 'what was on its way' },
] as const;
const withoutKills = [
  { policy: 'strict', lock: true, killed: false, costs: 'nothing' },
  { policy: 'strict', lock: false, killed: false, costs: 'nothing' },
] as const;

test.for([...withKills, ...withoutKills])(
  'R20 R22 R23 R30 $policy, row lock $lock, killed $killed: eight processes in trouble lose $costs',
  { timeout: sized(120_000, 900_000) },
  async ({ policy, lock, killed }, context) => {
    context.skip(programs === null, 'There is no initdb to make a PostgreSQL server of the test’s own.');
    postgres = await startOwnPostgres(programs!);
    world = await createWorld({ policy, lock, database: postgres.url });
    const { vendor } = world;
    vendor.switches.token.always({ expiresIn: tokenSeconds, delayBeforeMs: 10, delayAfterMs: 10 });
    const labels = await world.connect(connections);
    const begin = async () => {
      const worker = await world!.start({ pool: 6, poolWaitMs: 2_000 });
      await worker.ask({ do: 'load', labels, callers: 2 });
      return worker;
    };
    const workers = await Promise.all(Array.from({ length: processes }, begin));
    const counts: Record<Stroke | 'late', number> = { kill: 0, pause: 0, restart: 0, late: 0 };
    const paused: Promise<unknown>[] = [];

    const strike: Readonly<Record<Stroke, (index: number) => Promise<void> | void>> = {
      async kill(index) {
        workers[index]!.kill('SIGKILL');
        await workers[index]!.exited;
        // What it had claimed waits for the end of its leases, which are longer than this test.
        if (!lock) await world!.elapse(labels, turnMs);
        workers[index] = await begin();
      },
      pause(index) {
        const { child } = workers[index]!;
        child.kill('SIGSTOP');
        paused.push(wait(pauseMs).then(() => child.kill('SIGCONT')));
      },
      restart: () => postgres!.restart('immediate'),
    };
    const order: readonly Stroke[] = killed ? ['kill', 'pause', 'kill', 'restart'] : ['pause', 'restart'];
    for (let stroke = 0; stroke < strokes; stroke++) {
      // Two of a hundred: what a connection's token costs is counted, not guessed.
      const late = Math.ceil((vendor.ledger.tokenCalls.length - connections) / 50) - counts.late;
      if (late > 0) {
        counts.late += late;
        vendor.switches.token.next({ expiresIn: tokenSeconds, delayAfterMs: lateMs }, late);
      }
      const kind = order[stroke % order.length]!;
      counts[kind]++;
      await strike[kind]((stroke * 3) % processes);
      await wait(strokeMs);
    }
    await Promise.all(paused);
    await Promise.all(workers.map(async (worker: Worker) => expect((await worker.stop()).exit.code).toBe(0)));
    vendor.switches.token.clear();

    const refreshes = vendor.ledger.tokenCalls.length - connections;
    const found = await judge(world, labels, () => world!.use(labels));
    await noteRow(context, 'R20 chaos', {
      policy,
      lock: String(lock),
      processes,
      connections,
      refreshes,
      ...counts,
      ...found,
    });
    expect(refreshes).toBeGreaterThan(processes);
    expect(counts.restart).toBeGreaterThan(0);
    expect(found.recovered).toBe(connections - found.lost);
    if (killed && policy === 'strict') {
      // Only what was between the vendor's rotation and our commit, and it is said so.
      const { rotation_lost: flagged = 0, ...others } = found.reasons;
      expect({ flagged, others }).toEqual({ flagged: found.lost, others: {} });
      expect(found).toMatchObject({ unseen: 0, reuse: found.lost });
    } else {
      expect(counts.kill > 0).toBe(killed);
      expect(found).toMatchObject(nothing);
    }
  },
);
