/**
 * Format version 1, byte by byte (docs/guides/vault.md):
 *
 *     version 0x01 | n | key id, n bytes | nonce, 12 bytes | ciphertext | tag, 16 bytes
 *
 * The version names the whole suite: subkeys by HMAC-SHA-256, AES-256-GCM, random nonces of 96 bits, tags of 128 bits.
 */
import { concatBytes, decodeBase64url, encodeBase64url, encodeUtf8, lengthPrefixed } from '../bytes.ts';
import { invalidInput } from '../errors.ts';
import { authFailed, newerFormat } from './errors.ts';
import type { SealContext } from './vault.ts';

export const nonceLength = 12;
export const tagLength = 16;

const version = 1;
/** Formats are numbered one by one; from here on a first byte is text that was never sealed. */
const firstTextByte = 0x20;
const shortest = 2 + 1 + nonceLength + tagLength;
const keyIdGrammar = /^[A-Za-z0-9_-]{1,32}$/;
const textPrefix = 'iv1.';

const suite = 'integrations-vault/1';
const subkeyHead = encodeUtf8(`${suite}/subkey`);
const macHead = encodeUtf8(`${suite}/mac`);
const dataHead = concatBytes(encodeUtf8(suite), Uint8Array.of(version));

export interface SealedParts {
  readonly keyId: string;
  readonly nonce: Uint8Array;
  /** Ciphertext and tag. */
  readonly body: Uint8Array;
}

/** True for 1 to 32 of the characters `A-Z a-z 0-9 _ -`. */
export function isKeyId(text: string): boolean {
  return keyIdGrammar.test(text);
}

/** What a sealed value holds before its nonce. */
export function sealedPrefix(keyId: string): Uint8Array<ArrayBuffer> {
  return concatBytes(Uint8Array.of(version, keyId.length), encodeUtf8(keyId));
}

/**
 * The parts of a sealed value, views of its bytes.
 * @throws PlugboardError `vault_version` for a newer format, `vault_auth_failed` for anything else that is no version 1.
 */
export function splitSealed(sealed: Uint8Array): SealedParts {
  if (!(sealed instanceof Uint8Array) || sealed.length < shortest) throw authFailed();
  const [first = 0, keyIdLength = 0] = sealed;
  if (first > version && first < firstTextByte) throw newerFormat(first);
  const bodyAt = 2 + keyIdLength + nonceLength;
  let keyId = '';
  for (let at = 2; at < 2 + keyIdLength && at < sealed.length; at++) keyId += String.fromCharCode(sealed[at]!);
  if (first !== version || !isKeyId(keyId) || sealed.length < bodyAt + tagLength) throw authFailed();
  return { keyId, nonce: sealed.subarray(2 + keyIdLength, bodyAt), body: sealed.subarray(bodyAt) };
}

/** Id of the key that sealed these bytes; null for anything but a whole version 1 value. */
export function keyIdOf(sealed: Uint8Array): string | null {
  try {
    return splitSealed(sealed).keyId;
  } catch {
    return null;
  }
}

/** What the subkey of a connection is derived from: the root key gives another key for every other context. */
export function subkeyInfo(environment: string, context: SealContext): Uint8Array<ArrayBuffer> {
  return lengthPrefixed(subkeyHead, environment, context.organizationId, context.connectionId);
}

/** What the tag covers beside the ciphertext. Bytes as given, without Unicode normalization. */
export function associatedData(keyId: string, environment: string, context: SealContext): Uint8Array<ArrayBuffer> {
  const { organizationId, connectionId, provider, purpose } = context;
  return lengthPrefixed(dataHead, keyId, environment, organizationId, connectionId, provider, purpose);
}

/** What the key of `Vault.mac` is derived from. */
export function macInfo(environment: string, use: string): Uint8Array<ArrayBuffer> {
  return lengthPrefixed(macHead, environment, use);
}

/** What the check value of a key is the keyed hash of. */
export const checkValueInfo = encodeUtf8(`${suite}/kcv`);

/**
 * Refuses what could not be told apart once encoded.
 * @throws PlugboardError `invalid_input` for members that are missing, empty or not well-formed Unicode.
 */
export function checkContext(context: SealContext): void {
  const { organizationId, connectionId, provider, purpose } = context;
  if (isName(organizationId) && isName(connectionId) && isName(provider) && isName(purpose)) return;
  const members = Object.entries({ organizationId, connectionId, provider, purpose });
  const wrong = members.filter(([, value]) => !isName(value));
  throw invalidInput(
    'The context of a sealed value',
    wrong.map(([path]) => ({ path, message: 'must be a non-empty, well-formed string' })),
  );
}

/** True for a non-empty string without lone surrogates, which UTF-8 would fold into one character. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.isWellFormed();
}

/** The form for text columns and environment values: `iv1.` and base64url without padding. */
export function sealedToText(sealed: Uint8Array): string {
  return textPrefix + encodeBase64url(sealed);
}

/**
 * The bytes of the text form.
 * @throws PlugboardError `vault_auth_failed` for any other text, other spellings of the same bytes included.
 */
export function sealedFromText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = text.startsWith(textPrefix) ? decodeBase64url(text.slice(textPrefix.length)) : undefined;
  if (bytes === undefined) throw authFailed();
  return bytes;
}
