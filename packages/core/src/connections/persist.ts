/** Writing what a vendor handed over once: through failures of the database, and beside writers of other facts. */
import type { Engine } from '../engine.ts';
import { errorFields } from '../events.ts';
import type { ConnectionData, ConnectionRow, WriteGuard } from '../store.ts';

/** Receive implies persist: while the answer is only in memory, the same write is tried until the database is back. */
export async function persist<T>({ clock, log }: Engine, write: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (attempt >= 60) throw error;
      log.warn({ attempt, ...errorFields(error) }, 'a refreshed token is not stored yet, the database fails');
      await clock.sleep(Math.min(5_000, 100 * 2 ** attempt) * (0.5 + 0.5 * clock.random()));
    }
  }
}

/**
 * Facts are merged into those of the moment: a lease does not keep anybody from choosing an account meanwhile. A connection
 * that somebody has begun to end is not written any more.
 */
export async function writeLeased(
  { store }: Engine,
  row: ConnectionRow,
  guard: WriteGuard,
  changeOf: (current: ConnectionRow) => Partial<ConnectionData>,
): Promise<ConnectionRow | null> {
  const { organizationId, id } = row;
  let current: ConnectionRow | null = row;
  while (
    current !== null &&
    current.status !== 'disconnected' &&
    current.credentialsVersion === row.credentialsVersion
  ) {
    const { version }: ConnectionRow = current;
    const written = await store.connections.update(organizationId, id, { ...guard, version }, changeOf(current));
    if (written !== null) return written;
    current = await store.connections.get(organizationId, id);
    // The version held, so something else of the guard did not.
    if (current?.version === version) return null;
  }
  return null;
}
