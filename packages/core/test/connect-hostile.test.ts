/** Connecting while somebody interferes: parameters that are not theirs to set, answers that are none, floods. */
import { describe, expect, it } from 'vitest';

import { oauth2 } from '../src/auth/methods.ts';
import { defineProvider } from '../src/define-provider.ts';
import { isPlugboardError } from '../src/errors.ts';
import type { Json } from '../src/json.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { acmeProvider, createRig, organizationId, userId } from './support/rig.ts';

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );

describe('A14 a parameter that binds a flow', () => {
  const names = `state redirect_uri client_id client_secret response_type response_mode scope nonce
    code_challenge code_challenge_method code_verifier request request_uri`.split(/\s+/);
  const spellings = names.flatMap((name) => [
    name,
    name.toUpperCase(),
    name.replace(/^./, (first) => first.toUpperCase()),
  ]);
  const options = {
    token: { url: 'https://auth.acme.example.com/token' },
    scopes: { ask: [], known: {} },
    pkce: 'required',
    refresh: 'none',
    example: {},
  } as const;
  const url = 'https://auth.acme.example.com/authorize';

  it.each(spellings)('A14 %s is refused at the definition, and at the call where it is computed', async (name) => {
    const define = () => oauth2({ ...options, authorize: { url, params: { [name]: 'x' } } });
    expect(define).toThrow(expect.objectContaining({ kind: 'configuration', code: 'reserved_parameter' }) as Error);
    const { board } = createRig({ oauth: { authorize: { url, params: () => ({ [name]: 'x' }) } } });
    expect(await codeOf(board.authorize('acme', { organizationId, userId }))).toBe('reserved_parameter');
  });
});

describe('the callback', () => {
  it('A07 ends no flow of another provider, whatever cookies come with it', async () => {
    const { definition } = acmeProvider();
    const other = defineProvider({ ...definition, id: 'other' } as never) as unknown as typeof acmeProvider;
    const more = [other({ clientId: 'client', clientSecret: 'secret', signingSecret: 'x' } as never) as never];
    const { board, consent, tokenCalls, store } = createRig({}, { more });
    const { back, cookies } = await consent();
    const { cookie } = await board.authorize('other' as never, { organizationId, userId });
    const value = cookies.slice(cookies.indexOf('=') + 1);
    const renamed = `${cookies.slice(0, cookies.indexOf('=')).replace('-acme-', '-other-')}=${value}`;
    for (const brought of [cookies, renamed, `${cookies}; ${renamed}; ${cookie.name}=${cookie.value}`]) {
      const input = { params: back, cookies: brought, organizationId, userId };
      expect(await codeOf(board.callback('other' as never, input))).toBe('state_invalid');
    }
    expect(tokenCalls()).toHaveLength(0);
    expect((await store.connections.list(organizationId)).items).toEqual([]);
    expect(await codeOf(board.callback('acme', { params: back, cookies, organizationId, userId }))).toBe('resolved');
  });

  it('A15 takes no list for a state or a code', async () => {
    const { board, consent, tokenCalls } = createRig();
    const { back, cookies } = await consent();
    const [state, code] = ['state', 'code'].map((name) => back.searchParams.get(name)!);
    const finish = (params: string) => codeOf(board.callback('acme', { params, cookies, organizationId, userId }));
    expect(await finish(`?state[]=${state}&code=${code}`)).toBe('state_invalid');
    expect(await finish(`?state=${state}&state[]=x&code=${code}&state=${state}`)).toBe('repeated_parameter');
    expect(await finish(`?state=${state},${state}&code=${code}`)).toBe('state_invalid');
    expect(tokenCalls()).toHaveLength(0);
    expect(await finish(`?state=${state}&code=${code}`)).toBe('resolved');
  });

  it('A16 spends no state for an error that another browser brings', async () => {
    const { board, consent } = createRig();
    const { back, cookies } = await consent();
    const params = new URLSearchParams({ error: 'access_denied', state: back.searchParams.get('state')! });
    expect(await codeOf(board.callback('acme', { params, cookies: '', organizationId, userId }))).toBe(
      'state_mismatch',
    );
    expect(await codeOf(board.callback('acme', { params: back, cookies, organizationId, userId }))).toBe('resolved');
  });
});

