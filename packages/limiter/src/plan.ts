/** How a limit is kept: from what a vendor declares to what is booked. */
import { longestCreepMs, type RateLimit } from '@plugboard/core/limiter-kit';

export interface Plan {
  /** Places that all processes share through the store. */
  readonly shared: number;
  /** Places that they share while the store is away, so that both together are never more than the limit. */
  readonly reserved: number;
  readonly partMs: number;
  readonly spanMs: number;
  /** Longest that a booked place may be used, in milliseconds from when it was asked for. */
  readonly usableMs: number;
  /** Most places of one booking. */
  readonly mostAtOnce: number;
}

/** Into so many parts a window is divided: a store keeps one number for each. */
const parts = 20;
const shortestUseMs = 100;
const longestUseMs = 1_000;
/** No process books more than this part of a limit ahead. */
const largestBooking = 0.1;

/**
 * A call that uses a place leaves between the booking and `usableMs` later. So a booking at t is counted until the end of
 * its part, plus `usableMs`, plus the window, plus what the way to the vendor may take from the distance of two calls.
 * Take any window that ends at x, and of the bookings whose calls are in it the latest: all others are still counted at
 * that time, so together they are no more than the limit.
 */
export function planOf({ requests, perMs }: RateLimit, reserve: number): Plan {
  const whole = Math.max(Math.floor(requests), 1);
  const reserved = Math.floor(whole * reserve);
  const usableMs = Math.min(Math.max(perMs / 10, shortestUseMs), longestUseMs);
  return {
    shared: whole - reserved,
    reserved,
    partMs: Math.max(Math.floor(perMs / parts), 1),
    spanMs: Math.ceil(perMs + usableMs + longestCreepMs),
    usableMs,
    mostAtOnce: Math.max(Math.floor(whole * largestBooking), 1),
  };
}
