/**
 * The supported drivers, each behind `Database`. Their types are structural: no driver is imported, and none appears in
 * the declarations of this package.
 */
import { configurationError, type PlugboardError } from '@plugboard/core/store-kit';

import type { Call, Database, SqlRow, SqlValue, Transaction } from './database.ts';
import { databaseError } from './errors.ts';

interface PgQuery {
  readonly text: string;
  readonly values: SqlValue[];
  readonly rowMode: 'array';
  readonly name?: string;
}

interface PgRunner {
  query(query: PgQuery): Promise<{ readonly rows: readonly SqlRow[] }>;
}

interface PgClient extends PgRunner {
  on(event: 'error', listener: (error: unknown) => void): unknown;
  removeListener(event: 'error', listener: (error: unknown) => void): unknown;
  release(destroy?: boolean): void;
}

/** `Pool` of pg or of @neondatabase/serverless. */
export interface PgPool extends PgRunner {
  readonly totalCount: number;
  readonly options?: { readonly max?: number | undefined };
  connect(): Promise<PgClient>;
}

interface PostgresJsRunner {
  unsafe(text: string, values: SqlValue[], options: { prepare: boolean }): { values(): PromiseLike<readonly SqlRow[]> };
}

/** What `postgres()` of postgres.js returns. */
export interface PostgresJs extends PostgresJsRunner {
  readonly options: { readonly max: number };
  begin<T>(options: string, work: (sql: PostgresJsRunner) => Promise<T>): Promise<unknown>;
}

/** What `neon()` of @neondatabase/serverless returns: one HTTP request for each statement. */
export interface NeonHttp {
  query(text: string, values: SqlValue[], options: { arrayMode: true; fullResults: true }): PromiseLike<unknown>;
  transaction(queries: never[], options: object): Promise<unknown>;
}

interface PgliteRunner {
  query(
    text: string,
    values: SqlValue[],
    options: { rowMode: 'array' },
  ): Promise<{ readonly rows: readonly unknown[] }>;
}

/** `PGlite` of @electric-sql/pglite. */
export interface Pglite extends PgliteRunner {
  readonly waitReady: Promise<void>;
  transaction<T>(work: (transaction: PgliteRunner) => Promise<T>): Promise<T>;
}

export type PostgresClient = PgPool | PostgresJs | NeonHttp | Pglite;

export interface DriverOptions {
  /**
   * Prepares each statement once for each connection, by name. Default true. Set false behind a pooler that hands
   * each transaction to another server process and does not track prepared statements.
   */
  readonly prepare?: boolean;
}

/**
 * Recognises the driver by its shape.
 * @throws PlugboardError kind `configuration`, code `unknown_client`.
 */
export function openDatabase(client: PostgresClient, { prepare = true }: DriverOptions = {}): Database {
  const database = recognise(client as unknown, prepare);
  if (database !== undefined) return withOurErrors(database);
  throw configurationError(
    'unknown_client',
    'The client given to the PostgreSQL store is none that it knows.',
    'Pass a Pool of pg or @neondatabase/serverless, what postgres() or neon() returns, or a PGlite. A single connection cannot serve.',
  );
}

function recognise(client: unknown, prepare: boolean): Database | undefined {
  if (typeof client === 'function' && has(client, 'unsafe', 'begin'))
    return openPostgresJs(client as unknown as PostgresJs, prepare);
  if (typeof client === 'function' && has(client, 'query', 'transaction'))
    return openNeonHttp(client as unknown as NeonHttp);
  if (typeof client !== 'object' || client === null) return undefined;
  if ('totalCount' in client && has(client, 'query', 'connect')) return openPgPool(client as PgPool, prepare);
  if ('waitReady' in client && has(client, 'query', 'transaction')) return openPglite(client as Pglite);
  return undefined;
}

function has(client: object, ...methods: readonly string[]): boolean {
  return methods.every((method) => typeof (client as Record<string, unknown>)[method] === 'function');
}

function openPgPool(pool: PgPool, prepare: boolean): Database {
  const run = (runner: PgRunner, { statement: { text, name }, values = [] }: Call) => {
    // The array was made for this call, and the driver only reads it.
    const query = { text, values: values as SqlValue[], rowMode: 'array' as const };
    return runner.query(prepare && name !== undefined ? { ...query, name } : query).then(rowsOf);
  };
  const begin = async (): Promise<Transaction> => {
    const client = await pool.connect();
    // A client that loses its connection while it is checked out emits `error`, which would end the process. The next
    // statement fails with less to say, so the first error is kept for it.
    let lost: unknown;
    const keep = (error: unknown) => {
      lost ??= error;
    };
    client.on('error', keep);
    let open = true;
    const end = (destroy: boolean) => {
      open = false;
      client.removeListener('error', keep);
      client.release(destroy);
    };
    const query = (call: Call) =>
      run(client, call).catch((error: unknown) => {
        throw databaseError(lost ?? error);
      });
    const execute = (text: string) =>
      query({ statement: { text } }).catch((error: unknown) => {
        end(true);
        throw error;
      });
    const finish = async (text: string) => {
      if (!open) return;
      await execute(text);
      end(false);
    };
    await execute('begin isolation level read committed');
    return { query, commit: () => finish('commit'), rollback: () => finish('rollback') };
  };
  return {
    shared: true,
    ...(pool.options?.max !== undefined && { poolSize: pool.options.max }),
    query: (call) => run(pool, call),
    begin,
    batch: (calls) => batchInTransaction(begin, calls),
  };
}

