/** Cursors as the store keeps them. Some vendors put tokens and search terms into theirs, so all are sealed. */
import { decodeUtf8, encodeUtf8 } from '../bytes.ts';
import type { Engine } from '../engine.ts';
import { isPlugboardError, PlugboardError } from '../errors.ts';
import { member, parseJson, type JsonObject } from '../json.ts';
import { accepts } from '../schema.ts';
import type { StreamRow } from '../store-sync.ts';
import type { SyncStream } from '../sync-stream.ts';

export interface Checkpoint {
  readonly cursor: JsonObject;
  /** The pass that reached it has ended: the next one begins here. */
  readonly complete: boolean;
}

const longestCursor = 16 * 1024;
/** What a row changed behind our back, or sealed under a key that is gone, answers. The pass begins anew; nothing is lost. */
const unreadable = new Set(['vault_auth_failed', 'vault_version', 'key_unavailable', 'not_json', 'json_too_deep']);

/** @throws PlugboardError kind `invalid_response`, code `cursor_too_large`. */
export async function sealCheckpoint(engine: Engine, row: StreamRow, checkpoint: Checkpoint): Promise<Uint8Array> {
  const bytes = encodeUtf8(JSON.stringify({ stream: row.stream, ...checkpoint }));
  if (bytes.length <= longestCursor) return engine.vault.seal(contextOf(row), bytes);
  throw new PlugboardError({
    kind: 'invalid_response',
    code: 'cursor_too_large',
    message: `The place to go on at has more than ${longestCursor} bytes.`,
    hint: 'The stream must keep less in its cursor: see docs/guides/sync.md.',
    provider: row.provider,
  });
}

/** Null where none is stored; `unreadable` for one that does not open, is of another stream, or fails the stream's schema. */
export async function openCheckpoint(
  engine: Engine,
  row: StreamRow,
  { cursor: schema }: SyncStream,
): Promise<Checkpoint | 'unreadable' | null> {
  if (row.cursor === null) return null;
  try {
    const opened = parseJson(decodeUtf8(await engine.vault.open(contextOf(row), row.cursor)) ?? '');
    const cursor = member(opened, 'cursor');
    const known = member(opened, 'stream') === row.stream && accepts(schema, cursor);
    return known ? { cursor: cursor as JsonObject, complete: member(opened, 'complete') === true } : 'unreadable';
  } catch (error) {
    if (isPlugboardError(error) && unreadable.has(error.code)) return 'unreadable';
    throw error;
  }
}

function contextOf({ organizationId, connectionId, provider }: StreamRow) {
  return { organizationId, connectionId, provider, purpose: 'sync.cursor' } as const;
}
