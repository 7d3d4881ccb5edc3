import { describe, expect, it } from 'vitest';

import type { PlugboardError } from '../src/errors.ts';
import {
  createLimiter,
  type Admission,
  type Limiter,
  type LimiterOptions,
  type Release,
} from '../src/transport/limiter.ts';
import { createRateWindow } from '../src/transport/rate-window.ts';
import type { RateLimit } from '../src/transport/transport.ts';
import { createFakeClock, until, type FakeClock } from './support/fake-clock.ts';
import { serveHttp } from './support/loopback.ts';
import { failureOf, transportKit } from './support/transport-kit.ts';

/** Two requests may come this much closer together at the vendor than they left here. */
const marginMs = 25;

describe('createRateWindow', () => {
  it('never holds more than the limit in any window, for any arrivals', () => {
    let seed = 7;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (const [requests, perMs] of [
      [1, 100],
      [3, 1_000],
      [10, 1_000],
      [75, 1_000],
      [100, 60_000],
    ] as const) {
      const window = createRateWindow(requests, perMs);
      const passed: number[] = [];
      for (let now = 0; passed.length < 1_000; now += (random() * perMs) / requests / 20) {
        if (window.waitMs(now) > 0) continue;
        window.take(now);
        passed.push(now);
      }
      const closest = Math.min(...passed.map((at, index) => (passed[index + requests] ?? Infinity) - at));
      expect(closest).toBeGreaterThanOrEqual(perMs);
      // And hands out most of what is allowed.
      expect((1_000 / (passed.at(-1) ?? 1)) * perMs).toBeGreaterThan(requests * 0.8);
    }
  });

  it('says when the next place is free, neither early nor late', () => {
    const window = createRateWindow(2, 1_000);
    window.take(0);
    window.take(300);
    expect(window.waitMs(300)).toBe(700 + marginMs);
    expect(window.waitMs(1_024)).toBe(1);
    expect(window.waitMs(1_025)).toBe(0);
    window.take(1_025);
    expect(window.waitMs(1_025)).toBe(300);
    expect(window.used(5_000)).toBe(0);
  });

  it('waits until as many places are free as a call takes, and no call needs more than there are', () => {
    const window = createRateWindow(10, 1_000);
    window.take(0, 4);
    window.take(300, 5);
    expect([1, 2, 5, 6, 99].map((places) => window.waitMs(300, places))).toEqual([0, 725, 725, 1025, 1025]);
    expect([window.used(300), window.used(1_025), window.used(1_325)]).toEqual([9, 5, 0]);
  });
});

