/** Sealed records that are used once: flows between their start and their end. */
import { decodeBase64url, decodeUtf8, encodeBase64url, encodeUtf8 } from '../bytes.ts';
import type { Engine } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import { hashText } from '../hash.ts';
import { parseJson } from '../json.ts';
import type { SealPurpose } from '../vault/vault.ts';

/** Live flows of one user: more than anybody has tabs, fewer than a flood. */
const liveFlowsPerUser = 20;
/** Longer than an answer takes; short, because an outage of the vendor must not keep a user waiting for long. */
const placeMs = 60_000;

export interface OneTimeKey {
  /** Prefix of its keys in the store. */
  readonly kind: 'oauth-state' | 'browser-step';
  readonly purpose: SealPurpose;
  readonly provider: string;
  /** Long and random: whoever knows it may look. */
  readonly handle: string;
}

export interface OneTimeRecord {
  readonly organizationId: string;
  readonly userId: string;
}

/** @throws PlugboardError kind `rate_limited`, code `too_many_flows`. */
export async function putRecord(engine: Engine, key: OneTimeKey, record: OneTimeRecord, ttlMs: number): Promise<void> {
  const { organizationId, userId } = record;
  const sealed = await engine.vault.seal(contextOf(key), encodeUtf8(JSON.stringify(record)));
  const outcome = await engine.store.once.put({
    key: await keyOf(key),
    value: encodeBase64url(sealed),
    ttlMs,
    group: `${key.kind}:${await digest(`${organizationId.length}:${organizationId}/${userId}`)}`,
    maxInGroup: liveFlowsPerUser,
  });
  if (outcome === 'stored') return;
  throw new PlugboardError({
    kind: 'rate_limited',
    code: 'too_many_flows',
    message: `There are already ${liveFlowsPerUser} unfinished connect flows of this user.`,
    hint: `Finish one of them, or wait ${Math.round(ttlMs / 60_000)} minutes.`,
    retryAfterMs: ttlMs,
  });
}

/**
 * Asks a vendor while a place among the user's flows is taken for it, so that what a user may set off there is bounded
 * before the first question. A question that fails keeps its place for the rest of a minute: it was asked all the same.
 * @throws PlugboardError kind `rate_limited`, code `too_many_flows`; what `ask` throws.
 */
export async function askInPlace<T>(
  engine: Engine,
  key: OneTimeKey,
  { organizationId, userId }: OneTimeRecord,
  ask: () => Promise<T>,
): Promise<T> {
  await putRecord(engine, key, { organizationId, userId }, placeMs);
  const answer = await ask();
  await takeRecord(engine, key);
  return answer;
}

/** Null when there is none, it has expired, or it was taken. */
export async function peekRecord<R extends OneTimeRecord>(engine: Engine, key: OneTimeKey): Promise<R | null> {
  const stored = await engine.store.once.peek(await keyOf(key));
  if (stored === null) return null;
  const plain = decodeUtf8(await engine.vault.open(contextOf(key), decodeBase64url(stored) ?? new Uint8Array()));
  return parseJson(plain ?? '') as unknown as R;
}

/** False for all callers but one. */
export async function takeRecord(engine: Engine, key: OneTimeKey): Promise<boolean> {
  return (await engine.store.once.take(await keyOf(key))) !== null;
}

export async function digest(text: string): Promise<string> {
  return hashText('sha256', text, 'base64url');
}

/** The store sees only a hash: a reader of the table cannot finish a flow. */
async function keyOf({ kind, handle }: OneTimeKey): Promise<string> {
  return `${kind}:${await digest(handle)}`;
}

function contextOf({ kind, purpose, provider, handle }: OneTimeKey) {
  // Who it belongs to is inside: it is not known before the record is open.
  return { organizationId: kind, connectionId: handle, provider, purpose } as const;
}
