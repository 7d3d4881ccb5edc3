import type { KeyObject, webcrypto } from 'node:crypto';

import { concatBytes, decodeHex, ownBytes } from '../bytes.ts';
import { nodeCrypto } from '../hash.ts';

/** DER headers of a 32-byte Ed25519 public key and private seed (RFC 8410): the one form that every runtime imports. */
const spkiHeader = decodeHex('302a300506032b6570032100')!;
const pkcs8Header = decodeHex('302e020100300506032b657004220420')!;
export const ed25519KeyLength = 32;

/** Verifies a signature (RFC 8032) with one public key; a signature of any but 64 bytes is false. */
export type Ed25519Key = (data: Uint8Array, signature: Uint8Array) => boolean | Promise<boolean>;

/**
 * A public key of 32 bytes, which is parsed once, at its first use. node:crypto where the runtime has it, because WebCrypto
 * of Node 22 warns about this algorithm, WebCrypto elsewhere.
 */
export function ed25519Key(publicKey: Uint8Array): Ed25519Key {
  const der = concatBytes(spkiHeader, publicKey);
  const node = nodeCrypto();
  if (node !== undefined) {
    let parsed: KeyObject | undefined;
    return (data, signature) => {
      parsed ??= node.createPublicKey({ key: asBuffer(der), format: 'der', type: 'spki' });
      return node.verify(null, data, parsed, signature);
    };
  }
  const { subtle } = globalThis.crypto;
  let importing: Promise<webcrypto.CryptoKey> | undefined;
  return async (data, signature) => {
    const key = await (importing ??= subtle.importKey('spki', der, 'Ed25519', false, ['verify']));
    return subtle.verify('Ed25519', key, ownBytes(signature), ownBytes(data));
  };
}

/** Signs with the 32-byte seed of a private key. */
export async function signEd25519(seed: Uint8Array, data: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const der = concatBytes(pkcs8Header, seed);
  const node = nodeCrypto();
  if (node !== undefined) {
    return new Uint8Array(node.sign(null, data, { key: asBuffer(der), format: 'der', type: 'pkcs8' }));
  }
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey('pkcs8', der, 'Ed25519', false, ['sign']);
  return new Uint8Array(await subtle.sign('Ed25519', key, ownBytes(data)));
}

/** node:crypto takes any bytes here; its types ask for a Buffer, a global that other runtimes with this module may lack. */
function asBuffer(bytes: Uint8Array): Buffer {
  return bytes as Buffer;
}
