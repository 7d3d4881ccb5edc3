/** What one process holds of one limit. */
import { createRateWindow, type RateLimit, type RateWindow } from '@plugboard/core/limiter-kit';

import type { Plan } from './plan.ts';

export interface Stock {
  readonly key: string;
  readonly limit: RateLimit;
  readonly plan: Plan;
  /** Booked places, and until when they may be used. */
  places: number;
  usableUntil: number;
  /** Places used since the last booking: about what the next one should bring. */
  used: number;
  /** Places that calls asked for since then. */
  askers: number;
  /** The booking under way, which all who ask meanwhile share. */
  asking: Promise<number> | undefined;
  /** Bookings in a row that brought nothing. */
  denials: number;
  /** Until when it is known that there are fewer places than calls. */
  shortUntil: number;
  /** Places used without the store, which it has not counted yet. */
  owed: number;
  /** Until when it is known that others hold slots that are wanted here, and before when none is asked for. */
  slotsShortUntil: number;
  slotAskAt: number;
  /** Slots of calls in flight that are held and wait for their call. */
  readonly slots: string[];
  /** Calls in flight of this process. */
  inFlight: number;
  /** What this process may do while the store is away; made when it goes. */
  alone: Alone | undefined;
}

/** The share of one process. */
export interface Alone {
  readonly window: RateWindow;
  /** Nothing passes before: what was booked at the store could still be leaving. */
  readonly opensAt: number;
  readonly concurrency: number;
}

export function createStock(key: string, limit: RateLimit, plan: Plan): Stock {
  const counts = { places: 0, usableUntil: 0, used: 0, askers: 0, denials: 0, shortUntil: 0, owed: 0, inFlight: 0 };
  const slots = { slotsShortUntil: 0, slotAskAt: 0, slots: [] };
  return { key, limit, plan, ...counts, ...slots, asking: undefined, alone: undefined };
}

export interface Wanted {
  /** Places of the call that asks. */
  readonly places: number;
  /** Keys whose calls wait. */
  readonly waiting: number;
}

/** What the next booking asks for: where places are short, those of one call for each key that waits, so that keys are equal. */
export function wantOf(stock: Stock, { places, waiting }: Wanted, now: number): { least: number; want: number } {
  const { used, askers, shortUntil, plan } = stock;
  // A call that costs more than there is takes all of it, as in one process.
  const least = Math.min(places, plan.shared);
  const wanted = now < shortUntil ? waiting * places : Math.max(used, askers, waiting * places);
  return { least, want: Math.max(Math.min(wanted, plan.mostAtOnce), least) };
}

/**
 * The reserve, shared by all processes. A limit too small for a reserve opens when everything that was booked has left
 * its window, and each process then takes a part of the whole.
 */
export function aloneOf({ limit, plan }: Stock, now: number, processes: number): Alone {
  const { perMs, concurrency } = limit;
  const share = (plan.reserved > 0 ? plan.reserved : plan.shared) / processes;
  const window = share >= 1 ? createRateWindow(Math.floor(share), perMs) : createRateWindow(1, perMs / share);
  return {
    window,
    opensAt: plan.reserved > 0 ? now : now + plan.spanMs + plan.partMs,
    concurrency:
      concurrency === undefined ? Number.POSITIVE_INFINITY : Math.max(Math.floor(concurrency / processes), 1),
  };
}

/** Milliseconds until this process may send without the store; Infinity while only calls in flight decide it. */
export function aloneWaitMs({ alone, inFlight }: Stock, now: number, places: number): number {
  if (alone === undefined) return 0;
  if (inFlight >= alone.concurrency) return Number.POSITIVE_INFINITY;
  return Math.max(alone.opensAt - now, alone.window.waitMs(now, places), 0);
}
