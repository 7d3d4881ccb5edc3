/** What a failed refresh means, and when the next one is due: numbers that nobody else looks at. */
import { describe, expect, test } from 'vitest';

import type { AuthMethod, RefreshPolicy } from '../src/auth/auth.ts';
import { canRefresh, lifetimeOf } from '../src/connections/lifetime.ts';
import {
  backoffMs,
  coolingDown,
  endedMeanwhile,
  errorRecord,
  isHeldBack,
  isOutage,
  isUnknownOutcome,
  noAccessToken,
  reconnectRequired,
  wasOutage,
  withAssumedLife,
} from '../src/connections/refresh-facts.ts';
import { PlugboardError, type ErrorKind } from '../src/errors.ts';
import type { ConnectionRow } from '../src/store.ts';
import { createFakeClock } from './support/fake-clock.ts';

const kinds = [
  'auth', 'permission', 'not_found', 'invalid_request', 'conflict', 'rate_limited', 'unavailable', 'timeout', 'network', 'aborted',
  'invalid_response', 'configuration',
] as const satisfies readonly ErrorKind[]; // prettier-ignore
const failed = (kind: ErrorKind, code = 'broken') => new PlugboardError({ kind, code, message: 'It failed.' });
const at = new Date('2026-01-01T00:00:00Z');
const rowWith = (change: Partial<ConnectionRow>) => ({ provider: 'acme', readAt: at, ...change }) as ConnectionRow;
const hourMs = 3_600_000;

test('an outage is what keeps a server from being asked; it doubles up to five minutes, all else up to six hours', () => {
  const outages = kinds.filter((kind) => isOutage(failed(kind)));
  expect(outages).toEqual(['unavailable', 'timeout', 'network']);
  for (const kind of kinds) {
    const pauses = [0, 1, 3, 4, 9, 10, 60].map((failCount) => backoffMs(failCount, failed(kind)) / 1000);
    const longest = outages.includes(kind) ? 300 : 21_600;
    expect(pauses).toEqual([30, 60, 240, 480, 15_360, 30_720, 1e30].map((seconds) => Math.min(seconds, longest)));
  }
});

test.each(['not_a_token_answer', 'not_an_oauth_error'])(
  'a page where a token endpoint should be is an outage too: %s',
  (code) => {
    const page = failed('invalid_response', code);
    expect([isOutage(page), backoffMs(20, page)]).toEqual([true, 300_000]);
    expect(wasOutage(errorRecord(page, at), new Date(at.getTime() + 1))).toBe(1);
    // The vendor may have rotated all the same.
    expect(isUnknownOutcome(page)).toBe(true);
  },
);

test('a server that answers others is asked again soon, but not for ever', () => {
  const pauses = [0, 1, 9, 10, 11, 12, 13, 14, 60].map(
    (failCount) => backoffMs(failCount, failed('unavailable'), true) / 1000,
  );
  expect(pauses).toEqual([30, 30, 30, 30, 60, 120, 240, 300, 300]);
});

test('the vendor may have acted where it answered oddly, where we stopped waiting, and where the code says so', () => {
  expect(kinds.filter((kind) => isUnknownOutcome(failed(kind)))).toEqual([
    'unavailable',
    'aborted',
    'invalid_response',
  ]);
  expect(isUnknownOutcome(failed('network', 'outcome_unknown'))).toBe(true);
});

test('a limit is our own where no status came with it', () => {
  expect(kinds.filter((kind) => isHeldBack({ kind }))).toEqual(['rate_limited']);
  expect(isHeldBack({ kind: 'rate_limited', status: 429 })).toBe(false);
});

test('the time since an outage is told for a failure that was one', () => {
  const later = new Date(at.getTime() + 90_000);
  const record = (kind: ErrorKind) => errorRecord(failed(kind), at);
  expect(record('network')).toEqual({ code: 'broken', kind: 'network', message: 'It failed.', at: at.toISOString() });
  expect(wasOutage(record('network'), later)).toBe(90_000);
  expect(wasOutage(record('auth'), later)).toBeUndefined();
  expect(wasOutage(null, later)).toBeUndefined();
  expect(wasOutage({ kind: 'network' }, later)).toBeUndefined();
  expect(wasOutage({ kind: 'network', code: 'broken' }, later)).toBeUndefined();
  expect(wasOutage({ at: at.toISOString() }, later)).toBeUndefined();
});

