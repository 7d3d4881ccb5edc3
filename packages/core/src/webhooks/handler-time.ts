/** A handler of the host that never ends must not hold a vendor's request open for ever. */
import type { Clock } from '../clock.ts';
import { PlugboardError } from '../errors.ts';
import { late, orLate } from '../patience.ts';

/** Milliseconds; less than the time in which nobody else may work on the event. */
const handlerMs = 50_000;

/** @throws PlugboardError kind `timeout`, code `handler_late`; what the handler throws. */
export async function inTime<T>(clock: Clock, provider: string, work: () => T | Promise<T>): Promise<T> {
  const answer = await orLate(clock, handlerMs, work);
  if (answer !== late) return answer;
  throw new PlugboardError({
    kind: 'timeout',
    code: 'handler_late',
    message: `A webhook handler has not ended within ${handlerMs / 1000} s; it goes on, and the vendor will send again.`,
    hint: 'Vendors wait for seconds only: put long work into a queue of your own, and return.',
    provider,
  });
}
