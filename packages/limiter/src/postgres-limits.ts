/** Shared limits in PostgreSQL: one row for each limit, each question one statement, by the clock of the database. */
import { configurationError } from '@plugboard/core/limiter-kit';

import type { SharedLimits } from './shared-limits.ts';

/** A pool of pg or Neon, PGlite, or postgres.js. */
export type PostgresClient =
  | { query(text: string, values?: never): Promise<{ readonly rows: readonly unknown[] }> }
  | { unsafe(text: string, values?: never): PromiseLike<readonly unknown[]> };

export interface PostgresLimitsOptions {
  /** Default `public`. */
  readonly schema?: string;
  /** Default `plugboard_limits`. */
  readonly table?: string;
}

type Row = Readonly<Record<string, unknown>>;

/** The row is locked first, and the clock is read under the lock: whoever waited for it sees what was counted meanwhile. */
const nowMs = `(extract(epoch from clock_timestamp()) * 1000)::bigint`;

/**
 * @throws PlugboardError kind `configuration`: `invalid_client`, `invalid_name`.
 * @example
 * await createLimitsTable(pool);
 * postgresLimits(pool);
 */
export function postgresLimits(client: PostgresClient, options: PostgresLimitsOptions = {}): SharedLimits {
  const query = queryOf(client);
  const table = tableOf(options);

  const bookSql = `insert into ${table} as t (key, state, granted, wait_ms, ends_at)
    select $1::text, jsonb_build_object((n.now / $4::bigint)::text, w.granted + $6::int), w.granted,
      case when w.granted > 0 then 0 else $3::bigint + $4::bigint end, n.now + $3::bigint + 2 * $4::bigint
    from (select ${nowMs} as now) n,
      lateral (select case when $2::int - $6::int >= $7::int then least($2::int - $6::int, $5::int) else 0 end as granted) w
    on conflict (key) do update set (state, granted, wait_ms, ends_at) = (
      select case when g.granted + $6::int = 0 then coalesce(u.live, '{}')
          else coalesce(u.live, '{}') || jsonb_build_object(p.part,
            coalesce((u.live ->> p.part)::int, 0) + g.granted + $6::int) end,
        g.granted,
        case when g.granted > 0 then 0 else coalesce(u.frees, n.now + $3::bigint + $4::bigint) - n.now end,
        n.now + $3::bigint + 2 * $4::bigint
      from (select ${nowMs} as now) n,
        lateral (select (n.now / $4::bigint)::text as part) p,
        lateral (
          select jsonb_object_agg(e.key, e.value::int) as live, sum(e.value::int) as used,
            min((e.key::bigint + 1) * $4::bigint + $3::bigint) as frees
          from jsonb_each_text(t.state) e
          where (e.key::bigint + 1) * $4::bigint + $3::bigint > n.now
        ) u,
        lateral (select ($2::int - $6::int - coalesce(u.used, 0))::int as free) f,
        lateral (select case when f.free >= $7::int then least(f.free, $5::int) else 0 end as granted) g
    )
    returning granted, wait_ms`;

  const holdSql = `insert into ${table} as t (key, state, granted, wait_ms, ends_at)
    select $1::text, jsonb_build_object($2::text, n.now + $4::bigint), 1, 0, n.now + $4::bigint
    from (select ${nowMs} as now) n
    on conflict (key) do update set (state, granted, ends_at) = (
      select case when g.granted = 0 then coalesce(u.live, '{}')
          else coalesce(u.live, '{}') || jsonb_build_object($2::text, n.now + $4::bigint) end,
        g.granted, n.now + $4::bigint
      from (select ${nowMs} as now) n,
        lateral (
          select jsonb_object_agg(e.key, e.value::bigint) as live, count(*) as used
          from jsonb_each_text(t.state) e where e.value::bigint > n.now
        ) u,
        lateral (select case when u.used < $3::int then 1 else 0 end as granted) g
    )
    returning granted`;

  const renewSql = `update ${table} set state = state || jsonb_build_object($2::text, ${nowMs} + $3::bigint),
      ends_at = ${nowMs} + $3::bigint
    where key = $1 and state ? $2`;

  const freeSql = `update ${table} set state = state - $2::text where key = $1`;

  const pauseSql = `insert into ${table} as t (key, state, granted, wait_ms, ends_at)
    values ($1::text, '{}', 0, 0, ${nowMs} + $2::bigint)
    on conflict (key) do update set ends_at = greatest(t.ends_at, excluded.ends_at)`;

  const pausedSql = `select greatest(ends_at - ${nowMs}, 0) as paused from ${table} where key = $1`;

  return {
    name: 'PostgreSQL',
    async book({ key, requests, spanMs, partMs, want, owed, least }) {
      const [row] = await query(bookSql, [key, requests, spanMs, partMs, want, owed, least]);
      return { granted: numberOf(row, 'granted'), waitMs: numberOf(row, 'wait_ms') };
    },
    async hold({ key, slot, concurrency, ttlMs }) {
      const [row] = await query(holdSql, [`${key}:slots`, slot, concurrency, ttlMs]);
      return numberOf(row, 'granted') === 1;
    },
    renew: async ({ key, slot, ttlMs }) => void (await query(renewSql, [`${key}:slots`, slot, ttlMs])),
    free: async (key, slot) => void (await query(freeSql, [`${key}:slots`, slot])),
    pause: async (key, ms) => void (await query(pauseSql, [key, Math.ceil(ms)])),
    async pausedMs(key) {
      const [row] = await query(pausedSql, [key]);
      return row === undefined ? 0 : numberOf(row, 'paused');
    },
  };
}

