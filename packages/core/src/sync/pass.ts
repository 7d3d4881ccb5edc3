/** Where a pass over a stream begins, and when it must begin anew. */
import type { Engine } from '../engine.ts';
import type { JsonObject } from '../json.ts';
import type { StreamRow } from '../store-sync.ts';
import type { SyncStream } from '../sync-stream.ts';
import { openCheckpoint } from './checkpoint.ts';

/** Why a pass begins anew, although part of it was read or a mark was kept. */
export type RestartReason = 'cursor_expired' | 'cursor_unreadable' | 'account_changed';

export interface PassOptions {
  /** Forgets cursor and mark: everything comes again. */
  readonly full?: boolean;
  /** Where a first pass begins, for streams that can be asked for changes since a time. Default: the stream's own. */
  readonly since?: Date;
  /** Milliseconds that a pass looks back behind the beginning of the one before. Default: the stream's own. */
  readonly overlapMs?: number;
}

export interface Pass {
  readonly accountId: string | null;
  readonly startedAt: Date;
  readonly mark: Date | null;
  readonly since: Date | null;
  readonly cursor: JsonObject | null;
  readonly records: number;
  readonly pages: number;
  readonly restarted?: RestartReason;
}

/** Goes on with the pass that the row speaks of, or begins one. */
export async function beginPass(
  engine: Engine,
  row: StreamRow,
  { stream, accountId, options }: { stream: SyncStream; accountId: string | null; options: PassOptions },
): Promise<Pass> {
  const fresh = { stream, accountId, options, startedAt: row.readAt };
  if (options.full === true) return newPass(fresh);
  // Of another account neither cursor nor mark means anything.
  if (row.accountId !== null && row.accountId !== accountId) return { ...newPass(fresh), restarted: 'account_changed' };
  const { mark } = row;
  const found = await openCheckpoint(engine, row, stream);
  if (found === 'unreadable') return { ...newPass({ ...fresh, mark }), restarted: 'cursor_unreadable' };
  if (found === null) return newPass({ ...fresh, mark });
  const { cursor, complete } = found;
  if (complete || row.startedAt === null) return { ...newPass({ ...fresh, mark }), cursor };
  const { startedAt, records, pages } = row;
  return { ...newPass({ ...fresh, mark, startedAt }), cursor, records, pages };
}

/** The vendor no longer knows where we were: begin the pass again, and without a cursor forget the mark too. */
export function restartPass(pass: Pass, at: Date, parts: { stream: SyncStream; options: PassOptions }): Pass {
  const mark = pass.cursor === null ? null : pass.mark;
  return { ...newPass({ ...parts, accountId: pass.accountId, startedAt: at, mark }), restarted: 'cursor_expired' };
}

interface NewPass {
  readonly stream: SyncStream;
  readonly accountId: string | null;
  readonly options: PassOptions;
  readonly startedAt: Date;
  readonly mark?: Date | null;
}

function newPass({ stream, accountId, options, startedAt, mark = null }: NewPass): Pass {
  const overlapMs = options.overlapMs ?? stream.overlapMs;
  const history = stream.historyMs === null ? null : new Date(startedAt.getTime() - stream.historyMs);
  const since = mark === null ? (options.since ?? history) : new Date(mark.getTime() - overlapMs);
  return { accountId, startedAt, mark, since: stream.incremental ? since : null, cursor: null, records: 0, pages: 0 };
}
