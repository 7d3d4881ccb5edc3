/** How the fields of a row are stored: the tables from which all SQL of connections, streams and events is made. */
import {
  encodeBase64,
  parseJson,
  type CallRow,
  type ConnectionData,
  type ConnectionRow,
  type InboxRow,
  type Json,
  type StreamData,
  type StreamRow,
} from '@plugboard/core/store-kit';

import { now, nowAfterWaiting, seconds } from './clock-sql.ts';
import type { SqlRow } from './database.ts';
import { readBytes, readDate, readText } from './read-value.ts';

type Kind = 'text' | 'uuid' | 'integer' | 'bigint' | 'boolean' | 'date' | 'json' | 'bytes';
type Column = readonly [name: string, kind: Kind];

/** What callers write. */
export const dataColumns: { readonly [Field in keyof ConnectionData]: Column } = {
  method: ['method', 'text'],
  status: ['status', 'text'],
  statusReason: ['status_reason', 'text'],
  credentials: ['credentials_encrypted', 'bytes'],
  tokenExpiresAt: ['token_expires_at', 'date'],
  refreshAt: ['refresh_at', 'date'],
  refreshExpiresAt: ['refresh_expires_at', 'date'],
  account: ['account', 'json'],
  scopes: ['scopes', 'json'],
  metadata: ['metadata', 'json'],
  settings: ['settings', 'json'],
  health: ['health', 'json'],
  lastError: ['last_error', 'json'],
  lastSyncAt: ['last_sync_at', 'date'],
  connectedAt: ['connected_at', 'date'],
  disconnectedAt: ['disconnected_at', 'date'],
  stub: ['stub', 'boolean'],
  attemptHash: ['attempt_hash', 'text'],
  attemptAt: ['attempt_at', 'date'],
  failCount: ['fail_count', 'integer'],
  writeId: ['write_id', 'text'],
};

const columns: { readonly [Field in keyof Omit<ConnectionRow, 'readAt'>]: Column } = {
  id: ['id', 'uuid'],
  organizationId: ['organization_id', 'text'],
  provider: ['provider', 'text'],
  label: ['label', 'text'],
  ...dataColumns,
  version: ['version', 'integer'],
  credentialsVersion: ['credentials_version', 'integer'],
  leaseFence: ['lease_fence', 'integer'],
  leaseUntil: ['lease_until', 'date'],
  createdAt: ['created_at', 'date'],
  updatedAt: ['updated_at', 'date'],
};

/** What the reader of a stream writes. */
export const streamDataColumns: { readonly [Field in keyof StreamData]: Column } = {
  accountId: ['account_id', 'text'],
  cursor: ['cursor_encrypted', 'bytes'],
  mark: ['mark', 'date'],
  startedAt: ['started_at', 'date'],
  finishedAt: ['finished_at', 'date'],
  records: ['records', 'bigint'],
  pages: ['pages', 'bigint'],
  lastError: ['last_error', 'json'],
  failCount: ['fail_count', 'integer'],
  dueAt: ['due_at', 'date'],
};

const streamColumns: { readonly [Field in keyof Omit<StreamRow, 'readAt'>]: Column } = {
  connectionId: ['connection_id', 'uuid'],
  stream: ['stream', 'text'],
  organizationId: ['organization_id', 'text'],
  provider: ['provider', 'text'],
  ...streamDataColumns,
  leaseFence: ['lease_fence', 'integer'],
  leaseUntil: ['lease_until', 'date'],
  createdAt: ['created_at', 'date'],
  updatedAt: ['updated_at', 'date'],
};

const inboxColumns: { readonly [Field in keyof Omit<InboxRow, 'readAt'>]: Column } = {
  id: ['id', 'text'],
  provider: ['provider', 'text'],
  organizationId: ['organization_id', 'text'],
  connectionId: ['connection_id', 'uuid'],
  type: ['type', 'text'],
  lane: ['lane', 'text'],
  sequence: ['sequence', 'bigint'],
  status: ['status', 'text'],
  payload: ['payload_encrypted', 'bytes'],
  attempts: ['attempts', 'integer'],
  lastError: ['last_error', 'text'],
  dueAt: ['due_at', 'date'],
  leaseFence: ['lease_fence', 'integer'],
  leaseUntil: ['lease_until', 'date'],
  keepUntil: ['keep_until', 'date'],
  receivedAt: ['received_at', 'date'],
  updatedAt: ['updated_at', 'date'],
};

