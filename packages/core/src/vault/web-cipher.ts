import type { webcrypto } from 'node:crypto';

import { concatBytes, ownBytes } from '../bytes.ts';
import type { RootKey, Subkey } from './cipher.ts';
import { authFailed } from './errors.ts';
import { tagLength } from './format.ts';

const aes = 'AES-GCM';
const hmac = { name: 'HMAC', hash: 'SHA-256' };

/** A root key on WebCrypto, for runtimes without node:crypto. Keys are not extractable. */
export async function importWebKey(bytes: Uint8Array<ArrayBuffer>): Promise<RootKey> {
  const { subtle } = globalThis.crypto;
  const root = await subtle.importKey('raw', bytes, hmac, false, ['sign']);
  const mac = async (data: Uint8Array) => new Uint8Array(await subtle.sign('HMAC', root, ownBytes(data)));
  return {
    mac,
    async subkey(info) {
      const derived = await mac(info);
      const key = await subtle.importKey('raw', derived, aes, false, ['encrypt', 'decrypt']);
      derived.fill(0);
      return webSubkey(subtle, key);
    },
  };
}

function webSubkey(subtle: webcrypto.SubtleCrypto, key: webcrypto.CryptoKey): Subkey {
  const parameters = (nonce: Uint8Array, associatedData: Uint8Array) => ({
    name: aes,
    iv: ownBytes(nonce),
    additionalData: ownBytes(associatedData),
    tagLength: tagLength * 8,
  });
  return {
    async encrypt({ nonce, associatedData, body }, prefix) {
      const encrypted = await subtle.encrypt(parameters(nonce, associatedData), key, ownBytes(body));
      return concatBytes(prefix, nonce, new Uint8Array(encrypted));
    },
    async decrypt({ nonce, associatedData, body }) {
      try {
        return new Uint8Array(await subtle.decrypt(parameters(nonce, associatedData), key, ownBytes(body)));
      } catch {
        throw authFailed();
      }
    },
  };
}
