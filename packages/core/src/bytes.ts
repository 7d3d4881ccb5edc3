/**
 * Bytes and their texts, synchronous and the same on every runtime.
 *
 * Decoders are strict: for each byte string there is exactly one accepted text, so that a text cannot be altered
 * without altering its bytes. They answer `undefined` for any other text; the caller knows which error that is.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const hexDigits = '0123456789abcdef';
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Most UTF-8 bytes for one UTF-16 unit. */
const longestUtf8 = 3;
const longestAscii = 0x7f;
const notInAlphabet = 0xff;
const paddingCode = 0x3d;
const base64 = alphabetOf(`${letters}+/`);
const base64url = alphabetOf(`${letters}-_`);

interface Alphabet {
  /** Character code of each 6-bit value. */
  readonly codes: Uint8Array;
  /** 6-bit value of each ASCII character code, or `notInAlphabet`. */
  readonly values: Uint8Array;
}

/** UTF-8 bytes of a text. Lone surrogates become U+FFFD, as everywhere in the platform. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Room that the UTF-8 bytes of a text take at most. */
export function mostUtf8Bytes(text: string): number {
  return text.length * longestUtf8;
}

/** Writes the UTF-8 bytes of a text where there is room for them; answers how many they are. */
export function writeUtf8(text: string, target: Uint8Array, at: number): number {
  return encoder.encodeInto(text, target.subarray(at)).written;
}

/** The text of UTF-8 bytes, a byte order mark included; undefined when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Lower-case hexadecimal. */
export function encodeHex(bytes: Uint8Array): string {
  const native = encodeNatively(bytes, 'hex');
  if (native !== undefined) return native;
  let text = '';
  for (const byte of bytes) text += hexDigits[byte >> 4]! + hexDigits[byte & 15]!;
  return text;
}

/** Bytes of hexadecimal text in either case: vendors differ, and the case carries no information. */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = (nibbleOf(text.charCodeAt(index * 2)) << 4) | nibbleOf(text.charCodeAt(index * 2 + 1));
  }
  return bytes;
}

/** Of a digit; letters have bit 6 set, and count from 1. */
function nibbleOf(code: number): number {
  return code & 0x40 ? (code & 0x0f) + 9 : code & 0x0f;
}

/** Base64 with padding (RFC 4648, section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return encodeNatively(bytes, 'base64') ?? encode(bytes, base64) + '='.repeat((3 - (bytes.length % 3)) % 3);
}

/** Bytes of base64 with its padding. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding =
    text.charCodeAt(text.length - 1) !== paddingCode ? 0 : text.charCodeAt(text.length - 2) !== paddingCode ? 1 : 2;
  return decode(padding === 0 ? text : text.slice(0, -padding), base64);
}

/** Base64url without padding (RFC 4648, section 5): the form of JOSE, PKCE and our own tokens. */
export function encodeBase64url(bytes: Uint8Array): string {
  return encodeNatively(bytes, 'base64url') ?? encode(bytes, base64url);
}

/** Bytes of base64url without padding. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return decode(text, base64url);
}

/** All parts in one array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A copy in memory of its own: WebCrypto takes no views of shared memory. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/**
 * `head`, then each text as a 4-byte big-endian length and its UTF-8 bytes. Different lists of well-formed texts give
 * different bytes, whatever separators the texts contain.
 */
export function lengthPrefixed(head: Uint8Array, ...texts: readonly string[]): Uint8Array<ArrayBuffer> {
  return lengthPrefixedAscii(head, texts) ?? lengthPrefixedUtf8(head, texts);
}

/** Nearly all texts are ASCII, and short: written out, they take a third of what an encoder takes. */
function lengthPrefixedAscii(head: Uint8Array, texts: readonly string[]): Uint8Array<ArrayBuffer> | undefined {
  let room = head.length;
  for (const text of texts) room += 4 + text.length;
  const bytes = new Uint8Array(room);
  bytes.set(head);
  let at = head.length;
  for (const text of texts) {
    const { length } = text;
    bytes[at++] = length >>> 24;
    bytes[at++] = length >>> 16;
    bytes[at++] = length >>> 8;
    bytes[at++] = length;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > longestAscii) return undefined;
      bytes[at++] = code;
    }
  }
  return bytes;
}

function lengthPrefixedUtf8(head: Uint8Array, texts: readonly string[]): Uint8Array<ArrayBuffer> {
  let room = head.length;
  for (const text of texts) room += 4 + mostUtf8Bytes(text);
  const bytes = new Uint8Array(room);
  const view = new DataView(bytes.buffer);
  bytes.set(head);
  let at = head.length;
  for (const text of texts) {
    const written = writeUtf8(text, bytes, at + 4);
    view.setUint32(at, written);
    at += 4 + written;
  }
  return bytes.slice(0, at);
}

/** Compares in a time that depends on the lengths alone. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= a[index]! ^ b[index]!;
  return difference === 0;
}

/** Compares texts in a time that depends on the lengths alone: for signatures and tokens in their written form. */
export function equalText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}

/** CRC-32 (ISO 3309, as PNG and zip use it), unsigned. Tells accidents, never who wrote something. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function alphabetOf(characters: string): Alphabet {
  const codes = encodeUtf8(characters);
  const values = new Uint8Array(128).fill(notInAlphabet);
  codes.forEach((code, value) => (values[code] = value));
  return { codes, values };
}

/** By what Node, Bun and Deno have for it, a tenth of the time; undefined elsewhere. */
function encodeNatively(bytes: Uint8Array, encoding: 'hex' | 'base64' | 'base64url'): string | undefined {
  const { Buffer } = globalThis as { Buffer?: typeof globalThis.Buffer };
  return Buffer?.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding);
}

function encode(bytes: Uint8Array, { codes }: Alphabet): string {
  const text = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  let at = 0;
  for (let index = 0; index < bytes.length; index += 3) {
    const group = (bytes[index]! << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    // Writes beyond the end of a typed array are ignored, which drops the characters of missing bytes.
    text[at++] = codes[group >> 18]!;
    text[at++] = codes[(group >> 12) & 63]!;
    text[at++] = codes[(group >> 6) & 63]!;
    text[at++] = codes[group & 63]!;
  }
  return decoder.decode(text);
}

function decode(text: string, { values }: Alphabet): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let at = 0;
  let pending = 0;
  let pendingBits = 0;
  for (let index = 0; index < text.length; index++) {
    const value = values[text.charCodeAt(index)] ?? notInAlphabet;
    if (value === notInAlphabet) return undefined;
    pending = ((pending << 6) | value) & 0xfff;
    pendingBits += 6;
    if (pendingBits < 8) continue;
    pendingBits -= 8;
    bytes[at++] = pending >> pendingBits;
  }
  // Bits beyond the last byte must be zero, or several texts would stand for the same bytes.
  return (pending & ((1 << pendingBits) - 1)) === 0 ? bytes : undefined;
}
