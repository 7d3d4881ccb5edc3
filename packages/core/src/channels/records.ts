/** A connection's channels: a list in its metadata, open to the host, changed by compare-and-set alone. */
import type { Engine } from '../engine.ts';
import { member, text, type Json, type JsonObject } from '../json.ts';
import type { ConnectionRow } from '../store.ts';

/** A type alias, because interfaces are no JSON objects. */
export type ChannelRecord = {
  readonly id: string;
  readonly params: JsonObject;
  /** `opening`: stored before the vendor is asked. `stopping`: replaced or closed, and the vendor is still to be told. */
  readonly phase: 'opening' | 'open' | 'stopping';
  /** ISO time since when it is in this phase, like all times here the store's. */
  readonly since: string;
  /** Null until the vendor has answered. */
  readonly expiresAt: string | null;
  readonly renewAt: string | null;
  readonly state: JsonObject;
  /** Id of the channel that it takes the place of. */
  readonly replaces: string | null;
  /** Code of the failure that keeps it from being renewed. */
  readonly error: string | null;
};

/** Longer than any call to a vendor may take. */
export const openingMs = 600_000;

const most = 200;

export function recordsOf(row: ConnectionRow): readonly ChannelRecord[] {
  const stored = member(row.metadata, 'channels');
  return (Array.isArray(stored) ? stored : []).filter(isRecord);
}

function isRecord(value: Json): value is ChannelRecord {
  return text(member(value, 'id')) !== undefined && text(member(value, 'phase')) !== undefined;
}

export function withoutChannels({ metadata }: ConnectionRow): JsonObject {
  const { channels: _dropped, ...rest } = metadata;
  return rest;
}

/** Whoever was opening or stopping it has had the time, and did not come to the end. */
export function isAbandoned({ phase, since }: ChannelRecord, now: Date): boolean {
  return phase !== 'open' && now.getTime() - Date.parse(since) >= openingMs;
}

export function isOver({ expiresAt }: ChannelRecord, now: Date): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= now.getTime();
}

/** Judges the records as they are now; undefined leaves them. Runs again when somebody else has written meanwhile. */
export type Edit = (records: readonly ChannelRecord[], now: Date) => readonly ChannelRecord[] | undefined;

/**
 * What makes every step happen once, whatever process takes it: of two that decide by the same records one is written,
 * and the other decides anew. Null when `edit` declined, or the connection has ended.
 */
export async function editRecords(engine: Engine, from: ConnectionRow, edit: Edit): Promise<ConnectionRow | null> {
  const { connections } = engine.store;
  for (
    let row: ConnectionRow | null = from;
    row !== null && row.status !== 'disconnected';
    row = await connections.get(row.organizationId, row.id)
  ) {
    const edited = edit(recordsOf(row), row.readAt);
    if (edited === undefined) return null;
    const metadata = edited.length === 0 ? withoutChannels(row) : { ...row.metadata, channels: edited };
    const written = await connections.update(row.organizationId, row.id, { version: row.version }, { metadata });
    if (written !== null) return written;
  }
  return null;
}

/** The records with one of them changed. */
export function withRecord(
  records: readonly ChannelRecord[],
  id: string,
  change: Partial<ChannelRecord>,
): readonly ChannelRecord[] {
  return records.map((record) => (record.id === id ? { ...record, ...change } : record));
}

/** Undefined when it is not there, or not in that phase any more: then nothing is to be written. */
export function withoutRecord(
  records: readonly ChannelRecord[],
  id: string,
  phase: ChannelRecord['phase'],
): readonly ChannelRecord[] | undefined {
  const there = records.some((record) => record.id === id && record.phase === phase);
  return there ? records.filter((record) => record.id !== id) : undefined;
}

export function hasRoom(records: readonly ChannelRecord[]): boolean {
  return records.length < most;
}

/** Equal JSON, whatever the order of members: a database may keep another one. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const names = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    names.length === Object.keys(b).length &&
    names.every((name) => sameJson(member(a, name), member(b, name)))
  );
}
