import { expect, test } from 'vitest';

import { challenge, codeParams, profileOf, read, redirectUri, serve, type TestServer } from './oauth-client.ts';

const page = async ({ server }: Pick<TestServer, 'server'>, url: URL) => read(await server.handle(new Request(url)));

test('the consent page says who asks, for what and why, and offers both answers', async () => {
  const server = serve();
  const answer = await page(server, server.authorizeUrl({ scope: 'read write' }));
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  for (const part of [
    'lang="en"',
    'client',
    'Read your orders.',
    'Create orders.',
    'app.example.com',
    'Demo account',
  ]) {
    expect(answer.text).toContain(part);
  }
  expect(answer.text).toContain('<button type="submit" name="decision" value="allow"');
  expect(answer.text).toContain('<button type="submit" name="decision" value="deny"');
});

test('the consent page runs no script and names no address to post to', async () => {
  const server = serve();
  const answer = await page(server, server.authorizeUrl());
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(answer.text).toContain('<form method="post">');
  expect(answer.text).not.toMatch(/<script|\saction=|https?:\/\//);
});

test('the consent page shows parameters as text', async () => {
  const evil = '"><img src=x onerror=alert(1)>';
  const { authorizeUrl, server } = serve({ scopes: { ask: [], known: {} } }, { accounts: [{ id: evil, name: evil }] });
  const answer = await page({ server }, authorizeUrl({ client_id: evil, scope: evil }));
  expect(answer.status).toBe(200);
  expect(answer.text).not.toContain('<img');
  expect(answer.text).toContain('&quot;&gt;&lt;img');
});

test('allowing sends the browser back with code, state and issuer', async () => {
  const { server, authorizeUrl } = serve({ issuer: 'https://auth.example.com' });
  const back = await server.approve(authorizeUrl());
  expect(`${back.origin}${back.pathname}`).toBe(redirectUri);
  expect(back.searchParams.get('state')).toBe('s1');
  expect(back.searchParams.get('iss')).toBe('https://auth.example.com');
  expect(back.searchParams.get('code')).toMatch(/^code-/);
});

test('the form of the page is answered with 303, so that no browser posts it on', async () => {
  const { server, authorizeUrl } = serve();
  const body = new URLSearchParams({ decision: 'allow' });
  const response = await server.handle(new Request(authorizeUrl(), { method: 'POST', body }));
  expect(response.status).toBe(303);
});

test.each([{ decision: 'deny' }, {}])('a form with %j denies', async (form) => {
  const { server, authorizeUrl } = serve();
  const response = await server.handle(
    new Request(authorizeUrl(), { method: 'POST', body: new URLSearchParams(form) }),
  );
  const back = new URL(response.headers.get('location') ?? '');
  expect(back.searchParams.get('error')).toBe('access_denied');
  expect(back.searchParams.get('state')).toBe('s1');
  expect(back.searchParams.has('code')).toBe(false);
});

test('the user chooses the account and may untick scopes', async () => {
  const accounts = [
    { id: 'a1', name: 'First' },
    { id: 'a2', name: 'Second' },
  ];
  const { server, authorizeUrl, token } = serve({}, { accounts });
  const back = await server.approve(authorizeUrl({ scope: 'read write' }), { account: 'a2', scopes: ['write'] });
  const answer = await token(codeParams(back.searchParams.get('code') ?? ''));
  expect(answer.json['scope']).toBe('write');
  expect(server.ledger.families()[0]?.account).toEqual(accounts[1]);
});

test('without a scope the default ones are granted', async () => {
  const { connect } = serve();
  expect((await connect()).answer.json['scope']).toBe('read');
});

test.each([
  ['client_id', { client_id: '' }],
  ['redirect_uri', { redirect_uri: '' }],
  ['redirect_uri', { redirect_uri: '/callback' }],
  ['fragment', { redirect_uri: `${redirectUri}#x` }],
])('tells the user alone about a bad %s', async (word, params) => {
  const { authorizeUrl, server } = serve();
  const answer = await page({ server }, authorizeUrl(params));
  expect(answer.status).toBe(400);
  expect(answer.headers.get('location')).toBeNull();
  expect(answer.text).toContain(word);
});

test('sends nobody to an unregistered redirect URI, nor for an unregistered client', async () => {
  const { authorizeUrl, server } = serve(
    {},
    { redirectUris: [redirectUri], client: { id: 'client', secret: 'secret' } },
  );
  for (const params of [
    { redirect_uri: `${redirectUri}/` },
    { redirect_uri: `${redirectUri}?x=1` },
    { client_id: 'other' },
  ]) {
    const answer = await page({ server }, authorizeUrl(params));
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
  }
  expect((await page({ server }, authorizeUrl())).status).toBe(200);
});

test('a repeated parameter is refused', async () => {
  const { authorizeUrl, server } = serve();
  const url = authorizeUrl();
  url.searchParams.append('state', 's2');
  expect((await page({ server }, url)).status).toBe(400);
});

test.each([
  ['unsupported_response_type', { response_type: 'token' }],
  ['invalid_scope', { scope: 'read everything' }],
  ['invalid_request', { code_challenge: '', code_challenge_method: 'S256' }],
  ['invalid_request', { code_challenge: challenge, code_challenge_method: 'plain' }],
  ['invalid_request', { code_challenge: 'short', code_challenge_method: 'S256' }],
])('tells the client %s for %j', async (error, params) => {
  const { authorizeUrl, server } = serve({ pkce: 'required' });
  const response = await server.handle(new Request(authorizeUrl(params)));
  const back = new URL(response.headers.get('location') ?? '');
  expect(back.searchParams.get('error')).toBe(error);
  expect(back.searchParams.get('state')).toBe('s1');
});

test('a missing challenge is refused only where PKCE is required', async () => {
  for (const [pkce, status] of [
    ['required', 303],
    ['supported', 200],
    ['none', 200],
  ] as const) {
    const { authorizeUrl, server } = serve({ pkce });
    const url = authorizeUrl();
    url.searchParams.delete('code_challenge');
    expect([pkce, (await server.handle(new Request(url))).status]).toEqual([pkce, status]);
  }
});

test('A08 a wrong or missing issuer can be asked for', async () => {
  const { authorizeUrl, server } = serve({ issuer: 'https://auth.example.com' });
  server.switches.authorize.next({ issuer: 'https://evil.example' });
  server.switches.authorize.next({ issuer: null });
  const issuers = [];
  for (let turn = 0; turn < 3; turn++) issuers.push((await server.approve(authorizeUrl())).searchParams.get('iss'));
  expect(issuers).toEqual(['https://evil.example', null, 'https://auth.example.com']);
});

test('A22 A23 another account and fewer scopes can be granted than the user chose', async () => {
  const { authorizeUrl, server, token } = serve();
  server.switches.authorize.next({ account: 'a9', scopes: ['read'] });
  const back = await server.approve(authorizeUrl({ scope: 'read write' }));
  const answer = await token(codeParams(back.searchParams.get('code') ?? ''));
  expect(answer.json['scope']).toBe('read');
  expect(server.ledger.families()[0]?.account.id).toBe('a9');
});

test('an error can be sent back instead of the page', async () => {
  const { authorizeUrl, server } = serve();
  server.switches.authorize.next({ error: 'temporarily_unavailable' });
  const response = await server.handle(new Request(authorizeUrl()));
  expect(new URL(response.headers.get('location') ?? '').searchParams.get('error')).toBe('temporarily_unavailable');
});

test('approve says when the page shows an error', async () => {
  const { authorizeUrl, server } = serve();
  await expect(server.approve(authorizeUrl({ client_id: '' }))).rejects.toMatchObject({ code: 'consent_failed' });
});

test('other methods and other addresses are refused', async () => {
  const { authorizeUrl, server } = serve();
  expect((await server.handle(new Request(authorizeUrl(), { method: 'PUT' }))).status).toBe(405);
  expect((await server.handle(new Request('https://auth.example.com/other'))).status).toBe(404);
  expect(server.serves(new URL('https://auth.example.com/token?x=1'))).toBe(true);
  expect(server.serves(new URL('https://auth.example.com/other'))).toBe(false);
});

test('a server without profiles or accounts is refused', () => {
  expect(() => serve({}, { profiles: [] })).toThrowError(expect.objectContaining({ code: 'invalid_emulator' }));
  expect(() => serve({}, { accounts: [] })).toThrowError(expect.objectContaining({ code: 'invalid_emulator' }));
  expect(() => serve({}, { profiles: [profileOf()] })).not.toThrow();
});

test('of several ways to connect on one page the scopes tell which is meant', async () => {
  const example = (kind: string) => ({ access_token: 'at', token_type: 'Bearer', scope: '', kind });
  const profiles = [
    profileOf({ example: example('user') }),
    profileOf({ name: 'hook', scopes: { ask: ['hook'], known: { hook: 'Post.' } }, example: example('hook') }),
  ];
  const kindFor = async (scope: string) => {
    const { code, token } = serve({}, { profiles });
    return (await token(codeParams(await code({ scope })))).json['kind'];
  };
  expect([await kindFor('hook'), await kindFor('read'), await kindFor('read write')]).toEqual(['hook', 'user', 'user']);
});
