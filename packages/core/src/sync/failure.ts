import type { Engine } from '../engine.ts';
import { isPlugboardError } from '../errors.ts';
import { errorFields } from '../events.ts';
import { text } from '../json.ts';
import type { StreamRow } from '../store-sync.ts';
import type { SyncCounts } from './events.ts';
import type { Hold } from './hold.ts';

const firstBackoffMs = 30_000;
const longestBackoffMs = 3_600_000;
/** Nobody but the organization can end these: the job takes the stream up again once its connection works. */
const parked = new Set(['not_connected', 'reconnect_required', 'account_choice']);

export interface RunFailure {
  readonly error: unknown;
  /** The host's handler threw it. */
  readonly byHandler: boolean;
  /** The host asked for the end. */
  readonly aborted: boolean;
}

/** Stores why a run ended and when the next one is due, and tells the host. Never throws. */
export async function recordFailure(engine: Engine, hold: Hold, failure: RunFailure): Promise<void> {
  const { row } = hold;
  const { provider, connectionId, stream } = row;
  const at = row.readAt;
  try {
    if (failure.aborted) return await hold.end(row.dueAt === null ? {} : { dueAt: at });
    const { code, message, waitMs } = describe(failure);
    if (code === 'sync_superseded') return;
    const failCount = row.failCount + 1;
    const backoffMs =
      Math.min(longestBackoffMs, firstBackoffMs * 2 ** row.failCount) * (0.9 + 0.2 * engine.clock.random());
    const nextAt = row.dueAt === null || parked.has(code) ? null : new Date(at.getTime() + Math.max(backoffMs, waitMs));
    const lastError = { code, message, at: at.toISOString() };
    await hold.end({ lastError, failCount, ...(row.dueAt !== null && { dueAt: nextAt }) });
    if (!parked.has(code))
      engine.log.warn({ provider, connectionId, stream, code, failCount }, 'a stream could not be read on');
    await engine.events.emit('sync.failed', { ...countsOf(row), reason: code, failCount, nextAt });
  } catch (error) {
    // The lease runs out by itself, and the next reader goes on at the last checkpoint.
    engine.log.warn({ provider, connectionId, stream, ...errorFields(error) }, 'the end of a run could not be stored');
  }
}

export function countsOf(row: StreamRow): SyncCounts {
  const { provider, organizationId, connectionId, stream, records, pages } = row;
  return { provider, organizationId, connectionId, stream, records, pages };
}

/** What a host's own error says may be anything: only the name of its class is kept. */
function describe({ error, byHandler }: RunFailure) {
  if (isPlugboardError(error) && !byHandler)
    return { code: error.code, message: error.message, waitMs: error.retryAfterMs ?? 0 };
  const named = text(errorFields(error)['error']) ?? (isPlugboardError(error) ? error.code : 'unknown');
  const code = byHandler ? 'handler_failed' : 'stream_failed';
  return { code, message: `${byHandler ? 'The handler' : 'The stream'} threw: ${named}.`, waitMs: 0 };
}
