import { createPublicKey, createVerify } from 'node:crypto';

import { exampleRsaPem } from '@plugboard/core';
import { createTestBoard, type SentRequest } from '@plugboard/testing';
import { expect, test } from 'vitest';

import { salesforce } from '../src/index.ts';
import { readIdentity } from '../src/access.ts';

const organizationId = 'org-1';
const app = { clientId: '3MVG9-consumer-key-of-the-host', clientSecret: 'the-secret-of-the-host' };
const clientId = '3MVG9lKcPoNINVBIPJjdw1J9LLM82HnFVVX19KY1uA5mu0QqEWhqKpoW3svG3X';

function rig(options: Record<string, string> = {}) {
  const made = createTestBoard(salesforce({ ...app, ...options }));
  const { begin, board, sent } = made;
  async function login(input: Record<string, string> = {}) {
    const { url, approve, finish } = await begin({ input });
    await finish(await approve());
    sent.splice(0, sent.length - 2);
    return url;
  }
  return { ...made, login, client: board.client('salesforce', { organizationId }) };
}

const isToken = ({ url }: SentRequest) => url.pathname === '/services/oauth2/token';
const refused = (status: number, errorCode: string, message = 'Words.') =>
  Response.json([{ errorCode, message }], { status });

test('login and token are at the host that the tenant named, the API where the answer says', async () => {
  const { login, sent, board } = rig();
  const url = await login({ loginHost: 'acme--uat.sandbox.my.salesforce.com' });
  expect(`${url.origin}${url.pathname}`).toBe('https://acme--uat.sandbox.my.salesforce.com/services/oauth2/authorize');
  expect(url.searchParams.get('code_challenge_method')).toBe('S256');
  expect(sent.map(({ url: { href } }) => href.split('?')[0])).toEqual([
    'https://acme--uat.sandbox.my.salesforce.com/services/oauth2/token',
    'https://acme.my.salesforce.com/services/data/v68.0/query',
  ]);
  expect(Object.fromEntries(sent[0]!.form)).toMatchObject({
    grant_type: 'authorization_code',
    client_id: app.clientId,
    client_secret: app.clientSecret,
    code_verifier: expect.stringMatching(/^[\w.~-]{43,128}$/) as unknown,
  });
  const connection = await board.connections.get('salesforce', { organizationId });
  expect(connection).toMatchObject({
    account: { id: '00Dxx0000001gPFEAY', name: 'Acme' },
    expiresAt: null,
    metadata: { userId: '005xx000001SwiUAAS', sandbox: false },
  });
});

test('without a host of the tenant the login URL of the deployment counts, and then the public one', async () => {
  expect((await rig().login()).host).toBe('login.salesforce.com');
  expect((await rig({ loginUrl: 'https://acme.my.salesforce.com/' }).login()).host).toBe('acme.my.salesforce.com');
  await expect(rig({ loginUrl: 'https://evil.example' }).login()).rejects.toMatchObject({ code: 'login_host' });
});

test.each([
  ['acme.lightning.force.com', 'is an address of the user interface; write acme.my.salesforce.com'],
  ['acme.my.salesforce-setup.com', 'is an address of the user interface; write acme.my.salesforce.com'],
  ...[
    'https://acme.my.salesforce.com',
    'acme.my.salesforce.com/path',
    'acme.my.salesforce.com.evil.example',
    'evil.example/.my.salesforce.com',
    'x@acme.my.salesforce.com',
    'acme.my.salesforce.com:8443',
    'a.b.c.my.salesforce.com',
    'www.salesforce.com',
    'Acme.my.salesforce.com',
    '-acme.my.salesforce.com',
    '.my.salesforce.com',
    'my.salesforce.com',
  ].map((host) => [host, 'must be a login host or a My Domain of Salesforce, without https:// and path']),
])('%s is no login host', async (loginHost, message) => {
  const authorizing = rig().begin({ input: { loginHost } });
  await expect(authorizing).rejects.toMatchObject({ fields: [{ path: 'loginHost', message }] });
});

test('a session that has ended is renewed once, and the call goes on at the address of the new answer', async () => {
  const { client, vendor, login, sent, answer, board } = rig();
  await login({ loginHost: 'acme.my.salesforce.com' });
  sent.length = 0;
  vendor.expireTokens();
  answer((request) => {
    if (!isToken(request)) return undefined;
    const credentials = vendor.oauth.issue({ profile: 'oauth' });
    return Response.json({ ...credentials, instance_url: 'https://moved.my.salesforce.com' });
  });
  expect(await client.org.limits()).toMatchObject({ DailyApiRequests: { Max: 15_000 } });
  expect(sent.map(({ url }) => `${url.host} ${url.pathname}`)).toEqual([
    'acme.my.salesforce.com /services/data/v68.0/limits',
    'acme.my.salesforce.com /services/oauth2/token',
    'moved.my.salesforce.com /services/data/v68.0/limits',
  ]);
  const { metadata } = (await board.connections.get('salesforce', { organizationId }))!;
  expect(metadata).toMatchObject({
    instanceUrl: 'https://moved.my.salesforce.com',
    organizationId: '00Dxx0000001gPFEAY',
  });
  sent.length = 0;
  await client.org.limits();
  expect(sent.map(({ url }) => url.host)).toEqual(['moved.my.salesforce.com']);
});

test('an answer cannot send the API, and the token, to another host', async () => {
  const { client, vendor, login, sent, answer } = rig();
  await login();
  vendor.expireTokens();
  const evil = { instance_url: 'https://acme.my.salesforce.com.evil.example' };
  answer((request) =>
    isToken(request) ? Response.json({ ...vendor.oauth.issue({ profile: 'oauth' }), ...evil }) : undefined,
  );
  sent.length = 0;
  await client.org.limits();
  expect(new Set(sent.map(({ url }) => url.host))).toEqual(new Set(['login.salesforce.com', 'acme.my.salesforce.com']));
});

