/** A refresh that somebody asks for, before it is due. */
import { methodOf, providerOf, type Engine } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import type { ConnectionRow } from '../store.ts';
import { canRefresh } from './lifetime.ts';
import { liveRow, type ConnectionTarget } from './live-row.ts';
import { reconnectRequired } from './refresh-facts.ts';
import type { Refresher } from './refresh.ts';
import { viewOf, type Connection } from './view.ts';

/** Vendors count token calls, and each success makes a new version: the limit of a version would not hold here. */
const gapMs = 30_000;

/**
 * @throws PlugboardError kind `auth`: `not_connected`, `reconnect_required`; kind `invalid_request`, code `not_refreshable`;
 * kind `rate_limited`, code `refresh_too_soon`; what the refresh throws.
 */
export async function refreshNow(
  engine: Engine,
  refresher: Refresher,
  { provider, ...target }: ConnectionTarget & { readonly provider: string },
): Promise<Connection> {
  const runtime = providerOf(engine, provider);
  const row = await liveRow(engine, provider, target);
  if (row.status === 'expired' || row.credentials === null) {
    throw reconnectRequired(row, row.statusReason ?? 'unknown reason');
  }
  if (!canRefresh(methodOf(runtime, row.method))) throw notRefreshable(row);
  const turn = await engine.store.once.put({ key: `refresh:${row.id}`, value: '', ttlMs: gapMs });
  if (turn !== 'stored') throw tooSoon(row);
  return viewOf(await refresher.force(runtime, row, row.credentialsVersion));
}

function notRefreshable({ provider, method }: ConnectionRow): PlugboardError {
  return new PlugboardError({
    kind: 'invalid_request',
    code: 'not_refreshable',
    message: `A ${provider} connection by \`${method}\` has nothing that is refreshed.`,
    hint: 'Ask for its health instead.',
    provider,
  });
}

function tooSoon({ provider }: ConnectionRow): PlugboardError {
  return new PlugboardError({
    kind: 'rate_limited',
    code: 'refresh_too_soon',
    message: `A refresh of this ${provider} connection was asked for in the last ${gapMs / 1000} seconds.`,
    hint: 'Wait, and look at its status before you ask again.',
    retryAfterMs: gapMs,
    provider,
  });
}
