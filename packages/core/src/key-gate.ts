/** Nothing touches the store before the keys are known to fit it. */
import type { Store } from './store.ts';
import { checkKeys } from './vault/check-keys.ts';
import type { Vault } from './vault/vault.ts';

export interface KeyGate {
  /** Checks once; after a failure anew. */
  ready(): Promise<void>;
  /** The check, where it has not succeeded yet: what is known costs nothing. */
  pending(): Promise<void> | undefined;
  /** Checks before it runs. */
  gate<Args extends readonly unknown[], R>(run: (...args: Args) => Promise<R>): (...args: Args) => Promise<R>;
}

export function createKeyGate(vault: Vault, store: Store): KeyGate {
  let checked: Promise<void> | undefined;
  let fits = false;
  const ready = () =>
    (checked ??= checkKeys(vault, store).then(
      () => void (fits = true),
      (error: unknown) => {
        checked = undefined;
        throw error;
      },
    ));
  return {
    ready,
    pending: () => (fits ? undefined : ready()),
    gate:
      (run) =>
      async (...args) => {
        await ready();
        return run(...args);
      },
  };
}
