/** The primitives of format version 1, as closures over keys that stay inside the platform's own key objects. */
type Awaitable<T> = T | Promise<T>;

export interface RootKey {
  /** HMAC-SHA-256 under the root key. */
  mac(data: Uint8Array): Awaitable<Uint8Array>;
  /** AES-256-GCM under HMAC-SHA-256(root key, info). */
  subkey(info: Uint8Array): Awaitable<Subkey>;
}

export interface Subkey {
  /** Prefix, nonce, ciphertext and tag in one array, so that a sealed value is copied once. */
  encrypt(message: CipherMessage, prefix: Uint8Array): Awaitable<Uint8Array>;
  /** @throws PlugboardError `vault_auth_failed`; nothing of the plaintext is returned before the tag is verified. */
  decrypt(message: CipherMessage): Awaitable<Uint8Array>;
}

export interface CipherMessage {
  readonly nonce: Uint8Array;
  readonly associatedData: Uint8Array;
  /** Plaintext when encrypting, ciphertext and tag when decrypting. */
  readonly body: Uint8Array;
}
