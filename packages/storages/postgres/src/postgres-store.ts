import { configurationError, type Clock, type Store } from '@plugboard/core/store-kit';

import { createAudit } from './audit.ts';
import { connectionStatements } from './connections-sql.ts';
import { createConnections } from './connections.ts';
import { openDatabase, type DriverOptions, type PostgresClient } from './drivers.ts';
import { createInbox } from './inbox.ts';
import { createLock, type LockOptions } from './lock.ts';
import { createMarkers } from './markers.ts';
import { createSchema } from './migrate.ts';
import { resolveNames, type SchemaOptions } from './names.ts';
import { createOnce } from './once.ts';
import { readDate } from './read-value.ts';
import { createSession } from './session.ts';
import { createSync } from './sync.ts';

export interface PostgresStoreOptions extends SchemaOptions, DriverOptions {
  /** Row locks for providers whose refresh tokens work once; false switches them off, and leases serve instead. */
  readonly lock?: LockOptions | false;
  /** For tests: time comes from this clock instead of the database. */
  readonly clock?: Clock;
}

/**
 * Keeps connections in PostgreSQL 13 or later. The tables come from `migrate` or `migrationSql`. The client stays the
 * host's: the store never closes it.
 * @throws PlugboardError kind `configuration`: `unknown_client`, `invalid_name`, `duplicate_name`,
 * `invalid_organization_type`, `invalid_lock`.
 * @example
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL })
 * await migrate(pool)
 * const board = createPlugboard({ store: postgresStore(pool), providers, keys })
 */
export function postgresStore(client: PostgresClient, options: PostgresStoreOptions = {}): Store {
  const names = resolveNames(options);
  const database = openDatabase(client, options);
  const session = createSession(database, names, options.clock);
  const statements = connectionStatements(names);
  const connections = createConnections(session, statements);
  const lock = options.lock === false ? {} : createLock(session, { statements, connections }, checkLock(options.lock));

  return {
    name: 'postgres',
    shared: database.shared,
    async now() {
      const [row] = await session.timed(statements.now);
      return readDate(row?.[0]);
    },
    connections: { ...connections, ...lock },
    sync: createSync(session),
    inbox: createInbox(session),
    once: createOnce(session),
    audit: createAudit(session),
    schema: createSchema(database, names),
    ...createMarkers(session),
  };
}

function checkLock(lock: LockOptions = {}): LockOptions {
  for (const [name, value] of Object.entries(lock)) {
    if (Number.isSafeInteger(value) && Number(value) >= 1) continue;
    throw configurationError(
      'invalid_lock',
      `\`lock.${name}\` is not a whole number above zero.`,
      'Leave it out for the default.',
    );
  }
  return lock;
}
