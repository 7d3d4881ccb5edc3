/** The last word of all processes: places booked ahead, slots of calls in flight, and pauses. */
import { randomUUID } from 'node:crypto';

import {
  placesOfCall,
  type Admission,
  type Clock,
  type Lacking,
  type LimitedCall,
  type RateLimit,
  type Release,
} from '@plugboard/core/limiter-kit';

import { limitKey, pauseKey } from './limit-key.ts';
import type { Line } from './line.ts';
import { planOf } from './plan.ts';
import { createRecent } from './recent.ts';
import { createStock, aloneOf, aloneWaitMs, wantOf, type Stock, type Wanted } from './stock.ts';

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly line: Line;
  readonly processes: number;
  readonly reserve: number;
}

type Request = LimitedCall['request'];

/** How long a process goes by what it knows of a key's pause. */
const pauseKnownMs = 1_000;
const slotTtlMs = 30_000;
/** Between two tries for a slot; drawn, so that processes get it in no fixed order. */
const longestSlotWaitMs = 30;
/** How long it is remembered that other processes hold what this one wants. */
const slotsShortMs = 1_000;
/** Wait for a place that only the end of a call in this process can free. */
const inFlightWaitMs = 50;
const maxKeys = 10_000;

export function createAdmission({ clock, line, processes, reserve }: AdmissionOptions): Admission {
  const stocks = createRecent<Stock>(maxKeys, (stock) => stock.inFlight === 0);
  const pausesKnownUntil = createRecent<number>(maxKeys);
  const held = new Map<string, Stock>();
  let renewing = false;

  function stockOf(request: Request, limit: RateLimit): Stock {
    const key = limitKey(request, limit);
    const stock = stocks.get(key, () => createStock(key, limit, planOf(limit, reserve)));
    if (line.down()) stock.alone ??= aloneOf(stock, clock.monotonic(), processes);
    else stock.alone = undefined;
    return stock;
  }

  function isReady(stock: Stock, now: number, places: number): boolean {
    if (stock.alone !== undefined) return aloneWaitMs(stock, now, places) === 0;
    if (stock.limit.concurrency !== undefined && stock.slots.length === 0) return false;
    return hasPlaces(stock, now, places);
  }

  function take(stock: Stock, now: number, places: number): string | undefined {
    stock.inFlight++;
    if (stock.alone !== undefined) {
      stock.alone.window.take(now, places);
      // The reserve is nobody else's; what is taken of the whole the store must hear of.
      if (stock.plan.reserved === 0) stock.owed += places;
      return undefined;
    }
    stock.places -= Math.min(places, stock.places);
    stock.used += places;
    return stock.slots.shift();
  }

  function giveBack(stock: Stock, slot: string | undefined): void {
    stock.inFlight--;
    if (slot === undefined) return;
    held.delete(slot);
    void line.ask((limits) => limits.free(stock.key, slot));
  }

  async function askPause({ limitKey: key }: Request): Promise<number> {
    const ms = await line.ask((limits) => limits.pausedMs(pauseKey(key)));
    pausesKnownUntil.set(key, clock.monotonic() + pauseKnownMs);
    return ms ?? 0;
  }

  /** One booking at a time for a limit; calls of the same moment share it. */
  function askPlaces(stock: Stock, wanted: Wanted): Promise<number> {
    stock.askers += wanted.places;
    return (stock.asking ??= Promise.resolve()
      .then(() => book(stock, wanted))
      .finally(() => (stock.asking = undefined)));
  }

  async function book(stock: Stock, wanted: Wanted): Promise<number> {
    const askedAt = clock.monotonic();
    const { shared, spanMs, partMs, usableMs } = stock.plan;
    const { key, owed } = stock;
    const { least, want } = wantOf(stock, wanted, askedAt);
    stock.askers = 0;
    const booked = await line.ask((limits) =>
      limits.book({ key, requests: shared, spanMs, partMs, least, want, owed }),
    );
    // Without an answer this process goes on alone: `admit` decides.
    if (booked === undefined) return 0;
    stock.owed -= owed;
    stock.used = 0;
    if (booked.granted < want) stock.shortUntil = clock.monotonic() + spanMs;
    // Processes that wait for the same place ask in no fixed order, and those that went away empty ask sooner.
    if (booked.granted === 0) return booked.waitMs + (partMs * clock.random()) / 2 ** stock.denials++;
    stock.denials = 0;
    line.timed(clock.monotonic() - askedAt < usableMs);
    stock.places = booked.granted;
    stock.usableUntil = askedAt + usableMs;
    return 0;
  }

  async function askSlot(stock: Stock): Promise<number> {
    const slot = randomUUID();
    const { key, limit } = stock;
    const notYetMs = stock.slotAskAt - clock.monotonic();
    if (notYetMs > 0) return notYetMs;
    const concurrency = limit.concurrency ?? Number.POSITIVE_INFINITY;
    const got = await line.ask((limits) => limits.hold({ key, slot, concurrency, ttlMs: slotTtlMs }));
    if (got === undefined) return 0;
    const now = clock.monotonic();
    if (!got) stock.slotsShortUntil = now + slotsShortMs;
    // Where others wait too, whoever holds more asks less often: or the slots that come free together go to one process.
    const short = now < stock.slotsShortUntil;
    const waitMs = longestSlotWaitMs * (0.2 + 0.8 * clock.random()) * (1 + stock.inFlight);
    if (short) stock.slotAskAt = now + waitMs;
    if (!got) return waitMs;
    stock.slots.push(slot);
    held.set(slot, stock);
    renewSoon();
    return 0;
  }

  /** Slots of calls that take long are held on; those that no call took are given back. */
  function renewSoon(): void {
    if (renewing) return;
    renewing = true;
    clock.after(slotTtlMs / 3, () => {
      renewing = false;
      for (const [slot, stock] of held) {
        const { key, limit, slots } = stock;
        const unused = slots.indexOf(slot);
        if (unused >= 0) {
          slots.splice(unused, 1);
          held.delete(slot);
          void line.ask((limits) => limits.free(key, slot));
          continue;
        }
        const hold = { key, slot, concurrency: limit.concurrency ?? 1, ttlMs: slotTtlMs };
        void line.ask((limits) => limits.renew(hold));
      }
      if (held.size > 0) renewSoon();
    });
  }

  return {
    admit(request): Release | Lacking {
      const now = clock.monotonic();
      if (!line.down() && (pausesKnownUntil.find(request.limitKey) ?? 0) <= now) return { limit: null };
      const taken = (request.limits ?? []).map((limit) => stockOf(request, limit));
      const places = (stock: Stock) => placesOfCall(stock.limit, request.cost ?? 1);
      const lacking = taken.find((stock) => !isReady(stock, now, places(stock)));
      if (lacking !== undefined) return { limit: request.limits?.[taken.indexOf(lacking)] ?? null };
      const slots = taken.map((stock) => take(stock, now, places(stock)));
      return () => {
        for (const [index, stock] of taken.entries()) giveBack(stock, slots[index]);
      };
    },
    async ask(request, { limit }, waiting) {
      if (limit === null) return askPause(request);
      const now = clock.monotonic();
      const stock = stockOf(request, limit);
      const places = placesOfCall(limit, request.cost ?? 1);
      if (stock.alone !== undefined) {
        const waitMs = aloneWaitMs(stock, now, places);
        return Number.isFinite(waitMs) ? waitMs : inFlightWaitMs;
      }
      const needsSlot = limit.concurrency !== undefined && stock.slots.length === 0;
      // A place that is booked while the slot is waited for would only grow old.
      const slotWaitMs = needsSlot ? await askSlot(stock) : 0;
      if (slotWaitMs > 0 || line.down()) return slotWaitMs;
      return hasPlaces(stock, clock.monotonic(), places) ? 0 : askPlaces(stock, { places, waiting });
    },
    pause(key, ms) {
      if (ms > 0) void line.ask((limits) => limits.pause(pauseKey(key), ms));
    },
  };
}

/** A call that costs more than all processes have together passes when it has all of it. */
function hasPlaces({ places, usableUntil, plan }: Stock, now: number, needed: number): boolean {
  return now < usableUntil && places > 0 && places >= Math.min(needed, plan.shared);
}
