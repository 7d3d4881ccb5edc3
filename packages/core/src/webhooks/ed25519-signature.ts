import { ed25519KeyLength, verifyEd25519 } from './ed25519.ts';
import { decoders, encoders, joinParts, type BytesEncoding } from './mac.ts';
import { signatureScheme, type SignatureScheme } from './scheme.ts';
import { readSignedHeader, type SignedHeaderOptions } from './signed-header.ts';
import type { Verify } from './webhook.ts';

export interface Ed25519SignatureOptions extends SignedHeaderOptions {
  /** Default `hex`, lower-case. */
  readonly encoding?: BytesEncoding;
  /** How the secret's text stands for the 32-byte public key. Default `hex`. */
  readonly keyEncoding?: BytesEncoding;
}

/**
 * An Ed25519 signature (RFC 8032) in a header. The «secrets» are public keys from the vendor's dashboard, never from
 * the request.
 */
export function ed25519Signature(options: Ed25519SignatureOptions): Verify {
  const { encoding = 'hex', keyEncoding = 'hex', timestamp } = options;
  return signatureScheme({
    ...ed25519Match(encoding),
    key(secret) {
      const bytes = decoders[keyEncoding](secret);
      return bytes?.length === ed25519KeyLength ? bytes : undefined;
    },
    read: readSignedHeader(options),
    ...(timestamp !== undefined && { timestamp }),
  });
}

/** The comparison alone, for schemes that find their signature somewhere else. */
export function ed25519Match(encoding: BytesEncoding): Pick<SignatureScheme<Uint8Array>, 'matches'> {
  return {
    async matches(key, content, signatures) {
      const data = joinParts(content);
      for (const text of signatures) {
        const signature = decoders[encoding](text);
        // Encoded again it must be the same text: a signature in two spellings would pass for two signatures.
        if (signature === undefined || encoders[encoding](signature) !== text) continue;
        if (await verifyEd25519(key, data, signature)) return true;
      }
      return false;
    },
  };
}
