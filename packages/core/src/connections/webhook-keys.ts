/**
 * What a connection remembers of its webhook addresses: a list of hashes in its metadata, which is the engine's own. The
 * one without an end is in use; those with an end were replaced, and vendors may still hold them.
 */
import { member, text, type Json, type JsonObject } from '../json.ts';
import type { ConnectionRow } from '../store.ts';

/** A type alias, because interfaces are no JSON objects. */
export type WebhookKey = {
  /** Hex SHA-256 of the key: 256 random bits need no salt. */
  readonly hash: string;
  /** ISO time from which it is refused; null for the newest. */
  readonly until: string | null;
};

export const webhookKeysMember = 'webhookKeys';

export function webhookKeysOf({ metadata }: Pick<ConnectionRow, 'metadata'>): readonly WebhookKey[] {
  const stored = member(metadata, webhookKeysMember);
  return (Array.isArray(stored) ? stored : []).filter(isKey);
}

function isKey(value: Json): value is WebhookKey {
  return text(member(value, 'hash')) !== undefined;
}

/** What a new grant of the same connection keeps, so that the vendor's side need not be told anew. */
export function keptWebhookKeys(existing: ConnectionRow | null): JsonObject {
  const keys = existing === null ? [] : webhookKeysOf(existing);
  return keys.length === 0 ? {} : { [webhookKeysMember]: keys };
}

export function withoutWebhookKeys(metadata: JsonObject): JsonObject {
  const { [webhookKeysMember]: _dropped, ...rest } = metadata;
  return rest;
}
