/** Proves credentials that are not stored yet, and asks who they belong to. */
import type { Credentials, Grant } from '../auth/auth.ts';
import { createApi } from '../client/api.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import type { AccountResult } from '../provider.ts';
import { fixedSession } from './session.ts';

/**
 * `known` and `choose` come from a vendor call and are proof in themselves; a derived account needs the health check.
 * @throws PlugboardError: the vendor's classified refusal.
 */
export async function identify(
  engine: Engine,
  runtime: ProviderRuntime,
  grant: { organizationId: string; method: string; credentials: Credentials } & Pick<
    Grant,
    'metadata' | 'scopes' | 'account'
  >,
): Promise<AccountResult> {
  const session = fixedSession(
    runtime,
    { ...grant, organizationId: grant.organizationId },
    {
      metadata: grant.metadata ?? {},
      scopes: grant.scopes ?? null,
      account: grant.account ?? null,
    },
  );
  const api = createApi(engine, session, await session.access(), 'connect');
  const result = await runtime.definition.account(api);
  if (result.kind === 'derived') await runtime.definition.healthCheck(api);
  return result;
}
