/** Keeps the limits that vendors publish, and the pauses they ask for, on our side of the wire. */
import type { Clock } from '../clock.ts';
import { PlugboardError } from '../errors.ts';
import { createGates, limitLane, type Lane, type LimitLane } from './limit-gates.ts';
import type { RateLimit, TransportRequest } from './transport.ts';
import { openWaitQueue, type WaitQueue } from './wait-queue.ts';

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

/** What a call lacks to pass at other processes: room in one of its limits, or to know whether its key is paused. */
export interface Lacking {
  readonly limit: RateLimit | null;
}

/**
 * Limits that other processes count as well. The limiter asks it last, after all that this process knows let a call
 * pass, and one call at a time for what a call lacks, so that queue, priorities and deadlines are those of the limiter.
 */
export interface Admission {
  /** Takes what was asked for before, or says what has to be asked for. */
  admit(request: LimitedCall['request']): Release | Lacking;
  /**
   * Asks for it. Never rejects, and takes seconds at most.
   * @param waiting keys whose calls wait for it
   * @returns milliseconds after which `admit` is worth another try
   */
  ask(request: LimitedCall['request'], lacking: Lacking, waiting: number): Promise<number>;
  /** Tells the others. */
  pause(limitKey: string, ms: number): void;
}

export interface LimiterOptions {
  readonly clock: Clock;
  /** Default: nobody else counts. */
  readonly admission?: Admission;
  /** Keys kept in memory; beyond it the idle ones are forgotten first. Default 10,000. */
  readonly maxKeys?: number;
  /** Calls of one key that may wait for one limit, and keys that may. Default 200. */
  readonly maxWaiting?: number;
}

const defaultPriority = 5;
const nothingToRelease: Release = () => undefined;

