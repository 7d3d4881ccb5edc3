/**
 * Unpredictable values. Every draw asks the platform's generator anew: bytes kept in stock would repeat in the copies
 * of a cloned virtual machine, which breaks the nonces made from them.
 */
import { encodeBase64url } from './bytes.ts';

/** Bytes from the platform's cryptographic generator. At most 65,536. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}

/** An unguessable text of base64url characters. Default 32 bytes, that is 43 characters. */
export function randomToken(bytes = 32): string {
  return encodeBase64url(randomBytes(bytes));
}

/** Two of them in one draw: a draw costs the same for 12 bytes and for 100. */
export function randomTokenPair(): [string, string] {
  const bytes = randomBytes(64);
  return [encodeBase64url(bytes.subarray(0, 32)), encodeBase64url(bytes.subarray(32))];
}

/** A random UUID (version 4). */
export function randomUuid(): string {
  return globalThis.crypto.randomUUID();
}
