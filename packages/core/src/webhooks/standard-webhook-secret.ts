import { decodeBase64, encodeBase64 } from '../bytes.ts';
import { configurationError } from '../errors.ts';
import { randomBytes } from '../random.ts';
import { reveal, Secret } from '../secret.ts';
import { ed25519KeyLength } from './ed25519.ts';
import { macKey, type MacKey } from './mac.ts';

/** What the prefix of a Standard Webhooks secret says it is. */
export type StandardWebhookKey =
  | { readonly kind: 'symmetric'; readonly key: MacKey }
  | { readonly kind: 'public'; readonly bytes: Uint8Array }
  /** The 32-byte seed; only senders hold one. */
  | { readonly kind: 'private'; readonly bytes: Uint8Array };

const symmetricPrefix = 'whsec_';
const publicPrefix = 'whpk_';
const privatePrefix = 'whsk_';
const minBytes = 24;
const maxBytes = 64;

/**
 * Reads `whsec_`, `whpk_` and `whsk_` secrets, and symmetric ones without a prefix; undefined for anything else, an empty
 * key included.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (signature scheme)
 */
export function parseStandardWebhookSecret(secret: Secret | string): StandardWebhookKey | undefined {
  const text = reveal(secret);
  if (text.startsWith(publicPrefix)) {
    const bytes = decodeBase64(text.slice(publicPrefix.length));
    return bytes?.length === ed25519KeyLength ? { kind: 'public', bytes } : undefined;
  }
  if (text.startsWith(privatePrefix)) {
    const bytes = decodeBase64(text.slice(privatePrefix.length));
    return bytes?.length === 2 * ed25519KeyLength
      ? { kind: 'private', bytes: bytes.slice(0, ed25519KeyLength) }
      : undefined;
  }
  const key = macKey(text.startsWith(symmetricPrefix) ? text.slice(symmetricPrefix.length) : text, 'base64');
  return key === undefined ? undefined : { kind: 'symmetric', key };
}

/**
 * For configuration time: a verifier with an unusable secret would refuse every delivery.
 * @throws PlugboardError kind `configuration`, code `invalid_webhook_secret`.
 */
export function checkStandardWebhookSecret(secret: Secret | string): StandardWebhookKey {
  const key = parseStandardWebhookSecret(secret);
  if (key !== undefined) return key;
  throw configurationError(
    'invalid_webhook_secret',
    'The webhook secret is neither `whsec_` nor `whpk_` nor `whsk_` with base64 after it.',
    'Copy the whole signing secret again, with its padding.',
  );
}

/**
 * A new symmetric secret for an endpoint that a host sends its own webhooks to. 24 to 64 random bytes, default 32.
 * @throws PlugboardError kind `configuration`, code `invalid_secret_length`.
 */
export function generateStandardWebhookSecret(bytes = 32): Secret {
  if (!Number.isInteger(bytes) || bytes < minBytes || bytes > maxBytes) {
    throw configurationError(
      'invalid_secret_length',
      `A webhook secret of ${bytes} bytes was asked for.`,
      `Ask for ${minBytes} to ${maxBytes} bytes, or for none: the default is 32.`,
    );
  }
  return new Secret(symmetricPrefix + encodeBase64(randomBytes(bytes)));
}
