import type { OAuthContext } from '../auth/oauth-client.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';

/** What the OAuth calls of one organization, or of the platform itself, run with. */
export function oauthContext(engine: Engine, runtime: ProviderRuntime, organizationId?: string): OAuthContext {
  const { definition, app, transport, apiVersion } = runtime;
  return {
    provider: definition.id,
    hosts: definition.hosts,
    app,
    transport,
    clock: engine.clock,
    apiVersion,
    ...(organizationId !== undefined && { organizationId }),
  };
}
