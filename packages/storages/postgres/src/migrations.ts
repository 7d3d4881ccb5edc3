/**
 * The tables, as numbered steps. Every statement may run again without harm, and each step leaves the tables usable by
 * the version of the package before it (expand first, contract a release later), so that old and new processes run side
 * by side during a deploy.
 */
import type { Names } from './names.ts';

export interface Migration {
  readonly version: number;
  statements(names: Names): readonly string[];
}

export const migrations: readonly Migration[] = [
  { version: 1, statements: createTables },
  { version: 2, statements: createStreams },
  { version: 3, statements: createInbox },
];

/** The version of the tables that this package reads and writes. */
export const latestVersion = 3;

/** What must exist before the first step: the schema, and the table that records the steps. */
export function preparation({ schema, tables }: Names): readonly string[] {
  // «create schema if not exists» asks for the right to create schemas even when there is nothing to create.
  const createSchema = `do $plugboard$ begin
  if not exists (select from pg_catalog.pg_namespace where nspname = '${schema.slice(1, -1)}') then
    create schema ${schema};
  end if;
end $plugboard$`;
  return [
    createSchema,
    `create table if not exists ${tables.migrations} (
  version integer primary key,
  applied_at timestamptz not null default now()
)`,
  ];
}

/** Texts that are compared as bytes, and whose indexes do not depend on the operating system's sorting rules. */
const exactText = 'text collate "C"';
/** Milliseconds, like the dates of JavaScript: what is read back equals what was written. */
const date = 'timestamptz(3)';

function organizationSql({ organizationType }: Names): string {
  return organizationType === 'text' ? exactText : organizationType;
}

function createTables(names: Names): readonly string[] {
  const { tables, organizationReference, index } = names;
  const organization = organizationSql(names);
  return [
    // Room in every page (fillfactor) keeps the new version of a row beside the old one: rows change with each refresh.
    `create table if not exists ${tables.connections} (
  id uuid primary key,
  organization_id ${`${organization} not null ${organizationReference}`.trim()},
  provider ${exactText} not null,
  label ${exactText} not null,
  method text not null,
  status ${exactText} not null,
  status_reason text,
  credentials_encrypted bytea,
  token_expires_at ${date},
  refresh_at ${date},
  refresh_expires_at ${date},
  account jsonb,
  scopes jsonb,
  metadata jsonb not null,
  settings jsonb not null,
  health jsonb,
  last_error jsonb,
  last_sync_at ${date},
  connected_at ${date},
  disconnected_at ${date},
  stub boolean not null,
  attempt_hash text,
  attempt_at ${date},
  fail_count integer not null,
  write_id text,
  version integer not null default 1,
  credentials_version integer not null default 1,
  lease_fence integer not null default 0,
  lease_until ${date},
  created_at ${date} not null,
  updated_at ${date} not null,
  unique (organization_id, provider, label)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)`,
    // Sealed bytes do not compress; trying would cost time on every write.
    `alter table ${tables.connections} alter column credentials_encrypted set storage external`,
    `create index if not exists ${index('connections', 'created')} on ${tables.connections} (organization_id, created_at, id)`,
    `create index if not exists ${index('connections', 'status')} on ${tables.connections} (organization_id, status, created_at, id)
  where status <> 'active'`,
    `create index if not exists ${index('connections', 'due')} on ${tables.connections} (refresh_at, provider)
  where refresh_at is not null and status <> 'disconnected'`,
    `create index if not exists ${index('connections', 'account')} on ${tables.connections} (provider, ((account->>'id') collate "C"))
  where status <> 'disconnected'`,
    // Few connections have further ids; the others cost this index nothing.
    `create index if not exists ${index('connections', 'also_known_as')} on ${tables.connections}
  using gin ((metadata->'alsoKnownAs') jsonb_path_ops) where status <> 'disconnected' and metadata ? 'alsoKnownAs'`,
    `create table if not exists ${tables.once} (
  key ${exactText} primary key,
  value text not null,
  expires_at ${date} not null,
  group_key ${exactText}
) with (autovacuum_vacuum_scale_factor = 0.05)`,
    `create index if not exists ${index('once', 'expiry')} on ${tables.once} (expires_at)`,
    `create index if not exists ${index('once', 'group')} on ${tables.once} (group_key, expires_at) where group_key is not null`,
    `create table if not exists ${tables.audit} (
  sequence bigint generated always as identity primary key,
  organization_id ${organization} not null,
  id ${exactText} not null,
  connection_id uuid,
  provider ${exactText} not null,
  type text not null,
  actor text not null,
  data jsonb not null,
  at ${date} not null,
  unique (organization_id, id)
)`,
    `create index if not exists ${index('audit', 'organization')} on ${tables.audit} (organization_id, sequence)`,
    `create index if not exists ${index('audit', 'connection')} on ${tables.audit} (organization_id, connection_id, sequence)
  where connection_id is not null`,
    `create table if not exists ${tables.markers} (
  name ${exactText} primary key,
  value text not null
)`,
  ];
}

/** The foreign key is for deletions that know nothing of streams: by the version before, by the host, by its own keys. */
function createStreams(names: Names): readonly string[] {
  const { tables, index } = names;
  return [
    `create table if not exists ${tables.streams} (
  connection_id uuid not null references ${tables.connections} (id) on delete cascade,
  stream ${exactText} not null,
  organization_id ${organizationSql(names)} not null,
  provider ${exactText} not null,
  account_id text,
  cursor_encrypted bytea,
  mark ${date},
  started_at ${date},
  finished_at ${date},
  records bigint not null default 0,
  pages bigint not null default 0,
  last_error jsonb,
  fail_count integer not null default 0,
  due_at ${date},
  lease_fence integer not null default 0,
  lease_until ${date},
  created_at ${date} not null,
  updated_at ${date} not null,
  primary key (connection_id, stream)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)`,
    `alter table ${tables.streams} alter column cursor_encrypted set storage external`,
    `create index if not exists ${index('streams', 'due')} on ${tables.streams} (provider, stream, due_at)
  where due_at is not null`,
  ];
}

/**
 * No foreign key to the connections: it would have an event wait for a refresh that holds its connection. What is done
 * loses its payload, and with it its place in the partial indexes, so that these hold only what is still to do.
 */
function createInbox(names: Names): readonly string[] {
  const { tables, index } = names;
  return [
    `create table if not exists ${tables.inbox} (
  id ${exactText} primary key,
  sequence bigint generated always as identity,
  provider ${exactText} not null,
  organization_id ${organizationSql(names)},
  connection_id uuid,
  type text not null,
  lane ${exactText},
  payload_encrypted bytea,
  status ${exactText} not null,
  attempts integer not null default 0,
  last_error text,
  due_at ${date},
  lease_fence integer not null default 0,
  lease_until ${date},
  keep_until ${date} not null,
  received_at ${date} not null,
  updated_at ${date} not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)`,
    `alter table ${tables.inbox} alter column payload_encrypted set storage external`,
    `create index if not exists ${index('inbox', 'due')} on ${tables.inbox} (due_at, sequence)
  where due_at is not null and lane is null`,
    `create index if not exists ${index('inbox', 'lane')} on ${tables.inbox} (lane, sequence)
  where due_at is not null`,
    `create index if not exists ${index('inbox', 'open')} on ${tables.inbox} (sequence)
  where payload_encrypted is not null`,
    `create index if not exists ${index('inbox', 'keep')} on ${tables.inbox} (keep_until)`,
  ];
}
