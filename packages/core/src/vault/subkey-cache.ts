import type { Subkey } from './cipher.ts';
import { checkContext } from './format.ts';
import type { SealContext, SealPurpose } from './vault.ts';

/** What a seal or open needs beside its bytes. */
export interface ContextKey {
  readonly subkey: Subkey;
  readonly associatedData: Uint8Array;
}

type Derive = (keyId: string, context: SealContext) => ContextKey | Promise<ContextKey>;

/** Contexts of flows and events are used twice at most, and would push out those of connections. */
const usedOnce: ReadonlySet<SealPurpose> = new Set<SealPurpose>(['oauth.state', 'browser.step', 'webhook.event']);

/**
 * The same derivation, with about `size` results kept at hand, among them those of the last `size / 2` contexts: these
 * come at once.
 * Contexts are checked first, so that equal names in the cache mean equal contexts.
 */
export function rememberDerived(
  size: number,
  derive: Derive,
): (keyId: string, context: SealContext) => ContextKey | Promise<ContextKey> {
  // Two generations: what is used moves to the newer one, which costs nothing while it is there already.
  let newer = new Map<string, ContextKey>();
  let older = newer;
  const keep = (name: string, key: ContextKey): ContextKey => {
    if (newer.size >= Math.ceil(size / 2)) {
      older = newer;
      newer = new Map();
    }
    if (size > 0) newer.set(name, key);
    return key;
  };
  return (keyId, context) => {
    checkContext(context);
    if (usedOnce.has(context.purpose)) return derive(keyId, context);
    const name = nameOf(keyId, context);
    const known = newer.get(name);
    if (known !== undefined) return known;
    const found = older.get(name) ?? derive(keyId, context);
    return found instanceof Promise ? found.then((key) => keep(name, key)) : keep(name, found);
  };
}

/** One text per context: the lengths keep ('ab', 'c') and ('a', 'bc') apart. */
function nameOf(keyId: string, { organizationId, connectionId, provider, purpose }: SealContext): string {
  const lengths = `${organizationId.length},${connectionId.length},${provider.length}`;
  return `${keyId},${lengths},${organizationId}${connectionId}${provider}${purpose}`;
}
