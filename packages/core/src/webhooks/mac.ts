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

/** The bytes of a key, as text: Node 24 takes the bytes themselves six times slower. */
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

/**
 * The HMAC over all parts, as text. On Node it comes at once and the body is not copied: intake verifies thousands of
 * deliveries a second.
 */
export function macText(key: MacKey, parts: readonly Part[], options: MacOptions): string | Promise<string> {
  const node = nodeCrypto();
  if (node === undefined) return slowMacText(key, parts, options);
  const mac = node.createHmac(options.algorithm, key.text, { encoding: key.encoding });
  for (const part of parts) mac.update(part);
  return mac.digest(options.encoding);
}

async function slowMacText(key: MacKey, parts: readonly Part[], options: MacOptions): Promise<string> {
  const bytes = decoders[key.encoding](key.text) ?? new Uint8Array();
  return encoders[options.encoding](await hmac(options.algorithm, bytes, joinParts(parts)));
}

/** All parts as one array of bytes. */
export function joinParts(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  return concatBytes(...parts.map((part) => (typeof part === 'string' ? encodeUtf8(part) : part)));
}
