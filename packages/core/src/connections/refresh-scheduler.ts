/**
 * Refreshes in the background what is due, provider by provider side by side: a slow vendor holds up nobody else's tokens.
 * Each lane claims ahead of its calls and writes behind them, so that its window of calls in flight stays full.
 */
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import { errorFields } from '../events.ts';
import { isPlugboardError } from '../errors.ts';
import type { ConnectionRow } from '../store.ts';
import { createBatchWriter } from './batch-writer.ts';
import { canRefresh } from './lifetime.ts';
import { attemptHashOf, giveBack, isSameAttempt, needsMark } from './refresh-attempt.ts';
import { leaseMs, needsLock, type ClaimedRow, type Refresher } from './refresh.ts';
import type { BatchWriter } from './refresh-turn.ts';

/** Rows in one claim at most. */
const mostRows = 1_000;
/** The next claim is made while this many rows wait for their call, so that calls do not wait for the claim. */
const aheadRows = 500;
/** A claimed row waits about this long for its call at most: the lease must outlive both. */
const queueMs = 10_000;
/** How often a lane with nothing to do looks again while others are busy. */
const idleLookMs = 5_000;
/** A run ends after this, so that engines of jobs with a time limit see it end; work that is left is said to be `more`. */
const runMs = 300_000;
/** Results that may wait to be written before new calls wait for them. */
const mostUnwritten = 2_000;

export interface RefreshScheduler {
  /** Refreshes until nothing is due or the signal aborts; then no row is claimed, and what is in flight ends first. */
  run(signal?: AbortSignal): Promise<{ readonly processed: number; readonly more: boolean }>;
}

export interface SchedulerOptions {
  /** Calls in flight for each provider. */
  readonly inFlight: number;
}

export function createRefreshScheduler(
  engine: Engine,
  refresher: Refresher,
  { inFlight }: SchedulerOptions,
): RefreshScheduler {
  const { clock } = engine;
  const lanes = [...engine.providers.values()]
    .filter(({ definition }) => Object.values(definition.auth).some(canRefresh))
    .map((runtime) => createLane(engine, refresher, { runtime, inFlight }));

  return {
    async run(signal) {
      if (engine.restored === 'hold') return { processed: 0, more: false };
      const endAt = clock.monotonic() + runMs;
      const stopped = () => signal?.aborted === true || refresher.stopping() || clock.monotonic() >= endAt;
      let busy = lanes.length;
      let processed = 0;
      const idle = new AbortController();
      const work = async (lane: Lane): Promise<void> => {
        for (;;) {
          try {
            const worked = await lane.drain(stopped);
            processed += worked;
          } finally {
            if (--busy === 0) idle.abort();
          }
          if (stopped() || !(await sleptWhole(engine, idleLookMs, idle.signal, signal))) return;
          busy++;
        }
      };
      const results = await Promise.allSettled(lanes.map(work));
      // Where a process is stopped between its jobs, the host would hear of them only when it goes on.
      await refresher.told();
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return { processed, more: clock.monotonic() >= endAt };
    },
  };
}

/** False when one of the signals ended the wait. */
async function sleptWhole({ clock }: Engine, ms: number, ...signals: (AbortSignal | undefined)[]): Promise<boolean> {
  const given = signals.filter((signal) => signal !== undefined);
  return clock.sleep(ms, AbortSignal.any(given)).then(
    () => true,
    () => false,
  );
}

interface LaneOptions {
  readonly runtime: ProviderRuntime;
  readonly inFlight: number;
}

interface Lane {
  /** Works until nothing of the provider is due; answers how many rows it worked on. */
  drain(stopped: () => boolean): Promise<number>;
}

