import { isPlugboardError, type StoreSchema } from '@plugboard/core/store-kit';

import type { Call, Database } from './database.ts';
import { openDatabase, type PostgresClient } from './drivers.ts';
import { latestVersion, migrations, preparation } from './migrations.ts';
import { resolveNames, type Names, type SchemaOptions } from './names.ts';

export interface MigrationResult {
  /** Version of the tables, before and after. 0: there were none. */
  readonly from: number;
  readonly to: number;
}

export interface MigrationSqlOptions extends SchemaOptions {
  /** Version of the tables that you have: only later steps are printed. Default 0, everything. */
  readonly since?: number;
}

/**
 * Creates or updates the tables of the store, in one transaction. Does nothing when they are up to date, so every
 * process may call it at start-up; of several at once one works and the others wait for it.
 * @param options the schema options that the store is created with.
 * @throws PlugboardError kind `configuration` (names, rights), or `unavailable`.
 * @example await migrate(pool)
 */
export async function migrate(client: PostgresClient, options: SchemaOptions = {}): Promise<MigrationResult> {
  return createSchema(openDatabase(client), resolveNames(options)).migrate();
}

/**
 * The SQL that `migrate` runs, for hosts that keep their own migrations. Run it in one transaction.
 * @throws PlugboardError kind `configuration`, for names that are none.
 */
export function migrationSql(options: MigrationSqlOptions = {}): string {
  const { since = 0, ...schema } = options;
  return sqlSince(resolveNames(schema), since);
}

/** The tables of one store. */
export function createSchema(database: Database, names: Names): StoreSchema {
  const version = () => readVersion(database, names);
  return {
    latest: latestVersion,
    version,
    async migrate() {
      const from = await version();
      if (from < latestVersion)
        await database.batch([turn(names), ...statementsSince(names, from).map((text) => ({ statement: { text } }))]);
      return { from, to: Math.max(from, latestVersion) };
    },
    sql: (since) => sqlSince(names, since),
  };
}

function sqlSince(names: Names, since: number): string {
  return statementsSince(names, since)
    .map((text) => `${text};\n`)
    .join('\n');
}

function statementsSince(names: Names, since: number): string[] {
  const pending = migrations.filter(({ version }) => version > since);
  if (pending.length === 0) return [];
  const steps = pending.flatMap((migration) => [
    ...migration.statements(names),
    `insert into ${names.tables.migrations} (version) values (${migration.version}) on conflict (version) do nothing`,
  ]);
  return [...preparation(names), ...steps];
}

/** Only one process migrates a set of tables at a time; the lock ends with the transaction. */
function turn(names: Names): Call {
  const text = 'select pg_advisory_xact_lock(hashtextextended($1::text, 0))';
  return { statement: { text }, values: [`plugboard migrate ${names.tables.migrations}`] };
}

async function readVersion(database: Database, names: Names): Promise<number> {
  try {
    const text = `select coalesce(max(version), 0) from ${names.tables.migrations}`;
    const [row] = await database.query({ statement: { text } });
    return Number(row?.[0] ?? 0);
  } catch (error) {
    if (isPlugboardError(error) && error.code === 'tables_missing') return 0;
    throw error;
  }
}
