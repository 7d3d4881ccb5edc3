import { equalText } from '../bytes.ts';
import { macKey, macOf, type Mac, type MacKey, type MacOptions } from './mac.ts';
import { signatureScheme, type Part, type SignatureScheme } from './scheme.ts';
import { headerSigner, notSignable, readSignedHeader } from './signed-header.ts';
import type { HeaderSigner, SignedHeaderOptions } from './signed-header.ts';
import type { Verify } from './webhook.ts';

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
export function hmacMatch(options: HmacOptions): Pick<SignatureScheme<Mac>, 'key' | 'matches'> {
  const { keyEncoding = 'utf8' } = options;
  return {
    key(secret) {
      const key = macKey(secret, keyEncoding);
      return key && macOf(key, options);
    },
    matches: matchesMac,
  };
}

/** Whether one of the texts is the keyed hash of the content. */
export function matchesMac(
  mac: Mac,
  content: readonly Part[],
  signatures: readonly string[],
): boolean | Promise<boolean> {
  const expected = mac(content);
  return typeof expected === 'string'
    ? includesText(signatures, expected)
    : expected.then((text) => includesText(signatures, text));
}

/**
 * Signs as the vendor of the same options would: the headers for an emulator's delivery or a test's.
 * @throws PlugboardError kind `configuration`, code `webhook_not_signable`, for a secret that is no key, a URL that is none,
 * or a content that needs headers which only the vendor sends.
 */
export function hmacSigner(options: HmacSignatureOptions): HeaderSigner {
  const { key: keyOf } = hmacMatch(options);
  return headerSigner(options, (secret) => {
    const mac = keyOf(secret);
    if (mac === undefined) throw notSignable('the secret is no key of this scheme');
    return mac;
  });
}

function includesText(texts: readonly string[], wanted: string): boolean {
  for (const text of texts) if (equalText(text, wanted)) return true;
  return false;
}
