/** Telling the vendor that a grant is over, unless other connections would end with it. */
import type { Credentials } from '../auth/auth.ts';
import { canRevoke, createOAuthClient, revokeGrant } from '../auth/oauth-client.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import { errorFields, type Revocation } from '../events.ts';
import type { JsonObject } from '../json.ts';
import { reveal } from '../secret.ts';
import type { ConnectionRow } from '../store.ts';
import { oauthContext, stateOf } from './oauth-context.ts';

export interface EndedGrant {
  readonly organizationId: string;
  /** Name of the auth method. */
  readonly method: string;
  readonly credentials: Credentials;
  readonly metadata?: JsonObject | undefined;
  /** Absent for a grant that was never stored. */
  readonly connectionId?: string;
  readonly accountId?: string | undefined;
}

/** Failures of the vendor throw. */
export async function revokeAtVendor(
  engine: Engine,
  runtime: ProviderRuntime,
  grant: EndedGrant,
): Promise<Exclude<Revocation, 'failed'>> {
  const method = methodOf(runtime, grant.method);
  if (!canRevoke(method)) return 'unsupported';
  const reach = reachOf(runtime, grant.method);
  if (reach !== undefined && (await hasSibling(engine, reach, grant))) return 'kept';
  const context = oauthContext(engine, runtime, grant.organizationId);
  const { credentials, metadata = {} } = grant;
  const client = createOAuthClient(context, method, stateOf({ metadata }, credentials));
  return (await revokeGrant(client, method, context)) ? 'revoked' : 'unsupported';
}

/** For a grant that nobody will use: a failure of the vendor is logged and costs nothing else. */
export async function revokeQuietly(engine: Engine, runtime: ProviderRuntime, grant: EndedGrant): Promise<void> {
  try {
    await revokeAtVendor(engine, runtime, grant);
  } catch (error) {
    const { connectionId } = grant;
    const fields = { provider: runtime.definition.id, ...(connectionId !== undefined && { connectionId }) };
    engine.log.warn({ ...fields, ...errorFields(error) }, 'a grant that is not stored could not be revoked');
  }
}

/** Names what ends together: one app at one vendor. Undefined where a revocation ends nothing but its own grant. */
function reachOf(runtime: ProviderRuntime, methodName: string): string | undefined {
  const method = runtime.definition.auth[methodName];
  const revoke = method !== undefined && canRevoke(method) ? method.revoke : undefined;
  const clientId = runtime.app['clientId'];
  if (typeof revoke !== 'object' || revoke.ends !== 'app' || typeof revoke.url !== 'string') return undefined;
  return `${revoke.url} ${clientId === undefined ? '' : reveal(clientId)}`;
}

/**
 * Whether another live connection rests on the same app: any of the same organization, because an account's id does not
 * say which of the vendor's users granted it, and those of other organizations to the same account.
 */
async function hasSibling(engine: Engine, reach: string, grant: EndedGrant): Promise<boolean> {
  const { connections } = engine.store;
  for (const [provider, runtime] of engine.providers) {
    const isSibling = (row: ConnectionRow) =>
      row.id !== grant.connectionId &&
      row.status !== 'disconnected' &&
      row.credentials !== null &&
      row.stub === runtime.stub &&
      reachOf(runtime, row.method) === reach;
    for (let cursor: string | null = ''; cursor !== null;) {
      const filter = { provider, ...(cursor !== '' && { cursor }) };
      const page = await connections.list(grant.organizationId, filter);
      if (page.items.some(isSibling)) return true;
      cursor = page.nextCursor;
    }
    if (grant.accountId === undefined) continue;
    if ((await connections.findByAccount(provider, grant.accountId)).some(isSibling)) return true;
  }
  return false;
}
