/** Ending a connection: tell the vendor, then drop the secrets whatever it answers. */
import { endChannels } from '../channels/end-channels.ts';
import { withoutChannels } from '../channels/records.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { providerOf } from '../engine.ts';
import { isPlugboardError } from '../errors.ts';
import { errorFields, type Revocation } from '../events.ts';
import type { ConnectionRow } from '../store.ts';
import { openCredentials } from './envelope.ts';
import { liveRow, nothingConnected } from './live-row.ts';
import { sessionKey } from './session-key.ts';
import { revokeAtVendor } from './revoke.ts';
import { viewOf, type Connection } from './view.ts';
import { withoutWebhookKeys } from './webhook-keys.ts';

export interface DisconnectInput {
  readonly organizationId: string;
  readonly label?: string;
  readonly userId?: string;
}

export interface DisconnectResult {
  readonly connection: Connection;
  readonly revoked: Revocation;
}

/** @throws PlugboardError kind `auth`, code `not_connected`. A vendor that does not answer is reported, never thrown. */
export async function disconnect(engine: Engine, provider: string, input: DisconnectInput): Promise<DisconnectResult> {
  const runtime = providerOf(engine, provider);
  const row = await liveRow(engine, provider, input);
  return endConnection(engine, runtime, row, { actor: input.userId ?? 'system', reason: 'disconnected', revoke: true });
}

export interface EndOptions {
  readonly actor: string;
  /** `disconnected` by the host's user, `uninstalled` by the vendor's word. */
  readonly reason: string;
  /** False when the vendor itself ended it. */
  readonly revoke: boolean;
}

export async function endConnection(
  engine: Engine,
  runtime: ProviderRuntime,
  row: ConnectionRow,
  options: EndOptions,
): Promise<DisconnectResult> {
  const { store, events } = engine;
  // While there are credentials to send what it still holds.
  await engine.sdks.drop(sessionKey(row.provider, row));
  // Marked first: a refresh that finishes meanwhile finds the mark and revokes what it got.
  const ended = await mark(engine, row, options.reason);
  await endChannels(engine, runtime, ended, options.revoke);
  // As marked, not as first read: a refresh may have stored newer tokens in between.
  const revoked = options.revoke ? await revoke(engine, runtime, ended) : 'unsupported';
  const dropped = await store.connections.update(
    row.organizationId,
    row.id,
    { version: ended.version },
    { credentials: null, metadata: withoutWebhookKeys(withoutChannels(ended)) },
  );
  const connection = viewOf(dropped ?? ended);
  await events.audit({
    organizationId: row.organizationId,
    connectionId: row.id,
    provider: row.provider,
    type: 'connection.disconnected',
    actor: options.actor,
    data: { reason: options.reason, revoked, before: row.status },
  });
  await events.emit('connection.disconnected', { connection, reason: options.reason, revoked });
  return { connection, revoked };
}

async function mark(engine: Engine, row: ConnectionRow, reason: string): Promise<ConnectionRow> {
  const { connections } = engine.store;
  for (
    let current: ConnectionRow | null = row;
    current !== null;
    current = await connections.get(row.organizationId, row.id)
  ) {
    const change = {
      status: 'disconnected',
      statusReason: reason,
      disconnectedAt: await engine.store.now(),
      tokenExpiresAt: null,
      refreshAt: null,
      refreshExpiresAt: null,
      attemptHash: null,
      attemptAt: null,
    } as const;
    const marked = await connections.update(row.organizationId, row.id, { version: current.version }, change);
    if (marked !== null) return marked;
  }
  throw nothingConnected(row.provider);
}

const revokeTries = 3;

async function revoke(engine: Engine, runtime: ProviderRuntime, row: ConnectionRow): Promise<Revocation> {
  if (row.credentials === null) return 'unsupported';
  const { organizationId, method, metadata } = row;
  const ended = { organizationId, method, metadata, connectionId: row.id, accountId: row.account?.id };
  for (let attempt = 1; ; attempt++) {
    try {
      return await revokeAtVendor(engine, runtime, { ...ended, credentials: await openCredentials(engine, row) });
    } catch (error) {
      const again = isPlugboardError(error) && error.retryable && attempt < revokeTries;
      if (!again) {
        engine.log.warn(
          { provider: row.provider, connectionId: row.id, ...errorFields(error) },
          'the grant could not be revoked at the vendor',
        );
        return 'failed';
      }
      await engine.clock.sleep(Math.min(error.retryAfterMs ?? 500 * attempt, 5_000));
    }
  }
}
