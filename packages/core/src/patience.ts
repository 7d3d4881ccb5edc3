/** Waiting for code of the host, which may never end. */
import { endsWithin, type Clock } from './clock.ts';

export const late = Symbol('late');

/** What the work answers, or `late` when it takes longer. It goes on all the same; how it ends then is nobody's concern. */
export async function orLate<T>(clock: Clock, ms: number, work: () => T | Promise<T>): Promise<T | typeof late> {
  const answer = work();
  if (!(answer instanceof Promise)) return answer;
  return (await endsWithin(clock, ms, answer)) ? answer : late;
}
