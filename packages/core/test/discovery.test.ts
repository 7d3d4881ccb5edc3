/** Endpoints that an authorization server announces: asked once, kept with the connection, judged like every other host. */
import { inspect } from 'node:util';

import { describe, expect, test } from 'vitest';

import { checkDiscovered, discoveredOf } from '../src/auth/discovery.ts';
import { isPlugboardError } from '../src/errors.ts';
import { decodeBase64url, decodeUtf8 } from '../src/bytes.ts';
import { at, parseJson, type JsonObject } from '../src/json.ts';
import type { Schema } from '../src/schema.ts';
import { reveal } from '../src/secret.ts';
import { createSelfHosted, issuer, organizationId, shopInput, userId } from './support/self-hosted.ts';

const metadataUrl = `${issuer}/.well-known/openid-configuration`;

async function refusal(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => expect.unreachable('this must be refused'),
    (reason: unknown) => reason,
  );
  if (!isPlugboardError(error)) throw error;
  return error;
}

test('a flow asks once; exchange, refresh and revocation use what it found', async () => {
  const { board, clock, connect, sent, row } = createSelfHosted();
  expect(await connect()).toMatchObject({ status: 'connected' });
  expect(at((await row())?.metadata, 'input', 'discovered', 'token_endpoint')).toBe(`${issuer}/token`);
  await clock.advance(3_700_000);
  await board.client('acme', { organizationId }).users.me({});
  expect(await board.disconnect('acme', { organizationId })).toMatchObject({ revoked: 'revoked' });
  const paths = sent.map(({ href }) => href.slice(issuer.length));
  expect(paths.filter((path) => path !== '' && !path.includes('/v1'))).toEqual([
    '/.well-known/openid-configuration',
    '/token',
    '/token',
    '/revoke',
    '/revoke',
  ]);
});

test('endpoints are what is an address as a whole: lists, numbers and words are none', () => {
  const other = { scopes: ['https:read'], note: 'see also: nothing', version: 2, none: null };
  const announced = { token_endpoint: `${issuer}/token`, app: 'acme.app+1://callback' };
  expect(discoveredOf({ discovered: { ...announced, ...other } })).toEqual(announced);
  expect(discoveredOf({})).toEqual({});
  expect(() => checkDiscovered({ token_endpoint: `${issuer}/token`, ...other })).not.toThrow();
});

describe('A27 what a user may begin is bounded before the server is asked', () => {
  const code = (work: Promise<unknown>) => work.then(() => 'begun', (error: unknown) => (error as { code: string }).code); // prettier-ignore

  test.each([
    ['where it answers', undefined],
    ['where it fails', () => new Response('down', { status: 503 })],
  ])('%s', async (_name, answering) => {
    const { authorize, sent, answer } = createSelfHosted();
    if (answering !== undefined) answer(answering);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => code(authorize())));
    expect(outcomes.filter((outcome) => outcome === 'too_many_flows')).toHaveLength(30);
    expect(sent).toHaveLength(20);
    expect(await code(authorize())).toBe('too_many_flows');
    expect(sent).toHaveLength(20);
  });

  test.each([{ userId: '' }, { label: '' }])('and what is asked for nobody is not asked at all: %o', async (change) => {
    const { board, sent } = createSelfHosted();
    expect(await code(board.authorize('acme', { organizationId, userId, ...change }))).toBe('invalid_input');
    expect(sent).toEqual([]);
  });
});

test('endpoints may be on other hosts, which this connection alone may call', async () => {
  const { board, connect, sent, answer, vendor } = createSelfHosted();
  const elsewhere = 'https://tokens.elsewhere.example';
  answer(async (request) => {
    const url = new URL(request.url);
    if (request.url === metadataUrl) {
      const document = (await (await vendor.fetch(request)).json()) as JsonObject;
      return Response.json({ ...document, token_endpoint: `${elsewhere}/token` });
    }
    if (url.origin !== elsewhere) return undefined;
    return vendor.fetch(new Request(`${issuer}/token`, request));
  });
  await connect();
  expect(sent.map(({ host }) => host)).toContain('tokens.elsewhere.example');
  await board.connect('acme', {
    organizationId: 'org-2',
    credentials: { key: 'ak_0123456789', server: 'shop.acme.example:8443' },
  });
  const { calls } = board.client('acme', { organizationId: 'org-2' });
  expect(await refusal(calls.anywhere({ url: `${elsewhere}/x` }))).toMatchObject({ code: 'host_not_allowed' });
});

