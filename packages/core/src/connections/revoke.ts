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

interface Reach {
  readonly ends: 'account' | 'app';
  /** Names one app at one vendor, whichever provider and way to connect uses it. */
  readonly app: string;
}

/** What ends together; undefined where a revocation ends nothing but its own grant. */
function reachOf(runtime: ProviderRuntime, methodName: string): Reach | undefined {
  const { id, auth } = runtime.definition;
  const method = auth[methodName];
  const revoke = method !== undefined && canRevoke(method) ? method.revoke : undefined;
  if (typeof revoke !== 'object' || revoke.ends === undefined || revoke.ends === 'grant') return undefined;
  const vendor = 'url' in revoke && typeof revoke.url === 'string' ? revoke.url : id;
  const clientId = runtime.app['clientId'];
  return { ends: revoke.ends, app: `${vendor} ${clientId === undefined ? '' : reveal(clientId)}` };
}

/**
 * Whether a grant of another live connection would end as well. One to the same account, in any organization; where the
 * user's whole consent ends, any of the same organization, because an account's id does not say who granted it.
 */
async function hasSibling(engine: Engine, { ends, app }: Reach, grant: EndedGrant): Promise<boolean> {
  const { connections } = engine.store;
  const { organizationId, accountId, connectionId } = grant;
  // Nobody knows whom it would hit.
  if (ends === 'account' && accountId === undefined) return true;
  for (const [provider, runtime] of engine.providers) {
    const isSibling = (row: ConnectionRow) =>
      row.id !== connectionId &&
      // An expired one has nothing left to lose.
      row.status !== 'disconnected' &&
      row.status !== 'expired' &&
      row.stub === runtime.stub &&
      reachOf(runtime, row.method)?.app === app;
    for (let cursor: string | null = ends === 'app' ? '' : null; cursor !== null;) {
      const filter = { provider, ...(cursor !== '' && { cursor }) };
      const page = await connections.list(organizationId, filter);
      if (page.items.some(isSibling)) return true;
      cursor = page.nextCursor;
    }
    if (accountId === undefined) continue;
    if ((await connections.findByAccount(provider, accountId)).some(isSibling)) return true;
  }
  return false;
}
