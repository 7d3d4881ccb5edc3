/** Which scopes a grant has, where a vendor's scope may include others. */
import type { AuthMethod, ScopeNeed } from './auth.ts';

/**
 * Those of the needed scopes that were granted neither by name nor within another; none where nobody knows. Of several of
 * which any will do, the first stands for all.
 */
export function missingScopes(
  method: AuthMethod | undefined,
  needed: readonly ScopeNeed[],
  granted: readonly string[] | null | undefined,
): string[] {
  if (needed.length === 0 || granted === null || granted === undefined) return [];
  const held = new Set(granted);
  // A set goes on with what is added meanwhile: what an included scope includes is held as well.
  for (const scope of held) for (const included of impliedBy(method, scope)) held.add(included);
  return needed.flatMap((need) => {
    const anyOf = typeof need === 'string' ? [need] : need;
    return anyOf.some((scope) => held.has(scope)) ? [] : anyOf.slice(0, 1);
  });
}

function impliedBy(method: AuthMethod | undefined, scope: string): readonly string[] {
  return method?.kind === 'oauth2' ? (method.scopes.implies?.(scope) ?? []) : [];
}
