/** The call of a refresh: what the row holds is opened, and spent at the vendor. */
import type { Credentials, Grant } from '../auth/auth.ts';
import { callsVendor, createOAuthClient, refreshGrant } from '../auth/oauth-client.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import { configurationError } from '../errors.ts';
import { hasOwnHosts, inputOf } from '../hosts.ts';
import type { ConnectionRow } from '../store.ts';
import { openCredentials } from './envelope.ts';
import { oauthContext, stateOf } from './oauth-context.ts';
import { needsMark } from './refresh-attempt.ts';
import type { Refusal } from './refresh-turn.ts';

export type Answered = { readonly grant: Grant; readonly credentials: Credentials };
export type Failed = Pick<Refusal, 'error' | 'ofHost'>;

export async function callVendor(
  engine: Engine,
  runtime: ProviderRuntime,
  row: ConnectionRow,
): Promise<Answered | Failed> {
  let credentials: Credentials | undefined;
  try {
    credentials = await openCredentials(engine, row);
    return { grant: await spend(engine, runtime, row, credentials), credentials };
  } catch (error) {
    return { error, ofHost: credentials !== undefined && actsAsHost(runtime, row, credentials) };
  }
}

/** Whether the client that asks is the host's own, at a server that is everybody's. */
function actsAsHost(runtime: ProviderRuntime, row: ConnectionRow, credentials: Credentials): boolean {
  if ('mint' in methodOf(runtime, row.method)) return false;
  const { definition, app } = runtime;
  return !hasOwnHosts(definition, { app, credentials, input: inputOf(row.metadata), metadata: row.metadata });
}

async function spend(
  engine: Engine,
  runtime: ProviderRuntime,
  row: ConnectionRow,
  credentials: Credentials,
): Promise<Grant> {
  const method = methodOf(runtime, row.method);
  if (!callsVendor(method)) {
    throw configurationError(
      'not_refreshable',
      `\`${row.method}\` has no refresh.`,
      'Connect again when its credentials end.',
    );
  }
  const context = oauthContext(engine, runtime, row.organizationId);
  const repeat = needsMark(runtime, row) ? 'never' : 'safe';
  return refreshGrant(createOAuthClient(context, method, { ...stateOf(row, credentials), repeat }), method);
}
