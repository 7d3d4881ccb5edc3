/** What is counted under each key, in bounded memory. */
import { createRateWindow, type RateWindow } from './rate-window.ts';
import type { RateLimit } from './transport.ts';
import type { WaitQueue } from './wait-queue.ts';

/** Calls of one key that wait in a lane which several keys share: one of them at a time stands in the lane's own queue. */
export interface Line {
  waiting: number;
  /** Absent in a lane of one key alone. */
  readonly queue?: Promise<WaitQueue>;
}

/** What calls can wait for: one limit of a key, or the end of a key's pause. */
export interface Lane {
  /** Calls that wait in it. */
  waiting: number;
  queue: Promise<WaitQueue> | undefined;
  /** Several keys count in it. */
  readonly shared: boolean;
  /** By key. */
  readonly lines: Map<string, Line>;
  /** Calls to wake when one in flight ends. */
  wakers: (() => void)[];
  /** Nothing passes before this time of the monotonic clock: a pause, or what other processes used up. */
  closedUntil: number;
  /** Milliseconds until a call of that cost had better ask again; 0 when the lane is open, Infinity until a waker is called. */
  waitMs(now: number, cost: number): number;
  /** Milliseconds that so many calls ahead take on top, if they cost as much. */
  queueMs(ahead: number, cost: number): number;
}

export interface LimitLane extends Lane {
  readonly window: RateWindow;
  inFlight: number;
  /** How many places of the window a call of that cost takes. */
  placesOf(cost: number): number;
}

/** Everything counted under one key. */
export interface Gate extends Lane {
  readonly limits: Map<RateLimit, LimitLane>;
}

export interface Gates {
  /** The gate of a key that something is counted under. */
  find(key: string): Gate | undefined;
  /** The gate of the key, made when there is none: then another may be forgotten. */
  open(key: string, now: number): Gate;
}

export function createGates(maxKeys: number): Gates {
  const gates = new Map<string, Gate>();
  return {
    find: (key) => gates.get(key),
    open(key, now) {
      const known = gates.get(key);
      if (known !== undefined) return known;
      if (gates.size >= maxKeys) forgetOne(gates, now);
      const gate = createGate();
      gates.set(key, gate);
      return gate;
    },
  };
}

/** The lane of one limit in the gate. */
export function limitLane({ limits }: Gate, limit: RateLimit): LimitLane {
  const known = limits.get(limit);
  if (known !== undefined) return known;
  const lane = createLimitLane(limit);
  limits.set(limit, lane);
  return lane;
}

function createGate(): Gate {
  const gate: Gate = {
    waiting: 0,
    queue: undefined,
    shared: false,
    lines: new Map(),
    wakers: [],
    closedUntil: 0,
    limits: new Map(),
    waitMs: (now) => Math.max(gate.closedUntil - now, 0),
    queueMs: () => 0,
  };
  return gate;
}

/** How many places of a limit a call of that cost takes. */
export function placesOfCall({ counts }: RateLimit, cost: number): number {
  return counts === 'units' ? cost : 1;
}

function createLimitLane(limit: RateLimit): LimitLane {
  const { requests, perMs, per, concurrency = Number.POSITIVE_INFINITY } = limit;
  const window = createRateWindow(requests, perMs);
  const placesOf = (cost: number) => placesOfCall(limit, cost);
  const lane: LimitLane = {
    waiting: 0,
    queue: undefined,
    shared: per === 'app',
    lines: new Map(),
    wakers: [],
    closedUntil: 0,
    window,
    inFlight: 0,
    placesOf,
    waitMs: (now, cost) =>
      lane.inFlight < concurrency
        ? Math.max(window.waitMs(now, placesOf(cost)), lane.closedUntil - now)
        : Number.POSITIVE_INFINITY,
    queueMs: (ahead, cost) => Math.floor((ahead * placesOf(cost)) / requests) * perMs,
  };
  return lane;
}

/** How many of the oldest keys are looked at to find one that can be forgotten. */
const candidates = 16;

/** Makes room for one more key: an idle one, else the oldest that nobody waits for. Those looked at become the newest. */
function forgetOne(gates: Map<string, Gate>, now: number): void {
  let fallback: string | undefined;
  let looked = 0;
  for (const [key, gate] of gates) {
    gates.delete(key);
    if (isIdle(gate, now)) return;
    gates.set(key, gate);
    if (!isAwaited(gate)) fallback ??= key;
    if (++looked === candidates) break;
  }
  if (fallback !== undefined) gates.delete(fallback);
}

function isIdle(gate: Gate, now: number): boolean {
  if (isAwaited(gate) || gate.closedUntil > now) return false;
  return [...gate.limits.values()].every((lane) => lane.window.used(now) === 0);
}

function isAwaited(gate: Gate): boolean {
  return gate.waiting > 0 || [...gate.limits.values()].some((lane) => lane.waiting > 0 || lane.inFlight > 0);
}
