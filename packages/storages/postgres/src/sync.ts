import {
  checkSchedule,
  checkStreamDue,
  checkStreamKey,
  checkStreamLease,
  checkStreamSave,
  isConnectionId,
  type StreamRow,
  type SyncStore,
} from '@plugboard/core/store-kit';

import { after, now, seconds } from './clock-sql.ts';
import { decodeStream, encodeFields, setWhenGiven, streamDataColumns, streamRowColumns } from './columns.ts';
import { organizationSql, statement } from './connections-sql.ts';
import type { SqlRow } from './database.ts';
import type { Names } from './names.ts';
import { checkOrganization } from './organization.ts';
import type { Session } from './session.ts';

export function createSync({ names, timed }: Session): SyncStore {
  const statements = syncStatements(names);
  const checkOwner = (organizationId: string) => checkOrganization(organizationId, names.organizationType);

  return {
    async get(organizationId, key) {
      checkOwner(organizationId);
      checkStreamKey(key);
      if (!isConnectionId(key.connectionId)) return null;
      return firstRow(await timed(statements.get, organizationId, key.connectionId, key.stream));
    },

    async list(organizationId, connectionId) {
      checkOwner(organizationId);
      if (!isConnectionId(connectionId)) return [];
      return (await timed(statements.list, organizationId, connectionId)).map(decodeStream);
    },

    async lease(organizationId, { connectionId, stream }, leaseMs) {
      checkOwner(organizationId);
      checkStreamKey({ connectionId, stream });
      checkStreamLease(leaseMs);
      if (!isConnectionId(connectionId)) return null;
      return firstRow(await timed(statements.lease, organizationId, connectionId, stream, leaseMs));
    },

    async save(organizationId, { connectionId, stream }, hold, change) {
      checkOwner(organizationId);
      checkStreamKey({ connectionId, stream });
      checkStreamSave(hold, change);
      if (!isConnectionId(connectionId)) return null;
      const values = [hold.leaseFence, hold.leaseMs, JSON.stringify(encodeFields(change))];
      return firstRow(await timed(statements.save, organizationId, connectionId, stream, ...values));
    },

    async schedule(streams) {
      checkSchedule(streams);
      for (const { organizationId } of streams) checkOwner(organizationId);
      const records = streams
        .filter(({ connectionId }) => isConnectionId(connectionId))
        .map(({ organizationId, connectionId, stream }) => {
          return { organization_id: organizationId, connection_id: connectionId, stream };
        });
      if (records.length > 0) await timed(statements.schedule, JSON.stringify(records));
    },

    async claimDue(request) {
      checkStreamDue(request);
      const { provider, stream, limit, leaseMs, except } = request;
      const rows = await timed(statements.claim, provider, stream, limit, leaseMs, JSON.stringify(except));
      return rows.toSorted((a, b) => Number(a.at(-1)) - Number(b.at(-1))).map(decodeStream);
    },
  };
}

/** `t` is the table of streams, `c` that of connections. Parameter 1 is the time. */
export function syncStatements({ tables, organizationType }: Names) {
  const table = tables.streams;
  const organization = organizationSql(2, organizationType);
  const ownRow = `t.organization_id = ${organization} and t.connection_id = $3::text::uuid and t.stream = $4::text`;
  const isFree = `(t.lease_until is null or t.lease_until <= ${now})`;
  const data = Object.entries(streamDataColumns);
  const leased = (leaseMs: number) => `
      lease_until = ${after(leaseMs)}, due_at = case when t.due_at is not null then ${after(leaseMs)} end, updated_at = ${now}`;
  /** Passed over while a refresh holds the connection, which the foreign key would wait for. */
  const reachable = 'for key share of c skip locked';

  return {
    get: statement(`select ${streamRowColumns} from ${table} as t where ${ownRow}`),
    list: statement(`
      select ${streamRowColumns} from ${table} as t
      where t.organization_id = ${organization} and t.connection_id = $3::text::uuid order by t.stream`),
    lease: statement(`
      with free as materialized (
        select t.connection_id, t.stream from ${table} as t where ${ownRow} and ${isFree} for update skip locked),
      taken as (
        update ${table} as t set lease_fence = t.lease_fence + 1, ${leased(5)}
        from free where t.connection_id = free.connection_id and t.stream = free.stream
        returning ${streamRowColumns}),
      owner as materialized (
        select c.id, c.provider from ${tables.connections} as c
        where c.organization_id = ${organization} and c.id = $3::text::uuid
          and not exists (select from ${table} as t where t.connection_id = $3::text::uuid and t.stream = $4::text)
        ${reachable}),
      made as (
        insert into ${table} as t
          (connection_id, stream, organization_id, provider, lease_fence, lease_until, created_at, updated_at)
        select owner.id, $4::text, ${organization}, owner.provider, 1, ${after(5)}, ${now}, ${now} from owner
        on conflict (connection_id, stream) do nothing
        returning ${streamRowColumns})
      select * from taken union all select * from made`),
    save: statement(`
      with v as materialized (select $7::text::jsonb as data)
      update ${table} as t set ${data
        .filter(([field]) => field !== 'dueAt')
        .map((column) => setWhenGiven('v.data', column))
        .join(', ')},
        due_at = case
          when v.data ? 'dueAt' then (v.data->>'dueAt')::timestamptz
          when $6::float8 is not null and t.due_at is not null then ${after(6)}
          else t.due_at end,
        lease_until = ${after(6)},
        updated_at = ${now}
      from v
      where ${ownRow} and t.lease_fence = $5::integer and t.lease_until is not null
      returning ${streamRowColumns}`),
    schedule: statement(`
      with wanted as materialized (
        select c.id, r.stream, c.organization_id, c.provider
        from jsonb_to_recordset($2::text::jsonb)
          as r(organization_id ${organizationType}, connection_id uuid, stream text)
        join ${tables.connections} as c on c.id = r.connection_id and c.organization_id = r.organization_id
        order by c.id ${reachable})
      insert into ${table} as t (connection_id, stream, organization_id, provider, due_at, created_at, updated_at)
      select distinct id, stream, organization_id, provider, ${now}, ${now}, ${now} from wanted
      on conflict (connection_id, stream) do update set due_at = excluded.due_at, updated_at = excluded.updated_at
      where t.due_at is null`),
    claim: statement(`
      with due as materialized (
        select t.connection_id, t.stream, t.due_at from ${table} as t
        where t.provider = $2::text and t.stream = $3::text and t.due_at <= ${now} and ${isFree}
          and t.organization_id::text <> all (array(select jsonb_array_elements_text($6::text::jsonb)))
        order by t.due_at limit $4::integer for update skip locked)
      update ${table} as t set lease_fence = t.lease_fence + 1, ${leased(5)}
      from due where t.connection_id = due.connection_id and t.stream = due.stream
      returning ${streamRowColumns}, ${seconds('due.due_at')}`),
  };
}

function firstRow(rows: readonly SqlRow[]): StreamRow | null {
  const [row] = rows;
  return row === undefined ? null : decodeStream(row);
}
