import { encodeUtf8, equalText } from '../bytes.ts';
import { configurationError, type PlugboardError } from '../errors.ts';
import { formatTimestamp } from './freshness.ts';
import { macKey, macText, type MacKey, type MacOptions } from './mac.ts';
import { signatureScheme, type SignatureScheme } from './scheme.ts';
import { contentOf, formOf, readSignedHeader, type SignedHeaderOptions } from './signed-header.ts';
import type { Delivery, Verify } from './webhook.ts';

export interface HmacOptions extends MacOptions {
  /** How the secret's text stands for the key. Default `utf8`: the text is the key, whatever it looks like. */
  readonly keyEncoding?: MacKey['encoding'];
}

export interface HmacSignatureOptions extends SignedHeaderOptions, HmacOptions {}

/**
 * A keyed hash (RFC 2104) in a header.
 * @example hmacSignature({ header: 'x-acme-signature', prefix: 'sha256=', algorithm: 'sha256', encoding: 'hex' })
 * @example hmacSignature({
 *   header: 'acme-signature', form: signatureList({ timestamp: 't', signature: 'v1' }), algorithm: 'sha256',
 *   encoding: 'hex', timestamp: { unit: 'seconds' }, content: ({ body }, timestamp) => [`${timestamp}.`, body],
 * })
 */
export function hmacSignature(options: HmacSignatureOptions): Verify {
  return signatureScheme({
    ...hmacMatch(options),
    read: readSignedHeader(options),
    ...(options.timestamp !== undefined && { timestamp: options.timestamp }),
  });
}

/** The key and the comparison of a keyed hash, for schemes that find their signature somewhere else. */
export function hmacMatch(options: HmacOptions): Pick<SignatureScheme<MacKey>, 'key' | 'matches'> {
  const { keyEncoding = 'utf8' } = options;
  return {
    key: (secret) => macKey(secret, keyEncoding),
    matches(key, content, signatures) {
      const expected = macText(key, content, options);
      return typeof expected === 'string'
        ? includesText(signatures, expected)
        : expected.then((text) => includesText(signatures, text));
    },
  };
}

/**
 * Signs as the vendor of the same options would: the headers for an emulator's delivery or a test's.
 * @throws PlugboardError kind `configuration`, code `webhook_not_signable`, for a secret that is no key, a URL that is none,
 * or a content that needs headers which only the vendor sends.
 */
export function hmacSigner(
  options: HmacSignatureOptions,
): (delivery: { body: string; url: string; at: Date }, secret: string) => Promise<Readonly<Record<string, string>>> {
  const { header, timestamp: rule } = options;
  const { key: keyOf } = hmacMatch(options);
  return async ({ body, url, at }, secret) => {
    const key = keyOf(secret);
    if (key === undefined) throw notSignable('the secret is no key of this scheme');
    if (!URL.canParse(url)) throw notSignable('`url` is not absolute');
    const timestamp = rule === undefined ? '' : formatTimestamp(at, rule.unit);
    const headers: Record<string, string> = rule?.header === undefined ? {} : { [rule.header]: timestamp };
    const delivery: Delivery = {
      method: 'POST',
      url: new URL(url),
      headers: new Headers(headers),
      body: encodeUtf8(body),
      receivedAt: at.getTime(),
    };
    const content = contentOf(options)(delivery, timestamp);
    if (typeof content === 'string') throw notSignable(`its content is refused as ${content}`);
    const signature = await macText(key, content, options);
    return { ...headers, [header]: formOf(options).write(signature, timestamp) };
  };
}

function notSignable(reason: string): PlugboardError {
  return configurationError(
    'webhook_not_signable',
    `The delivery cannot be signed: ${reason}.`,
    'Give a secret of the form that the vendor hands out, a public URL, and all that the signature covers.',
  );
}

function includesText(texts: readonly string[], wanted: string): boolean {
  return texts.some((text) => equalText(text, wanted));
}
