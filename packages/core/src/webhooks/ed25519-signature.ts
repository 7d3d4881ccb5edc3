import { decodeHex } from '../bytes.ts';
import { ed25519Key, ed25519KeyLength, signEd25519, type Ed25519Key } from './ed25519.ts';
import { decoders, encoders, joinParts, type BytesEncoding } from './mac.ts';
import { signatureScheme, type SignatureScheme } from './scheme.ts';
import { headerSigner, notSignable, readSignedHeader } from './signed-header.ts';
import type { HeaderSigner, SignedHeaderOptions } from './signed-header.ts';
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
      return bytes?.length === ed25519KeyLength ? ed25519Key(bytes) : undefined;
    },
    read: readSignedHeader(options),
    ...(timestamp !== undefined && { timestamp }),
  });
}

/** The first key pair of RFC 8032, section 7.1: its private half is known to everybody. For examples and tests alone. */
export const ed25519Example = {
  publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
} as const;

/**
 * Signs as the vendor of the same options would, for the emulator's deliveries and a test's. The vendor's own private
 * key is nobody else's, so the «secret» must be the public key of `ed25519Example`, as hex.
 * @throws PlugboardError kind `configuration`, code `webhook_not_signable`, for any other key.
 */
export function ed25519Signer(options: Ed25519SignatureOptions): HeaderSigner {
  const { encoding = 'hex' } = options;
  return headerSigner(options, (secret) => {
    if (secret !== ed25519Example.publicKey) {
      throw notSignable(
        'only the vendor has the private key',
        'Configure the public key of `ed25519Example` in tests.',
      );
    }
    return async (content) =>
      encoders[encoding](await signEd25519(decodeHex(ed25519Example.seed)!, joinParts(content)));
  });
}

/** The comparison alone, for schemes that find their signature somewhere else. */
export function ed25519Match(encoding: BytesEncoding): Pick<SignatureScheme<Ed25519Key>, 'matches'> {
  return {
    matches(key, content, signatures) {
      const candidates: Uint8Array[] = [];
      for (const text of signatures) {
        const signature = decoders[encoding](text);
        // Only hexadecimal has two spellings: one signature would pass for two.
        const isOnly = encoding !== 'hex' || text === text.toLowerCase();
        if (signature !== undefined && isOnly) candidates.push(signature);
      }
      return candidates.length > 0 && key(content, candidates);
    },
  };
}