export interface RowFormat<Row> {
  /**
   * A row as `t`, in two columns: everything but the sealed bytes as one JSON array, in the order that `decode` reads,
   * and the bytes. Drivers spend more time on thirty columns than the database on the array, and hosts change how their
   * drivers parse dates and JSON.
   */
  readonly columns: string;
  /** The same of a statement that may have waited for the row. */
  readonly columnsAfterWaiting: string;
  decode(row: SqlRow): Row;
}

function rowFormat<Row>(fields: Readonly<Record<string, Column>>): RowFormat<Row> {
  const entries = Object.entries(fields);
  const inJson = entries.filter(([, [, kind]]) => kind !== 'bytes');
  const names = inJson.map(([field]) => field);
  const dates = inJson.map(([, [, kind]]) => kind === 'date');
  const [sealed = '', [sealedColumn] = ['']] = entries.find(([, [, kind]]) => kind === 'bytes') ?? [];
  // Copied and filled: an object that grows by computed names is a hash table, and slow for whoever reads or copies it.
  const blank: Readonly<Record<string, unknown>> = { ...fields, readAt: null };
  const list = inJson.map(([, [name, kind]]) => toJsonSql(`t.${name}`, kind));
  const columnsAt = (time: string) =>
    `json_build_array(${[...list, seconds(time)].join(', ')})::text, t.${sealedColumn}`;
  return {
    columns: columnsAt(now),
    columnsAfterWaiting: columnsAt(nowAfterWaiting),
    decode(columns) {
      const values = parseJson(readText(columns[0])) as readonly Json[];
      const row: Record<string, unknown> = { ...blank };
      row[sealed] = columns[1] === null ? null : readBytes(columns[1]);
      for (let index = 0; index < names.length; index++) {
        const value = values[index];
        row[names[index]!] = dates[index] === true && value !== null ? readDate(value) : value;
      }
      row['readAt'] = readDate(values[names.length]);
      return row as unknown as Row;
    },
  };
}

/** What the asker knows by itself is not read. */
type ReadForCall = Omit<CallRow, 'organizationId' | 'provider'>;

const callColumns: { readonly [Field in keyof Omit<ReadForCall, 'readAt'>]: Column } = {
  id: columns.id,
  method: columns.method,
  status: columns.status,
  statusReason: columns.statusReason,
  credentials: columns.credentials,
  credentialsVersion: columns.credentialsVersion,
  tokenExpiresAt: columns.tokenExpiresAt,
  refreshAt: columns.refreshAt,
  account: columns.account,
  scopes: columns.scopes,
  metadata: columns.metadata,
  settings: columns.settings,
  stub: columns.stub,
};

export const {
  columns: rowColumns,
  columnsAfterWaiting: lockedRowColumns,
  decode: decodeRow,
} = rowFormat<ConnectionRow>(columns);
export const { columns: callRowColumns, decode: decodeForCall } = rowFormat<ReadForCall>(callColumns);
export const { columns: inboxRowColumns, decode: decodeInbox } = rowFormat<InboxRow>(inboxColumns);
export const { columns: streamRowColumns, decode: decodeStream } = rowFormat<StreamRow>(streamColumns);

/** One assignment of an update, of the field that the jsonb expression `source` may hold. */
export function setWhenGiven(source: string, [field, [name, kind]]: readonly [string, Column]): string {
  return `${name} = case when ${source} ? '${field}' then ${fromJsonSql(source, field, kind)} else t.${name} end`;
}

/** Fields as JSON that `fromJsonSql` takes apart in the database. */
export function encodeFields(values: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([field, value]) => [field, value instanceof Uint8Array ? encodeBase64(value) : value]),
  );
}

/** The column's value out of the jsonb expression `source`, where `encodeFields` has put it. */
export function fromJsonSql(source: string, field: string, kind: Kind): string {
  const value = `${source}->>'${field}'`;
  switch (kind) {
    case 'text':
      return value;
    case 'json':
      return `nullif(${source}->'${field}', 'null')`;
    case 'bytes':
      return `decode(${value}, 'base64')`;
    case 'date':
      return `(${value})::timestamptz`;
    case 'uuid':
    case 'integer':
    case 'bigint':
    case 'boolean':
      return `(${value})::${kind}`;
  }
}

function toJsonSql(column: string, kind: Kind): string {
  if (kind === 'date') return seconds(column);
  return kind === 'text' ? `${column}::text` : column;
}
