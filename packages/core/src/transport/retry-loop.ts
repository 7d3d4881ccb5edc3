import { loaded } from '../missing-package.ts';

/** Waits and decides after a failed try; false ends the loop with the try's error. */
export type AfterFailure = (error: unknown) => Promise<boolean>;

/** Tries until it succeeds or `afterFailure` says no: after a first try that failed, so that most calls do not load it. */
export async function tryAgain<T>(attempt: () => Promise<T>, afterFailure: AfterFailure): Promise<T> {
  const { default: pRetry } = await loaded(import('p-retry'));
  // The loop neither counts nor waits: `afterFailure` does both, by the injected clock.
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 0,
    shouldRetry: ({ error }) => afterFailure(error),
  });
}
