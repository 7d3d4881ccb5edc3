import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import {
  basicHeader,
  codeParams,
  formOf,
  like,
  origin,
  read,
  redirectUri,
  serve,
  textOf,
  verifier,
  without,
} from './oauth-client.ts';

const challengeless = { code_challenge: '', code_challenge_method: '' };

describe('the exchange of a code', () => {
  test('answers as RFC 6749 section 5.1 says', async () => {
    const { answer } = await serve().connect();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.json).toEqual({
      access_token: like(/^at-\w{25,}$/),
      refresh_token: like(/^rt-\w{25,}$/),
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'read',
    });
  });

  test('a second use of the code is refused and revokes every token of the first', async () => {
    const { server, code, token } = serve();
    const params = codeParams(await code());
    const first = await token(params);
    expect(server.use(textOf(first.json, 'access_token'))?.state).toBe('live');
    const second = await token(params);
    expect([second.status, second.json['error']]).toEqual([400, 'invalid_grant']);
    expect(server.use(textOf(first.json, 'access_token'))?.state).toBe('revoked');
    expect(server.ledger.reuses).toEqual([expect.objectContaining({ kind: 'code', family: 'family-1' })]);
    expect(server.ledger.families()[0]).toMatchObject({ revokedBy: 'reuse' });
    expect(server.ledger.current('family-1')).toBeUndefined();
  });

  test('of 50 parallel exchanges of one code exactly one is good', async () => {
    const { server, code, token } = serve();
    const params = codeParams(await code());
    const answers = await Promise.all(Array.from({ length: 50 }, () => token(params)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(server.ledger.reuses).toHaveLength(1);
  });

  test.each([
    ['another verifier', { code_verifier: 'x'.repeat(43) }],
    ['a verifier that is too short', { code_verifier: 'x'.repeat(42) }],
    ['another redirect URI', { redirect_uri: `${redirectUri}/` }],
    ['another client', { client_id: 'other' }],
    ['an unknown code', { code: 'nonsense' }],
  ])('%s is an invalid_grant', async (_name, wrong) => {
    const { code, token } = serve();
    const answer = await token({ ...codeParams(await code()), ...wrong });
    expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_grant']);
  });

  test.each(['x'.repeat(42), 'x'.repeat(129), `${'x'.repeat(43)}!`])(
    'a verifier outside the grammar is refused although its challenge fits: %s',
    async (bad) => {
      const { code, token } = serve();
      const fitting = createHash('sha256').update(bad).digest('base64url');
      const answer = await token({ ...codeParams(await code({ code_challenge: fitting })), code_verifier: bad });
      expect(answer.json['error']).toBe('invalid_grant');
    },
  );

  test.each(['code_verifier', 'redirect_uri'])('a missing %s is an invalid_grant', async (name) => {
    const { code, token } = serve();
    const answer = await token(without(codeParams(await code()), name));
    expect(answer.json['error']).toBe('invalid_grant');
  });

  test('a failed attempt spends the code', async () => {
    const { code, token } = serve();
    const params = codeParams(await code());
    await token({ ...params, code_verifier: 'x'.repeat(43) });
    expect((await token(params)).json['error']).toBe('invalid_grant');
  });

  test('a verifier without a challenge is a downgrade and refused (RFC 9700 section 4.8)', async () => {
    const { server, authorizeUrl, token } = serve();
    const url = authorizeUrl();
    for (const name of Object.keys(challengeless)) url.searchParams.delete(name);
    const back = await server.approve(url);
    const answer = await token(codeParams(back.searchParams.get('code') ?? ''));
    expect(answer.json['error']).toBe('invalid_grant');
  });

  test('a server without PKCE looks at neither challenge nor verifier', async () => {
    const { code, token } = serve({ pkce: 'none' });
    const answer = await token({ ...codeParams(await code()), code_verifier: 'whatever' });
    expect(answer.status).toBe(200);
  });

  test('a code dies after ten minutes', async () => {
    const { clock, code, token } = serve();
    const [early, late] = [await code(), await code()];
    await clock.advance(599_999);
    expect((await token(codeParams(early))).status).toBe(200);
    await clock.advance(1);
    expect((await token(codeParams(late))).json['error']).toBe('invalid_grant');
  });

  test('grant_type may be left out beside a code', async () => {
    const { code, token } = serve();
    expect((await token(without(codeParams(await code()), 'grant_type'))).status).toBe(200);
  });
});

describe('the form of a request', () => {
  test.each([
    ['form', 'POST', 'application/x-www-form-urlencoded'],
    ['form', 'POST', 'application/x-www-form-urlencoded; charset=UTF-8'],
    ['json', 'POST', 'application/json'],
  ] as const)('%s takes %s with %s', async (encoding, method, type) => {
    const { server, code } = serve({ encoding });
    const params = codeParams(await code());
    const body = encoding === 'json' ? JSON.stringify(params) : new URLSearchParams(params).toString();
    const request = new Request(`${origin}/token`, { method, body, headers: { 'content-type': type } });
    expect((await server.handle(request)).status).toBe(200);
  });

  test('query takes a GET', async () => {
    const { server, code } = serve({ encoding: 'query' });
    const url = `${origin}/token?${formOf(codeParams(await code()))}`;
    expect((await server.handle(new Request(url))).status).toBe(200);
  });

  test.each([
    ['form', { method: 'GET' }],
    ['form', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }],
    ['json', { method: 'POST', body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['json', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }],
    ['json', { method: 'POST', body: '[]', headers: { 'content-type': 'application/json' } }],
    ['query', { method: 'POST', body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    [
      'form',
      { method: 'POST', body: 'code=1&code=2', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ],
  ] as const)('%s refuses %j', async (encoding, init) => {
    const { server } = serve({ encoding });
    const answer = await read(await server.handle(new Request(`${origin}/token`, init)));
    expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_request']);
    expect(server.ledger.tokenCalls).toHaveLength(1);
  });

  test.each([
    ['invalid_request', {}],
    ['unsupported_grant_type', { grant_type: 'password', username: 'u', password: 'p' }],
    ['unsupported_grant_type', { grant_type: 'client_credentials' }],
    ['unsupported_grant_type', { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: 'x' }],
  ])('%s for %j', async (error, params) => {
    const { token } = serve();
    const answer = await token({ client_id: 'client', client_secret: 'secret', ...params });
    expect([answer.status, answer.json['error']]).toEqual([400, error]);
  });
});

describe('client authentication', () => {
  const odd = { id: 'id:1+ ü', secret: 'a:b%+ü ~' };
  const encoded = basicHeader('id%3A1%2B+%C3%BC', 'a%3Ab%25%2B%C3%BC+%7E');
  const bare = { code_verifier: verifier, redirect_uri: redirectUri, grant_type: 'authorization_code' };
  const attempt = async (
    clientAuth: 'basic' | 'raw_basic' | 'post' | 'none',
    send: { params?: object; headers?: Record<string, string> },
  ) => {
    const client =
      clientAuth === 'none' ? { id: odd.id } : clientAuth === 'raw_basic' ? { id: 'id', secret: odd.secret } : odd;
    const { code, token } = serve({ clientAuth }, { client });
    const answer = await token({ ...bare, code: await code({ client_id: client.id }), ...send.params }, send.headers);
    return [answer.status, answer.json['error'] ?? null, answer.headers.get('www-authenticate')];
  };
  const challenged = [401, 'invalid_client', 'Basic realm="oauth"'];
  const refused = [401, 'invalid_client', null];

  test('A26 basic takes form-encoded parts', async () => {
    expect(await attempt('basic', { headers: encoded })).toEqual([200, null, null]);
  });
  test('A26 basic refuses parts that were not encoded', async () => {
    expect(await attempt('basic', { headers: basicHeader(odd.id, odd.secret) })).toEqual(challenged);
  });
  test('A26 raw_basic takes the bytes as they are', async () => {
    expect(await attempt('raw_basic', { headers: basicHeader('id', odd.secret) })).toEqual([200, null, null]);
  });
  test('basic refuses a wrong secret, garbage, and credentials in the body', async () => {
    expect(await attempt('basic', { headers: basicHeader('id', 'no') })).toEqual(challenged);
    expect(await attempt('basic', { headers: { authorization: 'Basic %%%' } })).toEqual(challenged);
    expect(await attempt('basic', { headers: { authorization: 'Bearer abc' } })).toEqual(challenged);
    expect(await attempt('basic', { params: { client_id: odd.id, client_secret: odd.secret } })).toEqual([
      400,
      'invalid_request',
      null,
    ]);
    expect(await attempt('basic', {})).toEqual(refused);
  });
  test('basic refuses another client_id beside the header', async () => {
    expect(await attempt('basic', { headers: encoded, params: { client_id: 'other' } })).toEqual([
      400,
      'invalid_request',
      null,
    ]);
    expect(await attempt('basic', { headers: encoded, params: { client_id: odd.id } })).toEqual([200, null, null]);
  });
  test('post takes both parameters, and nothing in a header', async () => {
    const both = { client_id: odd.id, client_secret: odd.secret };
    expect(await attempt('post', { params: both })).toEqual([200, null, null]);
    expect(await attempt('post', { params: both, headers: encoded })).toEqual(challenged);
    expect(await attempt('post', { headers: encoded })).toEqual(challenged);
    expect(await attempt('post', { params: { client_id: odd.id } })).toEqual(refused);
    expect(await attempt('post', { params: { ...both, client_secret: 'no' } })).toEqual(refused);
  });
  test('none takes an id and no secret', async () => {
    expect(await attempt('none', { params: { client_id: odd.id } })).toEqual([200, null, null]);
    expect(await attempt('none', { params: { client_id: odd.id, client_secret: 'x' } })).toEqual(refused);
    expect(await attempt('none', {})).toEqual(refused);
  });
  test('without a registered client, what calls itself wrong or revoked is refused', async () => {
    const { code, token } = serve();
    const params = codeParams(await code());
    expect((await token({ ...params, client_secret: 'wrong-secret' })).json['error']).toBe('invalid_client');
    // The code is untouched: nobody authenticated.
    expect((await token(params)).status).toBe(200);
  });
});