/** The statement that makes the table: for migrations of yours. */
export function limitsTableSql(options: PostgresLimitsOptions = {}): string {
  return `create table if not exists ${tableOf(options)} (
  key text primary key,
  state jsonb not null,
  granted integer not null,
  wait_ms bigint not null,
  ends_at bigint not null
) with (fillfactor = 50)`;
}

/** Makes the table unless it is there. Several processes may call it at once. */
export async function createLimitsTable(client: PostgresClient, options: PostgresLimitsOptions = {}): Promise<void> {
  const query = queryOf(client);
  const [found] = await query(`select to_regclass($1::text) is not null as found`, [tableOf(options)]);
  if (found?.['found'] === true) return;
  try {
    await query(limitsTableSql(options), []);
  } catch (error) {
    // Of two that make it at once, one fails at the name although it asked whether it exists.
    const { code } = error as { readonly code?: unknown };
    if (code !== '23505' && code !== '42P07') throw error;
  }
}

/** Deletes what counts no more. Run it now and then where limits are kept by many connections. */
export async function purgeLimits(client: PostgresClient, options: PostgresLimitsOptions = {}): Promise<void> {
  await queryOf(client)(`delete from ${tableOf(options)} where ends_at < ${nowMs} - 60000`, []);
}

function queryOf(client: unknown): (text: string, values: readonly unknown[]) => Promise<readonly Row[]> {
  const known = (typeof client === 'object' || typeof client === 'function' ? (client ?? {}) : {}) as {
    query?: (text: string, values: readonly unknown[]) => Promise<{ readonly rows: readonly Row[] }>;
    unsafe?: (text: string, values: readonly unknown[]) => PromiseLike<readonly Row[]>;
  };
  if (typeof known.unsafe === 'function') return async (text, values) => known.unsafe!(text, values);
  if (typeof known.query === 'function') return async (text, values) => (await known.query!(text, values)).rows;
  const hint = 'Pass a pool of pg or Neon, postgres.js, or PGlite.';
  throw configurationError('invalid_client', 'What was passed is no PostgreSQL client.', hint);
}

function tableOf({ schema = 'public', table = 'plugboard_limits' }: PostgresLimitsOptions): string {
  for (const name of [schema, table]) {
    if (/^[a-z_][a-z0-9_]{0,62}$/.test(name)) continue;
    const message = 'Names of schema and table have small letters, digits and underscores only.';
    throw configurationError('invalid_name', message, 'Choose another name.');
  }
  return `${schema}.${table}`;
}

/** Drivers answer large integers as texts. */
function numberOf(row: Row | undefined, column: string): number {
  return Number(row?.[column] ?? 0);
}
