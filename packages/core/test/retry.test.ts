import { describe, expect, it } from 'vitest';

import { createRetryBudget, parseRetryAfter, retryDelayMs, type FailedTry } from '../src/retry.ts';

const failed = (change: Partial<FailedTry> = {}): FailedTry => ({
  error: { retryable: true },
  unsent: false,
  repeatable: true,
  tries: 1,
  remainingMs: 30_000,
  random: 0.999_999,
  ...change,
});

describe('retryDelayMs', () => {
  it('D11 repeats what may be repeated, or provably never left', () => {
    expect(retryDelayMs(failed())).toBeDefined();
    expect(retryDelayMs(failed({ repeatable: false }))).toBeUndefined();
    expect(retryDelayMs(failed({ repeatable: false, unsent: true }))).toBeDefined();
  });

  it('never repeats a final failure', () => {
    expect(retryDelayMs(failed({ error: { retryable: false }, unsent: true }))).toBeUndefined();
    expect(retryDelayMs(failed({ error: { retryable: false, retryAfterMs: 1 } }))).toBeUndefined();
  });

  it('ends with the last try', () => {
    expect(retryDelayMs(failed({ tries: 3 }))).toBeDefined();
    expect(retryDelayMs(failed({ tries: 4 }))).toBeUndefined();
    expect(retryDelayMs(failed({ tries: 1 }), { maxTries: 1, baseMs: 1, capMs: 1 })).toBeUndefined();
  });

  it('draws from a range that doubles up to a cap: full jitter', () => {
    const policy = { maxTries: 20, baseMs: 100, capMs: 1_000 };
    const widest = [1, 2, 3, 4, 5, 6, 19].map((tries) => retryDelayMs(failed({ tries }), policy));
    expect(widest).toEqual([99, 199, 399, 799, 999, 999, 999]);
    expect(retryDelayMs(failed({ tries: 5, random: 0 }), policy)).toBe(0);
    expect(retryDelayMs(failed({ tries: 5, random: 0.5 }), policy)).toBe(500);
  });

  it('D10 never waits less than the vendor asks, and a little more at random', () => {
    const error = { retryable: true, retryAfterMs: 2_000 };
    expect(retryDelayMs(failed({ error, random: 0 }))).toBe(2_000);
    expect(retryDelayMs(failed({ error, random: 0.999, tries: 3 }))).toBe(2_249);
  });

  it('D10 does not begin a wait that outlasts the deadline', () => {
    const error = { retryable: true, retryAfterMs: 120_000 };
    expect(retryDelayMs(failed({ error, random: 0 }))).toBeUndefined();
    expect(retryDelayMs(failed({ error, random: 0, remainingMs: 120_000 }))).toBeUndefined();
    expect(retryDelayMs(failed({ error, random: 0, remainingMs: 120_001 }))).toBe(120_000);
  });
});

describe('D10 parseRetryAfter', () => {
  const now = Date.UTC(2026, 10, 20, 12, 0, 0);
  const parse = (value: string, date?: string) => {
    const headers = new Headers({ 'retry-after': value });
    if (date !== undefined) headers.set('date', date);
    return parseRetryAfter(headers, now);
  };

  it.each([
    ['120', 120_000],
    ['0', 0],
    ['1.5', 1_500],
    [' 7 ', 7_000],
    ['Fri, 20 Nov 2026 12:02:00 GMT', 120_000],
    ['Fri, 20 Nov 2026 11:00:00 GMT', 0],
    ['315360000', 315_360_000_000],
  ])('%s is %d ms', (value, expected) => expect(parse(value)).toBe(expected));

  it.each([
    '-1', '+1', 'abc', '', '1e9', '0x10', '1,2', '1 2', '12s', 'NaN', 'Infinity', '2026-11-20T12:02:00Z', '20 Nov 2026',
    'Fri, 20 Nov 2026 12:02:00', 'Fri, 20 Nov 2026 12:02:00 +0100', 'Fri, 99 Nov 2026 12:02:00 GMT', '9'.repeat(65),
  ])('%s is junk', (value) => expect(parse(value)).toBeUndefined()); // prettier-ignore

  it('measures a date against the clock that wrote it', () => {
    expect(parse('Fri, 20 Nov 2026 13:00:30 GMT', 'Fri, 20 Nov 2026 13:00:00 GMT')).toBe(30_000);
    expect(parse('Fri, 20 Nov 2026 12:00:30 GMT', 'junk')).toBe(30_000);
  });

  it('takes milliseconds, where a vendor tells them, before seconds', () => {
    const told = (value: string) => parseRetryAfter(new Headers({ 'retry-after': '2', 'retry-after-ms': value }), now);
    expect(['1500', '0.2', '-1', 'soon'].map(told)).toEqual([1_500, 1, 2_000, 2_000]);
  });

  it('has no answer without header, or without any clock', () => {
    expect(parseRetryAfter(new Headers(), now)).toBeUndefined();
    expect(parseRetryAfter(new Headers({ 'retry-after': 'Fri, 20 Nov 2026 12:02:00 GMT' }))).toBeUndefined();
  });
});

describe('createRetryBudget', () => {
  it('allows a burst, then a tenth of the calls', () => {
    const budget = createRetryBudget(5, 0.1);
    const spend = (calls: number) => {
      let retries = 0;
      for (let call = 0; call < calls; call++) {
        budget.deposit();
        if (budget.withdraw()) retries++;
      }
      return retries;
    };
    expect(spend(6)).toBeLessThanOrEqual(6);
    const sustained = spend(1_000);
    expect(sustained).toBeGreaterThanOrEqual(99);
    expect(sustained).toBeLessThanOrEqual(101);
  });

  it('saves up no more than its reserve', () => {
    const budget = createRetryBudget(3, 1);
    for (let call = 0; call < 100; call++) budget.deposit();
    expect([1, 2, 3, 4].map(() => budget.withdraw())).toEqual([true, true, true, false]);
  });
});
