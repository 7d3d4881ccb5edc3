/** A grant that a vendor has just given: asked whose it is, stored, and given back where it is not stored. */
import type { Engine, ProviderRuntime } from '../engine.ts';
import { isPlugboardError } from '../errors.ts';
import type { AccountResult } from '../provider.ts';
import { identify } from './identify.ts';
import { revokeQuietly } from './revoke.ts';
import { saveGrant, type NewGrant } from './save.ts';
import type { Connection } from './view.ts';

export interface StoredGrant {
  readonly connection: Connection;
  /** Null where the vendor could not be asked. */
  readonly account: AccountResult | null;
}

/**
 * Stores a grant that nobody can have twice: an outage of the account call does not cost the user a new one, a refusal
 * does, and then the vendor is told that it is not used.
 * @throws PlugboardError the refusal, or code `account_mismatch`.
 */
export async function storeGrant(
  engine: Engine,
  runtime: ProviderRuntime,
  wanted: Omit<NewGrant, 'account'>,
): Promise<StoredGrant> {
  let account: AccountResult | null = null;
  try {
    account = await identifyGrant(engine, runtime, wanted);
    return { account, connection: await saveGrant(engine, runtime, { ...wanted, account }) };
  } catch (error) {
    if (wanted.keeps === undefined) {
      const { organizationId, method, grant } = wanted;
      const { credentials, metadata } = grant;
      const accountId = account?.kind === 'known' ? account.account.id : grant.account?.id;
      await revokeQuietly(engine, runtime, { organizationId, method, credentials, metadata, accountId });
    }
    throw error;
  }
}

type Asked = Pick<NewGrant, 'organizationId' | 'label' | 'method' | 'grant'>;

async function identifyGrant(engine: Engine, runtime: ProviderRuntime, asked: Asked): Promise<AccountResult | null> {
  const { organizationId, label, method, grant } = asked;
  try {
    return await identify(engine, runtime, { organizationId, method, ...grant });
  } catch (error) {
    const key = { provider: runtime.definition.id, label };
    const existing = await engine.store.connections.find(organizationId, key);
    const outage = isPlugboardError(error) && error.retryable && (existing?.account ?? null) === null;
    if (outage) return null;
    throw error;
  }
}
