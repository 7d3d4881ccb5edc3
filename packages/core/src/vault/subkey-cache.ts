import type { Subkey } from './cipher.ts';
import { checkContext } from './format.ts';
import type { SealContext } from './vault.ts';

/** What a seal or open needs beside its bytes. */
export interface ContextKey {
  readonly subkey: Subkey;
  readonly associatedData: Uint8Array;
}

export type DeriveContextKey = (keyId: string, context: SealContext) => Promise<ContextKey>;

/**
 * The same derivation, with the results of the `size` contexts last used kept at hand.
 * Contexts are checked first, so that equal names in the cache mean equal contexts.
 */
export function rememberDerived(size: number, derive: DeriveContextKey): DeriveContextKey {
  // A Map lists its entries in the order of insertion: the first one is the one unused for longest.
  const kept = new Map<string, ContextKey>();
  return async (keyId, context) => {
    checkContext(context);
    const name = nameOf(keyId, context);
    const known = kept.get(name);
    const key = known ?? (await derive(keyId, context));
    if (known !== undefined) kept.delete(name);
    kept.set(name, key);
    if (kept.size > size) kept.delete(kept.keys().next().value!);
    return key;
  };
}

/** One text per context: the lengths keep ('ab', 'c') and ('a', 'bc') apart. */
function nameOf(keyId: string, { organizationId, connectionId, provider, purpose }: SealContext): string {
  const lengths = `${organizationId.length},${connectionId.length},${provider.length}`;
  return `${keyId},${lengths},${organizationId}${connectionId}${provider}${purpose}`;
}
