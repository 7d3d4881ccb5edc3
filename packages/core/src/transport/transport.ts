import type { ErrorKind } from '../errors.ts';
import type { Json } from '../json.ts';
import type { Addresses } from '../url.ts';

/** A vendor's answer, read completely, within the size cap. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  text(): string;
  /** @throws PlugboardError kind `invalid_response` when the body is not JSON. */
  json(): Json;
  /** The body as JSON, or undefined when it is none. */
  tryJson(): Json | undefined;
}

/** A vendor's successful answer whose body is read while it comes. */
export interface StreamedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /**
   * Read once, by one reader. Leaving the loop closes the connection. What goes wrong on the way throws a PlugboardError:
   * `network` (`stream_broken`), `timeout` (`stream_idle`), `aborted`, or `invalid_response`.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/** What an answer means when it is not a success. */
export interface Failure {
  readonly kind: ErrorKind;
  /** Stable, snake_case. */
  readonly code: string;
  /** Safe text of ours; the vendor's own words go into `vendor`. */
  readonly message?: string | undefined;
  readonly hint?: string | undefined;
  /** Default: by kind. A quota that no wait will cure is `rate_limited` with `retryable: false`. */
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly missingScopes?: readonly string[] | undefined;
  readonly vendor?: { readonly code?: string | undefined; readonly message?: string | undefined } | undefined;
}

/** Judges an answer from status, headers and body; undefined means success. */
export type Classify = (answer: Answer) => Failure | undefined;

/** A limit that the vendor publishes, kept on our side as a token bucket. */
export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
  /** `units`: of `requests` a call takes as many as its operation has for `cost`. Default `requests`. */
  readonly counts?: 'requests' | 'units';
  /** What the vendor counts by. Default `connection`. */
  readonly per?: 'connection' | 'app';
  /** Most calls in flight at once. */
  readonly concurrency?: number;
  /** Tells limits of the same numbers apart where several processes count them together. The engine gives it where it is needed. */
  readonly name?: string;
}

/**
 * Whether a call may be sent twice. `safe`: reads and idempotent writes. `keyed`: carries an idempotency key that the
 * vendor honours. `never`: only when it provably did not reach the vendor.
 */
export type Repeat = 'safe' | 'keyed' | 'never';

export interface TransportRequest {
  readonly provider: string;
  /** Dotted operation name for errors, spans and metrics: `profiles.upsert`, `oauth.token`. */
  readonly operation: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body?: Uint8Array | string;
  /** The only hosts the call may reach, redirects included. */
  readonly hosts: readonly string[];
  /** For whom the call is made; absent for the platform's own. Decides which exceptions of the egress policy hold. */
  readonly organizationId?: string;
  readonly classify: Classify;
  readonly repeat: Repeat;
  /** `token` calls: one long total deadline, no redirect, a socket of their own, no retry unless provably unsent, or lost where `repeat` allows it. */
  readonly purpose: 'api' | 'token';
  /** Key under which limits and back-offs are counted: provider and connection, or provider alone. */
  readonly limitKey: string;
  readonly limits?: readonly RateLimit[];
  /** What it takes of limits in units. Default 1. */
  readonly cost?: number;
  /** Texts that must not appear in any error, span or log of this call. */
  readonly secrets: readonly string[];
  /** Total milliseconds for the call with all its tries. Default 30,000 (`api`), 45,000 (`token`). */
  readonly deadlineMs?: number;
  /** Largest body accepted after decompression. Default 10 MB (`api`), 256 KB (`token`), none for a streamed body. */
  readonly maxBytes?: number;
  /**
   * Longest silence in milliseconds within a streamed body: of the vendor, and of a reader that stopped asking without
   * saying so. Default 120,000.
   */
  readonly idleMs?: number;
  /** Response header with the vendor's id of the request. Default: the usual names. */
  readonly requestIdHeader?: string;
  /** Higher goes first among calls that wait for a limit. 0 to 9, default 5. */
  readonly priority?: number;
  readonly signal?: AbortSignal;
}

/** The only way out of the library: policies around one wire. */
export interface Transport {
  /** @returns a successful answer. @throws PlugboardError for every other outcome. */
  send(request: TransportRequest): Promise<Answer>;
  /**
   * Like `send` up to the headers: then the deadline is over and the body comes piece by piece. Its place among the calls
   * in flight is kept until it has ended or is left. `classify` sees only answers that are no success by their status.
   */
  stream(request: TransportRequest): Promise<StreamedAnswer>;
  /** Sends nothing under the key for so many milliseconds: what a vendor asked for outside of an answer's headers. */
  pause?(limitKey: string, ms: number): void;
  close(): Promise<void>;
}

/** One HTTP exchange, nothing else: no redirects followed, no retries, no decoding beyond content encoding. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body?: Uint8Array | string;
  readonly signal: AbortSignal;
  /**
   * Nothing may wait for others before the call has a socket: one that is idle, or another one. `fresh`: no idle one
   * either, because its reset could leave the outcome unknown.
   */
  readonly ownSocket?: 'fresh' | 'kept';
  /** Addresses that the socket may have besides public ones. Default none. */
  readonly addresses?: Addresses;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: WireBody;
}

export interface WireBody extends AsyncIterable<Uint8Array> {
  /** The body, read by that, where all of it is here already in one piece; otherwise undefined, and it is read as it comes. */
  whole?(): Uint8Array | undefined;
}

/**
 * Sends one exchange and settles soon after `signal` aborts. Rejections carry `code` where known, and `unsent: true`
 * where the wire can tell that no byte of the request left; `isUnsent` of the transport decides from them whether the
 * vendor can have seen the request.
 */
export type Wire = ((request: WireRequest) => Promise<WireAnswer>) & { close?: () => Promise<void> };
