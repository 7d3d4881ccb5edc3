import { encodeUtf8 } from '../bytes.ts';
import { configurationError, type PlugboardError } from '../errors.ts';
import { formatTimestamp, type TimestampRule } from './freshness.ts';
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
    const { signatures } = header;
    const contents =
      alternatives === undefined ? [parts] : withAlternatives(parts, () => alternatives(delivery, timestamp));
    const deliveryId = readDeliveryId(delivery, idHeader);
    return deliveryId === undefined
      ? { signatures, contents, timestamp }
      : { signatures, contents, timestamp, deliveryId };
  };
}

/** Signs a delivery as its vendor would: `sign` of a webhook definition. */
export type HeaderSigner = (
  delivery: { readonly body: string; readonly url: string; readonly at: Date },
  secret: string,
) => Promise<Readonly<Record<string, string>>>;

/**
 * The headers of a delivery as the vendor would sign it.
 * @param signOf Signs with one secret; throws where it is no key.
 * @throws PlugboardError kind `configuration`, code `webhook_not_signable`.
 */
export function headerSigner(
  options: SignedHeaderOptions,
  signOf: (secret: string) => (content: readonly Part[]) => string | Promise<string>,
): HeaderSigner {
  const { header, timestamp: rule } = options;
  return async ({ body, url, at }, secret) => {
    const sign = signOf(secret);
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
    return { ...headers, [header]: formOf(options).write(await sign(content), timestamp) };
  };
}

export function notSignable(
  reason: string,
  hint = 'Give a secret of the form that the vendor hands out, a public URL, and all that the signature covers.',
): PlugboardError {
  return configurationError('webhook_not_signable', `The delivery cannot be signed: ${reason}.`, hint);
}

function formOf({ form, prefix }: SignedHeaderOptions): SignatureForm {
  return form ?? plainSignature(prefix);
}

function contentOf({ content }: SignedHeaderOptions): SignedContent {
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
