/** What an answer of a token endpoint is taken for: a grant, a refusal, or an outage. */
import { describe, expect, test } from 'vitest';

import { classifyOAuth, readTokenAnswer, splitScopes } from '../src/auth/token-answer.ts';
import { Secret } from '../src/secret.ts';
import { createAnswer } from '../src/transport/answer.ts';

const judged = (status: number, body: unknown) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return classifyOAuth(createAnswer({ status, headers: new Headers() }, new TextEncoder().encode(text)));
};

describe('an error of RFC 6749', () => {
  test.each([
    ['invalid_grant', 'auth'],
    ['invalid_client', 'configuration'],
    ['unauthorized_client', 'configuration'],
    ['invalid_scope', 'permission'],
    ['access_denied', 'permission'],
    ['invalid_request', 'invalid_request'],
    ['unsupported_grant_type', 'configuration'],
    ['temporarily_unavailable', 'unavailable'],
    ['server_error', 'unavailable'],
  ])('%s is of kind %s, whatever the status says', (error, kind) => {
    for (const status of [200, 400, 401, 429, 500]) {
      const failure = judged(status, { error, error_description: 'The words of the vendor.' });
      expect(failure).toMatchObject({
        kind,
        code: error,
        vendor: { code: error, message: 'The words of the vendor.' },
      });
      expect(failure?.hint).toMatch(/\w/);
    }
    expect(judged(400, { error })?.vendor).toStrictEqual({ code: error });
  });

  test.each(['odd_error', 'constructor', '__proto__'])(
    '%s, which is none of them, is a refusal and ends nothing',
    (error) => {
      const common = { kind: 'invalid_response', code: 'token_refused' };
      for (const status of [200, 400, 499])
        expect(judged(status, `{"error":"${error}"}`)).toMatchObject({
          ...common,
          vendor: { code: 'token_refused', message: error },
        });
      expect(judged(400, { error, error_description: 'why' })?.vendor).toMatchObject({ message: 'why' });
      for (const status of [429, 500, 503]) expect(judged(status, { error })).toBeUndefined();
    },
  );
});

describe('an answer without an error', () => {
  test('is a grant where it is a JSON object with status 2xx', () => {
    for (const status of [200, 299]) expect(judged(status, {})).toBeUndefined();
    for (const body of ['', '<html>', 'null', '[]', '"text"', '5'])
      expect(judged(200, body)).toMatchObject({
        kind: 'invalid_response',
        code: 'not_a_token_answer',
        retryable: true,
      });
  });

  test('is an outage where the transport judges it by its status, or where it is a page', () => {
    for (const status of [429, 500, 599]) expect(judged(status, '<html>')).toBeUndefined();
    for (const status of [199, 300, 400, 404, 499])
      expect(judged(status, {})).toMatchObject({
        kind: 'invalid_response',
        code: 'not_an_oauth_error',
        retryable: true,
      });
  });
});

describe('a grant', () => {
  test('has what was answered, and nothing that was not', () => {
    expect(readTokenAnswer({})).toStrictEqual({ credentials: {} });
    const answer = {
      access_token: 'a',
      refresh_token: 'r',
      id_token: 'i',
      scope: 'read write',
      expires_in: 60,
      refresh_token_expires_in: '90',
    };
    expect(readTokenAnswer(answer)).toStrictEqual({
      credentials: { accessToken: new Secret('a'), refreshToken: new Secret('r'), idToken: new Secret('i') },
      expiresInMs: 60_000,
      refreshExpiresInMs: 90_000,
      scopes: ['read', 'write'],
    });
    const { accessToken, refreshToken, idToken } = readTokenAnswer(answer).credentials;
    const texts = [accessToken, refreshToken, idToken].map((secret) => (secret as Secret).reveal());
    expect(texts).toEqual(['a', 'r', 'i']);
    expect(readTokenAnswer({ scope: '' }).scopes).toEqual([]);
    expect(readTokenAnswer({ scope: ['x'] })).toStrictEqual({ credentials: {} });
  });

  test('lives for a second at least, and ten years at most', () => {
    const lives = [-1, 0, 1, 2, 315_360_000, 315_360_001].map(
      (expires) => readTokenAnswer({ expires_in: expires }).expiresInMs,
    );
    expect(lives).toEqual([1_000, 1_000, 1_000, 2_000, 315_360_000_000, 315_360_000_000]);
  });

  test('has its scopes apart by whichever separator the vendor uses', () => {
    expect(splitScopes('a b  a')).toEqual(['a', 'b']);
    expect(splitScopes('a,b, c')).toEqual(['a,b,', 'c']);
    expect(splitScopes('a,b')).toEqual(['a', 'b']);
    expect(splitScopes('a, b,,a', ',')).toEqual(['a', 'b']);
    expect(splitScopes('a b', ',')).toEqual(['a', 'b']);
    expect(readTokenAnswer({ scope: 'a b,c' }, ',').scopes).toEqual(['a b', 'c']);
  });
});
