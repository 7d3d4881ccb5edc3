/** What a connection leaves behind at its end: nothing that still notifies, nothing that is still let in. */
import { openCredentials } from '../connections/envelope.ts';
import { fixedSession } from '../connections/session.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { errorFields } from '../events.ts';
import type { WebhookDefinition } from '../provider.ts';
import type { ConnectionRow } from '../store.ts';
import { recordsOf } from './records.ts';
import { dismiss } from './route.ts';
import { channelVendor } from './vendor.ts';

/** @param tell False when the vendor itself ended the connection. What it answers changes nothing. */
export async function endChannels(
  engine: Engine,
  runtime: ProviderRuntime,
  row: ConnectionRow,
  tell: boolean,
): Promise<void> {
  const records = recordsOf(row);
  if (records.length === 0) return;
  for (const { id } of records) await dismiss(engine, { provider: row.provider, id });
  const webhooks = runtime.definition.webhooks as WebhookDefinition | undefined;
  if (!tell || row.credentials === null || webhooks?.channels === undefined) return;
  const { organizationId, method, account, metadata, settings, scopes, credentialsVersion: version, stub } = row;
  try {
    const credentials = await openCredentials(engine, row);
    const access = { account, metadata, settings, scopes, version, stub };
    const vendor = channelVendor(engine, fixedSession(runtime, { organizationId, method, credentials }, access));
    const outcomes = await Promise.allSettled(records.map((record) => vendor.stop(record)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason as Error;
  } catch (error) {
    engine.log.warn(
      { provider: row.provider, connectionId: row.id, ...errorFields(error) },
      'channels of an ended connection could not be stopped; they end by themselves',
    );
  }
}
