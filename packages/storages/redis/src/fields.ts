/** The fields of the hashes of connections, streams and events. */
import type {
  ConnectionData,
  ConnectionRow,
  ConnectionStatus,
  InboxRow,
  NewInboxEvent,
  StreamData,
  StreamRow,
} from '@plugboard/core/store-kit';

import { changeArguments, decodeFields, encodeFields, writeField, type Field } from './codec.ts';
import type { RedisArgument } from './drivers.ts';
import { brokenValue } from './errors.ts';

type Table<Row> = { readonly [Name in keyof Omit<Row, 'readAt'>]: Field };

const connection: Table<ConnectionRow> = {
  id: ['text', 'always'],
  organizationId: ['text', 'always'],
  provider: ['text', 'always'],
  label: ['text', 'always'],
  method: ['text', 'always'],
  status: ['text', 'always'],
  statusReason: ['text', 'nullable'],
  credentials: ['bytes', 'nullable'],
  tokenExpiresAt: ['date', 'nullable'],
  refreshAt: ['date', 'nullable'],
  refreshExpiresAt: ['date', 'nullable'],
  account: ['json', 'nullable'],
  scopes: ['json', 'nullable'],
  metadata: ['json', 'always'],
  settings: ['json', 'always'],
  health: ['json', 'nullable'],
  lastError: ['json', 'nullable'],
  lastSyncAt: ['date', 'nullable'],
  connectedAt: ['date', 'nullable'],
  disconnectedAt: ['date', 'nullable'],
  stub: ['flag', 'always'],
  attemptHash: ['text', 'nullable'],
  attemptAt: ['date', 'nullable'],
  failCount: ['integer', 'always'],
  writeId: ['text', 'nullable'],
  version: ['integer', 'always'],
  credentialsVersion: ['integer', 'always'],
  leaseFence: ['integer', 'always'],
  leaseUntil: ['date', 'nullable'],
  createdAt: ['date', 'always'],
  updatedAt: ['date', 'always'],
};
const stream: Table<StreamRow> = {
  connectionId: ['text', 'always'],
  stream: ['text', 'always'],
  organizationId: ['text', 'always'],
  provider: ['text', 'always'],
  accountId: ['text', 'nullable'],
  cursor: ['bytes', 'nullable'],
  mark: ['date', 'nullable'],
  startedAt: ['date', 'nullable'],
  finishedAt: ['date', 'nullable'],
  records: ['integer', 'always'],
  pages: ['integer', 'always'],
  lastError: ['json', 'nullable'],
  failCount: ['integer', 'always'],
  dueAt: ['date', 'nullable'],
  leaseFence: ['integer', 'always'],
  leaseUntil: ['date', 'nullable'],
  createdAt: ['date', 'always'],
  updatedAt: ['date', 'always'],
};
const event: Table<InboxRow> = {
  id: ['text', 'always'],
  provider: ['text', 'always'],
  organizationId: ['text', 'nullable'],
  connectionId: ['text', 'nullable'],
  type: ['text', 'always'],
  lane: ['text', 'nullable'],
  sequence: ['integer', 'always'],
  status: ['text', 'always'],
  payload: ['bytes', 'nullable'],
  attempts: ['integer', 'always'],
  lastError: ['text', 'nullable'],
  dueAt: ['date', 'nullable'],
  leaseFence: ['integer', 'always'],
  leaseUntil: ['date', 'nullable'],
  keepUntil: ['date', 'always'],
  receivedAt: ['date', 'always'],
  updatedAt: ['date', 'always'],
};
/** In the order in which scripts answer them. */
export const connectionFields: readonly string[] = Object.keys(connection);
export const streamFields: readonly string[] = Object.keys(stream);
export const eventFields: readonly string[] = Object.keys(event);

const statuses: { readonly [Status in ConnectionStatus]: true } = {
  active: true,
  pending: true,
  degraded: true,
  expired: true,
  error: true,
  disconnected: true,
};
/** Longest id that an account can have; a longer one among further ids is never asked for. */
const longestAccountId = 512;

/** What the index of accounts is made of is stored beside the JSON, so that no script reads JSON. */
export function encodeConnection(data: Partial<ConnectionData>): RedisArgument[] {
  const change = encodeFields(connection, data);
  if (data.account !== undefined) writeField(change, '@account', data.account?.id ?? null);
  if (data.metadata !== undefined) writeField(change, '@furtherAccounts', furtherAccounts(data.metadata));
  return changeArguments(change);
}

export function encodeStream(data: Partial<StreamData>): RedisArgument[] {
  return changeArguments(encodeFields(stream, data));
}

export function encodeEvent(given: NewInboxEvent): RedisArgument[] {
  return changeArguments(encodeFields(event, given));
}

export function decodeEvent(reply: unknown, readAt: Date): InboxRow {
  const row = { ...decodeFields(event, reply), readAt } as unknown as InboxRow;
  if (!['received', 'failed', 'dead', 'done'].includes(row.status)) throw brokenValue();
  return row;
}

export function decodeConnection(reply: unknown, readAt: Date): ConnectionRow {
  const row = { ...decodeFields(connection, reply), readAt } as unknown as ConnectionRow;
  if (!Object.hasOwn(statuses, row.status)) throw brokenValue();
  return row;
}

export function decodeStream(reply: unknown, readAt: Date): StreamRow {
  return { ...decodeFields(stream, reply), readAt } as unknown as StreamRow;
}

/** Joined by NUL, which no text of a row contains. */
function furtherAccounts(metadata: ConnectionData['metadata']): string | null {
  const ids = Object.hasOwn(metadata, 'alsoKnownAs') ? metadata['alsoKnownAs'] : undefined;
  if (!Array.isArray(ids)) return null;
  const known = (ids as readonly unknown[]).filter(
    (id): id is string => typeof id === 'string' && id !== '' && id.length <= longestAccountId,
  );
  return known.length === 0 ? null : [...new Set(known)].join('\0');
}
