/** How the fields of a row are stored: the one table from which all SQL of connections is made. */
import { encodeBase64, parseJson, type ConnectionData, type ConnectionRow, type Json } from '@plugboard/core/store-kit';

import { now, seconds } from './clock-sql.ts';
import type { SqlRow } from './database.ts';
import { readBytes, readDate, readText } from './read-value.ts';

type Kind = 'text' | 'uuid' | 'integer' | 'boolean' | 'date' | 'json' | 'bytes';
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

const inJson = Object.entries(columns).filter(([, [, kind]]) => kind !== 'bytes');

/**
 * A row as `t`, in two columns: everything but the sealed bytes as one JSON array, in the order that `decodeRow` reads,
 * and the bytes. Drivers spend more time on thirty columns than the database on the array, and hosts change how their
 * drivers parse dates and JSON.
 */
export const rowColumns = `json_build_array(${[
  ...inJson.map(([, [name, kind]]) => toJsonSql(`t.${name}`, kind)),
  seconds(now),
].join(', ')})::text, t.credentials_encrypted`;

export function decodeRow([json, credentials]: SqlRow): ConnectionRow {
  const values = parseJson(readText(json)) as readonly Json[];
  const row: Record<string, unknown> = { credentials: credentials === null ? null : readBytes(credentials) };
  inJson.forEach(([field, [, kind]], index) => {
    const value = values[index];
    row[field] = kind === 'date' && value !== null ? readDate(value) : value;
  });
  row['readAt'] = readDate(values.at(-1));
  return row as unknown as ConnectionRow;
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
    case 'boolean':
      return `(${value})::${kind}`;
  }
}

function toJsonSql(column: string, kind: Kind): string {
  if (kind === 'date') return seconds(column);
  return kind === 'text' ? `${column}::text` : column;
}
