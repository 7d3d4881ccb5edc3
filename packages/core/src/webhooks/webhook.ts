import type { Secret } from '../secret.ts';
import type { Json } from '../json.ts';

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
  | 'key_unavailable';

export type Verdict =
  | {
      readonly ok: true;
      /** Index of the secret that verified: the connection it belongs to is the only one the event may reach. */
      readonly secretIndex: number;
      /** The vendor's id of the delivery, covered by the signature where the scheme has one. */
      readonly deliveryId?: string;
      readonly timestamp?: Date;
    }
  | { readonly ok: false; readonly reason: RejectReason };

/** Checks a signature over raw bytes. Never parses the body further than the scheme demands, never throws on bad input. */
export type Verify = (delivery: Delivery, secrets: readonly Secret[]) => Verdict | Promise<Verdict>;

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
  readonly occurredAt?: Date;
  readonly data: Json;
}
