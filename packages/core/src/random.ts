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

/** Several of them, 43 characters each, in one draw: a draw costs the same for 12 bytes and for 100. */
export function randomTokens(count: number): string[] {
  const length = 32;
  const bytes = randomBytes(count * length);
  return Array.from({ length: count }, (_, index) =>
    encodeBase64url(bytes.subarray(index * length, (index + 1) * length)),
  );
}

/** A random UUID (version 4). */
export function randomUuid(): string {
  return globalThis.crypto.randomUUID();
}
