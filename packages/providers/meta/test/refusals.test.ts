import { createAnswer } from '@plugboard/core/provider-kit';
import { describe, expect, test } from 'vitest';

import { classifyToken, errors } from '../src/access.ts';
import { meta } from '../src/index.ts';

const { classify, examples } = errors;

describe('what refusals mean', () => {
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const judge = (rule: typeof classify, body: unknown, { status = 400, headers = {} } = {}) =>
    rule(createAnswer({ status, headers: new Headers(headers) }, encode(body)));
  const error = (code: number, more: object = {}) => ({ error: { message: 'Refused.', code, ...more } });

  test.each(Object.entries(examples).filter(([, example]) => 'body' in example))('%s', (_name, example) => {
    const { body, status, headers, is } = example as typeof examples.insightsThrottled;
    const { kind, code, retryAfterMs } = judge(classify, body, { status, headers })!;
    const { kind: expectedKind, code: expectedCode, retryAfterMs: expectedWait } = is;
    expect({ kind, code, retryAfterMs }).toEqual({
      kind: expectedKind,
      code: expectedCode,
      retryAfterMs: expectedWait,
    });
  });

  test('every code of the table of throttles waits', () => {
    const others = [80001, 80002, 80005, 80006, 80008, 80009, 80014];
    for (const code of [4, 17, 32, 341, 613, 80000, 80003, 80004, ...others]) {
      expect(judge(classify, error(code), { status: 403 })?.kind, String(code)).toBe('rate_limited');
    }
  });

  test('what must never be tried again is not, although it is called transient', () => {
    const kinds = [100, 10, 200, 299, 190, 368].map(
      (code) => judge(classify, error(code, { is_transient: true }))?.kind,
    );
    expect(kinds).toEqual(['invalid_request', 'permission', 'permission', 'permission', 'auth', 'permission']);
  });

  test('the longest wait of several businesses counts, in minutes', () => {
    const usage = { a: [{ estimated_time_to_regain_access: 3 }], b: [{ estimated_time_to_regain_access: 7 }, {}] };
    const headers = { 'x-business-use-case-usage': JSON.stringify(usage) };
    expect(judge(classify, error(80004), { headers })?.retryAfterMs).toBe(420_000);
    expect(
      judge(classify, error(80004), { headers: { 'x-business-use-case-usage': '{broken' } })?.retryAfterMs,
    ).toBeUndefined();
    expect(judge(classify, error(100), { headers })?.retryAfterMs).toBeUndefined();
  });

  test('what is not known, and what is no refusal, is left to the status', () => {
    const { kind, code, vendor } = judge(classify, error(2500))!;
    expect({ kind, code, vendor }).toEqual({
      kind: 'invalid_request',
      code: 'bad_request',
      vendor: { code: '2500', message: 'Refused.' },
    });
    expect(judge(classifyToken, error(2500))).toBeUndefined();
    expect(judge(classify, 'gone', { status: 502 })).toBeUndefined();
    expect(judge(classify, error(190), { status: 200 })).toBeUndefined();
  });

  test.each([
    [102, 463, 'token_expired'],
    [190, 999, 'token_invalid'],
    [80004, 2446079, 'account_throttled'],
    [100, 1487390, 'invalid_parameter'],
  ])('%i with subcode %i is %s, and both are named', (number, subcode, code) => {
    const failure = judge(classify, error(number, { error_subcode: subcode }));
    expect(failure).toMatchObject({ code, vendor: { code: `${number}/${subcode}` } });
  });

  test('tokens that a refusal quotes are not kept', () => {
    const token = 'EAABsbCS1iHgBO0LZCxZBqZA4';
    const vendor = judge(classify, error(190, { message: `Malformed access token ${token}` }))?.vendor;
    expect(vendor).toEqual({ code: '190', message: 'Malformed access token [token]' });
    expect(judge(classify, error(2500, { message: token }))?.vendor?.message).toBe('[token]');
  });

  test.each([
    [error(100, { message: 'This authorization code has been used.' }), 'auth', 'invalid_grant'],
    [error(100, { message: 'Invalid verification code format.' }), 'auth', 'invalid_grant'],
    [error(190, { error_subcode: 463 }), 'auth', 'invalid_grant'],
    [error(100, { message: 'Missing redirect_uri parameter.' }), 'invalid_request', 'invalid_parameter'],
    [error(1, { message: 'Error validating client secret.' }), 'configuration', 'invalid_client'],
    [error(1), 'unavailable', 'transient'],
  ])('the token endpoint: %j', (body, kind, code) => {
    expect(judge(classifyToken, body)).toMatchObject({ kind, code });
  });

  test('the declared examples are what the engine is told', () => {
    expect(meta.definition.api.errors.examples).toBe(examples);
  });
});