test('a token whose life is no longer told lives for an hour, one that never had an end has none', () => {
  const grant = { credentials: { accessToken: 'a' } };
  const ending = rowWith({ tokenExpiresAt: at });
  expect(withAssumedLife(ending, grant)).toEqual({
    grant: { ...grant, expiresInMs: hourMs },
    warning: expect.stringContaining('one hour is assumed') as string,
  });
  expect(withAssumedLife(rowWith({ tokenExpiresAt: null }), grant)).toEqual({ grant });
  expect(withAssumedLife(ending, { ...grant, expiresInMs: 5 })).toEqual({ grant: { ...grant, expiresInMs: 5 } });
});

describe('an error of a refresh', () => {
  test('tells who waits how long, and of what failure', () => {
    const row = rowWith({ lastError: { code: 'server_error' }, refreshAt: new Date(at.getTime() + 90_001) });
    const error = coolingDown(row);
    expect(error).toMatchObject({
      kind: 'unavailable',
      code: 'refresh_cooling_down',
      provider: 'acme',
      retryAfterMs: 90_001,
      retryable: true,
    });
    expect(error.message).toContain('(server_error); the next one is due in 91 s');
  });

  test('asks for a second at least, whatever the row holds', () => {
    for (const row of [rowWith({ lastError: null, refreshAt: null }), rowWith({ lastError: {}, refreshAt: at })]) {
      expect(coolingDown(row)).toMatchObject({ retryAfterMs: 1_000 });
      expect(coolingDown(row).message).toContain('(refresh_failed)');
    }
  });

  test('says whether to connect anew or to try again', () => {
    const row = rowWith({});
    expect(endedMeanwhile(row)).toMatchObject({ kind: 'auth', code: 'not_connected', provider: 'acme' });
    expect(noAccessToken(row)).toMatchObject({
      kind: 'invalid_response',
      code: 'no_access_token',
      provider: 'acme',
      retryable: true,
    });
    const ended = reconnectRequired(row, 'revoked');
    expect(ended).toMatchObject({ kind: 'auth', code: 'reconnect_required', provider: 'acme' });
    expect(ended.message).toContain('revoked');
  });
});

describe('the life of a grant', () => {
  const oauth = (refresh: RefreshPolicy | 'none') => ({ kind: 'oauth2', refresh }) as AuthMethod;
  const clock = createFakeClock();
  const life = (method: AuthMethod, grant: Parameters<typeof lifetimeOf>[0]) => {
    const { tokenExpiresAt, refreshAt, refreshExpiresAt } = lifetimeOf(grant, method, at, clock);
    return [tokenExpiresAt, refreshAt, refreshExpiresAt].map((date) => date && date.getTime() - at.getTime());
  };
  const renewed = oauth({ rotation: 'strict' });

  test('is renewed between half of it and nine tenths', () => {
    for (const [chance, share] of [[0, 0.5], [0.5, 0.7], [1, 0.9]] as const) {
      clock.setRandom(chance);
      expect(life(renewed, { expiresInMs: hourMs })).toEqual([hourMs, hourMs * share, null]);
    } // prettier-ignore
    clock.setRandom(0);
  });

  test('ends for good where nothing renews it', () => {
    expect(life(oauth('none'), { expiresInMs: hourMs, refreshExpiresInMs: 7 })).toEqual([hourMs, null, 7]);
    const minted = { kind: 'apiKey', mint: {} } as unknown as AuthMethod;
    expect(life(minted, { expiresInMs: hourMs })).toEqual([hourMs, hourMs / 2, null]);
    expect([renewed, minted, oauth('none'), { kind: 'apiKey' } as unknown as AuthMethod].map(canRefresh)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('without an end is renewed only where the refresh token would die unused', () => {
    expect(life(renewed, {})).toEqual([null, null, null]);
    const idle = oauth({ rotation: 'stable', idleMs: 10 * hourMs });
    expect(life(idle, {})).toEqual([null, 5 * hourMs, null]);
    expect(life(idle, { expiresInMs: hourMs })).toEqual([hourMs, hourMs / 2, null]);
    expect(life(idle, { expiresInMs: 100 * hourMs })).toEqual([100 * hourMs, 5 * hourMs, null]);
  });
});