describe('F06 a description is refused, and no flow begins', () => {
  test.each([
    ['an address without https', { token_endpoint: 'http://login.acme.example/token' }, 'token_endpoint'],
    ['an address in a private network', { revocation_endpoint: 'https://10.0.0.1/revoke' }, 'revocation_endpoint'],
    ['loopback', { jwks_uri: 'https://[::1]/jwks' }, 'jwks_uri'],
    ['a cloud metadata service', { userinfo_endpoint: 'https://169.254.169.254/' }, 'userinfo_endpoint'],
    ['a user name', { token_endpoint: 'https://a:b@login.acme.example/token' }, 'token_endpoint'],
    ['another scheme', { token_endpoint: 'file:///etc/passwd' }, 'token_endpoint'],
    ['a script', { authorization_endpoint: 'javascript:alert(1)' }, 'authorization_endpoint'],
    ['a port of another protocol', { token_endpoint: 'https://login.acme.example:22/' }, 'token_endpoint'],
  ])('%s', async (_name, change, path) => {
    const { authorize, sent, answer, vendor } = createSelfHosted();
    answer(async (request) => {
      const document = (await (await vendor.fetch(request)).json()) as JsonObject;
      return Response.json({ ...document, ...change });
    });
    const error = await refusal(authorize());
    expect(error).toMatchObject({ kind: 'invalid_response', code: 'bad_discovery' });
    expect(error.fields?.map((field) => field.path)).toEqual([path]);
    expect(sent.map(String)).toEqual([metadataUrl]);
  });

  test.each([301, 302, 303, 307, 308])('a redirect with %s', async (status) => {
    const { authorize, sent, answer } = createSelfHosted();
    answer(() => new Response(null, { status, headers: { location: 'https://evil.example/' } }));
    expect(await refusal(authorize())).toMatchObject({ kind: 'invalid_response' });
    expect(sent.map(String)).toEqual([metadataUrl]);
  });

  test('an issuer in the configuration that is no public name', async () => {
    const { authorize, sent } = createSelfHosted({}, { app: { issuer: 'https://127.0.0.1/realms/main' } });
    expect((await refusal(authorize())).fields).toEqual([
      { path: 'issuer', message: 'must be a name, not an IP address' },
    ]);
    expect(sent).toEqual([]);
  });

  test('a tenant cannot pretend to have discovered something', async () => {
    const input = shopInput.loose();
    const { authorize, sent } = createSelfHosted({ input: input as unknown as Schema<unknown, JsonObject> });
    const forged = { shop: 'a.example', discovered: { token_endpoint: 'https://evil.example/token' } };
    expect((await refusal(authorize(forged))).fields).toEqual([
      { path: 'discovered', message: 'is a name of the engine' },
    ]);
    expect(sent).toEqual([]);
  });
});

test.each([
  ['authorization_endpoint', ''],
  ['authorization_endpoint', '/authorize'],
  ['token_endpoint', '//evil.example/token'],
  ['token_endpoint', 'https//login.acme.example/token'],
])('what is no address at all is never asked: %s of «%s»', async (name, value) => {
  const { connect, sent, answer, vendor } = createSelfHosted();
  answer(async (request) => {
    if (request.url !== metadataUrl) return undefined;
    const document = (await (await vendor.fetch(request)).json()) as JsonObject;
    return Response.json({ ...document, [name]: value });
  });
  const error = await refusal(connect());
  expect(error).toMatchObject({ kind: 'configuration', code: 'invalid_url' });
  expect(sent.map(String)).toEqual([metadataUrl]);
});

test('a link that a vendor sends and that is none is an error of ours, which does not quote it', async () => {
  const { board, connect } = createSelfHosted();
  await connect();
  const { calls } = board.client('acme', { organizationId });
  const error = await refusal(calls.anywhere({ url: 'https://[canary-1' }));
  expect(error).toMatchObject({ kind: 'configuration', code: 'invalid_url' });
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary-1');
});

describe('A08 the issuer of a callback', () => {
  test.each([
    ['another', 'https://evil.example'],
    ['one with a slash more', `${issuer}/`],
    ['none, where the server promised one', null],
  ])('%s is refused', async (_name, iss) => {
    const { board, authorize, vendor, sent } = createSelfHosted();
    const { url, cookies } = await authorize();
    const params = await vendor.oauth.approve(url);
    if (iss === null) params.searchParams.delete('iss');
    else params.searchParams.set('iss', iss);
    sent.length = 0;
    const finished = board.callback('acme', { params, cookies, organizationId, userId });
    expect(await refusal(finished)).toMatchObject({ code: 'issuer_mismatch' });
    expect(sent).toEqual([]);
  });
});

describe('a nonce', () => {
  test('is fresh on every authorization, and reaches the check of the id token', async () => {
    const seen: unknown[] = [];
    const { authorize, board, vendor } = createSelfHosted({
      async afterCode(grant, client) {
        const [, payload = ''] = reveal(grant.credentials['idToken'] ?? '').split('.');
        const claims = parseJson(decodeUtf8(decodeBase64url(payload)!)!);
        seen.push(client.nonce, at(claims, 'nonce'));
        return grant;
      },
    });
    const first = await authorize();
    const second = await authorize();
    const nonces = [first, second].map(({ url }) => url.searchParams.get('nonce'));
    expect(nonces[0]).toMatch(/^[\w-]{43}$/);
    expect(nonces[1]).not.toBe(nonces[0]);
    const params = await vendor.oauth.approve(second.url);
    await board.callback('acme', { params, cookies: second.cookies, organizationId, userId });
    expect(seen).toEqual([nonces[1], nonces[1]]);
  });

  test('is not sent where nothing asks for it', async () => {
    const { authorize } = createSelfHosted({ nonce: false });
    expect((await authorize()).url.searchParams.has('nonce')).toBe(false);
  });
});
