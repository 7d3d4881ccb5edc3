/** Whom an event is for, and what is logged of one that failed. */
import type { Engine, ProviderRuntime } from '../engine.ts';
import { errorFields } from '../events.ts';
import type { WebhookDefinition } from '../provider.ts';
import type { ConnectionRow } from '../store.ts';
import type { Item } from './handlers.ts';
import { isForeign } from './ownership.ts';

export const dayMs = 86_400_000;

/** An event on its way in, with the connection whose address or channel it came by. */
export interface Arrival extends Item {
  readonly addressed: ConnectionRow | null;
}

/** Connections the event is for. An event about somebody else's account never passes a connection's own secret. */
export async function recipientsOf(
  engine: Engine,
  runtime: ProviderRuntime,
  { event, addressed }: Arrival,
): Promise<readonly (ConnectionRow | null)[] | 'foreign'> {
  const { id: provider } = runtime.definition;
  const ids = [...(event.accountId === undefined ? [] : [event.accountId]), ...(event.otherAccountIds ?? [])];
  const isHeard = (row: ConnectionRow) => isLive(runtime, row);
  if (addressed !== null) return isForeign(addressed, ids) ? 'foreign' : [addressed].filter(isHeard);
  if (ids.length === 0) return [null];
  const found = await Promise.all(ids.map((id) => engine.store.connections.findByAccount(provider, id)));
  const rows = [...new Map(found.flat().map((row) => [row.id, row])).values()];
  const live = rows.filter(isHeard);
  // The platform's own account has no row: its events belong to no organization.
  if (live.length === 0 && runtime.platform !== undefined) return [null];
  // A vendor tells of all accounts of the app. Whoever tries a webhook out waits for it to arrive.
  if (live.length === 0 && engine.mode === 'development')
    engine.log.info(
      { provider, type: event.type },
      'nobody has connected the account of a webhook event: it is not heard',
    );
  return live;
}

/** Whether anybody is there to hear an event of this connection. */
export function isLive({ stub }: ProviderRuntime, row: ConnectionRow): boolean {
  return row.status !== 'disconnected' && (!row.stub || stub);
}

/** For how long an event is known by its id after it was handled. */
export function rememberMs({ definition }: ProviderRuntime): number {
  return ((definition.webhooks as WebhookDefinition).rememberDays ?? 3) * dayMs;
}

export interface Failure {
  readonly row: ConnectionRow | null;
  readonly error: unknown;
}

export function logFailure(
  { log }: Pick<Engine, 'log'>,
  { definition }: ProviderRuntime,
  { event }: Item,
  { row, error }: Failure,
): void {
  const whose = row && { organizationId: row.organizationId, connectionId: row.id };
  const fields = { provider: definition.id, type: event.type, ...whose, ...errorFields(error) };
  log.error(fields, 'a webhook handler failed; the vendor will send again');
}
