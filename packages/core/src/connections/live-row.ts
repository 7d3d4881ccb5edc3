import { checkId, providerOf, type Engine } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import type { ConnectionRow } from '../store.ts';

export interface ConnectionTarget {
  readonly organizationId: string;
  readonly label?: string;
}

/**
 * The row of a connection that has not ended. What a stub made is invisible where the vendor is real.
 * @throws PlugboardError kind `auth`, code `not_connected`; kind `configuration`, code `unknown_provider`.
 */
export async function liveRow(engine: Engine, provider: string, target: ConnectionTarget): Promise<ConnectionRow> {
  const { stub } = providerOf(engine, provider);
  const organizationId = checkId(target.organizationId, 'organizationId');
  const key = { provider, label: checkId(target.label ?? 'default', 'label') };
  const row = await engine.store.connections.find(organizationId, key);
  if (row === null || row.status === 'disconnected' || (row.stub && !stub)) throw nothingConnected(provider);
  return row;
}

export function nothingConnected(provider: string): PlugboardError {
  return new PlugboardError({
    kind: 'auth',
    code: 'not_connected',
    message: `The organization has no ${provider} connection with that label.`,
    hint: 'List the connections with board.connections.list().',
    provider,
  });
}
