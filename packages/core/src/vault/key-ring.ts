import type { Clock } from '../clock.ts';
import { configurationError } from '../errors.ts';
import type { RootKey } from './cipher.ts';
import { keyNotLoaded, unknownKey } from './errors.ts';
import { isKeyId } from './format.ts';
import { importKey } from './import-key.ts';
import { decodeKey } from './key-bytes.ts';
import type { KeyRing, KeySource } from './vault.ts';

export interface KeyRingOptions {
  readonly environment: string;
  readonly keys: KeyRing | undefined;
  readonly clock: Clock;
  readonly keyTimeoutMs: number;
}

/** The host's key ring, checked; each key is loaded at its first use and kept. */
export interface LoadedRing {
  /** In the host's order: the first one seals. */
  readonly keyIds: readonly [string, ...string[]];
  /** @throws PlugboardError `key_unavailable` when the id is unknown or its source fails; a failure is not kept. */
  load(keyId: string): Promise<RootKey>;
  /** The same key, where it has been loaded. */
  loaded(keyId: string): RootKey | undefined;
}

/**
 * Checks every id, and every key whose bytes are at hand, before anything is sealed.
 * @throws PlugboardError `no_keys`, `bad_key_id` or `bad_key`.
 */
export function openKeyRing({ environment, keys, clock, keyTimeoutMs }: KeyRingOptions): LoadedRing {
  const sources = new Map(Object.entries(keys ?? {}));
  const [primary, ...others] = sources.keys();
  if (primary === undefined) {
    throw configurationError('no_keys', 'The key ring is empty.', 'Set keys: { k1: <32 random bytes as base64> }.');
  }
  for (const [keyId, source] of sources) {
    checkKeyId(keyId);
    if (typeof source !== 'function') decodeKey(keyId, source).fill(0);
  }
  const loadings = new Map<string, Promise<RootKey>>();
  const loaded = new Map<string, RootKey>();

  async function loadKey(keyId: string, source: KeySource): Promise<RootKey> {
    if (typeof source !== 'function') return importKey(decodeKey(keyId, source));
    const bytes = await within(clock, keyTimeoutMs, () => source({ keyId, environment })).catch((cause: unknown) => {
      throw keyNotLoaded(keyId, cause);
    });
    return importKey(decodeKey(keyId, bytes));
  }

  return {
    keyIds: [primary, ...others],
    async load(keyId) {
      const known = loadings.get(keyId);
      if (known !== undefined) return known;
      const source = sources.get(keyId);
      if (source === undefined) throw unknownKey(keyId);
      const loading = loadKey(keyId, source);
      loadings.set(keyId, loading);
      loading.then(
        (key) => loaded.set(keyId, key),
        () => loadings.delete(keyId),
      );
      return loading;
    },
    loaded: (keyId) => loaded.get(keyId),
  };
}

function checkKeyId(keyId: string): void {
  if (!isKeyId(keyId)) {
    throw configurationError(
      'bad_key_id',
      'A key id is not 1 to 32 of the characters A-Z a-z 0-9 _ -.',
      'Name keys k1, k2 and so on: the id is stored with every sealed value and is public.',
    );
  }
  if (/^\d+$/.test(keyId)) {
    throw configurationError(
      'bad_key_id',
      `The key id ${keyId} is a number.`,
      `Name it k${keyId}: JavaScript lists numeric names first, so the first key of the ring would not be the one you wrote.`,
    );
  }
}

/** The result of `task`, or a rejection after `ms`. */
async function within<T>(clock: Clock, ms: number, task: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error('timeout')));
    Promise.resolve().then(task).then(resolve, reject).finally(cancel);
  });
}
