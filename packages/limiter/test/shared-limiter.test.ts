/** What a process does with the answers of a store, and without them; time is moved by the test. */
import type { Limiter, Log, Release } from '@plugboard/core';
import type { RateLimit } from '@plugboard/core/limiter-kit';
import { createFakeClock, until, type FakeClock } from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { limitKey } from '../src/limit-key.ts';
import { sharedLimiter, type Booking, type SharedLimiterOptions, type SharedLimits } from '../src/index.ts';

interface FakeStore extends SharedLimits {
  /** Every question goes wrong. */
  away: boolean;
  readonly bookings: Booking[];
  readonly keys: Set<string>;
  readonly slots: Set<string>;
  /** Places that are left. */
  left: number;
}

/** Answers at once what the test put into it. */
function fakeStore(clock: FakeClock): FakeStore {
  const paused = new Map<string, number>();
  const check = (key: string) => {
    store.keys.add(key);
    if (store.away) throw Object.assign(new Error('redis://user:password@db'), { code: 'ECONNREFUSED' });
  };
  const store: FakeStore = {
    name: 'Redis',
    away: false,
    bookings: [],
    keys: new Set(),
    slots: new Set(),
    left: 1_000_000,
    async book(booking) {
      check(booking.key);
      store.bookings.push(booking);
      const granted = Math.min(booking.want, store.left);
      store.left -= granted;
      return { granted, waitMs: granted > 0 ? 0 : 500 };
    },
    async hold({ key, slot, concurrency }) {
      check(key);
      if (store.slots.size >= concurrency) return false;
      store.slots.add(slot);
      return true;
    },
    async renew({ key }) {
      check(key);
    },
    async free(key, slot) {
      check(key);
      store.slots.delete(slot);
    },
    async pause(key, ms) {
      check(key);
      paused.set(key, clock.monotonic() + ms);
    },
    async pausedMs(key) {
      check(key);
      return Math.max((paused.get(key) ?? 0) - clock.monotonic(), 0);
    },
  };
  return store;
}

function kit(options: SharedLimiterOptions = {}) {
  const clock = createFakeClock();
  const store = fakeStore(clock);
  const lines: string[] = [];
  const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { info: note, warn: note, error: note };
  const make = () => sharedLimiter(store, { clock, log, ...options });
  return { clock, store, lines, limiter: make(), make };
}

interface Given {
  readonly limits?: readonly RateLimit[];
  readonly limitKey?: string;
  readonly deadlineMs?: number;
}

function enter(
  limiter: Limiter,
  clock: FakeClock,
  { limits = [], limitKey = 'acme/5:org_1/default', deadlineMs = 1e9 }: Given,
) {
  const end = clock.monotonic() + deadlineMs;
  return Promise.resolve(
    limiter.enter({
      request: { provider: 'acme', limitKey, limits },
      signal: new AbortController().signal,
      remainingMs: () => end - clock.monotonic(),
    }),
  );
}

const hundred: RateLimit = { requests: 100, perMs: 1_000 };
const codeOf = (entering: Promise<Release>) =>
  entering.then(
    () => 'passed',
    (error: unknown) => (error as { code: string }).code,
  );

describe('booking ahead', () => {
  test('asks once for the calls of a moment, then for as many as it used, and never for a tenth of the limit or more', async () => {
    const { clock, store, limiter } = kit();
    const call = () => enter(limiter, clock, { limits: [hundred] });
    await Promise.all(Array.from({ length: 6 }, call));
    expect(store.bookings.map(({ want }) => want)).toEqual([6]);
    await clock.advance(200);
    await Promise.all(Array.from({ length: 30 }, call));
    expect(Math.max(...store.bookings.map(({ want }) => want))).toBe(10);
    expect(store.bookings.length).toBeLessThanOrEqual(5);
    // The reserve is not the store's to give.
    expect(store.bookings[0]).toMatchObject({ requests: 90, partMs: 50, spanMs: 1_125 });
  });

  test('a place that grew old is not used', async () => {
    const { clock, store, limiter } = kit();
    await Promise.all(Array.from({ length: 4 }, () => enter(limiter, clock, { limits: [hundred] })));
    await enter(limiter, clock, { limits: [hundred] });
    const before = store.bookings.length;
    await clock.advance(100);
    await enter(limiter, clock, { limits: [hundred] });
    expect(store.bookings).toHaveLength(before + 1);
  });

  test('waits as long as the store says, or refuses what cannot wait', async () => {
    const { clock, store, limiter } = kit();
    store.left = 0;
    expect(await codeOf(enter(limiter, clock, { limits: [hundred], deadlineMs: 300 }))).toBe('limit_reached');
    let passed = false;
    const waiting = enter(limiter, clock, { limits: [hundred] }).then(() => (passed = true));
    await clock.untilPending(1);
    store.left = 1;
    await clock.advance(499);
    expect(passed).toBe(false);
    await clock.advance(60);
    await until(() => passed);
    await waiting;
  });
});

