/** Stored credentials that do not open: a row that was changed behind the library's back, or a key that is not at hand. */
import { isPlugboardError, type PlugboardError } from '../errors.ts';
import { errorFields, type Events } from '../events.ts';
import { member, text } from '../json.ts';
import type { Log } from '../log.ts';
import type { ConnectionData, ConnectionRow, Store } from '../store.ts';
import { keyIdOf } from '../vault/format.ts';
import { errorRecord } from './refresh-facts.ts';
import { viewOf } from './view.ts';

const alteredCodes: ReadonlySet<string> = new Set(['vault_auth_failed', 'credentials_rolled_back', 'facts_altered']);

const alteredReason = 'credentials_altered';

/** Whoever writes to the database could name any number of keys. */
const mostTold = 100;

export interface Unreadable {
  /**
   * Flags a row whose credentials were altered, once; of a key that is not at hand the host hears, and no row changes.
   * Throws nothing: the caller has a failure to tell already.
   */
  note(row: ConnectionRow, error: unknown): Promise<void>;
  /** Takes the flag away: the row was put back as it was. */
  opened(row: ConnectionRow): Promise<void>;
  /** Tells the host of a key that is not at hand, once in the life of the board. */
  keyMissing(row: ConnectionRow): Promise<void>;
}

export function isAltered(error: unknown): error is PlugboardError {
  return isPlugboardError(error) && alteredCodes.has(error.code);
}

/** A row that was flagged because its credentials are not those that were sealed for it. */
export function isFlagged({ status, statusReason }: Pick<ConnectionRow, 'status' | 'statusReason'>): boolean {
  return status === 'error' && statusReason === alteredReason;
}

type Told = Pick<ConnectionRow, 'status' | 'statusReason' | 'lastError' | 'readAt'>;

/** What flags a row; why it was degraded stays known, beside its last failure. */
export function flagging(row: Told, error: PlugboardError) {
  const { status, statusReason, lastError, readAt } = row;
  const known = status === 'degraded' && {
    lastError: { ...(lastError ?? errorRecord(error, readAt)), degraded: statusReason },
  };
  return { status: 'error', statusReason: alteredReason, ...known } as const;
}

/** Of a flagged row: why it was degraded before. What takes the place of its last failure keeps it. */
export function degradedBefore(row: Told): { readonly degraded?: string } {
  const reason = isFlagged(row) ? text(member(row.lastError, 'degraded')) : undefined;
  return reason === undefined ? {} : { degraded: reason };
}

/** What takes the flag away: the row is again what it was. */
export function unflagging(row: Told): Partial<ConnectionData> {
  const { degraded } = degradedBefore(row);
  if (degraded === undefined) return { status: 'active', statusReason: null };
  const { degraded: _known, ...lastError } = row.lastError ?? {};
  return { status: 'degraded', statusReason: degraded, lastError };
}

/** Tells that a flag was taken away: a row that was degraded before still needs somebody. */
export async function announceReturn(events: Events, row: ConnectionRow): Promise<void> {
  const connection = viewOf(row);
  if (row.status === 'active') await events.emit('connection.recovered', { connection });
  else await events.attention(connection, row.statusReason ?? row.status);
}

/** One that waits for the choice of an account, or has ended, says so still: it is not used either way. */
export function mayFlag({ status }: Pick<ConnectionRow, 'status'>): boolean {
  return status === 'active' || status === 'degraded';
}

export function isKeyMissing(error: unknown): boolean {
  return isPlugboardError(error) && error.code === 'key_unavailable';
}

export function isUnreadable(error: unknown): boolean {
  return isAltered(error) || isKeyMissing(error);
}

interface Parts {
  readonly store: Store;
  readonly events: Events;
  readonly log: Log;
}

export function createUnreadable({ store, events, log }: Parts): Unreadable {
  /** Ids of keys that the host was told of. */
  const told = new Set<string>();

  async function mark(
    row: ConnectionRow,
    change: Partial<ConnectionData>,
    announce: (row: ConnectionRow) => Promise<void>,
  ) {
    const { organizationId, id, provider, version } = row;
    const written = await store.connections.update(organizationId, id, { version }, change);
    // Somebody else has changed the row: whoever reads it next judges it anew.
    if (written === null) return;
    await events.audit({
      organizationId,
      connectionId: id,
      provider,
      type: 'connection.status',
      actor: 'system',
      data: { before: row.status, after: written.status, reason: written.statusReason },
    });
    await announce(written);
  }

  async function keyMissing({ credentials }: ConnectionRow): Promise<void> {
    const keyId = credentials === null ? null : keyIdOf(credentials);
    if (keyId === null || told.has(keyId) || told.size >= mostTold) return;
    told.add(keyId);
    await events.emit('vault.attention', { keyId, reason: 'key_unavailable' });
  }

  return {
    keyMissing,
    async note(row, error) {
      try {
        if (isKeyMissing(error)) await keyMissing(row);
        else if (isAltered(error) && mayFlag(row))
          await mark(row, flagging(row, error), (written) => events.attention(viewOf(written), alteredReason));
      } catch (failure) {
        log.error(
          { provider: row.provider, connectionId: row.id, ...errorFields(failure) },
          'an altered row is not flagged',
        );
      }
    },
    async opened(row) {
      if (isFlagged(row)) await mark(row, unflagging(row), (written) => announceReturn(events, written));
    },
  };
}
