/**
 * The statements on connections; `t` is the table. Parameter 1 is the time (see clock-sql.ts), but for `remove`, which
 * needs none.
 */
import { after, now, seconds } from './clock-sql.ts';
import { callRowColumns, dataColumns, fromJsonSql, lockedRowColumns, rowColumns, setWhenGiven } from './columns.ts';
import type { Statement } from './database.ts';
import { fingerprint } from './fingerprint.ts';
import type { Names, OrganizationType } from './names.ts';

export type ConnectionStatements = ReturnType<typeof connectionStatements>;

/** What makes a row one to refresh now; the partial index holds the rows that may become due. */
const isDue = `t.refresh_at <= ${now} and t.status <> 'disconnected' and (t.lease_until is null or t.lease_until <= ${now})`;
const data = Object.entries(dataColumns);
/** Where paging starts: before every date and every id. */
export const beforeAll = { date: '-infinity', id: '00000000-0000-0000-0000-000000000000' };

export function connectionStatements({ tables, organizationType }: Names) {
  const table = tables.connections;
  const organization = (parameter: number) => organizationSql(parameter, organizationType);
  const ownRow = (first: number) => `t.organization_id = ${organization(first)} and t.id = $${first + 1}::text::uuid`;

  const update = (source: string, answer: string) => `
    with v as materialized (${source})
    update ${table} as t set ${data.map((column) => setWhenGiven('v.data', column)).join(', ')},
      version = t.version + 1,
      credentials_version = t.credentials_version + (v.data ? 'credentials')::integer,
      lease_until = case when v.data ? 'credentials' then null else t.lease_until end,
      updated_at = ${now}
    from v
    where t.organization_id = v.organization_id and t.id = v.id
      and coalesce((v.guard->>'version')::integer, t.version) = t.version
      and coalesce((v.guard->>'credentialsVersion')::integer, t.credentials_version) = t.credentials_version
      and coalesce((v.guard->>'leaseFence')::integer, t.lease_fence) = t.lease_fence
    returning ${answer}`;

  const batch = `jsonb_to_recordset($2::text::jsonb) as r(organization_id ${organizationType}, id uuid, guard jsonb, data jsonb)`;

  const lease = (leaseMs: number) => `
      version = t.version + 1,
      lease_fence = t.lease_fence + 1,
      lease_until = ${after(leaseMs)},
      refresh_at = ${after(leaseMs)},
      updated_at = ${now}`;

  const find = (answer: string) =>
    statement(`
    select ${answer} from ${table} as t
    where t.organization_id = ${organization(2)} and t.provider = $3::text and t.label = $4::text`);

  const list = (filters: string) =>
    statement(`
    select ${rowColumns} from ${table} as t
    where t.organization_id = ${organization(2)}
      and (t.created_at, t.id) > ($3::text::timestamptz, $4::text::uuid) ${filters}
    order by t.created_at, t.id limit $5::integer`);

  /** Answers each row with the time since when it was due, and with how many candidates there were. */
  const claim = (due: string, candidates: string) =>
    statement(`
    with ${due}
    update ${table} as t set ${lease(2)}
    from due where t.id = due.id
    returning ${rowColumns}, ${seconds('due.due_at')}, (select count(*)::integer from ${candidates})`);

  /** Rows that another claimer holds are passed over, so that claimers work side by side. */
  const claimOldest = (filter: string) =>
    claim(
      `due as materialized (
      select t.id, t.refresh_at as due_at from ${table} as t
      where ${isDue} ${filter}
      order by t.refresh_at limit $3::integer for update skip locked)`,
      'due',
    );

  /** Ranks a window of the queue by organization, then locks within the cap; what changed meanwhile is judged anew. */
  const claimFairly = (filter: string) =>
    claim(
      `queue as materialized (
      select t.id, t.organization_id, t.refresh_at from ${table} as t
      where ${isDue} ${filter}
        and t.organization_id::text <> all (array(select jsonb_array_elements_text($6::text::jsonb)))
      order by t.refresh_at limit $4::integer),
    ranked as (
      select id, refresh_at, row_number() over (partition by organization_id order by refresh_at, id) as place from queue),
    due as materialized (
      select t.id, ranked.refresh_at as due_at from ranked join ${table} as t on t.id = ranked.id
      where ranked.place <= $5::integer and ${isDue}
      order by ranked.refresh_at limit $3::integer for update of t skip locked)`,
      'queue',
    );

  return {
    now: statement(`select ${seconds(now)}`),
    get: statement(`select ${rowColumns} from ${table} as t where ${ownRow(2)}`),
    find: find(rowColumns),
    findForCall: find(callRowColumns),
    list: list(''),
    listProvider: list('and t.provider = $6::text'),
    listStatus: list('and t.status = $6::text'),
    listBoth: list('and t.provider = $6::text and t.status = $7::text'),
    insert: statement(`
      with v as materialized (select $3::text::jsonb as data)
      insert into ${table} as t (organization_id, id, provider, label, ${data.map(([, [name]]) => name).join(', ')}, created_at, updated_at)
      select ${organization(2)}, ${fromJsonSql('v.data', 'id', 'uuid')}, v.data->>'provider', v.data->>'label',
        ${data.map(([field, [, kind]]) => fromJsonSql('v.data', field, kind)).join(', ')}, ${now}, ${now}
      from v
      on conflict (organization_id, provider, label) do nothing
      returning ${rowColumns}`),
    update: statement(
      update(
        `select ${organization(2)} as organization_id, $3::text::uuid as id, $4::text::jsonb as guard, $5::text::jsonb as data`,
        rowColumns,
      ),
    ),
    updateMany: statement(update(`select * from ${batch}`, 't.id::text')),
    updateFree: statement(
      update(
        `select r.* from ${batch} join ${table} as t on t.organization_id = r.organization_id and t.id = r.id
        for update of t skip locked`,
        't.id::text',
      ),
    ),
    remove: statement(`
      with events as materialized (
        select e.id from ${tables.inbox} as e where e.payload_encrypted is not null
          and e.organization_id = ${organization(1)} and e.connection_id = $2::text::uuid
        order by e.id for update),
      gone as (delete from ${tables.inbox} as e where e.id = any (array(select events.id from events)))
      delete from ${table} as t where ${ownRow(1)} returning 1`),
    lease: statement(`
      with free as materialized (
        select t.id from ${table} as t
        where ${ownRow(2)} and t.credentials_version = $4::integer and t.status <> 'disconnected'
          and t.version = coalesce($8::integer, t.version) and (t.lease_until is null or t.lease_until <= ${now})
        for update skip locked)
      update ${table} as t set ${lease(5)},
        attempt_hash = case when $6::boolean then $7::text else t.attempt_hash end,
        attempt_at = case when not $6::boolean then t.attempt_at when $7::text is not null then ${now} end
      from free where t.id = free.id
      returning ${rowColumns}`),
    release: statement(`
      update ${table} as t set version = t.version + 1, lease_until = null, refresh_at = $5::text::timestamptz, updated_at = ${now}
      where ${ownRow(2)} and t.lease_fence = $4::integer and t.lease_until is not null
      returning 1`),
    /**
     * Waits for the row, no longer than parameter 4 says, and answers what it holds then; parameter 5 bounds how long the
     * transaction may idle. Both are set before the row is waited for, whatever order the planner takes: it locks last.
     */
    lock: statement(`
      with locked as materialized (
        select t.* from (select set_config('lock_timeout', $4::text, true),
          set_config('idle_in_transaction_session_timeout', $5::text, true)) as settings
        cross join ${table} as t
        where ${ownRow(2)} for update of t)
      select ${lockedRowColumns} from locked as t`),
    claim: claimOldest(''),
    claimProvider: claimOldest('and t.provider = $4::text'),
    claimFairly: claimFairly(''),
    claimProviderFairly: claimFairly('and t.provider = $7::text'),
    /** Of a list of accounts; answers each row with the number of the account that it was found by. */
    findByAccount: statement(`
      select found.*, r.n from jsonb_to_recordset($2::text::jsonb) as r(n integer, provider text, account text)
      cross join lateral (
        select ${rowColumns} from ${table} as t
        where t.provider = r.provider and t.status <> 'disconnected'
          and ((t.account->>'id') collate "C" = r.account
            or (t.metadata ? 'alsoKnownAs' and t.metadata->'alsoKnownAs' @> jsonb_build_array(r.account)))
        order by t.id) as found`),
    scan: statement(`
      select ${rowColumns} from ${table} as t where t.id > $2::text::uuid order by t.id limit $3::integer`),
  };
}

/** A parameter that holds an organization's id, as its column has it. */
export function organizationSql(parameter: number, type: OrganizationType): string {
  return type === 'text' ? `$${parameter}::text` : `$${parameter}::text::${type}`;
}

export function statement(text: string): Statement {
  return { text, name: `plugboard_${fingerprint(text)}` };
}