function rowsOf(result: { readonly rows: readonly SqlRow[] }): readonly SqlRow[] {
  return result.rows;
}

function openPostgresJs(sql: PostgresJs, prepare: boolean): Database {
  const run = async (runner: PostgresJsRunner, { statement, values = [] }: Call) =>
    runner.unsafe(statement.text, [...values], { prepare: prepare && statement.name !== undefined }).values();
  const begin = async (): Promise<Transaction> => {
    const opened = Promise.withResolvers<PostgresJsRunner>();
    const end = Promise.withResolvers<void>();
    const done = sql.begin('isolation level read committed', async (runner) => {
      opened.resolve(runner);
      await end.promise;
    });
    // The driver says here that the connection is lost. It must not be given another statement then, not even its own
    // rollback: nothing would ever answer, and its rejection would reach nobody and end the process.
    let lost: PlugboardError | undefined;
    done.catch((error: unknown) => {
      lost = databaseError(error);
      opened.reject(lost);
    });
    const runner = await opened.promise;
    const unlessLost = () => {
      if (lost !== undefined) throw lost;
    };
    return {
      async query(call) {
        unlessLost();
        return run(runner, call);
      },
      async commit() {
        unlessLost();
        end.resolve();
        await done;
      },
      async rollback() {
        // A statement that failed because the connection broke is told so before we are told of the connection.
        await new Promise((resolve) => setTimeout(resolve));
        unlessLost();
        // The driver rolls back when the function it was given fails, and passes the failure on.
        const abandoned = new Error('rollback');
        end.reject(abandoned);
        await done.catch((error: unknown) => {
          if (error !== abandoned) throw error;
        });
      },
    };
  };
  return {
    shared: true,
    poolSize: sql.options.max,
    query: (call) => run(sql, call),
    begin,
    batch: (calls) => batchInTransaction(begin, calls),
  };
}

function openNeonHttp(sql: NeonHttp): Database {
  const options = { arrayMode: true, fullResults: true } as const;
  const send = ({ statement, values = [] }: Call) => sql.query(statement.text, [...values], options);
  const answerOf = (result: unknown) => rowsOf(result as { readonly rows: readonly SqlRow[] });
  return {
    shared: true,
    query: async (call) => answerOf(await send(call)),
    async batch(calls) {
      // A query that nobody awaits is not sent: the transaction takes the descriptions.
      const queries = calls.map(send) as unknown as never[];
      const results = await sql.transaction(queries, { ...options, isolationLevel: 'ReadCommitted' });
      return answerOf((results as readonly unknown[]).at(-1));
    },
  };
}

/** One connection for everything: a transaction left open would stop every other statement, so there is no `begin`. */
function openPglite(pglite: Pglite): Database {
  const run = async (runner: PgliteRunner, { statement, values = [] }: Call) =>
    (await runner.query(statement.text, [...values], { rowMode: 'array' })).rows as readonly SqlRow[];
  return {
    shared: false,
    query: (call) => run(pglite, call),
    batch: (calls) => pglite.transaction((transaction) => inOrder(calls, (call) => run(transaction, call))),
  };
}

async function batchInTransaction(
  begin: () => Promise<Transaction>,
  calls: readonly Call[],
): Promise<readonly SqlRow[]> {
  const transaction = await begin();
  try {
    const rows = await inOrder(calls, transaction.query);
    await transaction.commit();
    return rows;
  } catch (error) {
    await transaction.rollback().catch(() => undefined);
    throw error;
  }
}

async function inOrder(
  calls: readonly Call[],
  run: (call: Call) => Promise<readonly SqlRow[]>,
): Promise<readonly SqlRow[]> {
  let rows: readonly SqlRow[] = [];
  for (const call of calls) rows = await run(call);
  return rows;
}

/** Nothing of a driver's error leaves this file but its SQLSTATE. */
function withOurErrors(database: Database): Database {
  const refuse = (error: unknown) => Promise.reject(databaseError(error));
  const ours = <T>(work: Promise<T>) => work.catch(refuse);
  const { begin } = database;
  return {
    ...database,
    query: (call) => ours(database.query(call)),
    batch: (calls) => ours(database.batch(calls)),
    ...(begin && {
      async begin() {
        const transaction = await ours(begin());
        return {
          query: (call) => ours(transaction.query(call)),
          commit: () => ours(transaction.commit()),
          rollback: () => ours(transaction.rollback()),
        };
      },
    }),
  };
}
