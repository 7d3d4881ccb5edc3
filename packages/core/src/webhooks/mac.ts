import {
  concatBytes,
  decodeBase64,
  decodeBase64url,
  decodeHex,
  encodeBase64,
  encodeBase64url,
  encodeHex,
  encodeUtf8,
} from '../bytes.ts';
import { hmac, nodeCrypto, type HashName } from '../hash.ts';
import type { Part } from './scheme.ts';

/** How bytes are written: lower-case hex, base64 with padding, base64url without. */
export type BytesEncoding = 'hex' | 'base64' | 'base64url';

export interface MacOptions {
  readonly algorithm: HashName;
  readonly encoding: BytesEncoding;
}

/** The bytes of a key, as text. */
export interface MacKey {
  readonly text: string;
  readonly encoding: BytesEncoding | 'utf8';
}

export const encoders = { hex: encodeHex, base64: encodeBase64, base64url: encodeBase64url } as const;
export const decoders = { hex: decodeHex, base64: decodeBase64, base64url: decodeBase64url, utf8: encodeUtf8 } as const;

/** A text as a key; undefined when it does not stand for bytes, or for none. */
export function macKey(text: string, encoding: MacKey['encoding']): MacKey | undefined {
  return (decoders[encoding](text)?.length ?? 0) > 0 ? { text, encoding } : undefined;
}

/** The HMAC over all parts, as text. On Node it comes at once and the body is not copied. */
export type Mac = (parts: readonly Part[]) => string | Promise<string>;

/** What can be done once for each key is: intake verifies thousands of deliveries a second. */
export function macOf(key: MacKey, { algorithm, encoding }: MacOptions): Mac {
  const node = nodeCrypto();
  if (node === undefined) {
    const bytes = decoders[key.encoding](key.text) ?? new Uint8Array();
    return async (parts) => encoders[encoding](await hmac(algorithm, bytes, joinParts(parts)));
  }
  // As a key object, made once: Node 24 reads a text anew each time, and takes bytes four times slower.
  const held = node.createSecretKey(key.text, key.encoding);
  return (parts) => {
    const mac = node.createHmac(algorithm, held);
    for (const part of parts) mac.update(part);
    return mac.digest(encoding);
  };
}

/** All parts as one array of bytes. */
export function joinParts(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  return concatBytes(...parts.map((part) => (typeof part === 'string' ? encodeUtf8(part) : part)));
}
