import { encodeBase64 } from '../bytes.ts';
import { configurationError, type PlugboardError } from '../errors.ts';
import { isSecret, type Secret } from '../secret.ts';
import { ed25519Match } from './ed25519-signature.ts';
import { ed25519Key, signEd25519, type Ed25519Key } from './ed25519.ts';
import { formatTimestamp, type TimestampRule } from './freshness.ts';
import { matchesMac } from './hmac-signature.ts';
import { joinParts, macOf, type Mac } from './mac.ts';
import { signatureScheme, type Part, type SignedDelivery } from './scheme.ts';
import { readSignatureHeader, type ReadSignatures } from './signature-header.ts';
import {
  checkStandardWebhookSecret,
  parseStandardWebhookSecret,
  type StandardWebhookKey,
} from './standard-webhook-secret.ts';
import type { Delivery, RejectReason, Verify } from './webhook.ts';

export interface StandardWebhooksOptions {
  /** Header families, `<prefix>-id` and so on; the first complete one is judged. Default `webhook`. */
  readonly prefixes?: readonly string[];
  /** Seconds in both directions. Default 300. */
  readonly toleranceSeconds?: number;
  /** What stands between signatures, for senders that join them otherwise. Default one space. */
  readonly separator?: string;
}

/** A message that a host sends. */
export interface StandardWebhookMessage {
  /** The same on every retry, without a full stop. */
  readonly id: string;
  /** The moment of this attempt. */
  readonly at: Date;
  readonly body: Uint8Array | string;
}

/** Names of the three headers. */
interface Family {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
}

const symmetricVersion = 'v1,';
const asymmetricVersion = 'v1a,';
const mac = { algorithm: 'sha256', encoding: 'base64' } as const;
const asymmetric = ed25519Match('base64');
/** A full stop would move the border between id, timestamp and body without changing the signed bytes. */
const idPattern = /^[\x21-\x2d\x2f-\x7e]{1,255}$/;

/**
 * Standard Webhooks 1.0.0, with any header family: `v1` (HMAC-SHA256) for `whsec_` secrets, `v1a` (Ed25519) for `whpk_`
 * ones. Other versions in the list are passed over; one match is enough.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardWebhooks(options: StandardWebhooksOptions = {}): Verify {
  const { prefixes = ['webhook'], toleranceSeconds, separator = ' ' } = options;
  const timestamp: TimestampRule = { unit: 'seconds', ...(toleranceSeconds !== undefined && { toleranceSeconds }) };
  const families = prefixes.map(familyOf);
  const readSignatures = readList(separator);
  return signatureScheme({
    key: verificationKey,
    read: (delivery) => read(delivery, families, readSignatures),
    matches,
    timestamp,
  });
}

/**
 * The three headers of a message, with one signature for each secret: the newest and, during a rotation, the older ones.
 * @throws PlugboardError kind `configuration`, code `invalid_webhook_secret`, `invalid_message_id` or `invalid_timestamp`.
 */
export async function signStandardWebhook(
  message: StandardWebhookMessage,
  secrets: Secret | string | readonly (Secret | string)[],
  prefix = 'webhook',
): Promise<Readonly<Record<string, string>>> {
  const { id, at, body } = message;
  if (!idPattern.test(id)) {
    throw configurationError(
      'invalid_message_id',
      'The id of a webhook message is empty, too long, or holds a full stop or characters that no header can carry.',
      'Use letters, digits, `_` and `-`, at most 255.',
    );
  }
  const timestamp = formatTimestamp(at, 'seconds');
  const content = contentOf(id, timestamp, body);
  const list = typeof secrets === 'string' || isSecret(secrets) ? [secrets] : secrets;
  if (list.length === 0) throw unusable('No secret was given.', 'Give the secret of the endpoint.');
  const signatures = await Promise.all(list.map((secret) => sign(checkStandardWebhookSecret(secret), content)));
  const names = familyOf(prefix);
  return { [names.id]: id, [names.timestamp]: timestamp, [names.signature]: signatures.join(' ') };
}

/** The first family with all three headers: parts of two families are never mixed. */
function read(
  delivery: Delivery,
  families: readonly Family[],
  readSignatures: ReadSignatures,
): SignedDelivery | RejectReason {
  const { headers, body } = delivery;
  for (const family of families) {
    const id = headers.get(family.id);
    const timestamp = headers.get(family.timestamp);
    if (id === null || id === '' || timestamp === null || timestamp === '') continue;
    const header = readSignatureHeader(delivery, family.signature, readSignatures);
    if (header === 'signature_missing') continue;
    if (typeof header === 'string') return header;
    if (!idPattern.test(id)) return 'malformed';
    const { signatures } = header;
    return {
      signatures,
      contents: [contentOf(id, timestamp, body)],
      timestamp,
      deliveryId: id,
      deliveryIdSigned: true,
    };
  }
  return 'signature_missing';
}

function familyOf(prefix: string): Family {
  return { id: `${prefix}-id`, timestamp: `${prefix}-timestamp`, signature: `${prefix}-signature` };
}

function contentOf(id: string, timestamp: string, body: Uint8Array | string): readonly Part[] {
  return [`${id}.${timestamp}.`, body];
}

type VerificationKey =
  | { readonly kind: 'symmetric'; readonly mac: Mac }
  | { readonly kind: 'public'; readonly key: Ed25519Key };

/** A private key cannot be what a receiver holds. */
function verificationKey(secret: string): VerificationKey | undefined {
  const key = parseStandardWebhookSecret(secret);
  if (key?.kind === 'public') return { kind: 'public', key: ed25519Key(key.bytes) };
  return key?.kind === 'symmetric' ? { kind: 'symmetric', mac: macOf(key.key, mac) } : undefined;
}

function matches(
  key: VerificationKey,
  content: readonly Part[],
  signatures: readonly string[],
): boolean | Promise<boolean> {
  return key.kind === 'symmetric'
    ? matchesMac(key.mac, content, ofVersion(symmetricVersion, signatures))
    : asymmetric.matches(key.key, content, ofVersion(asymmetricVersion, signatures));
}

function ofVersion(version: string, signatures: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const signature of signatures) if (signature.startsWith(version)) found.push(signature.slice(version.length));
  return found;
}

async function sign(key: StandardWebhookKey, content: readonly Part[]): Promise<string> {
  if (key.kind === 'symmetric') return symmetricVersion + (await macOf(key.key, mac)(content));
  if (key.kind === 'private') return asymmetricVersion + encodeBase64(await signEd25519(key.bytes, joinParts(content)));
  throw unusable('A public key (`whpk_`) cannot sign.', 'Use the `whsk_` key of the pair, or a `whsec_` secret.');
}

function unusable(message: string, hint: string): PlugboardError {
  return configurationError('invalid_webhook_secret', message, hint);
}

function readList(separator: string): ReadSignatures {
  return (value) => {
    // Outside a rotation there is one, and nothing to take apart.
    const signatures = value.includes(separator) ? value.split(separator) : [value];
    // A header sent twice arrives joined by a comma and a space, and leaves this trace.
    for (const signature of signatures) if (signature.endsWith(',')) return undefined;
    return { signatures };
  };
}
