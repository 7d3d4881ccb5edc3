/** The mark of a token that is about to be spent: tells a rotation whose answer was lost from a revocation. */
import { refreshPolicyOf } from '../auth/auth.ts';
import { encodeHex, encodeUtf8 } from '../bytes.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import { reveal } from '../secret.ts';
import type { ConnectionRow } from '../store.ts';
import { openCredentials } from './envelope.ts';

/** Keyed hash of what a refresh would spend; null where nothing is spent. */
export async function attemptHashOf(
  engine: Engine,
  runtime: ProviderRuntime,
  row: ConnectionRow,
  keyId = engine.vault.primaryKeyId,
): Promise<string | null> {
  const policy = refreshPolicyOf(methodOf(runtime, row.method));
  if (policy === undefined) return null;
  const value = (await openCredentials(engine, row))[policy.spends ?? 'refreshToken'];
  if (value === undefined) return null;
  return `${keyId}.${encodeHex(await engine.vault.mac('refresh.attempt', encodeUtf8(reveal(value)), keyId)).slice(0, 32)}`;
}

export interface UnbegunClaim {
  readonly row: ConnectionRow;
  /** The row was marked with the claim, and whether it had been before. */
  readonly marked?: { readonly hadUnknown: boolean };
}

/** Claims that nothing was sent for come back to others at once, without the mark of an attempt that never was. */
export async function giveBack({ store }: Pick<Engine, 'store'>, claims: readonly UnbegunClaim[]): Promise<void> {
  const unmarked = { attemptHash: null, attemptAt: null };
  const writes = claims.flatMap(({ row: { organizationId, id, version }, marked }) =>
    marked?.hadUnknown === false ? [{ organizationId, id, guard: { version }, change: unmarked }] : [],
  );
  if (writes.length > 0) await store.connections.updateMany(writes).catch(() => undefined);
  await Promise.allSettled(
    claims.map(({ row }) => store.connections.release(row.organizationId, row.id, row.leaseFence, row.readAt)),
  );
}

/** True when the row carries the mark of an earlier use of the very token that is about to be spent. */
export async function isSameAttempt(engine: Engine, runtime: ProviderRuntime, row: ConnectionRow): Promise<boolean> {
  const keyId = row.attemptHash?.split('.')[0];
  if (keyId === undefined || !engine.vault.keyIds.includes(keyId)) return false;
  return row.attemptHash === (await attemptHashOf(engine, runtime, row, keyId));
}

/** A refresh token that stays as it is can be sent again and again: whether it was sent before says nothing. */
export function needsMark(runtime: ProviderRuntime, row: ConnectionRow): boolean {
  const rotation = refreshPolicyOf(methodOf(runtime, row.method))?.rotation;
  return rotation !== undefined && rotation !== 'stable';
}
