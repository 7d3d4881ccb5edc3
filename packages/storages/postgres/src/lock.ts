import {
  checkWrite,
  isConnectionId,
  type ConnectionData,
  type ConnectionRow,
  type ConnectionStore,
} from '@plugboard/core/store-kit';

import { decodeRow, encodeFields } from './columns.ts';
import type { ConnectionStatements } from './connections-sql.ts';
import type { Transaction } from './database.ts';
import { checkOrganization } from './organization.ts';
import type { Session } from './session.ts';
import { createSlots } from './slots.ts';

export interface LockOptions {
  /**
   * Most row locks held at a time by this store; each holds a connection of the pool while it waits for a vendor.
   * Default 10, and never more than half of the pool, so that statements find a connection meanwhile.
   */
  readonly max?: number;
  /** How long a caller waits for a lock, in milliseconds. Default 60,000. */
  readonly waitMs?: number;
  /** How long the database lets a lock idle before it ends the transaction, in milliseconds. Default 60,000. */
  readonly holdMs?: number;
}

interface LockParts {
  readonly statements: ConnectionStatements;
  readonly connections: ConnectionStore;
}

/** Nothing where the driver has no interactive transactions or no second connection. */
export function createLock(
  session: Session,
  { statements, connections }: LockParts,
  { max = 10, waitMs = 60_000, holdMs = 60_000 }: LockOptions,
): Pick<ConnectionStore, 'lock' | 'locks'> {
  const { begin, poolSize = 2 } = session.database;
  if (begin === undefined || poolSize < 2) return {};
  const locks = Math.min(max, Math.floor(poolSize / 2));
  const takeSlot = createSlots(locks, waitMs, session.clock);

  const lock: ConnectionStore['lock'] = async (organizationId, id, work) => {
    checkOrganization(organizationId, session.names.organizationType);
    if (!isConnectionId(id)) return null;
    const giveBack = await takeSlot();
    try {
      const transaction = await begin();
      try {
        const row = await readLocked(transaction, organizationId, id);
        return row === null ? null : await work(row, createUpdate(transaction, row));
      } finally {
        // Does nothing after a commit. What goes wrong here has no say over what the work answered or threw.
        await transaction.rollback().catch(() => undefined);
      }
    } finally {
      giveBack();
    }
  };
  return { lock, locks };

  async function readLocked(
    transaction: Transaction,
    organizationId: string,
    id: string,
  ): Promise<ConnectionRow | null> {
    // One round trip, because the row is held, and waited for, during all of them.
    const values = [session.time(), organizationId, id, String(waitMs), String(holdMs)];
    const [row] = await transaction.query({ statement: statements.lock, values });
    return row === undefined ? null : decodeRow(row);
  }

  /** The first write commits, and thereby ends the lock; later ones compare with the version it wrote. */
  function createUpdate(transaction: Transaction, { organizationId, id, version }: ConnectionRow) {
    let open = true;
    let seen = version;
    return async (change: Partial<ConnectionData>): Promise<ConnectionRow | null> => {
      checkWrite({}, change);
      if (!open) {
        const written = await connections.update(organizationId, id, { version: seen }, change);
        seen = written?.version ?? seen;
        return written;
      }
      open = false;
      const values = [session.time(), organizationId, id, '{}', JSON.stringify(encodeFields(change))];
      try {
        const [row] = await transaction.query({ statement: statements.update, values });
        await transaction.commit();
        const written = row === undefined ? null : decodeRow(row);
        seen = written?.version ?? seen;
        return written;
      } catch (error) {
        // Frees the row, or another try would wait for our own lock.
        await transaction.rollback().catch(() => undefined);
        throw error;
      }
    };
  }
}
