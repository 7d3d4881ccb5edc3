import { request as httpRequest } from 'node:http';

import { afterEach, expect, test } from 'vitest';

import { createFakeClock } from '../src/clock.ts';
import { createFakeOAuthServer, type FakeOAuthServer, type FakeOAuthServerOptions } from '../src/fake-oauth-server.ts';
import { connectFakeOAuthServer } from '../src/oauth-control.ts';

let server: FakeOAuthServer | undefined;
afterEach(() => server?.close());

async function start(options: FakeOAuthServerOptions = {}) {
  server = await createFakeOAuthServer({ rotation: 'strict', ...options });
  return server;
}

const redirectUri = 'http://127.0.0.1:1/callback';
const client = { client_id: 'client', client_secret: 'secret' };
type Tokens = Readonly<Record<'access_token' | 'refresh_token', string>>;

const post = (url: string, params: Record<string, string>) =>
  fetch(url, { method: 'POST', body: new URLSearchParams({ ...client, ...params }) });
const refresh = (vendor: FakeOAuthServer, token: string) =>
  post(vendor.tokenUrl, { grant_type: 'refresh_token', refresh_token: token });

function authorizeUrl(vendor: FakeOAuthServer): URL {
  const params = { response_type: 'code', client_id: 'client', redirect_uri: redirectUri, state: 's' };
  return new URL(`${vendor.authorizeUrl}?${new URLSearchParams(params).toString()}`);
}

/** The code flow over the socket, the consent included. */
async function connect(vendor: FakeOAuthServer): Promise<Tokens> {
  const url = authorizeUrl(vendor);
  const page = await fetch(url);
  expect(await page.text()).toContain('<form method="post">');
  const body = new URLSearchParams({ decision: 'allow' });
  const back = await fetch(url, { method: 'POST', body, redirect: 'manual' });
  const location = new URL(back.headers.get('location') ?? '');
  expect([back.status, location.searchParams.get('iss')]).toEqual([303, vendor.issuer]);
  const code = location.searchParams.get('code') ?? '';
  const answer = await post(vendor.tokenUrl, { grant_type: 'authorization_code', code, redirect_uri: redirectUri });
  return (await answer.json()) as Tokens;
}

test('the code flow, a refresh, a revocation and the account over a socket', async () => {
  const vendor = await start();
  const tokens = await connect(vendor);
  const renewed = (await (await refresh(vendor, tokens.refresh_token)).json()) as Tokens;
  const account = (token: string) => fetch(vendor.accountUrl, { headers: { authorization: `Bearer ${token}` } });
  expect(await (await account(renewed.access_token)).json()).toEqual({ id: 'demo', name: 'Demo account' });
  expect((await post(vendor.revokeUrl, { token: renewed.refresh_token })).status).toBe(200);
  const refused = await account(renewed.access_token);
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
  expect((await fetch(vendor.accountUrl)).headers.get('www-authenticate')).toBe('Bearer');
  expect(vendor.ledger.tokenCalls.map(({ outcome }) => outcome)).toEqual(['issued', 'issued']);
});

test.each([
  ['before', 'live'],
  ['after', 'spent'],
] as const)('a drop %s the work resets the socket', async (drop, state) => {
  const vendor = await start();
  const { refresh_token: token } = await connect(vendor);
  vendor.switches.token.next({ drop });
  const error: unknown = await new Promise((resolve, reject) => {
    const body = new URLSearchParams({ ...client, grant_type: 'refresh_token', refresh_token: token }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length };
    const request = httpRequest(vendor.tokenUrl, { method: 'POST', headers, agent: false }, () =>
      reject(new Error('answered')),
    );
    request.on('error', resolve).end(body);
  });
  expect(error).toMatchObject({ code: 'ECONNRESET' });
  expect(vendor.ledger.stateOf(vendor.ledger.find(token)!)).toBe(state);
});

