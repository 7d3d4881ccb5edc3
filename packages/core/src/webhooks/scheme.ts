import { reveal, type Secret } from '../secret.ts';
import { checkTimestamp, checkTolerance, defaultToleranceSeconds, type TimestampRule } from './freshness.ts';
import { checkCall, isBlank } from './secrets.ts';
import type { Delivery, DeliveryId, RejectReason, Verdict, Verify } from './webhook.ts';

/** Signed bytes; a text stands for its UTF-8 bytes. */
export type Part = Uint8Array | string;

/** What a request says about its signature, before any secret is used. */
export type SignedDelivery = DeliveryId & {
  /** Candidates: one that matches is enough. */
  readonly signatures: readonly string[];
  /** The signed bytes, in order; several where the vendor may have signed one of several forms. Read until one fits. */
  readonly contents: Iterable<readonly Part[]>;
  /** As received; judged by the scheme's rule. */
  readonly timestamp?: string;
};

/** The steps in which schemes differ. */
export interface SignatureScheme<Key> {
  readonly read: (delivery: Delivery) => SignedDelivery | RejectReason;
  /** Undefined when the text is no key of this scheme. */
  readonly key: (secret: string) => Key | undefined;
  /** Compares in constant time; false for anything that is not a signature. */
  readonly matches: (key: Key, content: readonly Part[], signatures: readonly string[]) => boolean | Promise<boolean>;
  readonly timestamp?: TimestampRule;
}

const maxDeliveryIdLength = 255;

/**
 * The steps that all schemes share: no usable secret, no signature, stale, no match are refused, in this order and for
 * one reason each. Serves vendors whose signature sits in an odd place or is of an odd kind; the common ones have
 * functions of their own (`hmacSignature`, `ed25519Signature`, `staticToken`, `standardWebhooks`).
 * @throws PlugboardError kind `configuration`, code `invalid_definition`, for a tolerance that is not positive.
 */
export function signatureScheme<Key>(scheme: SignatureScheme<Key>): Verify {
  const rule = scheme.timestamp;
  if (rule !== undefined) checkTolerance(rule);
  /** Keys are made once for each secret: of some schemes that takes half as long as verifying. Gone with the secret. */
  const known = new WeakMap<Secret, Key>();
  const keyOf = (secret: Secret): Key | undefined => {
    const kept = known.get(secret);
    if (kept !== undefined) return kept;
    const text = reveal(secret);
    const key = isBlank(text) ? undefined : scheme.key(text);
    if (key !== undefined) known.set(secret, key);
    return key;
  };

  const verify: Verify = async (delivery, secrets) => {
    checkCall(delivery, secrets);
    const keys: (Key | undefined)[] = [];
    let isUsable = false;
    for (const secret of secrets) {
      const key = keyOf(secret);
      if (key !== undefined) isUsable = true;
      keys.push(key);
    }
    if (!isUsable) return refuse('key_unavailable');

    const signed = scheme.read(delivery);
    if (typeof signed === 'string') return refuse(signed);
    const { signatures, contents, deliveryId = '', timestamp = '' } = signed;
    if (deliveryId.length > maxDeliveryIdLength) return refuse('malformed');
    if (rule !== undefined && timestamp === '') return refuse('signature_missing');
    const claimedAt = rule === undefined ? undefined : checkTimestamp(timestamp, rule, delivery.receivedAt);
    if (typeof claimedAt === 'string') return refuse(claimedAt);

    for (const content of contents) {
      for (let index = 0; index < keys.length; index++) {
        const key = keys[index];
        const matched = key !== undefined && scheme.matches(key, content, signatures);
        // Most schemes know at once; to wait for what is known costs as much as all checks above.
        if (matched === true || (matched !== false && (await matched))) return accept(index, signed, claimedAt);
      }
    }
    return refuse('signature_invalid');
  };
  return rule === undefined ? verify : withTolerance(verify, rule);
}

/** Says for how long deliveries are believed: what must be remembered against replays at least. */
export function withTolerance(verify: Verify, { toleranceSeconds = defaultToleranceSeconds }: TimestampRule): Verify {
  return Object.assign(verify, { toleranceSeconds });
}

function refuse(reason: RejectReason): Verdict {
  return { ok: false, reason };
}

/** Field by field: copies of objects in here would cost a tenth of what the signature of a short body costs. */
function accept(secretIndex: number, signed: SignedDelivery, timestamp: Date | undefined): Verdict {
  if (signed.bodySigned === false) {
    const { deliveryId, deliveryIdSigned, bodySigned } = signed;
    const when = timestamp === undefined ? {} : { timestamp };
    return { ok: true, secretIndex, deliveryId, deliveryIdSigned, bodySigned, ...when };
  }
  const verdict: Accepted = { ok: true, secretIndex };
  if (signed.deliveryId !== undefined) verdict.deliveryId = signed.deliveryId;
  if (signed.deliveryIdSigned !== undefined) verdict.deliveryIdSigned = signed.deliveryIdSigned;
  if (timestamp !== undefined) verdict.timestamp = timestamp;
  return verdict;
}

interface Accepted {
  readonly ok: true;
  readonly secretIndex: number;
  deliveryId?: string;
  deliveryIdSigned?: boolean;
  timestamp?: Date;
}