export function createLimiter(options: LimiterOptions): Limiter {
  const { clock, admission, maxKeys = 10_000, maxWaiting = 200 } = options;
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
        if (lane.wakers.length > 0) for (const wake of lane.wakers.splice(0)) wake();
      }
    };
  }

  /** All that this process knows lets the call pass; the others have the last word. */
  function passAll(request: LimitedCall['request'], lanes: readonly LimitLane[], now: number): Release | Lacking {
    const shared = admission === undefined ? nothingToRelease : admission.admit(request);
    if (typeof shared !== 'function') return shared;
    const own = pass(lanes, now, request.cost ?? 1);
    if (shared === nothingToRelease) return own;
    return () => {
      // First there, then here: whoever is woken finds its place free on both sides.
      shared();
      own();
    };
  }

  /** The lane in which a call waits for what it lacks. */
  function laneOf({ limit }: Lacking, { request }: LimitedCall, limits: readonly LimitLane[], now: number): Lane {
    const index = limit === null ? -1 : (request.limits ?? []).indexOf(limit);
    return limits[index] ?? gates.open(request.limitKey, now);
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
      const lane = tightest(gate, limits, now, cost);
      const waitMs = lane?.waitMs(now, cost) ?? 0;
      if (lane === undefined || waitMs <= 0) {
        const passed = passAll(call.request, limits, now);
        if (typeof passed === 'function') return go(passed);
        await askOthers(call, passed, laneOf(passed, call, limits, now));
      } else if (Number.isFinite(waitMs)) await sleepWithin(waitMs, call);
      else await new Promise<void>((resolve) => onceFreed(lane, call.signal, resolve));
    }
  }

  /** Closes the lane for as long as the answer says. A call that gives up does not wait for the answer. */
  function askOthers({ request, signal }: LimitedCall, lacking: Lacking, lane: Lane): Promise<void> {
    return new Promise((resolve) => {
      const done = (waitMs: number) => {
        signal.removeEventListener('abort', giveUp);
        lane.closedUntil = Math.max(lane.closedUntil, clock.monotonic() + waitMs);
        resolve();
      };
      const giveUp = () => done(0);
      signal.addEventListener('abort', giveUp, { once: true });
      void admission?.ask(request, lacking, Math.max(lane.lines.size, 1)).then(done);
    });
  }

  async function sleepWithin(ms: number, call: LimitedCall): Promise<void> {
    if (ms >= call.remainingMs()) throw limitReached(ms);
    await clock.sleep(ms, call.signal);
  }

  /** Milliseconds until the turn of a call with so many ahead; Infinity while only calls in flight decide it. */
  function turnMs(lane: Lane, ahead: number, cost: number): number {
    return lane.waitMs(clock.monotonic(), cost) + lane.queueMs(ahead, cost);
  }

  /** Calls that have their turn before one of the key would: keys take turns, one call of each. */
  function aheadOf(lane: Lane, key: string): number {
    const own = lane.lines.get(key)?.waiting ?? 0;
    let ahead = own;
    for (const [other, line] of lane.lines) if (other !== key) ahead += Math.min(line.waiting, own + 1);
    return ahead;
  }

  function waitInLane(lane: Lane, limits: readonly LimitLane[], call: LimitedCall): Promise<Release> {
    const { priority = defaultPriority, limitKey, cost = 1 } = call.request;
    const waitMs = turnMs(lane, priority > defaultPriority ? 0 : aheadOf(lane, limitKey), cost);
    if (Number.isFinite(waitMs) && waitMs >= call.remainingMs()) return Promise.reject(limitReached(waitMs));
    const openQueue = () =>
      openWaitQueue(maxWaiting, () => queueFull(maxWaiting, turnMs(lane, aheadOf(lane, limitKey), cost)));
    const line = lane.lines.get(limitKey) ?? { waiting: 0, ...(lane.shared && { queue: openQueue() }) };
    lane.lines.set(limitKey, line);
    line.waiting++;
    lane.waiting++;
    lane.queue ??= openQueue();
    const laneQueue = lane.queue;
    return new Promise((resolve, reject) => {
      const giveUp = () =>
        reject(call.remainingMs() > 0 ? (call.signal.reason as Error) : limitReached(turnMs(lane, 0, cost)));
      call.signal.addEventListener('abort', giveUp, { once: true });
      // The caller goes on from inside its turn: the queue needs some milliseconds more to call it finished.
      const turn = () => takeTurn(call, limits, resolve);
      const inLane = async () => (await laneQueue).run(priority, turn);
      const inLine = async (queue: Promise<WaitQueue>) => (await queue).run(priority, inLane);
      void (line.queue === undefined ? inLane() : inLine(line.queue)).catch(reject).finally(() => {
        call.signal.removeEventListener('abort', giveUp);
        if (--line.waiting === 0) lane.lines.delete(limitKey);
        if (--lane.waiting === 0) lane.queue = undefined;
      });
    });
  }

  /** Nobody waits yet: the call asks by itself, and stands in line only where the answer is no. */
  async function askFirst(call: LimitedCall, lacking: Lacking, limits: readonly LimitLane[]): Promise<Release> {
    for (let missing = lacking, asked = 0; ; asked++) {
      const lane = laneOf(missing, call, limits, clock.monotonic());
      if (asked > limits.length * 2) return waitInLane(lane, limits, call);
      await askOthers(call, missing, lane);
      if (call.remainingMs() <= 0) throw limitReached(turnMs(lane, 0, call.request.cost ?? 1));
      call.signal.throwIfAborted();
      const passed = passOrLane(call, limits);
      if (typeof passed === 'function') return passed;
      if ('waitMs' in passed) return waitInLane(passed, limits, call);
      missing = passed;
    }
  }

  /** Lets the call pass, or says which lane it must wait in, or what others must be asked for. */
  function passOrLane(call: LimitedCall, limits: readonly LimitLane[]): Release | Lane | Lacking {
    const now = clock.monotonic();
    const { limitKey, cost = 1 } = call.request;
    const gate = gates.find(limitKey);
    return tightest(gate, limits, now, cost) ?? passAll(call.request, limits, now);
  }

  return {
    enter(call) {
      const { limitKey, limits: declared } = call.request;
      const free = declared === undefined || declared.length === 0;
      if (free && admission === undefined && gates.find(limitKey) === undefined) return nothingToRelease;
      const limits = lanesOf(call.request, clock.monotonic());
      const passed = passOrLane(call, limits);
      if (typeof passed === 'function') return passed;
      return 'waitMs' in passed ? waitInLane(passed, limits, call) : askFirst(call, passed, limits);
    },
    pause(limitKey, ms) {
      const now = clock.monotonic();
      const gate = gates.open(limitKey, now);
      gate.closedUntil = Math.max(gate.closedUntil, now + ms);
      admission?.pause(limitKey, ms);
    },
  };
}

/** The lane that holds a call up longest; those where others wait already count too, or newcomers would overtake them. */
function tightest(gate: Lane | undefined, limits: readonly Lane[], now: number, cost: number): Lane | undefined {
  let found: Lane | undefined;
  let longest = -1;
  // By place, the gate first: no list is made of them for the many calls that nothing holds up.
  for (let place = -1; place < limits.length; place++) {
    const lane = place === -1 ? gate : limits[place];
    if (lane === undefined) continue;
    const waitMs = lane.waitMs(now, cost);
    if ((waitMs <= 0 && lane.waiting === 0) || waitMs <= longest) continue;
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
