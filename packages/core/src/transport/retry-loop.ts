/** Waits and decides after a failed try; false ends the loop with the try's error. */
export type AfterFailure = (error: unknown) => Promise<boolean>;

/**
 * Tries until it succeeds or `afterFailure` says no. The first try, which nearly always is the only one, runs without
 * the loop and without loading it.
 */
export async function tryRepeatedly<T>(attempt: () => Promise<T>, afterFailure: AfterFailure): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(await afterFailure(error))) throw error;
  }
  const { default: pRetry } = await import('p-retry');
  // The loop neither counts nor waits: `afterFailure` does both, by the injected clock.
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 0,
    shouldRetry: ({ error }) => afterFailure(error),
  });
}
