/**
 * The statements on the inbox; `t` is the table. Parameter 1 is the time. Whatever waits for the locks of several rows takes
 * them in the order of the ids, and what need not wait passes locked rows over: so no two statements wait for each other.
 */
import { after, ahead, now } from './clock-sql.ts';
import { inboxRowColumns } from './columns.ts';
import { organizationSql, statement } from './connections-sql.ts';
import type { Names } from './names.ts';

const isFree = `(t.lease_until is null or t.lease_until <= ${now})`;
const isResting = `t.status in ('failed', 'dead') and ${isFree}`;
/** A row of which some index must not learn that its payload is there still; see the migrations. */
const isOpen = 't.payload_encrypted is not null';
/**
 * Holds for every record of a list. The planner takes a list of unknown length for a hundred rows, and would read a whole
 * table for them that it still knows as small; of a range it expects one row, and asks the index.
 */
const isWhole = (column: string) => `${column} between 0 and 2147483647`;
const texts = (parameter: number) => `array(select jsonb_array_elements_text($${parameter}::text::jsonb))`;
const counted = (locked: string, text: string) =>
  statement(`with ${locked}, changed as (${text} returning 1) select count(*)::integer from changed`);

export type InboxStatements = ReturnType<typeof inboxStatements>;

export function inboxStatements({ tables, organizationType }: Names) {
  const table = tables.inbox;
  const claimed = (leaseMs: number) => `
      status = 'failed', last_error = 'interrupted', attempts = t.attempts + 1, lease_fence = t.lease_fence + 1,
      lease_until = ${after(leaseMs)}, updated_at = ${now}`;
  /** Of the column's own sequence, which would count rows in the order of their insertion. */
  const nextInOrder = `nextval((select pg_get_serial_sequence('${table}', 'sequence')::regclass))`;
  const resting = `resting as materialized (
        select t.id from ${table} as t where t.id = any (${texts(2)}) and ${isResting} order by t.id for update)`;
  const isDue = `t.due_at <= ${now} and ${isFree} and t.provider = any (${texts(2)})`;
  const next = (bounds: string) => `
        select t.lane, t.id, t.due_at, t.lease_until, t.provider from ${table} as t
        where t.due_at is not null and ${bounds} order by t.lane, t.sequence limit 1`;
  /** The first row of each lane with work, lane by lane, and no more lanes than are asked for. */
  const heads = (name: string, first: string, bound: string) => `
      ${name} as (
        (${next(first)})
        union all
        select n.* from ${name} as h cross join lateral (${next(`t.lane > h.lane ${bound}`)}) as n)`;
  /** By an array: the planner takes a limit that is a parameter for a tenth of the table. */
  const change = (source: string, leaseMs: number) => `
      update ${table} as t set ${claimed(leaseMs)}
      where t.id = any (array(select due.id from ${source} as due))
      returning ${inboxRowColumns}`;

  return {
    /** Parameter 3, the lease, is null where a job will work on the events. */
    add: statement(`
      with v as materialized (
        select r.*, ${nextInOrder} as sequence from (
          select r.* from jsonb_to_recordset($2::text::jsonb)
            as r(n integer, id text, provider text, "organizationId" text, "connectionId" uuid, type text, lane text, payload text)
          where ${isWhole('r.n')} order by r.n) as r),
      taken as (
        insert into ${table} as t (id, sequence, provider, organization_id, connection_id, type, lane, payload_encrypted,
          status, attempts, last_error, due_at, lease_fence, lease_until, keep_until, received_at, updated_at)
        overriding system value
        select v.id, v.sequence, v.provider, v."organizationId"::${organizationType}, v."connectionId", v.type, v.lane, decode(v.payload, 'base64'),
          case when $3::float8 is null then 'received' else 'failed' end, ($3::float8 is not null)::integer,
          case when $3::float8 is not null then 'interrupted' end, case when $3::float8 is null then ${now} end,
          ($3::float8 is not null)::integer, ${after(3)}, ${after(4)}, ${now}, ${now}
        from v order by v.id
        on conflict (id) do update set
          status = excluded.status, attempts = t.attempts + excluded.attempts,
          last_error = coalesce(excluded.last_error, t.last_error), due_at = excluded.due_at,
          lease_fence = t.lease_fence + excluded.lease_fence, lease_until = excluded.lease_until,
          keep_until = excluded.keep_until, updated_at = excluded.updated_at
        where t.status in ('received', 'failed') and t.due_at is null and ${isFree}
        returning t.id, case when $3::float8 is null then 'queued' else 'held' end as outcome,
          case when $3::float8 is null then 0 else t.lease_fence end as lease_fence)
      select * from taken
      union all
      select v.id, known.outcome, 0 from v cross join lateral (
        select case when t.status in ('done', 'dead') then 'done' when t.due_at is not null then 'queued' else 'busy' end as outcome
        from ${table} as t where t.id = v.id offset 0) as known
      where not exists (select from taken where taken.id = v.id)`),
    extend: statement(`
      with r as materialized (
        select r.* from jsonb_to_recordset($2::text::jsonb) as r(id text, "leaseFence" integer)
        where ${isWhole('r."leaseFence"')} order by r.id)
      update ${table} as t set lease_until = ${after(3)}, updated_at = ${now}
      from r where t.id = r.id and t.lease_fence = r."leaseFence" and t.lease_until is not null
      returning t.id`),
    settle: statement(`
      with r as materialized (
        select r.* from jsonb_to_recordset($2::text::jsonb)
          as r(id text, "leaseFence" integer, status text, error text, "dueInMs" float8, "keepMs" float8)
        where ${isWhole('r."leaseFence"')} order by r.id)
      update ${table} as t set status = r.status, last_error = r.error, due_at = ${ahead('r."dueInMs"')},
        keep_until = ${ahead('r."keepMs"')},
        payload_encrypted = case when r.status <> 'done' then t.payload_encrypted end, lease_until = null, updated_at = ${now}
      from r where t.id = r.id and t.lease_fence = r."leaseFence" and t.lease_until is not null
      returning t.id, t.lease_fence`),
    claim: statement(`
      with due as materialized (
        select t.id from ${table} as t where t.lane is null and ${isDue}
        order by t.due_at, t.sequence limit $3::integer for update skip locked)
      ${change('due', 4)}`),
    claimHeads: statement(`
      with recursive
      ${heads('later', 't.lane > $5::text', '')},
      ${heads('earlier', 't.lane <= $5::text', 'and t.lane <= $5::text')},
      found as materialized (
        select t.id from (select * from later union all select * from earlier) as t where ${isDue} limit $3::integer),
      due as materialized (
        select t.id from ${table} as t where t.id in (select found.id from found) and ${isDue} for update skip locked)
      ${change('due', 4)}`),
    list: statement(`
      select ${inboxRowColumns} from ${table} as t
      where ${isOpen} and t.sequence > $5::text::bigint and t.status = any (${texts(2)}) and ${isFree}
        and ($3::text is null or t.organization_id = ${organizationSql(3, organizationType)})
        and ($4::text is null or t.provider = $4::text)
      order by t.sequence limit $6::integer`),
    requeue: counted(
      resting,
      `update ${table} as t set status = 'received', attempts = 0, due_at = ${now}, lease_until = null, updated_at = ${now}
      where t.id = any (array(select resting.id from resting))`,
    ),
    discard: counted(
      resting,
      `update ${table} as t set status = 'done', payload_encrypted = null, due_at = null, lease_until = null,
        keep_until = ${after(3)}, updated_at = ${now}
      where t.id = any (array(select resting.id from resting))`,
    ),
    purge: counted(
      `over as materialized (
        select t.id from ${table} as t where t.keep_until <= ${now} and t.due_at is null and ${isFree} for update skip locked)`,
      `delete from ${table} as t where t.id = any (array(select over.id from over))`,
    ),
  };
}
