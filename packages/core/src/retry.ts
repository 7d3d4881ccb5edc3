/** Pure decisions: may a failed try be repeated, and after how long. Nothing here waits. */
import type { PlugboardError } from './errors.ts';

export interface RetryPolicy {
  /** Most tries of one call, the first included. */
  readonly maxTries: number;
  /** The first back-off is drawn from 0 to this; every further range is twice as wide. */
  readonly baseMs: number;
  /** Widest back-off range. */
  readonly capMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { maxTries: 4, baseMs: 250, capMs: 8_000 };

/** One failed try and what is left of the call. */
export interface FailedTry {
  readonly error: Pick<PlugboardError, 'retryable' | 'retryAfterMs'>;
  /** The request provably never reached the vendor. */
  readonly unsent: boolean;
  /** The vendor may see the request twice without harm. */
  readonly repeatable: boolean;
  /** Tries so far, this one included. */
  readonly tries: number;
  /** Milliseconds until the call's deadline. */
  readonly remainingMs: number;
  /** A draw from [0, 1). */
  readonly random: number;
}

/**
 * Milliseconds to wait before the next try; undefined when there must be none: the failure is final, a repetition could
 * do the work twice, tries are used up, or the wait would outlast the deadline.
 */
export function retryDelayMs(failed: FailedTry, policy: RetryPolicy = defaultRetryPolicy): number | undefined {
  if (!failed.error.retryable || failed.tries >= policy.maxTries) return undefined;
  if (!failed.unsent && !failed.repeatable) return undefined;
  // Jitter only ever adds to a wait that the vendor asked for.
  const delay = (failed.error.retryAfterMs ?? 0) + backoffMs(failed, policy);
  return delay < failed.remainingMs ? delay : undefined;
}

/** Full jitter: the mean load after an outage is spread evenly over the whole range. */
function backoffMs({ error, tries, random }: FailedTry, { baseMs, capMs }: RetryPolicy): number {
  const doublings = error.retryAfterMs === undefined ? tries - 1 : 0;
  return Math.floor(random * Math.min(capMs, baseMs * 2 ** doublings));
}

/**
 * How long the answer asks to wait: `retry-after-ms` where a vendor sends one, else RFC 9110 section 10.2.3: seconds, or a date measured against the answer's own
 * `Date` so that a skewed clock here changes nothing. Undefined for junk. Not capped: the transport does that.
 * @param now wall time in milliseconds, for answers without `Date`
 */
export function parseRetryAfter(headers: Headers, now?: number): number | undefined {
  const exact = headers.get('retry-after-ms')?.trim() ?? '';
  if (/^\d{1,9}(\.\d+)?$/.test(exact)) return Math.ceil(Number(exact));
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value.length > 64) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1000);
  const until = parseHttpDate(value);
  const since = parseHttpDate(headers.get('date') ?? '') ?? now;
  if (until === undefined || since === undefined) return undefined;
  return Math.max(until - since, 0);
}

const imfDate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** IMF-fixdate, the only form that may be sent (RFC 9110 section 5.6.7). */
function parseHttpDate(text: string): number | undefined {
  const parsed = imfDate.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}

/**
 * Keeps retries a small share of the calls to one origin, so that an outage is not answered with a multiple of the
 * normal load: each call adds a tenth of a retry, and at most `reserve` are saved up.
 */
export interface RetryBudget {
  /** Counts a call. */
  deposit(): void;
  /** Takes one retry; false when none is left. */
  withdraw(): boolean;
}

export function createRetryBudget(reserve = 50, perCall = 0.1): RetryBudget {
  let balance = reserve;
  return {
    deposit() {
      balance = Math.min(reserve, balance + perCall);
    },
    withdraw() {
      if (balance < 1) return false;
      balance -= 1;
      return true;
    },
  };
}
