import type { TimestampRule } from './freshness.ts';
import type { Part, SignedDelivery } from './scheme.ts';
import { plainSignature, readDeliveryId, readSignatureHeader, type SignatureForm } from './signature-header.ts';
import type { Delivery, RejectReason } from './webhook.ts';

/**
 * The signed bytes of a delivery, in order. `timestamp` is its text as received, empty where the scheme has none.
 * A reason instead of parts refuses the delivery: something that must be signed is not there.
 */
export type SignedContent = (delivery: Delivery, timestamp: string) => readonly Part[] | RejectReason;

/** A signature that travels in a header: what schemes of this kind have in common. */
export interface SignedHeaderOptions {
  readonly header: string;
  /** Fixed text before the signature: `sha256=`. */
  readonly prefix?: string;
  /** For headers that hold more than one signature with a prefix; replaces `prefix`. */
  readonly form?: SignatureForm;
  /** Default: the raw body. */
  readonly content?: SignedContent;
  /** Other contents that the vendor may have signed, tried when `content` does not match. */
  readonly alternatives?: (delivery: Delivery, timestamp: string) => readonly (readonly Part[])[];
  /** Without `header`, the timestamp is the one that `form` reads from the signature header. */
  readonly timestamp?: TimestampRule & { readonly header?: string };
  /** Header with the vendor's id of the delivery; these schemes do not sign it. */
  readonly deliveryId?: string;
}

/** Finds signature, timestamp and signed bytes of a delivery. */
export function readSignedHeader(options: SignedHeaderOptions): (delivery: Delivery) => SignedDelivery | RejectReason {
  const { header: name, timestamp: rule, deliveryId: idHeader, alternatives } = options;
  const { read } = formOf(options);
  const content = contentOf(options);
  return (delivery) => {
    const header = readSignatureHeader(delivery, name, read);
    if (typeof header === 'string') return header;
    const timestamp = (rule?.header === undefined ? header.timestamp : delivery.headers.get(rule.header)) ?? '';
    const parts = content(delivery, timestamp);
    if (typeof parts === 'string') return parts;
    return {
      signatures: header.signatures,
      contents: alternatives === undefined ? [parts] : withAlternatives(parts, () => alternatives(delivery, timestamp)),
      timestamp,
      ...readDeliveryId(delivery, idHeader),
    };
  };
}

export function formOf({ form, prefix }: SignedHeaderOptions): SignatureForm {
  return form ?? plainSignature(prefix);
}

export function contentOf({ content }: SignedHeaderOptions): SignedContent {
  return content ?? ((delivery) => [delivery.body]);
}

/** Alternatives cost another pass over the body, so they are made when the first form has not matched. */
function* withAlternatives(
  content: readonly Part[],
  alternatives: () => readonly (readonly Part[])[],
): Generator<readonly Part[]> {
  yield content;
  yield* alternatives();
}
