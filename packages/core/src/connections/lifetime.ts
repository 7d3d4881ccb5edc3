/** When tokens end and when to renew them, on the store's clock. */
import { refreshPolicyOf, type AuthMethod, type Grant } from '../auth/auth.ts';
import type { Clock } from '../clock.ts';
import type { ConnectionData } from '../store.ts';

/** Below this much remaining life a token is not handed out any more: it could die on the way. */
export const expirySkewMs = 60_000;

/** True when the engine can get a new token without the user. */
export function canRefresh(method: AuthMethod): boolean {
  return 'mint' in method || refreshPolicyOf(method) !== undefined;
}

/**
 * Expiry columns of a grant. The refresh point is drawn anew each time from 50 to 90 % of the token's life: a fixed
 * point would keep all tokens of one import in step for ever. Where the refresh token dies unused before that, it is used
 * in time, also where the access token has no end.
 */
export function lifetimeOf(
  grant: Pick<Grant, 'expiresInMs' | 'refreshExpiresInMs'>,
  method: AuthMethod,
  storeNow: Date,
  clock: Clock,
): Pick<ConnectionData, 'tokenExpiresAt' | 'refreshAt' | 'refreshExpiresAt'> {
  const { expiresInMs, refreshExpiresInMs } = grant;
  const after = (ms: number) => new Date(storeNow.getTime() + ms);
  const idleMs = refreshPolicyOf(method)?.idleMs;
  const lifeMs = Math.min(expiresInMs ?? Number.POSITIVE_INFINITY, idleMs ?? Number.POSITIVE_INFINITY);
  const refreshable = canRefresh(method) && Number.isFinite(lifeMs);
  return {
    tokenExpiresAt: expiresInMs === undefined ? null : after(expiresInMs),
    refreshAt: refreshable ? after(lifeMs * (0.5 + 0.4 * clock.random())) : null,
    refreshExpiresAt: refreshExpiresInMs === undefined ? null : after(refreshExpiresInMs),
  };
}
