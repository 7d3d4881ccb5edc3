/** Asks an authorization server for its endpoints, once for each flow. */
import type { OAuth2Method } from '../auth/auth.ts';
import { discoveredKey } from '../auth/discovery.ts';
import { discoverEndpoints } from '../auth/oauth-client.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import type { JsonObject } from '../json.ts';
import { oauthContext } from './oauth-context.ts';

export interface Discovery {
  /** What the tenant gave, perhaps with what was discovered before. */
  readonly given: JsonObject;
  readonly organizationId: string | undefined;
  /** Default: the first method that discovers. */
  readonly method?: OAuth2Method;
}

/**
 * The tenant's values and the server's addresses.
 * @throws PlugboardError code `bad_discovery`, or the failure of the question.
 */
export async function withDiscovered(
  engine: Engine,
  runtime: ProviderRuntime,
  { given, organizationId, method = discovering(runtime) }: Discovery,
): Promise<JsonObject> {
  if (method?.discover === undefined || Object.hasOwn(given, discoveredKey)) return given;
  return discoverEndpoints(oauthContext(engine, runtime, organizationId), method, given);
}

function discovering({ definition }: ProviderRuntime): OAuth2Method | undefined {
  const methods = Object.values(definition.auth).filter((method) => method.kind === 'oauth2');
  return methods.find(({ discover }) => discover !== undefined);
}
