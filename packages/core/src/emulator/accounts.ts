/** Demo accounts: the declared examples speak of one account; another one's answers are the same with its own names. */
import type { Json } from '../json.ts';
import type { AccountRef } from '../store.ts';

/**
 * The value with every mention of one account turned into the other: texts and numbers that are exactly its id, and
 * texts that are exactly its name.
 */
export function speakOf<T extends Json | undefined>(value: T, from: AccountRef, to: AccountRef): T {
  if (from.id === to.id && from.name === to.name) return value;
  const replace = (part: Json): Json => {
    if (part === from.id) return to.id;
    if (part === from.name) return to.name;
    if (typeof part === 'number') return String(part) === from.id && /^\d{1,15}$/.test(to.id) ? Number(to.id) : part;
    if (Array.isArray(part)) return part.map(replace);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([name, member]) => [name, replace(member)]));
  };
  return value === undefined ? value : (replace(value) as T);
}