test('the work goes on when the client gives up', async () => {
  const vendor = await start();
  const { refresh_token: token } = await connect(vendor);
  vendor.switches.token.next({ hold: 'before' });
  const leaving = new AbortController();
  const body = new URLSearchParams({ ...client, grant_type: 'refresh_token', refresh_token: token });
  const gone = fetch(vendor.tokenUrl, { method: 'POST', body, signal: leaving.signal }).catch(
    (error: unknown) => error,
  );
  await vendor.gate.whenHeld();
  leaving.abort();
  expect(await gone).toMatchObject({ name: 'AbortError' });
  vendor.gate.release();
  await expect.poll(() => vendor.ledger.tokenCalls.at(-1)?.outcome).toBe('issued');
  expect(vendor.ledger.find(token)?.spentAt).not.toBeNull();
});

test('D25 a dripping answer comes byte by byte', async () => {
  const clock = createFakeClock();
  const vendor = await start({ clock });
  vendor.switches.token.next({ dripMs: 1000 });
  const response = await post(vendor.tokenUrl, { grant_type: 'refresh_token', refresh_token: 'x' });
  const reader = response.body!.getReader();
  await clock.untilPending(1);
  await clock.advance(1000);
  expect((await reader.read()).value).toEqual(Uint8Array.of(0x7b));
  await reader.cancel();
});

test('tokens expire by the injected clock', async () => {
  const clock = createFakeClock();
  const vendor = await start({ clock });
  const { access_token: token } = await connect(vendor);
  const status = async () => (await fetch(vendor.accountUrl, { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await status()).toBe(200);
  await clock.advance(3_600_000);
  expect(await status()).toBe(401);
});

test('the remote control does what the functions do', async () => {
  const vendor = await start();
  const remote = connectFakeOAuthServer(vendor.origin);
  const tokens = (await remote.issue({ clientId: 'client' })) as Tokens;

  await remote.next('token', { status: 503 }, 2);
  await remote.always('token', { expiresIn: 7 });
  const statuses = [];
  for (let turn = 0; turn < 3; turn++) statuses.push((await refresh(vendor, tokens.refresh_token)).status);
  expect(statuses).toEqual([503, 503, 200]);
  await remote.clear('token');

  const { families, tokenCalls } = await remote.ledger();
  expect(tokenCalls.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'issued']);
  const { current, accessToken } = families[0]!;
  expect(vendor.ledger.current('family-1')?.reveal()).toBe(current);
  expect(vendor.ledger.find(accessToken ?? '')).toMatchObject({
    kind: 'access_token',
    expiresAt: expect.any(Number) as number,
  });

  await remote.next('token', { hold: 'before' });
  const held = refresh(vendor, current ?? '');
  await remote.whenHeld();
  await remote.release();
  expect((await held).status).toBe(200);

  expect((await remote.approve(authorizeUrl(vendor), { allow: false })).searchParams.get('error')).toBe(
    'access_denied',
  );
  await remote.expireTokens();
  expect((await remote.ledger()).families[0]?.accessToken).toBeNull();
  await remote.revokeAll();
  expect((await remote.ledger()).families[0]).toMatchObject({ revokedBy: 'operator', current: null });
  await remote.reset();
  expect((await remote.ledger()).families).toEqual([]);
});

test('the remote control obeys no web page, and says what it does not understand', async () => {
  const vendor = await start();
  expect((await fetch(`${vendor.origin}/control`, { method: 'POST', body: '{"do":"reset"}' })).status).toBe(403);
  const headers = { 'x-plugboard-control': '1' };
  const odd = await fetch(`${vendor.origin}/control`, { method: 'POST', headers, body: '{"do":"nonsense"}' });
  expect([odd.status, await odd.json()]).toEqual([400, { error: 'no such command' }]);
  await expect(connectFakeOAuthServer(vendor.origin).approve('http://127.0.0.1:1/nowhere')).rejects.toThrow(
    'refused approve',
  );
});

test('a port that is taken is an error', async () => {
  const vendor = await start();
  await expect(createFakeOAuthServer({ port: Number(new URL(vendor.origin).port) })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

test('without an issuer no iss is sent', async () => {
  const vendor = await start({ issuer: null });
  expect((await vendor.approve(authorizeUrl(vendor))).searchParams.has('iss')).toBe(false);
});
