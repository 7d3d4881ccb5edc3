/** Tokens that lost a race to be stored: the next refresh that is refused tries them before it ends the connection. */
import type { Credentials } from '../auth/auth.ts';
import { decodeBase64url, decodeUtf8, encodeBase64url, encodeUtf8 } from '../bytes.ts';
import type { Engine } from '../engine.ts';
import { parseJson } from '../json.ts';
import { revealAll } from '../secret.ts';
import type { ConnectionRow } from '../store.ts';

const shadowTtlMs = 24 * 3_600_000;

export async function keepShadow(engine: Engine, row: ConnectionRow, credentials: Credentials): Promise<void> {
  const sealed = await engine.vault.seal(contextOf(row), encodeUtf8(JSON.stringify(revealAll(credentials))));
  await engine.store.once.set(keyOf(row), encodeBase64url(sealed), shadowTtlMs);
}

/** Null when there are none, or another caller took them. */
export async function takeShadow(engine: Engine, row: ConnectionRow): Promise<Credentials | null> {
  const stored = await engine.store.once.take(keyOf(row));
  if (stored === null) return null;
  const opened = await engine.vault.open(contextOf(row), decodeBase64url(stored) ?? new Uint8Array());
  return parseJson(decodeUtf8(opened) ?? '') as Record<string, string>;
}

function keyOf(row: ConnectionRow): string {
  return `shadow:${row.id}`;
}

function contextOf({ organizationId, id, provider }: ConnectionRow) {
  return { organizationId, connectionId: id, provider, purpose: 'shadow.credentials' } as const;
}
