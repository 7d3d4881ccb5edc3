/** Keeps the limits that vendors publish, and the pauses they ask for, on our side of the wire. */
import type { Clock } from '../clock.ts';
import { PlugboardError } from '../errors.ts';
import { createGates, limitLane, type Lane, type LimitLane } from './limit-gates.ts';
import type { TransportRequest } from './transport.ts';
import { openWaitQueue } from './wait-queue.ts';

/** What a limiter needs to know about a call. */
export interface LimitedCall {
  readonly request: Pick<TransportRequest, 'provider' | 'limitKey' | 'limits' | 'cost' | 'priority'>;
  readonly signal: AbortSignal;
  /** Milliseconds until the call's deadline. */
  remainingMs(): number;
}

/** Gives back a place among the calls in flight. */
export type Release = () => void;

/** Replaceable: several processes that share one limit need one over a shared store. */
export interface Limiter {
  /**
   * Lets the call pass, at once where it is within its limits.
   * @throws PlugboardError kind `rate_limited` with `retryAfterMs`: `limit_reached` when its turn would come after its
   * deadline, `queue_full` when too many wait.
   */
  enter(call: LimitedCall): Release | Promise<Release>;
  /** Lets no call of the key pass for so many milliseconds. */
  pause(limitKey: string, ms: number): void;
}

export interface LimiterOptions {
  readonly clock: Clock;
  /** Keys kept in memory; beyond it the idle ones are forgotten first. Default 10,000. */
  readonly maxKeys?: number;
  /** Calls that may wait for one limit. Default 200. */
  readonly maxWaiting?: number;
}

const defaultPriority = 5;
const nothingToRelease: Release = () => undefined;

export function createLimiter({ clock, maxKeys = 10_000, maxWaiting = 200 }: LimiterOptions): Limiter {
  const gates = createGates(maxKeys);

  function lanesOf({ provider, limitKey, limits = [] }: LimitedCall['request'], now: number): LimitLane[] {
    return limits.map((limit) => limitLane(gates.open(limit.per === 'app' ? provider : limitKey, now), limit));
  }

  function pass(lanes: readonly LimitLane[], now: number, cost: number): Release {
    if (lanes.length === 0) return nothingToRelease;
    for (const lane of lanes) {
      lane.window.take(now, lane.placesOf(cost));
      lane.inFlight++;
    }
    return () => {
      for (const lane of lanes) {
        lane.inFlight--;
        for (const wake of lane.wakers.splice(0)) wake();
      }
    };
  }

  /**
   * Waits, as the head of a lane's queue, until every limit of the call has room. Hands the release over in the same
   * step that takes the places, so that no abort can come between them.
   */
  async function takeTurn(
    call: LimitedCall,
    limits: readonly LimitLane[],
    go: (release: Release) => void,
  ): Promise<void> {
    for (;;) {
      call.signal.throwIfAborted();
      const now = clock.monotonic();
      const { limitKey, cost = 1 } = call.request;
      const gate = gates.find(limitKey);
      const lane = tightest(gate === undefined ? limits : [gate, ...limits], now, cost);
      const waitMs = lane?.waitMs(now, cost) ?? 0;
      if (lane === undefined || waitMs === 0) return go(pass(limits, now, cost));
      if (Number.isFinite(waitMs)) await sleepWithin(waitMs, call);
      else await new Promise<void>((resolve) => onceFreed(lane, call.signal, resolve));
    }
  }

  async function sleepWithin(ms: number, call: LimitedCall): Promise<void> {
    if (ms >= call.remainingMs()) throw limitReached(ms);
    await clock.sleep(ms, call.signal);
  }

  /** Milliseconds until the turn of a call with so many ahead; Infinity while only calls in flight decide it. */
  function turnMs(lane: Lane, ahead: number, cost: number): number {
    return lane.waitMs(clock.monotonic(), cost) + lane.queueMs(ahead, cost);
  }

  function waitInLane(lane: Lane, limits: readonly LimitLane[], call: LimitedCall): Promise<Release> {
    const { priority = defaultPriority, cost = 1 } = call.request;
    const waitMs = turnMs(lane, priority > defaultPriority ? 0 : lane.waiting, cost);
    if (Number.isFinite(waitMs) && waitMs >= call.remainingMs()) return Promise.reject(limitReached(waitMs));
    lane.waiting++;
    lane.queue ??= openWaitQueue(maxWaiting, () => queueFull(maxWaiting, turnMs(lane, lane.waiting, cost)));
    return new Promise((resolve, reject) => {
      const giveUp = () =>
        reject(call.remainingMs() > 0 ? (call.signal.reason as Error) : limitReached(turnMs(lane, 0, cost)));
      call.signal.addEventListener('abort', giveUp, { once: true });
      // The caller goes on from inside its turn: the queue needs some milliseconds more to call it finished.
      const turn = () => takeTurn(call, limits, resolve);
      void lane
        .queue!.then((queue) => queue.run(priority, turn))
        .catch(reject)
        .finally(() => {
          call.signal.removeEventListener('abort', giveUp);
          if (--lane.waiting === 0) lane.queue = undefined;
        });
    });
  }

  return {
    enter(call) {
      const { limitKey, limits: declared, cost = 1 } = call.request;
      const gate = gates.find(limitKey);
      if (gate === undefined && (declared === undefined || declared.length === 0)) return nothingToRelease;
      const now = clock.monotonic();
      const limits = lanesOf(call.request, now);
      const lane = tightest(gate === undefined ? limits : [gate, ...limits], now, cost);
      return lane === undefined ? pass(limits, now, cost) : waitInLane(lane, limits, call);
    },
    pause(limitKey, ms) {
      const now = clock.monotonic();
      const gate = gates.open(limitKey, now);
      gate.closedUntil = Math.max(gate.closedUntil, now + ms);
    },
  };
}

/** The lane that holds a call up longest; those where others wait already count too, or newcomers would overtake them. */
function tightest(lanes: readonly Lane[], now: number, cost: number): Lane | undefined {
  let found: Lane | undefined;
  let longest = -1;
  for (const lane of lanes) {
    const waitMs = lane.waitMs(now, cost);
    if ((waitMs === 0 && lane.waiting === 0) || waitMs <= longest) continue;
    found = lane;
    longest = waitMs;
  }
  return found;
}

/** Calls back when a call in flight ends or the signal aborts, whichever is first. */
function onceFreed(lane: Lane, signal: AbortSignal, wake: () => void): void {
  const once = () => {
    signal.removeEventListener('abort', once);
    wake();
  };
  lane.wakers.push(once);
  signal.addEventListener('abort', once, { once: true });
}

/** Where nobody can tell how long, a second is as good a guess as any. */
const unknownWaitMs = 1_000;

function limitReached(waitMs: number): PlugboardError {
  return new PlugboardError({
    kind: 'rate_limited',
    code: 'limit_reached',
    message: 'The rate limit leaves no room before the deadline; nothing was sent',
    hint: 'Try again after `retryAfterMs`, or allow more time with `deadlineMs`.',
    retryAfterMs: Number.isFinite(waitMs) ? Math.max(waitMs, 1) : unknownWaitMs,
  });
}

function queueFull(maxWaiting: number, waitMs: number): PlugboardError {
  return new PlugboardError({
    kind: 'rate_limited',
    code: 'queue_full',
    message: `More than ${maxWaiting} calls wait for the rate limit already; nothing was sent`,
    hint: 'Send less at once, or give the important calls a higher `priority`.',
    retryAfterMs: Number.isFinite(waitMs) ? Math.max(waitMs, 1) : unknownWaitMs,
  });
}
