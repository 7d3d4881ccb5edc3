import type { Credentials } from '../auth/auth.ts';
import type { OAuthContext, OAuthState } from '../auth/oauth-client.ts';
import { missingOf } from '../config.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { configurationError } from '../errors.ts';
import { hostsFor, inputOf } from '../hosts.ts';
import type { ConnectionRow } from '../store.ts';

/** What the OAuth calls of one organization, or of the platform itself, run with. */
export function oauthContext(engine: Engine, runtime: ProviderRuntime, organizationId?: string): OAuthContext {
  const { definition, app, transport, apiVersion } = runtime;
  return {
    provider: definition.id,
    hosts: definition.hosts,
    hostsFor: (source) => hostsFor(definition, source),
    app,
    transport,
    clock: engine.clock,
    keys: engine.keys,
    apiVersion,
    ...userAgentOf(runtime),
    ...(organizationId !== undefined && { organizationId }),
  };
}

/** Vendors that demand a name of their callers demand it everywhere. */
function userAgentOf({ definition: { api } }: ProviderRuntime): Pick<OAuthContext, 'userAgent'> {
  const userAgent = typeof api.headers === 'object' ? api.headers['user-agent'] : undefined;
  return userAgent === undefined ? {} : { userAgent };
}

/** What a connection brings to the calls of its method. */
export function stateOf({ metadata }: Pick<ConnectionRow, 'metadata'>, credentials: Credentials): OAuthState {
  return { credentials, metadata, input: inputOf(metadata) };
}

/**
 * @param needs `set`: of app fields, by the name that they carry, default `oauth`; `redirectUri`: what the app has to be
 * registered with.
 * @throws PlugboardError code `app_credentials_missing` where the vendor is real and does not know this host.
 */
export function requireApp(
  { definition, app, stub }: ProviderRuntime,
  { set = 'oauth', redirectUri }: { readonly set?: string | undefined; readonly redirectUri?: string } = {},
): void {
  const missing = missingOf(definition.app ?? {}, app, set);
  if (missing.length === 0 || stub) return;
  throw configurationError(
    'app_credentials_missing',
    `Provider \`${definition.id}\` cannot connect: ${missing.join(', ')} not set.`,
    `Register an app at ${definition.docs.keys}${redirectUri === undefined ? '' : ` with the redirect URI ${redirectUri}`} and set the names above.`,
  );
}
