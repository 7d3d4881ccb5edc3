/**
 * Walks over the connections of all organizations, for work that nobody waits for. Of several processes one walks at a
 * time; where it is killed, another goes on from the last step.
 */
import type { Engine, ProviderRuntime } from './engine.ts';
import { errorFields } from './events.ts';
import type { Job } from './job.ts';
import { member, parseJson } from './json.ts';
import { randomUuid } from './random.ts';
import { isConnectionId } from './store-input.ts';
import type { ConnectionRow } from './store.ts';

const stepRows = 50;
const inFlight = 10;
/** A walker that has made no step for so long is taken for dead. */
const turnMs = 300_000;

export interface SweepPlan {
  /** Of the job. */
  readonly name: string;
  /** Milliseconds from the begin of one walk to that of the next. */
  readonly everyMs: number;
  /** False where no connection of this board can need it. Default true. */
  readonly needed?: boolean;
  /** Called when a walk begins, or goes on in this process. */
  begin?(): void;
  /** How many items it worked on. */
  work(runtime: ProviderRuntime, row: ConnectionRow): Promise<number>;
}

interface Progress {
  /** Where the walk began: a new place each time, so that what one walk leaves out is not the same always. */
  readonly from: string;
  readonly after: string | null;
  readonly wrapped: boolean;
}

export function createSweep(
  engine: Engine,
  { name, everyMs, needed = true, begin, work }: SweepPlan,
): Pick<Job, 'run' | 'due'> {
  const { once, connections } = engine.store;
  const turnKey = `job:${name}:turn`;
  const placeKey = `job:${name}:place`;
  const doneKey = `job:${name}:done`;

  async function step(at: Progress): Promise<{ readonly processed: number; readonly next: Progress | undefined }> {
    const rows = await connections.scan(at.after, stepRows);
    const ours = at.wrapped ? rows.filter(({ id }) => id <= at.from) : rows;
    let processed = 0;
    await pool(ours, inFlight, async (row) => {
      const items = await one(row);
      processed += items;
    });
    const last = ours.at(-1);
    const ended = last === undefined || rows.length < stepRows || ours.length < rows.length;
    if (!ended) return { processed, next: { ...at, after: last.id } };
    return { processed, next: at.wrapped ? undefined : { from: at.from, after: null, wrapped: true } };
  }

  async function one(row: ConnectionRow): Promise<number> {
    const runtime = engine.providers.get(row.provider);
    if (runtime === undefined || row.status === 'disconnected' || row.stub !== runtime.stub) return 0;
    try {
      return await work(runtime, row);
    } catch (error) {
      // What is wrong with one row must not keep the others from their turn.
      engine.log.error(
        { job: name, provider: row.provider, connectionId: row.id, ...errorFields(error) },
        'a job failed for a row',
      );
      return 0;
    }
  }

  async function walk(signal?: AbortSignal) {
    const turn = randomUuid();
    let processed = 0;
    if (!needed) return { processed, more: false };
    if ((await once.put({ key: turnKey, value: turn, ttlMs: turnMs })) !== 'stored') return { processed, more: false };
    begin?.();
    try {
      let at: Progress | undefined = placeOf(await once.peek(placeKey)) ?? startAt();
      while (at !== undefined && signal?.aborted !== true) {
        // Somebody took the turn over while this process slept: the walk is theirs now.
        if ((await once.peek(turnKey)) !== turn) return { processed, more: false };
        const result = await step(at);
        processed += result.processed;
        at = result.next;
        await once.set(turnKey, turn, turnMs);
        if (at !== undefined) await once.set(placeKey, JSON.stringify(at), everyMs * 4);
      }
      if (at === undefined) {
        await once.take(placeKey);
        // A little less than the interval: the next run comes after it, give or take its jitter.
        await once.set(doneKey, 'done', Math.max(1_000, everyMs * 0.8));
      }
      return { processed, more: false };
    } finally {
      if ((await once.peek(turnKey)) === turn) await once.take(turnKey);
    }
  }

  return {
    run: walk,
    due: async () => (await once.peek(doneKey)) === null && (await once.peek(turnKey)) === null,
  };
}

function startAt(): Progress {
  const from = randomUuid();
  return { from, after: from, wrapped: false };
}

/** Undefined where nothing usable is kept: then the walk begins anew. */
function placeOf(kept: string | null): Progress | undefined {
  try {
    const place = parseJson(kept ?? '{}');
    const from = member(place, 'from');
    const after = member(place, 'after') ?? null;
    const known = isConnectionId(from) && (after === null || isConnectionId(after));
    return known ? { from, after, wrapped: member(place, 'wrapped') === true } : undefined;
  } catch {
    return undefined;
  }
}

async function pool<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
