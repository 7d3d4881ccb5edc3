import { encodeBase64, encodeUtf8, equalText } from '../bytes.ts';
import { signatureScheme } from './scheme.ts';
import { plainSignature, readDeliveryId, readSignatureHeader, type SignatureHeader } from './signature-header.ts';
import type { Delivery, RejectReason, Verify } from './webhook.ts';

export type StaticTokenOptions = (
  | {
      readonly header: string;
      /** Fixed text before the token: `Bearer `. */
      readonly prefix?: string;
    }
  | {
      /** Query parameter of the endpoint's URL; URLs end in logs, so only where the vendor sends no header. */
      readonly query: string;
    }
) & {
  /** How the vendor writes the secret. Default: as it is. */
  readonly write?: (secret: string) => string;
  /** Header with the vendor's id of the delivery; nothing signs it. */
  readonly deliveryId?: string;
};

/**
 * A shared secret that the vendor sends with each delivery. It proves the sender and nothing about the body: whoever
 * has seen one delivery can forge another, so handlers should fetch what the event names.
 * @example staticToken({ header: 'authorization', prefix: 'Bearer ' })
 */
export function staticToken(options: StaticTokenOptions): Verify {
  const find = finderOf(options);
  return signatureScheme({
    key: options.write ?? asIs,
    read(delivery) {
      const found = find(delivery);
      if (typeof found === 'string') return found;
      const { signatures } = found;
      const deliveryId = readDeliveryId(delivery, options.deliveryId);
      return deliveryId === undefined ? { signatures, contents: [[]] } : { signatures, contents: [[]], deliveryId };
    },
    matches: (expected, _content, signatures) => signatures.some((token) => equalText(token, expected)),
  });
}

/** HTTP Basic authentication (RFC 7617) of the sender; the secret is `user:password`. */
export function basicToken(options: { readonly deliveryId?: string } = {}): Verify {
  const write = (secret: string) => encodeBase64(encodeUtf8(secret));
  return staticToken({ header: 'authorization', prefix: 'Basic ', write, ...options });
}

function finderOf(options: StaticTokenOptions): (delivery: Delivery) => SignatureHeader | RejectReason {
  if ('query' in options) return (delivery) => readQuery(delivery, options.query);
  const { read } = plainSignature(options.prefix);
  return (delivery) => readSignatureHeader(delivery, options.header, read);
}

function readQuery(delivery: Delivery, name: string): SignatureHeader | RejectReason {
  const values = delivery.url.searchParams.getAll(name);
  if (values.length > 1) return 'signature_invalid';
  return values[0] === undefined || values[0] === '' ? 'signature_missing' : { signatures: values };
}

function asIs(secret: string): string {
  return secret;
}
