import type { KeyObject, webcrypto } from 'node:crypto';

import { concatBytes, decodeHex, mostUtf8Bytes, ownBytes, writeUtf8 } from '../bytes.ts';
import { nodeCrypto } from '../hash.ts';
import { joinParts } from './mac.ts';
import type { Part } from './scheme.ts';

/** DER headers of a 32-byte Ed25519 public key and private seed (RFC 8410): the one form that every runtime imports. */
const spkiHeader = decodeHex('302a300506032b6570032100')!;
const pkcs8Header = decodeHex('302e020100300506032b657004220420')!;
export const ed25519KeyLength = 32;
/** Kept for each key. */
const mostKeptBytes = 128 * 1024;

/** Whether one of the signatures (RFC 8032) is that of the parts by one public key; one of any but 64 bytes is not. */
export type Ed25519Key = (parts: readonly Part[], signatures: readonly Uint8Array[]) => boolean | Promise<boolean>;

/**
 * A public key of 32 bytes, which is parsed once, at its first use. node:crypto where the runtime has it, because WebCrypto
 * of Node 22 warns about this algorithm, WebCrypto elsewhere.
 */
export function ed25519Key(publicKey: Uint8Array): Ed25519Key {
  const der = concatBytes(spkiHeader, publicKey);
  const node = nodeCrypto();
  if (node !== undefined) {
    let parsed: KeyObject | undefined;
    const join = joinInPlace();
    return (parts, signatures) => {
      const key = (parsed ??= node.createPublicKey({ key: asBuffer(der), format: 'der', type: 'spki' }));
      const data = join(parts);
      return signatures.some((signature) => node.verify(null, data, key, signature));
    };
  }
  const { subtle } = globalThis.crypto;
  let importing: Promise<webcrypto.CryptoKey> | undefined;
  return async (parts, signatures) => {
    const key = await (importing ??= subtle.importKey('spki', der, 'Ed25519', false, ['verify']));
    const data = joinParts(parts);
    for (const signature of signatures) if (await subtle.verify('Ed25519', key, ownBytes(signature), data)) return true;
    return false;
  };
}

/**
 * Joins parts where those of the last call were: this algorithm takes its message in one piece, and new memory for a large
 * one costs more than to copy it. What it answers holds until the next call.
 */
function joinInPlace(): (parts: readonly Part[]) => Uint8Array {
  let kept = new Uint8Array();
  return (parts) => {
    let room = 0;
    for (const part of parts) room += typeof part === 'string' ? mostUtf8Bytes(part) : part.length;
    if (room > mostKeptBytes) return joinParts(parts);
    if (kept.length < room) kept = new Uint8Array(room);
    let at = 0;
    for (const part of parts) {
      if (typeof part === 'string') at += writeUtf8(part, kept, at);
      else {
        kept.set(part, at);
        at += part.length;
      }
    }
    return kept.subarray(0, at);
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
