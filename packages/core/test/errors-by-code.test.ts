import { describe, expect, test } from 'vitest';

import { encodeUtf8 } from '../src/bytes.ts';
import { vendorErrors } from '../src/errors-by-code.ts';
import { createAnswer } from '../src/transport/answer.ts';

const answer = (status: number, body: unknown) =>
  createAnswer({ status, headers: new Headers() }, encodeUtf8(typeof body === 'string' ? body : JSON.stringify(body)));
const examples = { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } as const;

describe('vendorErrors', () => {
  const rules = vendorErrors({
    code: ['error', 'code'],
    message: ['error', 'message'],
    codes: { BAD_KEY: 'auth', quota: { kind: 'rate_limited', retryable: false, hint: 'Buy more.' }, 7: 'not_found' },
    classify: ({ status }) => (status === 418 ? { kind: 'conflict', code: 'teapot' } : undefined),
    examples,
  });
  const judge = (status: number, body: unknown) => rules.classify(answer(status, body));

  test('finds the meaning of a code, with the words of the vendor beside it', () => {
    expect(judge(400, { error: { code: 'BAD_KEY', message: 'No.' } })).toEqual({
      kind: 'auth',
      code: 'bad_key',
      vendor: { code: 'BAD_KEY', message: 'No.' },
    });
    expect(judge(429, { error: { code: 'quota' } })).toMatchObject({
      kind: 'rate_limited',
      retryable: false,
      code: 'quota',
    });
    expect(judge(400, { error: { code: 7 } })).toMatchObject({ kind: 'not_found', code: 'code_7' });
  });

  test('leaves everything else to the status, and keeps what the vendor calls it', () => {
    for (const body of ['<html>', {}, { error: 'BAD_KEY' }]) expect(judge(400, body)).toBeUndefined();
    for (const code of ['toString', 'new']) {
      expect(judge(400, { error: { code, message: 'No.' } })).toEqual({
        kind: 'invalid_request',
        code: 'bad_request',
        vendor: { code, message: 'No.' },
      });
    }
    expect(judge(200, { error: { code: 'BAD_KEY' } })).toBeUndefined();
  });

  test('asks the function first, and judges successes only where the vendor hides errors in them', () => {
    expect(judge(418, { error: { code: 'BAD_KEY' } })).toMatchObject({ code: 'teapot' });
    const inside = vendorErrors({ code: ['error'], codes: { gone: 'not_found' }, insideSuccess: true, examples });
    expect(inside.classify(answer(200, { error: 'gone' }))).toMatchObject({ kind: 'not_found' });
    expect(inside.classify(answer(200, { ok: true }))).toBeUndefined();
  });

  test('hears the vendor on another try, where a header says so, but not against the table', () => {
    const codes = { quota: { kind: 'rate_limited', retryable: false }, busy: 'unavailable' } as const;
    const told = vendorErrors({ code: ['error'], codes, retryHeader: 'x-again', examples });
    const heard = (status: number, body: object, again?: string) =>
      told.classify(
        createAnswer(
          { status, headers: new Headers(again === undefined ? {} : { 'x-again': again }) },
          encodeUtf8(JSON.stringify(body)),
        ),
      );
    expect(heard(503, { error: 'busy' }, 'false')).toMatchObject({ kind: 'unavailable', retryable: false });
    expect(heard(409, {}, 'true')).toMatchObject({ kind: 'conflict', retryable: true });
    expect(heard(429, { error: 'quota' }, 'true')).toMatchObject({ retryable: false });
    expect(heard(503, { error: 'busy' }, 'maybe')).not.toHaveProperty('retryable');
    expect(heard(503, {})).toBeUndefined();
    expect(heard(200, {}, 'true')).toBeUndefined();
  });

  test('goes from a subcode to its code, and names what the vendor said first', () => {
    const codes = { '190/463': { kind: 'auth', code: 'expired' }, 190: 'auth' } as const;
    const pairs = vendorErrors({
      code: (given) => {
        const [code] = given.text().split('/');
        return code === '' ? undefined : [given.text(), code!];
      },
      codes,
      examples,
    });
    const judge = (body: string) => pairs.classify(answer(400, body));
    expect(judge('190/463')).toEqual({ kind: 'auth', code: 'expired', vendor: { code: '190/463' } });
    expect(judge('190/1')).toEqual({ kind: 'auth', code: 'code_190_1', vendor: { code: '190/1' } });
    expect(judge('4/463')).toMatchObject({ kind: 'invalid_request', code: 'bad_request', vendor: { code: '4/463' } });
    expect(judge('')).toBeUndefined();
  });

  test('waits as long as the vendor says outside of Retry-After, for limits alone', () => {
    const codes = { busy: 'rate_limited', gone: 'not_found' } as const;
    const waiting = vendorErrors({
      code: ['error'],
      codes,
      waitMs: (given) => (given.text().includes('minute') ? 60_000 : undefined),
      examples,
    });
    const judge = (status: number, body: unknown) => waiting.classify(answer(status, body));
    expect(judge(403, { error: 'busy', wait: 'a minute' })).toMatchObject({ code: 'busy', retryAfterMs: 60_000 });
    expect(judge(429, 'a minute')).toMatchObject({ code: 'rate_limited', retryAfterMs: 60_000 });
    for (const [status, body] of [
      [403, { error: 'busy' }],
      [404, { error: 'gone', wait: 'a minute' }],
    ] as const) {
      expect(judge(status, body)).not.toHaveProperty('retryAfterMs');
    }
    expect(judge(429, 'later')).toBeUndefined();
  });

  test('has a meaning for codes that are not in the table, where the vendor has many', () => {
    const open = vendorErrors({
      code: ['error'],
      codes: { gone: 'not_found' },
      otherwise: 'invalid_request',
      examples,
    });
    expect(open.classify(answer(400, { error: 'odd_one' }))).toMatchObject({
      kind: 'invalid_request',
      code: 'odd_one',
    });
    expect(open.classify(answer(400, {}))).toBeUndefined();
  });
});
