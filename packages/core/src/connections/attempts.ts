/**
 * Holds back an organization that goes on connecting with credentials that the vendor refuses. Vendors count refusals by
 * address, so whoever guesses keys here could cost every other organization its access.
 */
import { isPlugboardError, PlugboardError } from '../errors.ts';

/** Far more than anybody mistypes. */
const mostRefusals = 20;
const attemptWindowMs = 600_000;
const maxKept = 10_000;

export interface Attempts {
  /**
   * Runs an attempt of the key, and counts it where the credentials are refused.
   * @throws PlugboardError kind `rate_limited`, code `too_many_refusals`; what the attempt throws.
   */
  run<T>(key: string, attempt: () => Promise<T>): Promise<T>;
}

/** @param monotonic Milliseconds since any fixed moment. */
export function createAttempts(monotonic: () => number): Attempts {
  const entries = new Map<string, { readonly since: number; refusals: number }>();

  function current(key: string) {
    const entry = entries.get(key);
    return entry !== undefined && monotonic() - entry.since < attemptWindowMs ? entry : undefined;
  }

  function refused(key: string): void {
    const entry = current(key) ?? { since: monotonic(), refusals: 0 };
    entry.refusals++;
    // The one that was refused last is the last to be forgotten.
    entries.delete(key);
    if (entries.size >= maxKept) entries.delete(entries.keys().next().value as string);
    entries.set(key, entry);
  }

  return {
    async run(key, attempt) {
      const entry = current(key);
      if (entry !== undefined && entry.refusals >= mostRefusals) {
        throw tooMany(entry.since + attemptWindowMs - monotonic());
      }
      try {
        return await attempt();
      } catch (error) {
        if (isPlugboardError(error) && error.code === 'credentials_refused') refused(key);
        throw error;
      }
    },
  };
}

function tooMany(retryAfterMs: number): PlugboardError {
  return new PlugboardError({
    kind: 'rate_limited',
    code: 'too_many_refusals',
    message: `The vendor refused ${mostRefusals} credentials of this organization within ten minutes; nothing was sent.`,
    hint: 'Look up the credentials at the vendor, and enter them when the time has passed.',
    retryAfterMs,
  });
}
