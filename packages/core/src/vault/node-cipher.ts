import type { KeyObject } from 'node:crypto';

import { concatBytes } from '../bytes.ts';
import type { NodeCrypto } from '../hash.ts';
import type { RootKey, Subkey } from './cipher.ts';
import { authFailed } from './errors.ts';
import { tagLength } from './format.ts';

const algorithm = 'aes-256-gcm';
/** Without it, some releases of Node accept tags of 4 bytes. @see https://nodejs.org/api/deprecations.html#dep0182 */
const options = { authTagLength: tagLength };

/** A root key on node:crypto. Synchronous: a third of the time that WebCrypto takes on the same machine. */
export function importNodeKey(crypto: NodeCrypto, bytes: Uint8Array): RootKey {
  const root = crypto.createSecretKey(bytes);
  const mac = (data: Uint8Array) => crypto.createHmac('sha256', root).update(data).digest();
  return {
    mac,
    subkey(info) {
      const derived = mac(info);
      const key = crypto.createSecretKey(derived);
      derived.fill(0);
      return nodeSubkey(crypto, key);
    },
  };
}

function nodeSubkey(crypto: NodeCrypto, key: KeyObject): Subkey {
  return {
    encrypt({ nonce, associatedData, body }, prefix) {
      const cipher = crypto.createCipheriv(algorithm, key, nonce, options).setAAD(associatedData);
      const encrypted = cipher.update(body);
      // This mode has no last block: `final` only makes the tag.
      cipher.final();
      return concatBytes(prefix, nonce, encrypted, cipher.getAuthTag());
    },
    decrypt({ nonce, associatedData, body }) {
      const end = body.length - tagLength;
      // `update` releases plaintext that nothing has verified yet; only `final` judges the tag.
      let unverified: Uint8Array | undefined;
      try {
        const decipher = crypto.createDecipheriv(algorithm, key, nonce, options);
        decipher.setAAD(associatedData).setAuthTag(body.subarray(end));
        unverified = decipher.update(body.subarray(0, end));
        decipher.final();
      } catch {
        unverified?.fill(0);
        throw authFailed();
      }
      return new Uint8Array(unverified.buffer, unverified.byteOffset, unverified.byteLength);
    },
  };
}
