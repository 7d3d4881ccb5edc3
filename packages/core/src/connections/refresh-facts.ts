/** What the outcome of a refresh means, as far as it can be said without store, vendor or time. */
import type { Grant } from '../auth/auth.ts';
import { PlugboardError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { ConnectionRow } from '../store.ts';

export const firstBackoffMs = 30_000;
export const longestBackoffMs = 6 * 3_600_000;
/** An outage ends for all at once, and nobody tells: asked more often, so that it is seen. */
const longestOutageMs = 300_000;
/** Failures in a row that a server can have in store for one connection while it fails every second call; beyond, it fails this one alone. */
const quickTries = 10;
/** Assumed life when a vendor that used to say it suddenly does not. */
const assumedLifeMs = 3_600_000;

/** An answer without `expires_in` from a vendor that used to send one must not make the token eternal. */
export function withAssumedLife(row: ConnectionRow, grant: Grant): { grant: Grant; warning?: string } {
  if (grant.expiresInMs !== undefined || row.tokenExpiresAt === null) return { grant };
  return {
    grant: { ...grant, expiresInMs: assumedLifeMs },
    warning: 'the vendor no longer says how long its token lives; one hour is assumed',
  };
}

/** @param flapping the server answers others meanwhile, so the next try may well succeed, and there may not be time for many */
export function backoffMs(failCount: number, error: PlugboardError, flapping = false): number {
  const doublings = flapping ? failCount - quickTries : failCount;
  return Math.min(isOutage(error) ? longestOutageMs : longestBackoffMs, firstBackoffMs * 2 ** Math.max(doublings, 0));
}

/** What stands where a token endpoint should: a page of a proxy, of somebody who is at work on the server. */
const pages: ReadonlySet<string> = new Set(['not_a_token_answer', 'not_an_oauth_error']);

/** The server cannot be asked: nothing is said of the connection. */
export function isOutage({ kind, code }: Pick<PlugboardError, 'kind' | 'code'>): boolean {
  return kind === 'network' || kind === 'timeout' || kind === 'unavailable' || pages.has(code);
}

/** Nothing was sent: a limit of this process leaves no room, or the vendor's last answer asked all to wait. */
export function isHeldBack({ kind, status }: Pick<PlugboardError, 'kind' | 'status'>): boolean {
  return kind === 'rate_limited' && status === undefined;
}

/** Milliseconds since the row's last failure, where that was an outage. */
export function wasOutage(lastError: JsonObject | null, now: Date): number | undefined {
  const { kind, code = '', at } = (lastError ?? {}) as { kind?: PlugboardError['kind']; code?: string; at?: string };
  if (kind === undefined || at === undefined || !isOutage({ kind, code })) return undefined;
  return now.getTime() - Date.parse(at);
}

/** The vendor may have processed the request although no usable answer came back. */
export function isUnknownOutcome(error: PlugboardError): boolean {
  return (
    error.code === 'outcome_unknown' ||
    error.kind === 'invalid_response' ||
    error.kind === 'aborted' ||
    error.kind === 'unavailable'
  );
}

export function errorRecord(error: PlugboardError, at: Date): JsonObject {
  return { code: error.code, kind: error.kind, message: error.message, at: at.toISOString() };
}

export function endedMeanwhile(row: ConnectionRow): PlugboardError {
  return new PlugboardError({
    kind: 'auth',
    code: 'not_connected',
    message: 'The connection was ended while its token was being refreshed.',
    hint: 'Connect again.',
    provider: row.provider,
  });
}

export function noAccessToken(row: ConnectionRow): PlugboardError {
  return new PlugboardError({
    kind: 'invalid_response',
    code: 'no_access_token',
    message: 'The token endpoint answered without an access token; what it did send is stored.',
    provider: row.provider,
    retryable: true,
  });
}

export function coolingDown(row: ConnectionRow): PlugboardError {
  const code = (row.lastError as { code?: string } | null)?.code ?? 'refresh_failed';
  const waitMs = Math.max(1_000, (row.refreshAt?.getTime() ?? 0) - row.readAt.getTime());
  return new PlugboardError({
    kind: 'unavailable',
    code: 'refresh_cooling_down',
    message: `The last refresh of this ${row.provider} connection failed (${code}); the next one is due in ${Math.ceil(waitMs / 1000)} s.`,
    hint: 'Try again after that time. The connection is not lost.',
    retryAfterMs: waitMs,
    provider: row.provider,
  });
}

export function reconnectRequired({ provider }: Pick<ConnectionRow, 'provider'>, reason: string): PlugboardError {
  return new PlugboardError({
    kind: 'auth',
    code: 'reconnect_required',
    message: `The ${provider} connection has ended: ${reason}.`,
    hint: 'Ask the organization to connect again; the connection keeps its id and settings.',
    provider,
  });
}