interface Kit {
  readonly clock: FakeClock;
  readonly limiter: Limiter;
  enter(call?: Call): Promise<Release>;
}
interface Call {
  readonly limits?: readonly RateLimit[];
  readonly cost?: number;
  readonly limitKey?: string;
  readonly priority?: number;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

function limiterKit(options: Partial<LimiterOptions> = {}): Kit {
  const clock = createFakeClock();
  const limiter = createLimiter({ clock, ...options });
  const enter: Kit['enter'] = async ({
    limits,
    cost,
    limitKey = 'acme:1',
    priority,
    deadlineMs = 1e9,
    signal,
  } = {}) => {
    const end = clock.monotonic() + deadlineMs;
    return limiter.enter({
      request: {
        provider: 'acme',
        limitKey,
        ...(limits && { limits }),
        ...(cost && { cost }),
        ...(priority !== undefined && { priority }),
      },
      signal: signal ?? new AbortController().signal,
      remainingMs: () => Math.max(end - clock.monotonic(), 0),
    });
  };
  return { clock, limiter, enter };
}

/** Notes the order in which calls pass. */
function recorder() {
  const passed: string[] = [];
  const note = (name: string, entering: Promise<Release>) => entering.then((release) => (passed.push(name), release));
  return { passed, note };
}

describe('createLimiter', () => {
  const five: RateLimit = { requests: 5, perMs: 1_000 };

  it('lets calls within their limits pass at once, without a promise', () => {
    const { limiter } = limiterKit();
    const call = {
      request: { provider: 'acme', limitKey: 'k', limits: [five] },
      signal: new AbortController().signal,
      remainingMs: () => 1,
    };
    for (let turn = 0; turn < 5; turn++) expect(limiter.enter(call)).toBeTypeOf('function');
    expect(limiter.enter({ ...call, request: { provider: 'acme', limitKey: 'k' } })).toBeTypeOf('function');
  });

  it('makes the next one wait for its place', async () => {
    const { enter, clock } = limiterKit();
    const { passed, note } = recorder();
    for (const name of ['1', '2', '3', '4', '5', '6', '7']) void note(name, enter({ limits: [five] }));
    await clock.untilPending(1);
    await clock.advance(1_000);
    expect(passed).toEqual(['1', '2', '3', '4', '5']);
    await clock.advance(marginMs);
    await until(() => passed.length === 7);
    expect(passed.slice(5)).toEqual(['6', '7']);
    expect(clock.pending).toBe(0);
  });

  it('counts each key by itself, and limits per app over all of them', async () => {
    const { enter, clock } = limiterKit();
    const perApp: RateLimit = { requests: 2, perMs: 1_000, per: 'app' };
    await Promise.all(Array.from({ length: 5 }, () => enter({ limits: [five], limitKey: 'acme:1' })));
    await Promise.all(Array.from({ length: 5 }, () => enter({ limits: [five], limitKey: 'acme:2' })));
    await enter({ limits: [perApp], limitKey: 'acme:3' });
    await enter({ limits: [perApp], limitKey: 'acme:4' });
    const refused = await failureOf(enter({ limits: [perApp], limitKey: 'acme:5', deadlineMs: 100 }));
    expect(refused).toMatchObject({ code: 'limit_reached', retryAfterMs: 1_000 + marginMs });
    expect(clock.pending).toBe(0);
  });

  it('keeps every limit of a call', async () => {
    const { enter } = limiterKit();
    const minute: RateLimit = { requests: 6, perMs: 60_000 };
    for (let turn = 0; turn < 5; turn++) await enter({ limits: [five, minute] });
    await enter({ limits: [minute] });
    const refused = await failureOf(enter({ limits: [minute], deadlineMs: 30_000 }));
    expect(refused.retryAfterMs).toBe(60_000 + marginMs);
    // A call refused by one limit took no place under the other.
    const other = await failureOf(enter({ limits: [five, minute], deadlineMs: 500 }));
    expect(other.retryAfterMs).toBe(60_000 + marginMs);
  });

  it('counts the vendor’s units where a limit is in units, and requests where it is not', async () => {
    const { enter, clock } = limiterKit();
    const units: RateLimit = { requests: 100, perMs: 1_000, counts: 'units' };
    await enter({ limits: [units, five], cost: 60 });
    await enter({ limits: [units, five], cost: 30 });
    const dear = await failureOf(enter({ limits: [units, five], cost: 11, deadlineMs: 500 }));
    expect(dear).toMatchObject({ code: 'limit_reached', retryAfterMs: 1_000 + marginMs });
    await enter({ limits: [units, five], cost: 9 });
    // One unit where no cost is said.
    await enter({ limits: [units] });
    expect(await failureOf(enter({ limits: [units], deadlineMs: 500 }))).toMatchObject({ code: 'limit_reached' });
    await enter({ limits: [five], cost: 1_000 });
    const waiting = Array.from({ length: 4 }, () => enter({ limits: [units], cost: 50 }));
    const behind = await failureOf(enter({ limits: [units], cost: 50, deadlineMs: 3_000 }));
    expect(behind).toMatchObject({ code: 'limit_reached', retryAfterMs: 3_000 + marginMs });
    void waiting;
    expect(clock.monotonic()).toBe(0);
  });

  it('does not let one endpoint’s limit hold up another', async () => {
    const { enter, clock } = limiterKit();
    const slow: RateLimit = { requests: 1, perMs: 60_000 };
    const { passed, note } = recorder();
    await enter({ limits: [slow, five] });
    void note('slow', enter({ limits: [slow, five] }));
    await clock.untilPending(1);
    for (const name of ['a', 'b', 'c', 'd']) await note(name, enter({ limits: [five] }));
    expect(passed).toEqual(['a', 'b', 'c', 'd']);
  });

  it('fails at once when the turn would come after the deadline', async () => {
    const { enter, clock } = limiterKit();
    for (let turn = 0; turn < 5; turn++) await enter({ limits: [five] });
    const error = await failureOf(enter({ limits: [five], deadlineMs: 1_000 }));
    expect(error).toMatchObject({ kind: 'rate_limited', code: 'limit_reached', retryAfterMs: 1_025, retryable: true });
    expect(clock.pending).toBe(0);
    // Ten wait already: two more windows before it is this one's turn.
    const waiting = Array.from({ length: 10 }, () => enter({ limits: [five] }));
    const behind = await failureOf(enter({ limits: [five], deadlineMs: 3_000 }));
    expect(behind).toMatchObject({ code: 'limit_reached', retryAfterMs: 3_025 });
    void waiting;
  });

  it('calls the more important first, and equals in their order', async () => {
    const { enter, clock } = limiterKit({ maxWaiting: 5 });
    const one: RateLimit = { requests: 1, perMs: 100 };
    const { passed, note } = recorder();
    await enter({ limits: [one] });
    void note('head', enter({ limits: [one] }));
    await clock.untilPending(1);
    const callers = { low: 0, a: 5, b: 5, high: 9, default: undefined };
    for (const [name, priority] of Object.entries(callers)) {
      void note(name, enter({ limits: [one], ...(priority !== undefined && { priority }) }));
    }
    // The line takes them one after the other: when the sixth is refused, the five stand in it.
    expect(await failureOf(enter({ limits: [one], priority: 0 }))).toMatchObject({ code: 'queue_full' });
    for (let turn = 1; turn <= 6; turn++) {
      await clock.untilPending(1);
      await clock.advance(105);
      await until(() => passed.length === turn);
    }
    expect(passed).toEqual(['head', 'high', 'a', 'b', 'default', 'low']);
  });

  it('pushes out the least important when too many wait', async () => {
    const { enter, clock } = limiterKit({ maxWaiting: 3 });
    const one: RateLimit = { requests: 1, perMs: 1_000 };
    await enter({ limits: [one] });
    const head = enter({ limits: [one] });
    await clock.untilPending(1);
    const low = enter({ limits: [one], priority: 1 });
    const others = [enter({ limits: [one] }), enter({ limits: [one] })];
    const late = await failureOf(enter({ limits: [one], priority: 1 }));
    expect(late).toMatchObject({ kind: 'rate_limited', code: 'queue_full', retryable: true });
    expect(late.retryAfterMs).toBeGreaterThan(1_000);
    const high = enter({ limits: [one], priority: 9 });
    expect(await failureOf(low)).toMatchObject({ code: 'queue_full' });
    for (const waiting of [head, high, ...others]) {
      await clock.untilPending(1);
      await clock.advance(1_025);
      await waiting;
    }
  });

  it('forgets a call that gives up, and passes its turn on', async () => {
    const { enter, clock } = limiterKit();
    const one: RateLimit = { requests: 1, perMs: 1_000 };
    await enter({ limits: [one] });
    const controller = new AbortController();
    const first = enter({ limits: [one], signal: controller.signal });
    const second = enter({ limits: [one] });
    await clock.untilPending(1);
    controller.abort(new Error('given up'));
    await expect(first).rejects.toThrow('given up');
    await clock.untilPending(1);
    await clock.advance(1_025);
    await second;
    expect(clock.pending).toBe(0);
  });

  it('lets keys take turns where they share a limit, and refuses the one that floods alone', async () => {
    const { enter, clock } = limiterKit({ maxWaiting: 6 });
    const one: RateLimit = { requests: 1, perMs: 100, per: 'app' };
    const { passed, note } = recorder();
    await enter({ limits: [one] });
    for (let call = 0; call < 6; call++) void note('flood', enter({ limits: [one], limitKey: 'acme:flood' }));
    await clock.untilPending(1);
    // Refused when its line is full: by then everything before it stands where it will.
    void note('flood', enter({ limits: [one], limitKey: 'acme:flood' }));
    expect(await failureOf(enter({ limits: [one], limitKey: 'acme:flood', priority: 0 }))).toMatchObject({
      code: 'queue_full',
    });
    for (const limitKey of ['acme:2', 'acme:3']) {
      for (let call = 0; call < 2; call++) void note(limitKey, enter({ limits: [one], limitKey }));
    }
    // Eleven wait; before the first call of a new key comes one of each of the three.
    const soon = await failureOf(enter({ limits: [one], limitKey: 'acme:4', deadlineMs: 300 }));
    expect(soon.retryAfterMs).toBe(105 + 3 * 100);
    for (let turn = 1; turn <= 11; turn++) {
      await clock.untilPending(1);
      await clock.advance(105);
      await until(() => passed.length === turn);
    }
    const first = passed.slice(0, 6);
    expect(first.filter((key) => key === 'acme:2')).toHaveLength(2);
    expect(first.filter((key) => key === 'acme:3')).toHaveLength(2);
    expect(passed.filter((key) => key === 'flood')).toHaveLength(7);
  });

  describe('concurrency', () => {
    const two: RateLimit = { requests: 1_000, perMs: 1_000, concurrency: 2 };

    it('lets the next one in when one is done', async () => {
      const { enter } = limiterKit({ maxWaiting: 1 });
      const { passed, note } = recorder();
      const first = await note('1', enter({ limits: [two] }));
      const second = await note('2', enter({ limits: [two] }));
      const third = note('3', enter({ limits: [two] }));
      const fourth = note('4', enter({ limits: [two] }));
      // One more than may wait: when it is refused, the third has had every chance to pass too early.
      expect(await failureOf(enter({ limits: [two] }))).toMatchObject({ code: 'queue_full' });
      expect(passed).toEqual(['1', '2']);
      first();
      (await third)();
      second();
      await fourth;
      expect(passed).toEqual(['1', '2', '3', '4']);
    });

    it('loses no place to calls that gave up', async () => {
      const { enter } = limiterKit();
      const held = [await enter({ limits: [two] }), await enter({ limits: [two] })];
      const controller = new AbortController();
      const gone = Array.from({ length: 5 }, () => enter({ limits: [two], signal: controller.signal }));
      controller.abort(new Error('given up'));
      for (const call of gone) await expect(call).rejects.toThrow('given up');
      for (const release of held) release();
      const again = [await enter({ limits: [two] }), await enter({ limits: [two] })];
      expect(again).toHaveLength(2);
    });

    it('is held through the call and given back after a failure', async () => {
      const server = await serveHttp((_request, response) => response.writeHead(400).end());
      const { fail } = transportKit([server.origin]);
      const one: RateLimit = { requests: 100, perMs: 1_000, concurrency: 1 };
      for (let turn = 0; turn < 3; turn++) await fail(server.origin, { limits: [one] });
      expect(server.requests).toHaveLength(3);
    });
  });

  describe('pauses', () => {
    it('hold calls back that can wait, and end', async () => {
      const { enter, limiter, clock } = limiterKit();
      const { passed, note } = recorder();
      limiter.pause('acme:1', 5_000);
      limiter.pause('acme:1', 1_000);
      void note('a', enter());
      void note('b', enter({ limits: [five] }));
      await enter({ limitKey: 'acme:2' });
      await clock.untilPending(1);
      await clock.advance(4_999);
      expect(passed).toEqual([]);
      await clock.advance(1);
      await until(() => passed.length === 2);
    });

    it('that grow while a call waits are kept', async () => {
      const { enter, limiter, clock } = limiterKit();
      limiter.pause('acme:1', 1_000);
      const { passed, note } = recorder();
      void note('a', enter());
      await clock.untilPending(1);
      limiter.pause('acme:1', 3_000);
      await clock.advance(2_999);
      expect(passed).toEqual([]);
      await clock.advance(1);
      await until(() => passed.length === 1);
    });
  });

  it('R11 remembers a bounded number of keys, the busy before the idle', async () => {
    const { enter, clock } = limiterKit({ maxKeys: 100 });
    const use = async (limitKey: string) => (await enter({ limits: [five], limitKey, deadlineMs: 10 }))();
    for (let key = 0; key < 99; key++) await use(`idle-${key}`);
    await clock.advance(1_100);
    for (let turn = 0; turn < 5; turn++) await use('busy');
    for (let key = 0; key < 90; key++) await use(`new-${key}`);
    expect(await failureOf(use('busy'))).toMatchObject({ code: 'limit_reached' });
    // The next hundred push out even what is in use: memory is bounded whatever happens.
    for (let key = 0; key < 200; key++) await use(`more-${key}`);
    await use('busy');
  });

  it('R07 the vendor never sees more than the limit in any window, and no key starves', async () => {
    const limit: RateLimit = { requests: 10, perMs: 100 };
    const { enter, clock } = limiterKit({ maxWaiting: 1_000 });
    const seen = new Map<string, number[]>();
    const keys = ['acme:1', 'acme:2', 'acme:3'];
    const calls = keys.flatMap((limitKey) =>
      Array.from({ length: 40 }, async () => {
        await enter({ limits: [limit], limitKey });
        seen.set(limitKey, [...(seen.get(limitKey) ?? []), clock.monotonic()]);
      }),
    );
    let done = false;
    void Promise.all(calls).then(() => (done = true));
    await until(() => {
      if (!done && clock.pending > 0) void clock.advance(5);
      return done;
    });
    for (const times of seen.values()) {
      expect(times).toHaveLength(40);
      expect(Math.min(...times.map((at, index) => (times[index + 10] ?? Infinity) - at))).toBeGreaterThanOrEqual(100);
    }
  });
});

describe('limits that other processes count as well', () => {
  const ten: RateLimit = { requests: 10, perMs: 1_000 };

  /** Gives places when asked, as many as it is told to have. */
  function others(places: number) {
    const told = {
      asked: [] as { readonly limit: RateLimit | null; readonly waiting: number }[],
      released: 0,
      left: places,
    };
    let inHand = 0;
    const admission: Admission = {
      admit({ limits = [] }) {
        if (inHand === 0) return { limit: limits[0] ?? null };
        inHand--;
        return () => void told.released++;
      },
      async ask(_request, { limit }, waiting) {
        told.asked.push({ limit, waiting });
        if (told.left === 0) return 400;
        told.left--;
        inHand++;
        return 0;
      },
      pause: () => undefined,
    };
    return { admission, told };
  }

  it('are asked last, and only for what this process would let pass', async () => {
    const { admission, told } = others(100);
    const { enter } = limiterKit({ admission });
    const releases = await Promise.all(Array.from({ length: 10 }, () => enter({ limits: [ten] })));
    expect(told.asked).toHaveLength(10);
    expect(await failureOf(enter({ limits: [ten], deadlineMs: 500 }))).toMatchObject({ code: 'limit_reached' });
    expect(told.asked).toHaveLength(10);
    for (const release of releases) release();
    expect(told.released).toBe(10);
  });

  it('close the lane for as long as they say, for all who wait in it, by priority', async () => {
    const { admission, told } = others(1);
    const { enter, clock } = limiterKit({ admission, maxWaiting: 2 });
    const { passed, note } = recorder();
    await enter({ limits: [ten] });
    void note('head', enter({ limits: [ten] }));
    await clock.untilPending(1);
    expect(told.asked).toHaveLength(2);
    // What cannot wait so long is refused without asking again.
    const refused = await failureOf(enter({ limits: [ten], deadlineMs: 300 }));
    expect(refused).toMatchObject({ code: 'limit_reached', retryAfterMs: 400 });
    expect(told.asked).toHaveLength(2);
    void note('low', enter({ limits: [ten], priority: 1 }));
    void note('high', enter({ limits: [ten], priority: 9 }));
    // When this one is refused, the two stand in line.
    expect(await failureOf(enter({ limits: [ten], priority: 0 }))).toMatchObject({ code: 'queue_full' });
    told.left = 3;
    await clock.advance(399);
    expect(passed).toEqual([]);
    await clock.advance(1);
    await until(() => passed.length === 3);
    expect(passed).toEqual(['head', 'high', 'low']);
  });

  it('do not keep a call that gives up while they are asked', async () => {
    const { admission } = others(0);
    const { enter } = limiterKit({ admission: { ...admission, ask: () => new Promise(() => undefined) } });
    const controller = new AbortController();
    const asking = enter({ limits: [ten], signal: controller.signal });
    controller.abort(new Error('given up'));
    await expect(asking).rejects.toThrow('given up');
  });

  it('are told of pauses, and asked about calls without limits', async () => {
    const { admission, told } = others(1);
    const pauses: unknown[] = [];
    const { enter, limiter } = limiterKit({
      admission: { ...admission, pause: (...pause) => void pauses.push(pause) },
    });
    await enter();
    expect(told.asked).toEqual([{ limit: null, waiting: 1 }]);
    limiter.pause('acme:1', 2_000);
    expect(pauses).toEqual([['acme:1', 2_000]]);
  });
});

it('a refusal of the limiter ends the call without a retry', async () => {
  const server = await serveHttp((_request, response) => response.end('ok'));
  const { send, fail, clock } = transportKit([server.origin]);
  const limits: RateLimit[] = [{ requests: 1, perMs: 60_000 }];
  await send(server.origin, { limits });
  const error: PlugboardError = await fail(server.origin, { limits });
  expect(error).toMatchObject({
    code: 'limit_reached',
    provider: 'acme',
    operation: 'things.list',
    retryAfterMs: 60_025,
  });
  expect(server.requests).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

it('a call whose deadline passes in the queue was never sent: rate_limited, not a timeout', async () => {
  const server = await serveHttp((_request, response) => response.end('ok'));
  const { send, fail, clock } = transportKit([server.origin]);
  const limits: RateLimit[] = [{ requests: 1, perMs: 20_000 }];
  await send(server.origin, { limits });
  const head = send(server.origin, { limits });
  await clock.untilPending(2);
  const behind = fail(server.origin, { limits, priority: 9 });
  await clock.advance(20_025);
  expect((await head).text()).toBe('ok');
  await clock.advance(10_000);
  expect(await behind).toMatchObject({ kind: 'rate_limited', code: 'limit_reached' });
  expect(server.requests).toHaveLength(2);
});
