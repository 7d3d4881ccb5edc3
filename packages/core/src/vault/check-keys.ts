import { configurationError } from '../errors.ts';
import type { Store } from '../store.ts';
import type { Vault } from './vault.ts';

const environmentName = 'environment';
const checkValuePrefix = 'vault-key:';

/**
 * Proves, before anything is served, that this process may use this store: every key loads and works, each has the bytes
 * that its id stood for when the store first met it, and the store belongs to the vault's environment. What the store
 * does not know yet is remembered, and only after everything it does know has been found equal.
 *
 * @throws PlugboardError `environment_mismatch`, `key_mismatch` or `duplicate_keys`, with nothing written;
 * `key_unavailable` when a key source fails; `vault_self_test` when the runtime's cryptography does.
 */
export async function checkKeys(vault: Vault, store: Store): Promise<void> {
  const { expected, known } = await compareKeys(vault, store);
  for (const [name, value] of expected) {
    // Another process may have been first since the look above: what the store answers is what counts.
    if (!known.has(name)) compare(name, value, await store.remember(name, value));
  }
}

export interface KeyComparison {
  /** What this process stands for, by the names that the store remembers. */
  readonly expected: ReadonlyMap<string, string>;
  /** What the store knows. */
  readonly known: ReadonlyMap<string, string>;
}

/**
 * The same proof without a write, for those who only look: an operator's process must not lay down which environment a
 * new database belongs to.
 * @throws PlugboardError as `checkKeys` does.
 */
export async function compareKeys(vault: Vault, store: Store): Promise<KeyComparison> {
  const checkValues = await vault.keyCheckValues();
  refuseDuplicates(checkValues);
  const expected = new Map([[environmentName, vault.environment]]);
  for (const [keyId, value] of checkValues) expected.set(checkValuePrefix + keyId, value);

  const known = new Map([...(await store.remembered(environmentName)), ...(await store.remembered(checkValuePrefix))]);
  for (const [name, value] of expected) compare(name, value, known.get(name) ?? value);
  return { expected, known };
}

/** Keys of the ring that the store has not met. */
export function newKeyIds(vault: Vault, { known }: KeyComparison): readonly string[] {
  return vault.keyIds.filter((keyId) => !known.has(checkValuePrefix + keyId));
}

/** The environment that the store belongs to; null while it belongs to none. */
export function ownerOf({ known }: KeyComparison): string | null {
  return known.get(environmentName) ?? null;
}

function compare(name: string, ours: string, stored: string): void {
  if (ours === stored) return;
  if (name === environmentName) {
    throw configurationError(
      'environment_mismatch',
      `The store belongs to the environment "${stored}", this process runs as "${ours}".`,
      'Point the process at its own store. A copy of another environment must not be used: refreshing its tokens would end the original’s connections.',
    );
  }
  const keyId = name.slice(checkValuePrefix.length);
  throw configurationError(
    'key_mismatch',
    `The key ${keyId} has other bytes than the key that the store knows by this id.`,
    `Restore the original value of ${keyId}; give a different key an id that was never used.`,
  );
}

function refuseDuplicates(checkValues: ReadonlyMap<string, string>): void {
  const firstId = new Map<string, string>();
  for (const [keyId, value] of checkValues) {
    const other = firstId.get(value);
    if (other !== undefined) {
      throw configurationError(
        'duplicate_keys',
        `The keys ${other} and ${keyId} have the same bytes.`,
        'A rotation needs a fresh key: create one and give it an id that was never used.',
      );
    }
    firstId.set(value, keyId);
  }
}
