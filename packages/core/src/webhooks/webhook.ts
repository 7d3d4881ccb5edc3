import type { Credentials } from '../auth/auth.ts';
import type { Json } from '../json.ts';
import type { Secret } from '../secret.ts';
import type { KeyCache, KeyTools } from './key-cache.ts';

/** A delivery as it came in: raw bytes, all headers, and the public URL it was sent to (from configuration). */
export interface Delivery {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Wall time in milliseconds, for freshness. */
  readonly receivedAt: number;
}

/** Why a delivery was refused. Each maps to one HTTP status in `receive`. */
export type RejectReason =
  | 'signature_missing'
  | 'signature_invalid'
  | 'timestamp_invalid'
  | 'timestamp_outside_tolerance'
  | 'malformed'
  | 'replayed'
  | 'key_unavailable';

/**
 * Statuses for refused deliveries where the vendor reads another one than the usual: 406 to stop its retries. That of
 * `malformed` answers as well a verified delivery that `parse` refuses.
 */
export type Refusals = Readonly<Partial<Record<RejectReason, number>>>;

/** The vendor's id of a delivery, and what its signature covers of it. */
export type DeliveryId =
  | {
      readonly deliveryId?: string;
      /**
       * True when the signature covers `deliveryId`. Otherwise whoever replays a copy can give it another id, so that
       * de-duplication must remember the body as well.
       */
      readonly deliveryIdSigned?: boolean;
      readonly bodySigned?: undefined;
    }
  | {
      readonly deliveryId: string;
      readonly deliveryIdSigned: true;
      /**
       * The signature covers `deliveryId` and no body: whoever has seen one could put it on another body, so the id is
       * believed with the first body only. Without an id under the signature nothing would tell the two apart.
       */
      readonly bodySigned: false;
    };

export type Verdict =
  | ({
      readonly ok: true;
      /** Index of the secret that verified: the connection it belongs to is the only one the event may reach. */
      readonly secretIndex: number;
      readonly timestamp?: Date;
    } & DeliveryId)
  | { readonly ok: false; readonly reason: RejectReason };

/** A secret that may have an end: during a rotation the old one still verifies until `notAfter`, inclusive. */
export interface WebhookSecret {
  readonly secret: Secret;
  readonly notAfter?: Date;
}

/** The signing secret before the present one: during a rotation it verifies until `notAfter`, inclusive. */
export interface PreviousSecret {
  readonly secret: string | Secret;
  /** A date, or one as ISO 8601. */
  readonly notAfter: Date | string;
}

/** For schemes that must ask the vendor: its published keys, or its own verification endpoint. */
export interface VerifyTools extends KeyTools {
  /** Keys that were fetched before; it lives as long as the board. */
  readonly keys: KeyCache;
  /**
   * Live credentials of the addressed connection, else of the platform: for a vendor that verifies by itself. Whoever
   * posts anything sets off what is asked with them, so judge first what can be judged here.
   */
  readonly credentials?: () => Promise<Credentials>;
}

/**
 * Checks a signature over raw bytes. Never parses the body further than the scheme demands, never throws on bad input.
 * @throws PlugboardError kind `configuration`: `too_many_secrets` for more than 20, `body_not_bytes` for a parsed body.
 */
export interface Verify {
  (delivery: Delivery, secrets: readonly Secret[], tools?: VerifyTools): Verdict | Promise<Verdict>;
  /** Seconds for which a delivery stays acceptable, where the signature covers a time. */
  readonly toleranceSeconds?: number;
}

/** What the vendor gets back. */
export interface WebhookReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One event; a delivery can carry many, for several organizations. */
export interface WebhookEvent {
  /** The vendor's name of the event: `message`, `email.bounced`. */
  readonly type: string;
  /** Unique per event, for de-duplication; default: derived from the delivery. */
  readonly id?: string;
  /** The vendor account it concerns; locates the connection. */
  readonly accountId?: string;
  /** Further accounts that it concerns, or further names of the same one: connections to any of them hear it. */
  readonly otherAccountIds?: readonly string[];
  readonly occurredAt?: Date;
  readonly data: Json;
}
