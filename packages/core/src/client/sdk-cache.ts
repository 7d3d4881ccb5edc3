/** SDKs of vendors, one for each connection, as long as its credentials and settings stay what they are. */
import { configurationError } from '../errors.ts';
import { loaded } from '../missing-package.ts';
import type { AnyDefinition } from '../provider.ts';
import type { Access, Session } from './access.ts';

export interface SdkCache {
  /** The SDK of the session's connection; a new one where there is none, or where what it was made with has changed. */
  use<Sdk>(session: Session, access: Access, load: () => Promise<Sdk>): Promise<Sdk>;
  /** Closes the SDK of one connection, if there is one. */
  drop(cacheKey: string): Promise<void>;
  /** Closes all of them. */
  close(): Promise<void>;
}

interface Kept {
  /** What it was made with: a change of any of it needs another SDK. */
  readonly madeWith: string;
  readonly sdk: Promise<unknown>;
  readonly close: (() => Promise<void>) | undefined;
}

/** @param failed Hears of an SDK that could not be closed: nobody else waits for it. */
export function createSdkCache(failed: (provider: string, error: unknown) => void, maxKept = 1_000): SdkCache {
  const kept = new Map<string | symbol, Kept>();

  async function end(key: string | symbol): Promise<void> {
    const entry = kept.get(key);
    kept.delete(key);
    await entry?.close?.();
  }

  function keep(key: string | symbol, entry: Kept): void {
    // An SDK that failed to load is not kept: the next call tries again.
    entry.sdk.catch(() => kept.get(key) === entry && kept.delete(key));
    if (kept.size >= maxKept) void end(kept.keys().next().value!);
    kept.set(key, entry);
  }

  return {
    use<Sdk>(session: Session, access: Access, load: () => Promise<Sdk>): Promise<Sdk> {
      const { definition } = session.runtime;
      const key = session.cacheKey ?? Symbol('once');
      const { connectionId = null, method, version, stub, settings } = access;
      const madeWith = JSON.stringify([connectionId, method, version, stub, settings]);
      const known = kept.get(key);
      if (known?.madeWith === madeWith) {
        // The least recently used is the first to go.
        kept.delete(key);
        kept.set(key, known);
        return known.sdk as Promise<Sdk>;
      }
      void end(key);
      const sdk = loaded(load());
      keep(key, { madeWith, sdk, close: closer(definition, sdk) });
      return sdk;
    },
    drop: end,
    async close() {
      await Promise.all([...kept.keys()].map(end));
    },
  };

  function closer(definition: AnyDefinition, sdk: Promise<unknown>): Kept['close'] {
    const close = definition.closeSdk as ((sdk: unknown) => Promise<void>) | undefined;
    if (close === undefined) return undefined;
    return async () => {
      try {
        await close(await sdk);
      } catch (error) {
        failed(definition.id, error);
      }
    };
  }
}

/** @throws PlugboardError kind `configuration`, code `unknown_sdk`: what is not declared could not be closed. */
export function checkLoader(definition: AnyDefinition, load: unknown): void {
  if (load === definition.sdk) return;
  throw configurationError(
    'unknown_sdk',
    `An operation of \`${definition.id}\` asks for an SDK that the definition does not name.`,
    'Name the function that loads it as `sdk` of the definition.',
  );
}
