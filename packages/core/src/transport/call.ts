import type { CallProgress } from '../telemetry.ts';
import type { EgressException } from '../url.ts';
import type { Deadline } from './deadline.ts';
import type { LimitedCall, Release } from './limiter.ts';
import type { TransportRequest } from './transport.ts';

/** One call with all its tries. */
export class Call implements LimitedCall {
  readonly request: TransportRequest;
  readonly exception: EgressException | undefined;
  readonly deadline: Deadline;
  readonly progress: CallProgress;
  readonly signal: AbortSignal;
  /** The last try provably never reached the vendor. */
  unsent = true;
  /** The place of a streamed answer, kept beyond its try. */
  kept: Release | undefined;

  constructor(
    request: TransportRequest,
    exception: EgressException | undefined,
    deadline: Deadline,
    progress: CallProgress,
  ) {
    this.request = request;
    this.exception = exception;
    this.deadline = deadline;
    this.progress = progress;
    this.signal = deadline.signal;
  }

  remainingMs(): number {
    return this.deadline.remainingMs();
  }
}
