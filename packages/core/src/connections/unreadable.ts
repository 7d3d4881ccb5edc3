/** Stored credentials that do not open: a row that was changed behind the library's back, or a key that is not at hand. */
import { isPlugboardError } from '../errors.ts';
import { errorFields, type Events } from '../events.ts';
import type { Log } from '../log.ts';
import type { ConnectionData, ConnectionRow, Store } from '../store.ts';
import { keyIdOf } from '../vault/format.ts';
import { viewOf } from './view.ts';

const alteredCodes: ReadonlySet<string> = new Set(['vault_auth_failed', 'credentials_rolled_back', 'facts_altered']);

/** What is written into a row whose credentials are not those that were sealed for it. */
export const alteredStatus = { status: 'error', statusReason: 'credentials_altered' } as const;

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

export function isAltered(error: unknown): boolean {
  return isPlugboardError(error) && alteredCodes.has(error.code);
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
          await mark(row, alteredStatus, (written) => events.attention(viewOf(written), alteredStatus.statusReason));
      } catch (failure) {
        log.error(
          { provider: row.provider, connectionId: row.id, ...errorFields(failure) },
          'an altered row is not flagged',
        );
      }
    },
    async opened(row) {
      if (row.status !== 'error' || row.statusReason !== alteredStatus.statusReason) return;
      await mark(row, { status: 'active', statusReason: null }, (written) =>
        events.emit('connection.recovered', { connection: viewOf(written) }),
      );
    },
  };
}
