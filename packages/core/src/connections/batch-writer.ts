/** Gathers the results of a bulk refresh, so that hundreds of rows are written by one statement. */
import type { Engine } from '../engine.ts';
import { isPlugboardError } from '../errors.ts';
import type { ConnectionWrite, Store } from '../store.ts';
import { isOutage } from './refresh-facts.ts';
import type { BatchWriter } from './refresh-turn.ts';

/** Rows in one statement. */
const mostRows = 750;
/**
 * Longest that a result waits for company. A process that is killed meanwhile loses it, which costs one more refresh: what
 * the vendor would not give again is written at once.
 */
const longestWaitMs = 150;

interface Waiting {
  readonly write: ConnectionWrite;
  readonly resolve: (written: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export interface FlushableWriter extends BatchWriter {
  /** Writes what waits now: nothing more is expected soon. */
  flush(): void;
}

export function createBatchWriter({ store, clock }: Pick<Engine, 'store' | 'clock'>): FlushableWriter {
  let waiting: Waiting[] = [];
  let cancel: (() => void) | undefined;

  function flush(): void {
    cancel?.();
    cancel = undefined;
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) void writeBatch(store, batch);
  }

  return {
    flush,
    write(row, guard, change) {
      const { promise, resolve, reject } = Promise.withResolvers<boolean>();
      waiting.push({ write: { organizationId: row.organizationId, id: row.id, guard, change }, resolve, reject });
      if (waiting.length >= mostRows) flush();
      else cancel ??= clock.after(longestWaitMs, flush);
      return promise;
    },
  };
}

async function writeBatch({ connections }: Store, batch: readonly Waiting[]): Promise<void> {
  try {
    const written = await connections.updateMany(batch.map(({ write }) => write));
    for (const [index, { resolve }] of batch.entries()) resolve(written[index] === true);
  } catch (error) {
    const down = !isPlugboardError(error) || isOutage(error);
    // What the store refuses in one row must not keep the tokens of the others from being stored.
    if (!down && batch.length > 1) for (const one of batch) await writeBatch({ connections } as Store, [one]);
    else for (const { reject } of batch) reject(error);
  }
}
