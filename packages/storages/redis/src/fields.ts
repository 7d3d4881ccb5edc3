/** How the fields of a row are stored in its hash. A field that is null is not there. */
import type { ConnectionData, ConnectionRow, ConnectionStatus } from '@plugboard/core/store-kit';

import type { RedisArgument } from './drivers.ts';
import { brokenValue } from './errors.ts';
import { readBytes, readDate, readInteger, readJson, readList, readText } from './read-value.ts';

type Kind = 'text' | 'status' | 'integer' | 'flag' | 'date' | 'json' | 'bytes';
type Field = readonly [kind: Kind, presence: 'always' | 'nullable'];

const fields: { readonly [Name in keyof Omit<ConnectionRow, 'readAt'>]: Field } = {
  id: ['text', 'always'],
  organizationId: ['text', 'always'],
  provider: ['text', 'always'],
  label: ['text', 'always'],
  method: ['text', 'always'],
  status: ['status', 'always'],
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
const entries = Object.entries(fields);
/** In the order in which scripts answer them. */
export const fieldNames: readonly string[] = entries.map(([name]) => name);

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

/**
 * A change as arguments of a script: how many fields are set, each with its value, then how many are cleared, each by its
 * name. What the index of accounts is made of is stored beside the JSON, so that no script reads JSON.
 */
export function encodeChange(change: Partial<ConnectionData>): RedisArgument[] {
  const set: RedisArgument[] = [];
  const cleared: string[] = [];
  const write = (name: string, value: RedisArgument | null) => {
    if (value === null) cleared.push(name);
    else set.push(name, value);
  };
  for (const [name, [kind]] of entries) {
    const value = (change as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) write(name, value === null ? null : encode(kind, value));
  }
  if (change.account !== undefined) write('@account', change.account?.id ?? null);
  if (change.metadata !== undefined) write('@furtherAccounts', furtherAccounts(change.metadata));
  return [String(set.length / 2), ...set, String(cleared.length), ...cleared];
}

/** @param reply the values of `fieldNames`, of which one that is not there is null. */
export function decodeRow(reply: unknown, readAt: Date): ConnectionRow {
  const values = readList(reply);
  const row = entries.map(([name, [kind, presence]], index) => {
    const value = values[index] ?? null;
    if (value === null && presence === 'always') throw brokenValue();
    return [name, value === null ? null : decode(kind, value)];
  });
  return { ...Object.fromEntries(row), readAt } as unknown as ConnectionRow;
}

function encode(kind: Kind, value: unknown): RedisArgument {
  switch (kind) {
    case 'text':
    case 'status':
    case 'integer':
      return String(value);
    case 'flag':
      return value === true ? '1' : '0';
    case 'date':
      return String((value as Date).getTime());
    case 'json':
      return JSON.stringify(value);
    case 'bytes':
      return Buffer.from(value as Uint8Array);
  }
}

function decode(kind: Kind, value: unknown): unknown {
  switch (kind) {
    case 'text':
      return readText(value);
    case 'status': {
      const status = readText(value);
      if (!Object.hasOwn(statuses, status)) throw brokenValue();
      return status;
    }
    case 'integer':
      return readInteger(value);
    case 'flag':
      return readInteger(value) === 1;
    case 'date':
      return readDate(value);
    case 'json':
      return readJson(value);
    case 'bytes':
      return readBytes(value);
  }
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