describe('slots', () => {
  const two: RateLimit = { requests: 1_000, perMs: 1_000, concurrency: 2 };

  test('are held for calls in flight, renewed, and given back', async () => {
    const { clock, store, limiter } = kit();
    const releases = [await enter(limiter, clock, { limits: [two] }), await enter(limiter, clock, { limits: [two] })];
    expect(store.slots.size).toBe(2);
    let renewed = 0;
    store.renew = async () => void renewed++;
    await clock.advance(25_000);
    expect(renewed).toBe(4);
    for (const release of releases) release();
    await until(() => store.slots.size === 0);
    await clock.advance(25_000);
    expect(renewed).toBe(4);
  });
});

describe('pauses', () => {
  test('are told to the others, who hear of them with their next call', async () => {
    const { clock, limiter, make } = kit();
    const other = make();
    limiter.pause('acme/5:org_1/default', 5_000);
    expect(await codeOf(enter(other, clock, { deadlineMs: 1_000 }))).toBe('limit_reached');
    expect(await codeOf(enter(other, clock, { limitKey: 'acme/other', deadlineMs: 1_000 }))).toBe('passed');
    await clock.advance(5_001);
    expect(await codeOf(enter(other, clock, { deadlineMs: 1_000 }))).toBe('passed');
  });
});

test('B11 nothing that names an organization stands in a key', async () => {
  const { clock, store, limiter } = kit();
  const limits: RateLimit[] = [hundred, { requests: 5, perMs: 1_000, per: 'app', concurrency: 1 }];
  (await enter(limiter, clock, { limits }))();
  limiter.pause('acme/5:org_1/default', 5_000);
  await until(() => store.keys.size >= 3);
  for (const key of store.keys) expect(key).toMatch(/^[\w-]{27}$/);
});

test('limits of the same numbers count as one, unless they have names', () => {
  const request = { provider: 'acme', limitKey: 'acme/5:org_1/default' };
  const keyOf = (name?: string) => limitKey(request, { ...hundred, ...(name !== undefined && { name }) });
  expect(keyOf()).toBe(keyOf());
  expect(keyOf('things.list')).toBe(keyOf('things.list'));
  expect(new Set([keyOf(), keyOf('things.list'), keyOf('things.get')]).size).toBe(3);
});

describe('while the store is away', () => {
  test('each process keeps to its share of the reserve, is told once, and goes back when it is there again', async () => {
    const { clock, store, lines, limiter } = kit({ processes: 2 });
    await enter(limiter, clock, { limits: [hundred] });
    await clock.advance(200);
    store.away = true;
    // Ten of a hundred are reserved: five for each of two processes, in any window.
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(enter(limiter, clock, { limits: [hundred], deadlineMs: 500 }))),
    );
    expect(outcomes.filter((outcome) => outcome === 'passed')).toHaveLength(5);
    await clock.advance(1_100);
    expect(await codeOf(enter(limiter, clock, { limits: [hundred], deadlineMs: 500 }))).toBe('passed');
    await clock.advance(10_000);
    expect(lines).toEqual([
      'the shared limits in Redis cannot be reached; each process keeps to its share {"error":"Error (ECONNREFUSED)"}',
    ]);
    store.away = false;
    const { length } = store.bookings;
    await clock.advance(2_000);
    await enter(limiter, clock, { limits: [hundred] });
    expect(store.bookings).toHaveLength(length + 1);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('are back');
  });

  test('a limit without a reserve waits for its window, then takes its part and owes it to the store', async () => {
    const { clock, store, limiter } = kit({ processes: 2 });
    const four: RateLimit = { requests: 4, perMs: 1_000 };
    await enter(limiter, clock, { limits: [four] });
    store.away = true;
    await clock.advance(200);
    expect(await codeOf(enter(limiter, clock, { limits: [four], deadlineMs: 500 }))).toBe('limit_reached');
    await clock.advance(1_200);
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => codeOf(enter(limiter, clock, { limits: [four], deadlineMs: 500 }))),
    );
    expect(outcomes.filter((outcome) => outcome === 'passed')).toHaveLength(2);
    store.away = false;
    await clock.advance(2_500);
    await enter(limiter, clock, { limits: [four] });
    expect(store.bookings.at(-1)).toMatchObject({ requests: 4, owed: 2 });
    await clock.advance(200);
    await enter(limiter, clock, { limits: [four] });
    expect(store.bookings.at(-1)).toMatchObject({ owed: 0 });
  });

  test('a store that does not answer is away, and calls in flight are a part of what there may be', async () => {
    const { clock, store, limiter } = kit({ processes: 2 });
    store.hold = () => new Promise(() => undefined);
    store.pausedMs = () => new Promise(() => undefined);
    const four: RateLimit = { ...hundred, concurrency: 4 };
    const outcomes = Array.from({ length: 5 }, () =>
      codeOf(enter(limiter, clock, { limits: [four], deadlineMs: 3_000 })),
    );
    await clock.untilPending(1);
    await clock.advance(1_000);
    await clock.advance(3_000);
    expect((await Promise.all(outcomes)).filter((outcome) => outcome === 'passed')).toHaveLength(2);
  });
});

test.each([
  ['invalid_limits', () => sharedLimiter({} as never)],
  ['invalid_option', () => sharedLimiter(fakeStore(createFakeClock()), { processes: 0 })],
  ['invalid_option', () => sharedLimiter(fakeStore(createFakeClock()), { reserve: 1 })],
])('%s is refused', (code, make) => {
  expect(make).toThrow(expect.objectContaining({ kind: 'configuration', code }));
});
