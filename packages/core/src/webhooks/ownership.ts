/** What a delivery to the route of one connection may say, and what it leaves behind. */
import { member } from '../json.ts';
import type { ConnectionRow } from '../store.ts';

/** Whoever holds the secret of one connection cannot make the events of another look like ones that came before. */
export function scopeOf(provider: string, addressed: ConnectionRow | null): string {
  return addressed === null ? provider : `${provider}:${addressed.id}`;
}

/** True when none of the accounts that an event names is the connection's. */
export function isForeign({ account, metadata }: ConnectionRow, ids: readonly string[]): boolean {
  const further = member(metadata, 'alsoKnownAs');
  if (ids.length === 0 || account === null) return false;
  return !ids.some((id) => id === account.id || (Array.isArray(further) && further.includes(id)));
}
