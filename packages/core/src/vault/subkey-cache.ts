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

interface Kept extends SealContext {
  readonly keyId: string;
  readonly key: ContextKey;
}

/**
 * The same derivation, with about `size` results kept at hand, among them those of the last `size / 2` contexts: these
 * come at once.
 */
export function rememberDerived(
  size: number,
  derive: Derive,
): (keyId: string, context: SealContext) => ContextKey | Promise<ContextKey> {
  // Two generations: what is used moves to the newer one, which costs nothing while it is there already.
  let newer = new Map<string, Kept>();
  let older = newer;
  const keep = (kept: Kept): ContextKey => {
    if (newer.size >= Math.ceil(size / 2)) {
      older = newer;
      newer = new Map();
    }
    if (size > 0) newer.set(placeOf(kept), kept);
    return kept.key;
  };
  return (keyId, context) => {
    const place = placeOf(context);
    const last = newer.get(place);
    if (last !== undefined && isOf(last, keyId, context)) return last.key;
    const earlier = older.get(place);
    if (earlier !== undefined && isOf(earlier, keyId, context)) return keep(earlier);
    checkContext(context);
    const { organizationId, connectionId, provider, purpose } = context;
    const found = derive(keyId, context);
    if (usedOnce.has(purpose)) return found;
    const kept = (key: ContextKey) => keep({ organizationId, connectionId, provider, purpose, keyId, key });
    return found instanceof Promise ? found.then(kept) : kept(found);
  };
}

/**
 * Where a context is kept: a part of it that hardly two share, and that needs no new text for the purpose that every call
 * has. That another context is kept there is told by comparing all of it, so names that run together do no harm.
 */
function placeOf({ connectionId, purpose }: SealContext): string {
  return purpose === 'credentials' ? connectionId : `${purpose} ${connectionId}`;
}

/** What is kept was checked, and so was what equals it. */
function isOf(kept: Kept, keyId: string, context: SealContext): boolean {
  return (
    kept.connectionId === context.connectionId &&
    kept.organizationId === context.organizationId &&
    kept.provider === context.provider &&
    kept.purpose === context.purpose &&
    kept.keyId === keyId
  );
}
