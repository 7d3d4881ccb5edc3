/** The lease of a stream while it is read: kept alive, written through, and given up when another reader has taken it. */
import type { Engine } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import type { StreamData, StreamRow } from '../store-sync.ts';

/** How long a stream stays with a process that died. */
export const leaseMs = 60_000;

export interface Hold {
  /** The row as last written. */
  readonly row: StreamRow;
  /** Aborted once another reader has the stream. */
  readonly signal: AbortSignal;
  /** @throws PlugboardError kind `conflict`, code `sync_superseded`, when another reader has taken the stream. */
  save(change: Partial<StreamData>): Promise<void>;
  /** The last write, which also ends the lease. */
  end(change: Partial<StreamData>): Promise<void>;
  /** No more renewals; without an `end` before, the lease runs out. */
  stop(): void;
}

/** Renews the lease for as long as a page or its handler takes, so that slowness is no reason to lose it. */
export function holdStream({ store, clock, log }: Engine, leased: StreamRow): Hold {
  const lost = new AbortController();
  let row = leased;
  let stopped = false;
  let cancel = clock.after(leaseMs / 3, renew);

  function renew(): void {
    if (stopped) return;
    cancel = clock.after(leaseMs / 3, renew);
    // An outage is for the next renewal, or for the write of the page.
    write(leaseMs, {}).catch(() =>
      log.warn({ stream: row.stream, connectionId: row.connectionId }, 'a lease was not renewed'),
    );
  }

  async function write(forMs: number | null, change: Partial<StreamData>): Promise<void> {
    const hold = { leaseFence: leased.leaseFence, leaseMs: forMs };
    const { connectionId, stream } = leased;
    const written = await store.sync.save(leased.organizationId, { connectionId, stream }, hold, change);
    if (written !== null) {
      row = written;
      return;
    }
    if (!stopped) lost.abort(superseded(leased));
    throw superseded(leased);
  }

  return {
    get row() {
      return row;
    },
    signal: lost.signal,
    save: (change) => write(leaseMs, change),
    async end(change) {
      stopped = true;
      cancel();
      await write(null, change);
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}

function superseded({ provider, stream }: StreamRow): PlugboardError {
  return new PlugboardError({
    kind: 'conflict',
    code: 'sync_superseded',
    message: `Another process reads the stream \`${stream}\` by now, or its connection was removed.`,
    hint: 'Nothing to do: what this process handled last comes once more there.',
    provider,
  });
}
