import type { Secret } from '../secret.ts';

/** What a sealed value is bound to. Opening with any other context fails. */
export interface SealContext {
  readonly organizationId: string;
  /** The connection's id, or another unique handle for what is not a connection (an OAuth state). */
  readonly connectionId: string;
  readonly provider: string;
  readonly purpose: SealPurpose;
}

export type SealPurpose =
  | 'credentials'
  | 'oauth.state'
  | 'browser.step'
  | 'webhook.secret'
  | 'webhook.event'
  | 'shadow.credentials'
  | 'sync.cursor';

/** Seals and opens with AES-256-GCM under a subkey per connection. See docs/guides/vault.md for the format. */
export interface Vault {
  seal(context: SealContext, plaintext: Uint8Array): Promise<Uint8Array>;
  /**
   * @throws PlugboardError `vault_auth_failed` for anything altered or moved, `key_unavailable` for an unknown key id,
   * `vault_version` for a format newer than this library.
   */
  open(context: SealContext, sealed: Uint8Array): Promise<Uint8Array>;
  /** Id of the key that sealed these bytes, without opening them; null when they are not a sealed value. */
  keyIdOf(sealed: Uint8Array): string | null;
  /** Name of the deployment that sealed values belong to. */
  readonly environment: string;
  /** Id of the key that seals now. */
  readonly primaryKeyId: string;
  /** Ids of all keys of the ring, the primary one first. */
  readonly keyIds: readonly string[];
  /** Check value per key id: equal bytes give equal values, the key cannot be found from it. */
  keyCheckValues(): Promise<ReadonlyMap<string, string>>;
  /**
   * Keyed hash, for lookups and for signing state: HMAC-SHA-256 under a subkey of the named use. Default key: the primary.
   * What is checked by another process, or later, must carry the id of its key and be checked under that one: during a
   * rotation two processes have different primary keys.
   * @throws PlugboardError `key_unavailable` for an unknown key id.
   */
  mac(use: string, data: Uint8Array, keyId?: string): Promise<Uint8Array>;
}

/** Which key is wanted. A KMS takes both members as the encryption context of the wrapped key, and checks them. */
export interface KeyRequest {
  readonly keyId: string;
  readonly environment: string;
}

/**
 * Where a key's bytes come from: the value itself, or a function that loads it (from a KMS). The function runs at the
 * first use of the key, once when it succeeds; a failure is reported and the next use runs it again.
 */
export type KeySource = string | Secret | Uint8Array | ((request: KeyRequest) => Promise<Uint8Array>);

/**
 * The key ring: `{ k2: newest, k1: older }`. The first entry seals, all entries open. Values are exactly 32 bytes as
 * raw bytes, base64 or base64url. The type takes undefined for the sake of environment variables; an unset one is refused
 * when the vault is created.
 */
export type KeyRing = Readonly<Record<string, KeySource | undefined>>;
