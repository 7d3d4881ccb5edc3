import { vi } from 'vitest';

import { createKey } from '../../src/vault/key-bytes.ts';
import { createVault } from '../../src/vault/create-vault.ts';
import type { KeyRing, SealContext, Vault } from '../../src/vault/vault.ts';

/** A vault of the environment `test`, by default over one random key `k1`. */
export function testVault(keys: KeyRing = { k1: createKey() }, environment = 'test'): Vault {
  return createVault({ environment, keys });
}

export function contextOf(change: Partial<SealContext> = {}): SealContext {
  return { organizationId: 'org_1', connectionId: 'connection_1', provider: 'acme', purpose: 'credentials', ...change };
}

/** From here to the end of the test this runtime has no node:crypto. */
export function hideNodeCrypto(): void {
  const find = process.getBuiltinModule.bind(process);
  const withoutCrypto = (id: string) => (id === 'node:crypto' ? undefined : find(id));
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(withoutCrypto);
}

/** The `code` of what `act` throws, or `returned`. */
export function thrownCode(act: () => unknown): string {
  try {
    act();
    return 'returned';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** The `code` of the rejection, or `opened`. */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'opened',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
}

/** How often each outcome occurs. */
export function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
