/** What the parts of a board share. Made once by `createPlugboard`, handed down, never global. */
import type { AuthMethod } from './auth/auth.ts';
import type { CredentialBreaker } from './client/credential-breaker.ts';
import type { SdkCache } from './client/sdk-cache.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connections/view.ts';
import type { Attempts } from './connections/attempts.ts';
import type { Unreadable } from './connections/unreadable.ts';
import { PlugboardError, configurationError, invalidInput } from './errors.ts';
import type { Events } from './events.ts';
import type { Log } from './log.ts';
import { printable } from './printable.ts';
import type { ProviderRuntime } from './provider-runtime.ts';
import type { Store } from './store.ts';
import type { Vault } from './vault/vault.ts';
import type { KeyCache } from './webhooks/key-cache.ts';

export type { ProviderRuntime } from './provider-runtime.ts';

/** `production` unless asked for by name; only the other two allow stubs. */
export type Mode = 'production' | 'development' | 'test';

/**
 * What a board does whose database was restored from a backup, so that some of its refresh tokens are spent already.
 * `hold`: the background refreshes nothing. `resume`: it refreshes one connection of a provider at a time. In both, a
 * token that rotates and is refused is not tried again: its connection ends as `rotation_lost`.
 */
export type Restored = 'hold' | 'resume';

export interface Engine {
  readonly mode: Mode;
  /** Public base URL of the mounted routes, without a trailing slash. */
  readonly url: string;
  readonly environment: string;
  readonly clock: Clock;
  readonly store: Store;
  readonly vault: Vault;
  readonly events: Events;
  /** Keys that vendors publish to verify what they sign. */
  readonly keys: KeyCache;
  readonly log: Log;
  /** Where an organization connects anew. */
  readonly reconnectUrl: (connection: Connection) => string;
  readonly providers: ReadonlyMap<string, ProviderRuntime>;
  readonly sdks: SdkCache;
  readonly credentialBreaker: CredentialBreaker;
  readonly attempts: Attempts;
  readonly unreadable: Unreadable;
  /** Set while the database counts as restored from a backup. */
  readonly restored?: Restored;
  /** Milliseconds an opened credential may be served from memory. 0 turns the cache off. */
  readonly cacheMs: number;
  /** Milliseconds that an OAuth flow may take. */
  readonly flowMs: number;
  /** Origins besides that of `url` to which a finished flow may return. */
  readonly returnOrigins: readonly string[];
}

/** @throws PlugboardError kind `configuration`, code `unknown_provider`. */
export function providerOf(engine: Engine, id: string): ProviderRuntime {
  const runtime = engine.providers.get(id);
  if (runtime !== undefined) return runtime;
  const known = [...engine.providers.keys()].join(', ');
  throw configurationError(
    'unknown_provider',
    `The board has no provider \`${printable(id)}\`.`,
    `Add it to \`providers\` of createPlugboard. The board has: ${known || 'none'}.`,
  );
}

/** @throws PlugboardError kind `configuration`, code `unknown_method`: the row is from another version of the provider. */
export function methodOf(runtime: ProviderRuntime, name: string): AuthMethod {
  const method = Object.hasOwn(runtime.definition.auth, name) ? runtime.definition.auth[name] : undefined;
  if (method !== undefined) return method;
  throw configurationError(
    'unknown_method',
    `Provider \`${runtime.definition.id}\` has no way to connect called \`${printable(name)}\`.`,
    `Use one of: ${Object.keys(runtime.definition.auth).join(', ')}.`,
  );
}

const idLimit = 256;

/**
 * Ids are compared as bytes and never normalised, so anything goes but what databases and headers cannot hold.
 * @throws PlugboardError kind `invalid_request`, code `invalid_input`.
 */
export function checkId(value: unknown, field: string): string {
  const problem =
    typeof value !== 'string' || value === ''
      ? 'must be a non-empty string'
      : value.length > idLimit
        ? `must be at most ${idLimit} characters`
        : value.includes('\0') || !value.isWellFormed()
          ? 'must be well-formed text without NUL'
          : undefined;
  if (problem === undefined) return value as string;
  throw new PlugboardError({
    kind: 'invalid_request',
    code: 'invalid_input',
    message: `${field} ${problem}`,
    hint: 'Pass the id exactly as your application stores it.',
    fields: [{ path: field, message: problem }],
  });
}

/**
 * What plain JavaScript hands in where an organization must be named.
 * @throws PlugboardError kind `invalid_request`, code `invalid_input`.
 */
export function checkTarget<T>(given: T, subject: string): T & object {
  if (typeof given === 'object' && given !== null) return given;
  const message = 'is missing: pass an object that names the organization';
  throw invalidInput(subject, [{ path: 'organizationId', message }]);
}