test.each(['This session is not valid for use with the REST API', 'Connected app is not attached to Agent'])(
  '«%s» is no end of the session, and asks for no other',
  async (message) => {
    const { client, login, sent, answer } = rig();
    await login();
    sent.length = 0;
    answer(() => refused(401, 'INVALID_SESSION_ID', message));
    await expect(client.org.limits()).rejects.toMatchObject({ kind: 'permission', code: 'session_not_for_api' });
    expect(sent).toHaveLength(1);
  },
);

test('the request limit of the day is not tried again', async () => {
  const { client, login, sent, answer, board } = rig();
  await login();
  sent.length = 0;
  answer(() => refused(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'));
  await expect(client.org.limits()).rejects.toMatchObject({ kind: 'rate_limited', retryable: false });
  expect(sent).toHaveLength(1);
  expect(await board.health('salesforce', { organizationId })).toMatchObject({
    status: 'degraded',
    reason: 'request_limit_exceeded',
  });
  answer(() => Response.json({ DailyApiRequests: { Max: 15_000, Remaining: 0 } }));
  expect(await board.health('salesforce', { organizationId })).toMatchObject({
    status: 'degraded',
    reason: 'request_limit',
  });
});

test('whoever may not read the organization’s record is known by the id in the token answer', async () => {
  const { login, answer, board } = rig();
  answer(({ url }) => (url.pathname.endsWith('/query') ? refused(400, 'INVALID_TYPE') : undefined));
  await login();
  expect(await board.connections.get('salesforce', { organizationId })).toMatchObject({
    account: { id: '00Dxx0000001gPFEAY', name: 'acme.my.salesforce.com' },
  });
  const url = 'https://login.salesforce.com/id/00Dxx0000001gPFEAY/005xx000001SwiUAAS';
  expect(readIdentity(url)).toEqual({ organizationId: '00Dxx0000001gPFEAY', userId: '005xx000001SwiUAAS' });
  expect(readIdentity('https://evil.example/id/x/y')).toEqual({});
});

test('client credentials are asked for at the My Domain alone', async () => {
  const { board, sent } = rig();
  const fields = { clientId, clientSecret: 'A1B2C3D4E5F60718293A4B5C6D7E8F90', domain: 'acme.my.salesforce.com' };
  await board.connect('salesforce', { organizationId, credentials: fields });
  const [{ url, form }] = sent as [SentRequest];
  expect(url.href).toBe('https://acme.my.salesforce.com/services/oauth2/token');
  expect(Object.fromEntries(form)).toEqual({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: fields.clientSecret,
  });
  const elsewhere = { ...fields, domain: 'login.salesforce.com' };
  await expect(board.connect('salesforce', { organizationId, credentials: elsewhere })).rejects.toMatchObject({
    fields: [{ path: 'domain' }],
  });
});

test.each([
  ['login.salesforce.com', 'https://login.salesforce.com'],
  ['test.salesforce.com', 'https://test.salesforce.com'],
  ['acme.my.salesforce.com', 'https://login.salesforce.com'],
  ['acme--uat.sandbox.my.salesforce.com', 'https://test.salesforce.com'],
])('a JWT for %s speaks to %s, for three minutes', async (loginHost, aud) => {
  const { board, sent, answer, clock, vendor } = rig();
  answer((request) => (isToken(request) ? Response.json(vendor.oauth.issue({ profile: 'jwt' })) : undefined));
  const fields = { clientId, username: 'api@acme.example', privateKey: exampleRsaPem, loginHost };
  await board.connect('salesforce', { organizationId, method: 'jwt', credentials: fields });
  const [{ url, form }] = sent as [SentRequest];
  expect(url.host).toBe(loginHost);
  expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  const [head = '', claims = '', signature = ''] = form.get('assertion')!.split('.');
  expect(JSON.parse(atob(head))).toEqual({ alg: 'RS256' });
  expect(JSON.parse(atob(claims))).toEqual({
    iss: clientId,
    sub: 'api@acme.example',
    aud,
    exp: clock.now() / 1000 + 180,
  });
  const verifier = createVerify('SHA256').update(`${head}.${claims}`);
  expect(verifier.verify(createPublicKey(exampleRsaPem), signature, 'base64url')).toBe(true);
});

test('a key that is none is refused by field', async () => {
  const privateKey = '-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----';
  const fields = { clientId, username: 'a@b.example', privateKey, loginHost: 'login.salesforce.com' };
  const connecting = rig().board.connect('salesforce', { organizationId, method: 'jwt', credentials: fields });
  await expect(connecting).rejects.toMatchObject({ fields: [{ path: 'privateKey' }] });
});

test.each([
  ['invalid_client_id', 'configuration'],
  ['redirect_uri_mismatch', 'configuration'],
  ['inactive_user', 'auth'],
  ['inactive_org', 'auth'],
  ['OAUTH_APP_BLOCKED', 'permission'],
])('the token endpoint’s `%s` is %s; a tenant’s own client is never the host’s fault', async (error, kind) => {
  const { login, answer, board } = rig();
  answer((request) =>
    isToken(request) ? Response.json({ error, error_description: 'w' }, { status: 400 }) : undefined,
  );
  await expect(login()).rejects.toMatchObject({ kind, vendor: { code: error } });
  const credentials = { clientId, clientSecret: 'A1B2C3D4E5F60718293A4B5C6D7E8F90', domain: 'acme.my.salesforce.com' };
  await expect(board.connect('salesforce', { organizationId, credentials })).rejects.toMatchObject(
    kind === 'permission' ? { kind } : { code: 'credentials_refused' },
  );
});
