import { decodeBase64, decodeBase64url, encodeBase64url } from '../bytes.ts';
import { randomBytes } from '../random.ts';
import { isSecret } from '../secret.ts';
import { badKey } from './errors.ts';

const keyLength = 32;
/** Random bytes show fewer than 17 different values once in 10^14 keys; a 16-byte key written twice always does. */
const fewestValues = 17;

/** Keys that the documentation shows. Each decodes to 32 bytes, so that a copied example fails by name. */
const publishedSamples: ReadonlySet<string> = new Set(['Plugboard-sample-key-0-Do-Not-Use-This-One4']);

/** A root key for the ring: 32 random bytes as base64url. */
export function createKey(): string {
  return encodeBase64url(randomBytes(keyLength));
}

/**
 * The 32 bytes of a key given as raw bytes, base64 or base64url; a copy that the caller may overwrite.
 * There is no stretching of short input and no trimming: what is not exactly a key is refused.
 * @throws PlugboardError code `bad_key`, naming the key's id and the reason, never the value.
 */
export function decodeKey(keyId: string, value: unknown): Uint8Array<ArrayBuffer> {
  const bytes = value instanceof Uint8Array ? new Uint8Array(value) : decodeText(keyId, value);
  const reason = weakness(bytes);
  if (reason === undefined) return bytes;
  bytes.fill(0);
  throw badKey(keyId, reason);
}

function decodeText(keyId: string, value: unknown): Uint8Array<ArrayBuffer> {
  const text = isSecret(value) ? value.reveal() : value;
  if (text === undefined || text === '') throw badKey(keyId, 'is not set');
  if (typeof text !== 'string') throw badKey(keyId, 'is neither bytes nor text nor a function that loads bytes');
  if (/\s/.test(text)) throw badKey(keyId, 'contains white space or a line end');
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) throw badKey(keyId, 'is hexadecimal, not base64');
  const unpadded = text.replace(/=$/, '');
  if (publishedSamples.has(unpadded)) throw badKey(keyId, 'is the sample from the documentation');
  const bytes = decodeBase64url(unpadded) ?? decodeBase64(text);
  if (bytes === undefined) throw badKey(keyId, 'is not base64 or base64url');
  // 32 random bytes lack capitals, or small letters, once in 10^9 keys; a passphrase of the right length often does.
  if (!/[A-Z]/.test(text) || !/[a-z]/.test(text)) throw badKey(keyId, 'has letters of one case, unlike random bytes');
  return bytes;
}

function weakness(bytes: Uint8Array): string | undefined {
  if (bytes.length !== keyLength) return `decodes to ${bytes.length} bytes instead of ${keyLength}`;
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return 'is text, not random bytes';
  const steps = bytes.map((byte, index) => byte - (bytes[index - 1] ?? 0));
  const values = Math.min(new Set(bytes).size, new Set(steps).size);
  return values < fewestValues ? 'is not random: its bytes repeat' : undefined;
}