describe('A24 an answer of the token endpoint', () => {
  const good = { access_token: 'at-1', token_type: 'Bearer' };
  const hour = 3_600_000;
  const tenYears = 10 * 365 * 86_400_000;
  const answer = (more: Record<string, unknown>) => JSON.stringify({ ...good, ...more });
  const error = (name: unknown) => JSON.stringify({ error: name, error_description: 'canary' });

  /** Body, status, and the code of the refusal, or the life in milliseconds (null: none is known). */
  const table: readonly (readonly [body: string, status: number, outcome: string | number | null])[] = [
    // What is no JSON object.
    ['', 200, 'not_a_token_answer'],
    [' ', 200, 'not_a_token_answer'],
    ['null', 200, 'not_a_token_answer'],
    ['true', 200, 'not_a_token_answer'],
    ['0', 200, 'not_a_token_answer'],
    ['"at-1"', 200, 'not_a_token_answer'],
    ['[]', 200, 'not_a_token_answer'],
    [`[${answer({})}]`, 200, 'not_a_token_answer'],
    ['NaN', 200, 'not_a_token_answer'],
    ['undefined', 200, 'not_a_token_answer'],
    ['{', 200, 'not_a_token_answer'],
    [answer({}).slice(0, -1), 200, 'not_a_token_answer'],
    [`${answer({})}}`, 200, 'not_a_token_answer'],
    [`)]}',\n${answer({})}`, 200, 'not_a_token_answer'],
    ['access_token=at-1&token_type=bearer', 200, 'not_a_token_answer'],
    ['<!doctype html><title>Welcome</title>', 200, 'not_a_token_answer'],
    ['<?xml version="1.0"?><token>at-1</token>', 200, 'not_a_token_answer'],
    ['[[['.repeat(50_000), 200, 'not_a_token_answer'],
    // Objects without a token.
    ['{}', 200, 'no_access_token'],
    ['{"access_token":null}', 200, 'no_access_token'],
    ['{"access_token":""}', 200, 'no_access_token'],
    ['{"access_token":5}', 200, 'no_access_token'],
    ['{"access_token":true}', 200, 'no_access_token'],
    ['{"access_token":{}}', 200, 'no_access_token'],
    ['{"access_token":["at-1"]}', 200, 'no_access_token'],
    ['{"Access_Token":"at-1"}', 200, 'no_access_token'],
    ['{"ok":false}', 200, 'no_access_token'],
    ['{"data":{"access_token":"at-1"}}', 200, 'no_access_token'],
    ['{"__proto__":{"access_token":"at-1"}}', 200, 'no_access_token'],
    ['{"constructor":{"prototype":{"access_token":"at-1"}}}', 200, 'no_access_token'],
    // Errors, whatever the status says.
    [error('invalid_grant'), 400, 'code_rejected'],
    [error('invalid_grant'), 401, 'code_rejected'],
    [error('invalid_grant'), 200, 'code_rejected'],
    [error('bad_verification_code'), 200, 'token_refused'],
    [error('invalid_client'), 401, 'invalid_client'],
    [error('invalid_client'), 200, 'invalid_client'],
    [error('unauthorized_client'), 400, 'unauthorized_client'],
    [error('unsupported_grant_type'), 400, 'unsupported_grant_type'],
    [error('invalid_request'), 400, 'invalid_request'],
    [error('invalid_scope'), 400, 'invalid_scope'],
    [error('access_denied'), 403, 'access_denied'],
    [error('temporarily_unavailable'), 503, 'temporarily_unavailable'],
    [error('constructor'), 400, 'token_refused'],
    [error('__proto__'), 400, 'token_refused'],
    [error({ type: 'OAuthException' }), 400, 'not_an_oauth_error'],
    [error(['invalid_grant']), 400, 'not_an_oauth_error'],
    ['<html>', 400, 'not_an_oauth_error'],
    ['', 404, 'not_an_oauth_error'],
    // Tokens whose life is said oddly: kept, with what can be understood.
    [answer({}), 200, null],
    [answer({ expires_in: 3600 }), 200, hour],
    [answer({ expires_in: '3600' }), 200, hour],
    [answer({ expires_in: 3600.5 }), 200, hour + 500],
    [answer({ expires_in: -5 }), 200, 1000],
    [answer({ expires_in: 0 }), 200, 1000],
    [answer({ expires_in: 1e300 }), 200, tenYears],
    [answer({}).replace('}', ',"expires_in":1e999}'), 200, null],
    [answer({ expires_in: 'abc' }), 200, null],
    [answer({ expires_in: null }), 200, null],
    [answer({ expires_in: true }), 200, null],
    [answer({ expires_in: [3600] }), 200, null],
    [answer({ expires_in: {} }), 200, null],
    [answer({ token_type: undefined }), 200, null],
    [answer({ token_type: 'bEARER' }), 200, null],
    [answer({ refresh_token: 7, id_token: {}, scope: 5 }), 200, null],
    [answer({ refresh_token: '' }), 200, null],
    [`{"__proto__":{"polluted":true},${answer({}).slice(1)}`, 200, null],
    [`\ufeff${answer({})}`, 200, null],
    // Too large.
    [answer({ access_token: 'a'.repeat(2 * 1024 * 1024) }), 200, 'response_too_large'],
    [answer({ padding: 'a'.repeat(300_000) }), 200, 'response_too_large'],
  ];

  it('A24 is looked at in sixty forms at least', () => {
    expect(table.length).toBeGreaterThanOrEqual(60);
  });

  const named = table.map((row) => [`${row[1]} ${row[0].slice(0, 50)}`, ...row] as const);
  it.each(named)('A24 has a documented outcome: %j', async (_name, body, status, outcome) => {
    const handler = async (request: Request) =>
      request.url.endsWith('/token')
        ? new Response(body, { status, headers: { 'content-type': 'application/json' } })
        : Response.json({ id: 'acct-1', name: 'Acme One' });
    const { board, clock, row } = createRig({}, { wire: handlerWire(handler) });
    const { url, cookie } = await board.authorize('acme', { organizationId, userId });
    const params = new URLSearchParams({ code: 'c', state: new URL(url).searchParams.get('state')! });
    const cookies = `${cookie.name}=${cookie.value}`;
    const code = await codeOf(board.callback('acme', { params, cookies, organizationId, userId }));
    const stored = await row();
    const expires = stored?.tokenExpiresAt ?? null;
    if (typeof outcome === 'string') expect([code, stored]).toEqual([outcome, null]);
    else expect([code, expires && expires.getTime() - clock.now()]).toEqual(['resolved', outcome]);
    expect(({} as { polluted?: Json }).polluted).toBeUndefined();
    await board.stop();
  });
});

it(
  'A27 ten thousand starts of one user leave twenty flows, and nothing once they are over',
  { timeout: 60_000 },
  async () => {
    const { board, store, clock } = createRig();
    const outcomes = new Map<string, number>();
    for (let round = 0; round < 100; round++) {
      const starts = Array.from({ length: 100 }, () => codeOf(board.authorize('acme', { organizationId, userId })));
      for (const outcome of await Promise.all(starts)) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect(Object.fromEntries(outcomes)).toEqual({ resolved: 20, too_many_flows: 9980 });
    expect(await store.once.purge()).toBe(0);
    await clock.advance(600_001);
    expect(await store.once.purge()).toBe(20);
    expect(await store.once.purge()).toBe(0);
  },
);
