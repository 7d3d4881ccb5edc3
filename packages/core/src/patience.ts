/** Waiting for code of the host, which may never end. */
import type { Clock } from './clock.ts';

export const late = Symbol('late');

/** What the work answers, or `late` when it takes longer. It goes on all the same; how it ends then is nobody's concern. */
export async function orLate<T>(
  clock: Pick<Clock, 'after'>,
  ms: number,
  work: () => T | Promise<T>,
): Promise<T | typeof late> {
  const answer = work();
  if (!(answer instanceof Promise)) return answer;
  const { promise, resolve } = Promise.withResolvers<typeof late>();
  const cancel = clock.after(ms, () => resolve(late));
  try {
    return await Promise.race([answer, promise]);
  } finally {
    cancel();
  }
}