function createLane(engine: Engine, refresher: Refresher, { runtime, inFlight }: LaneOptions): Lane {
  const { store, clock, log } = engine;
  const { breakers } = refresher;
  const provider = runtime.definition.id;
  /** What a refresh takes, as last seen. */
  let meanMs = 1_000;
  // A row lock holds a connection to the database through the call: more workers than locks would only wait.
  const atOnce = Math.min(inFlight, locksOnly(engine, runtime) ? (store.connections.locks ?? inFlight) : inFlight);
  // After a restore one by one: whoever watches can stop it while most is unspent.
  const width = engine.restored === undefined ? atOnce : 1;

  async function claim(limit: number): Promise<ConnectionRow[]> {
    const perOrganization = Math.ceil(limit / 2);
    return [...(await store.connections.claimDue({ provider, limit, leaseMs, perOrganization }))];
  }

  /** Of a token that rotates, it is noted first that it will be spent: many rows in one statement. */
  async function mark(rows: readonly ConnectionRow[], claimedAt: number): Promise<ClaimedRow[]> {
    const readAt = clock.monotonic();
    const marks = await Promise.all(
      rows.map(async (row) => {
        try {
          if (!needsMark(runtime, row)) return undefined;
          const hadUnknown = await isSameAttempt(engine, runtime, row);
          return { hadUnknown, attemptHash: await attemptHashOf(engine, runtime, row), attemptAt: row.readAt };
        } catch {
          // What cannot be opened is told by the refresh itself.
          return undefined;
        }
      }),
    );
    const writes = rows.flatMap(({ organizationId, id, version, leaseFence }, index) => {
      const found = marks[index];
      if (found === undefined) return [];
      const { attemptHash, attemptAt } = found;
      return [{ organizationId, id, guard: { version, leaseFence }, change: { attemptHash, attemptAt } }];
    });
    const written = writes.length === 0 ? [] : await store.connections.updateMany(writes);
    const moved = new Set(writes.filter((_, index) => written[index] !== true).map(({ id }) => id));
    // Somebody else is at it, or was: what has become of the row is judged by the next claim.
    await giveBack(
      engine,
      rows.filter(({ id }) => moved.has(id)).map((row) => ({ row })),
    );
    return rows.flatMap((row, index): ClaimedRow[] => {
      const found = marks[index];
      if (found === undefined) return [{ row, claimedAt, readAt }];
      if (moved.has(row.id)) return [];
      const { hadUnknown } = found;
      return [{ row: { ...row, version: row.version + 1 }, claimedAt, readAt, marked: { hadUnknown } }];
    });
  }

  const lane: Lane = {
    async drain(stopped) {
      const writer = createBatchWriter(engine);
      const queue: ClaimedRow[] = [];
      /** Rows in the queue at which more are claimed: half of what is claimed at once, or what is in flight. */
      let ahead = width;
      const writing = new Set<Promise<void>>();
      let claiming: Promise<void> | undefined;
      /** What waits for the end of a write. */
      let room: PromiseWithResolvers<void> | undefined;
      const state: {
        /** Nothing more to claim. */
        dry: boolean;
        /** Of a provider that is held back one row goes, to find out. */
        probing: boolean;
        failure?: { readonly error: unknown };
      } = { dry: false, probing: false };
      /** Refreshes whose result is not with the writer yet. */
      let open = 0;
      let processed = 0;

      async function refill(): Promise<void> {
        try {
          const admitted = breakers.admits(runtime);
          state.probing = admitted === 'one';
          const fits = Math.max(width, Math.floor((width * queueMs) / meanMs));
          const limit = admitted === 'all' ? Math.min(mostRows, fits) : state.probing ? 1 : 0;
          ahead = Math.max(width, Math.min(aheadRows, Math.floor(limit / 2)));
          const claimedAt = clock.monotonic();
          const rows = limit === 0 ? [] : await claim(limit);
          // One organization may hold back the rest of a batch; with fewer than its share nobody is held back.
          state.dry = admitted !== 'all' || rows.length < Math.ceil(limit / 2);
          queue.push(...(await mark(rows, claimedAt)));
        } catch (error) {
          // What was claimed already is refreshed all the same.
          state.failure = { error };
          state.dry = true;
        }
      }

      async function next(): Promise<ClaimedRow | undefined> {
        for (;;) {
          if (stopped()) return undefined;
          if (queue.length <= ahead && !state.dry) claiming ??= refill().finally(() => (claiming = undefined));
          const claimed = state.probing || !breakers.holds(runtime) ? queue.shift() : undefined;
          if (claimed !== undefined) return claimed;
          if (claiming === undefined) return undefined;
          await claiming;
        }
      }

      /** Resolves when the vendor has answered; storing the answer goes on. */
      function refreshOne(claimed: ClaimedRow): Promise<void> {
        const { promise, resolve: answered } = Promise.withResolvers<void>();
        const startedAt = clock.monotonic();
        const settle = onlyOnce(() => {
          if (--open === 0) writer.flush();
        });
        const batch: BatchWriter = {
          write(row, guard, change) {
            const written = writer.write(row, guard, change);
            settle();
            return written;
          },
        };
        open++;
        const run = async () => {
          // Where a lost answer costs the grant, it does not wait for others to be written with it.
          const direct = needsLock(methodOf(runtime, claimed.row.method));
          await refresher.claimed(runtime, claimed, { answered, ...(!direct && { batch }) });
        };
        const done = run()
          .catch(logForeign(claimed.row))
          .finally(() => {
            settle();
            answered();
            writing.delete(done);
            room?.resolve();
            room = undefined;
          });
        writing.add(done);
        return promise.then(() => {
          meanMs = Math.max(1, meanMs * 0.9 + (clock.monotonic() - startedAt) * 0.1);
        });
      }

      async function worker(): Promise<void> {
        for (let claimed = await next(); claimed !== undefined; claimed = await next()) {
          await refreshOne(claimed);
          processed++;
          while (writing.size >= mostUnwritten) await (room ??= Promise.withResolvers<void>()).promise;
        }
      }

      await Promise.all(Array.from({ length: width }, worker));
      await claiming;
      await Promise.all(writing);
      await giveBack(engine, queue);
      if (state.failure !== undefined) throw state.failure.error;
      const again = state.probing && !breakers.holds(runtime) && !stopped();
      return again ? processed + (await lane.drain(stopped)) : processed;
    },
  };
  return lane;

  /** A failure is recorded in its row, with its own pace; the run goes on. */
  function logForeign(row: ConnectionRow) {
    return (error: unknown): void => {
      if (isPlugboardError(error)) return;
      log.error({ provider, connectionId: row.id, ...errorFields(error) }, 'a refresh failed');
    };
  }
}

/** Whether every way to connect that is refreshed is refreshed under the row lock. */
function locksOnly(engine: Engine, { definition }: ProviderRuntime): boolean {
  if (engine.store.connections.lock === undefined) return false;
  const methods = Object.values(definition.auth).filter(canRefresh);
  return methods.every((method) => needsLock(method));
}

function onlyOnce(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) run();
    done = true;
  };
}
