import type { Answer } from '@plugboard/core';
import { createAnswer } from '@plugboard/core/provider-kit';
import { CodeChallengeMethod, OAuth2Client } from 'google-auth-library';
import { expect, test } from 'vitest';

import { errorInfo, googleOAuth, googleScope, listOf, permits, refusal, rpcRefusal } from '../src/index.ts';
import { target } from './rig.ts';
import { createRig, sample, scopes } from './sample.ts';

const answerOf = (status: number, body: object): Answer =>
  createAnswer({ status, headers: new Headers() }, new TextEncoder().encode(JSON.stringify(body)));
const tokens = (scope: string) =>
  Response.json({ access_token: 'stub', expires_in: 3599, refresh_token: '1//0g', scope, token_type: 'Bearer' });

test('the authorization request is the one that Google’s own library makes', async () => {
  const { url: ours } = await createRig().begin();
  const [state, challenge] = [ours.searchParams.get('state')!, ours.searchParams.get('code_challenge')!];
  const library = new OAuth2Client({
    clientId: 'cid.apps.googleusercontent.com',
    redirectUri: 'https://app.example.com/integrations/callback/google-oauth',
  });
  const theirs = new URL(
    library.generateAuthUrl({
      access_type: 'offline',
      prompt: 'consent',
      include_granted_scopes: true,
      scope: ['openid', 'email'],
      state,
      code_challenge: challenge,
      code_challenge_method: CodeChallengeMethod.S256,
    }),
  );
  expect(ours.origin + ours.pathname).toBe(theirs.origin + theirs.pathname);
  expect(Object.fromEntries(ours.searchParams)).toEqual(Object.fromEntries(theirs.searchParams));
});

test('scopes that Google grants under their long names are not missing', async () => {
  const { authorize, answer } = createRig();
  const granted = `openid ${googleScope('userinfo.email')}`;
  answer(({ url }) => (url.pathname === '/token' ? tokens(granted) : undefined));
  expect(await authorize()).toMatchObject({ status: 'connected', missingScopes: [], connection: { status: 'active' } });
});

test('an operation is permitted by any scope of a list, by each of several lists, and by what nobody knows', () => {
  const needed = { scopes: ['a', ['b', 'c']] };
  const verdicts = [['a', 'c'], ['a', 'b', 'd'], ['a'], ['b', 'c'], []].map((granted) =>
    permits({ scopes: granted }, needed),
  );
  expect(verdicts).toEqual([true, true, false, false, false]);
  expect([permits({ scopes: null }, needed), permits({ scopes: [] }, {})]).toEqual([true, true]);
});

test('a user who leaves a scope unticked keeps what was granted, and a second grant adds to the first', async () => {
  const { authorize, board, answer } = createRig();
  answer(({ url }) => (url.pathname === '/token' ? tokens('openid email') : undefined));
  expect(await authorize({ scopes: ['openid', 'email', scopes.less] })).toMatchObject({
    status: 'connected',
    missingScopes: [scopes.less],
    connection: { status: 'degraded', reason: 'scopes_missing' },
  });
  // With `include_granted_scopes` the answer names what was granted before as well, asked for or not.
  answer(({ url }) => (url.pathname === '/token' ? tokens(`openid email ${scopes.less}`) : undefined));
  const { connection: first } = { connection: await board.connections.get('google-oauth', target) };
  expect(await authorize({ scopes: [scopes.less] })).toMatchObject({
    status: 'connected',
    missingScopes: [],
    connection: { id: first?.id, status: 'active', scopes: ['openid', 'email', scopes.less] },
  });
});

test.each([
  [403, { error: 'admin_policy_enforced' }, 'permission'],
  [403, { error: 'org_internal' }, 'permission'],
  [401, { error: 'deleted_client' }, 'configuration'],
  [401, { error: 'disabled_client' }, 'configuration'],
  [400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }, 'auth'],
  [400, { error: 'invalid_grant', error_subtype: 'invalid_rapt' }, 'auth'],
  [401, { error: 'invalid_client' }, 'configuration'],
])('a refresh that is answered %i %o is a matter of %3$s', (status, body, kind) => {
  const { classify } = googleOAuth({ ask: { openid: 'Know who you are.' } });
  expect(classify!(answerOf(status, body))).toMatchObject({ kind, code: body.error });
});

test('refusals are told by their reason, wherever it stands, and a wait in words is a wait', () => {
  const { classify } = sample.definition.api.errors;
  const judge = (status: number, error: object, headers = {}) =>
    classify?.(
      createAnswer({ status, headers: new Headers(headers) }, new TextEncoder().encode(JSON.stringify({ error }))),
    );
  const info = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'SERVICE_DISABLED' }];
  expect(judge(403, { details: info })).toMatchObject({ kind: 'configuration', code: 'service_disabled' });
  expect(judge(403, { errors: [{ reason: 'somethingNew' }] })).toMatchObject({ kind: 'permission', code: 'forbidden' });
  const message = 'User-rate limit exceeded.  Retry after 2026-11-20T10:15:00.000Z';
  const date = 'Fri, 20 Nov 2026 10:00:00 GMT';
  expect(judge(429, { message }, { date })).toMatchObject({ kind: 'rate_limited', retryAfterMs: 900_000 });
  expect(judge(403, { message, errors: [{ reason: 'userRateLimitExceeded' }] }, { date })).toMatchObject({
    kind: 'rate_limited',
    retryAfterMs: 900_000,
  });
  // A time that has passed is no wait, and without a date of the answer nobody knows how long it is.
  expect(judge(429, { message }, { date: 'Fri, 20 Nov 2026 11:00:00 GMT' })).toMatchObject({ retryAfterMs: 0 });
  expect(judge(429, { message })).toBeUndefined();
  expect(judge(400, { message }, { date })).not.toHaveProperty('retryAfterMs');
});

test('a refusal that is declared says its reason in the vendor’s words and in ours, and is judged like that', () => {
  const { classify } = sample.definition.api.errors;
  const older = refusal(403, 'domainPolicy', 'permission', { message: 'No.' });
  expect(older).toEqual({
    status: 403,
    body: {
      error: { code: 403, message: 'No.', errors: [{ message: 'No.', domain: 'global', reason: 'domainPolicy' }] },
    },
    is: { kind: 'permission', code: 'domain_policy' },
  });
  const newer = rpcRefusal(403, 'PERMISSION_DENIED', 'configuration', errorInfo('SERVICE_DISABLED', { service: 'x' }));
  expect(newer).toMatchObject({ status: 403, is: { kind: 'configuration', code: 'service_disabled' } });
  const plain = rpcRefusal(429, 'RESOURCE_EXHAUSTED', { kind: 'rate_limited', retryable: true });
  expect(plain.is).toEqual({ kind: 'rate_limited', code: 'resource_exhausted', retryable: true });
  expect(refusal(400, 'invalid', { kind: 'invalid_request', code: 'bad_request' }).is.code).toBe('bad_request');
  for (const { status, body, is } of [older, newer, plain]) {
    expect(classify?.(answerOf(status, body as object))).toMatchObject({ kind: is.kind, code: is.code });
  }
  expect([listOf(['a']), listOf(undefined), listOf('a'), listOf({})]).toEqual([['a'], [], [], []]);
});
