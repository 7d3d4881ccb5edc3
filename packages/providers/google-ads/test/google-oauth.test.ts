import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { decodeBase64, isPlugboardError, type Answer } from '@plugboard/core';
import { createAnswer } from '@plugboard/core/provider-kit';
import { expect, test } from 'vitest';

import { googleAds } from '../src/index.ts';
import { exampleKeyFile, googleOAuth, readKeyFile, signAssertion } from '../src/google-oauth.ts';
import { createRig, organizationId, target } from './rig.ts';

const keyFile = (change: Record<string, unknown>) =>
  JSON.stringify({ ...(JSON.parse(exampleKeyFile) as object), ...change });
const { private_key: pem } = JSON.parse(exampleKeyFile) as { private_key: string };
const answerOf = (status: number, body: object): Answer =>
  createAnswer({ status, headers: new Headers() }, new TextEncoder().encode(JSON.stringify(body)));

test('the authorization request is the one that Google’s own library makes', async () => {
  const { board } = createRig();
  const { url } = await board.authorize('google-ads', { organizationId, userId: 'user-1' });
  const { origin, pathname, searchParams } = new URL(url);
  expect(origin + pathname).toBe('https://accounts.google.com/o/oauth2/v2/auth');
  const { state, code_challenge: challenge, ...params } = Object.fromEntries(searchParams);
  expect(params).toEqual({
    access_type: 'offline',
    prompt: 'consent',
    scope: 'https://www.googleapis.com/auth/adwords https://www.googleapis.com/auth/datamanager',
    code_challenge_method: 'S256',
    response_type: 'code',
    client_id: 'cid.apps.googleusercontent.com',
    redirect_uri: 'https://app.example.com/integrations/callback/google-ads',
  });
  expect([state?.length, challenge?.length]).toEqual([expect.any(Number), 43]);
});

test('the refresh token is kept where the answer leaves it out, and the client authenticates in the body', async () => {
  const { clock, client, connect, sent, vendor } = createRig();
  await connect();
  vendor.oauth.switches.token.always({ omitRefreshToken: true });
  for (let turn = 0; turn < 2; turn++) {
    await clock.advance(3_700_000);
    await client().customers.listAccessible({});
  }
  const refreshes = sent
    .filter(({ url }) => url.host === 'oauth2.googleapis.com')
    .map(({ text }) => Object.fromEntries(new URLSearchParams(text)));
  expect(refreshes.map(({ refresh_token: _token, ...form }) => form)).toEqual(
    Array.from({ length: 2 }, () => ({
      grant_type: 'refresh_token',
      client_id: 'cid.apps.googleusercontent.com',
      client_secret: 'client-secret-0123456789',
    })),
  );
  expect(new Set(refreshes.map(({ refresh_token: token }) => token)).size).toBe(1);
});

test('disconnecting revokes without the client’s secret; a grant that is dead already is done', async () => {
  const { board, connect, sent, respond } = createRig();
  await connect();
  respond((url) =>
    url.pathname === '/revoke' ? Response.json({ error: 'invalid_token' }, { status: 400 }) : undefined,
  );
  expect(await board.disconnect('google-ads', target)).toMatchObject({ revoked: 'revoked' });
  expect(sent.length).toBeGreaterThan(0);
  for (const { url, text } of sent) {
    expect(url.href).toBe('https://oauth2.googleapis.com/revoke');
    expect(text).not.toContain('client_secret');
  }
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

test('the assertion has the published signature of RFC 7515’s key', async () => {
  const file = keyFile({ client_email: 'sa@p.iam.gserviceaccount.com' });
  const assertion = await signAssertion(file, ['https://www.googleapis.com/auth/drive.readonly'], 1_700_000_000_999);
  const [header, claims, signature] = assertion.split('.');
  expect(header).toBe('eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9');
  expect(JSON.parse(Buffer.from(claims!, 'base64url').toString())).toEqual({
    iss: 'sa@p.iam.gserviceaccount.com',
    scope: 'https://www.googleapis.com/auth/drive.readonly',
    aud: 'https://oauth2.googleapis.com/token',
    iat: 1_700_000_000,
    exp: 1_700_003_600,
  });
  expect(signature).toBe(
    'TfmB4KHVbatgvrksOQe56OrgSbRnRzRrU8rAVLcoQotvvMQk-oAlgqJFT_E50IiXljXNdGYHKLgoN_2DivgEwQzXptzdnD6nlx3xLsW_lv2QVLxJ9nIcQvz72Rbpm1B8qw6JMLsZqZqo83JFRq_PjdN8FcmboHh0Q80BtKjcTt2wnYc5TTnGr4JBFlD2J1hSwzoH5GTSCag4aFl8d_LmAnO7G4UdcsBNz2SqsTXDSlD4g0nylt8laIVcPsLX4CNpWhh0PHqudXwx5A-UmFUr814-f6nb_QqNJyXw-06hFQOUrCWCSWdrT3YB3V3lxNTCJf2ciook6kdMuan8--pf0Q',
  );
});

test('keys are read whether their line breaks are escaped once or twice, and sign alike', async () => {
  const twice = keyFile({ private_key: pem.replaceAll('\n', '\\n') });
  expect(await signAssertion(twice, ['a'], 0)).toBe(await signAssertion(exampleKeyFile, ['a'], 0));
  const assertion = await signAssertion(exampleKeyFile, ['a b'], 0);
  const [header, claims, signature = ''] = assertion.split('.');
  const key = createPublicKey(pem);
  expect(verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
});

test.each([
  ['an external account', keyFile({ type: 'external_account' })],
  ['a user’s refresh token', keyFile({ type: 'authorized_user' })],
  ['no type', keyFile({ type: undefined })],
  ['another host’s address', keyFile({ client_email: 'sa@evil.example' })],
  ['no key', keyFile({ private_key: undefined })],
  ['a public key', keyFile({ private_key: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n' })],
  ['an empty key', keyFile({ private_key: '-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----\n' })],
  ['half a file', exampleKeyFile.slice(0, 200)],
  ['a list', `[${exampleKeyFile}]`],
])('a key file with %s is refused by its field, and nothing is sent', async (_what, file) => {
  expect(readKeyFile(file)).toBeUndefined();
  const { board, sent } = createRig();
  const refusal = board.connect('google-ads', { ...target, method: 'serviceAccount', credentials: { keyFile: file } });
  await expect(refusal).rejects.toMatchObject({ code: 'invalid_input', fields: [{ path: 'keyFile' }] });
  expect(sent).toEqual([]);
});

test.each([
  ['shorter than 2048 bits', () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
  ['of another kind', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
])('a key %s signs nothing', async (_what, generate) => {
  const file = keyFile({ private_key: generate().export({ type: 'pkcs8', format: 'pem' }) });
  await expect(signAssertion(file, ['a'], 0)).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ path: 'keyFile' }],
  });
});

test('a service account’s assertion goes to Google alone, whatever its file says, and without the host’s client', async () => {
  const { board, client, sent, respond } = createRig();
  // Google's own answer, which does not repeat the scopes.
  const minted = { access_token: 'stub', expires_in: 3599, token_type: 'Bearer' };
  respond((url) => (url.pathname === '/token' ? Response.json(minted) : undefined));
  const file = keyFile({ token_uri: 'https://evil.example/token', auth_uri: 'https://evil.example/auth' });
  await board.connect('google-ads', {
    ...target,
    method: 'serviceAccount',
    credentials: { keyFile: file, customerId: '123-456-7890' },
  });
  expect(sent[0]?.url.href).toBe('https://oauth2.googleapis.com/token');
  const form = Object.fromEntries(new URLSearchParams(sent[0]!.text));
  expect(Object.keys(form).toSorted()).toEqual(['assertion', 'grant_type']);
  expect(form['grant_type']).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  expect(await board.connections.get('google-ads', target)).toMatchObject({
    account: { id: '1234567890', name: 'Demo Store' },
    scopes: ['https://www.googleapis.com/auth/adwords', 'https://www.googleapis.com/auth/datamanager'],
  });
  await client().customers.listAccessible({});
  expect(sent.filter(({ url }) => url.host === 'oauth2.googleapis.com').length).toBe(1);
});

test.each([
  [400, 'invalid_grant', 'Invalid JWT Signature.', 'invalid_request'],
  [
    400,
    'invalid_grant',
    'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.',
    'configuration',
  ],
  // Not `configuration`: one tenant's key must not stop the refreshes of all others.
  [401, 'unauthorized_client', 'Client is unauthorized to retrieve access tokens using this method.', 'permission'],
  [403, 'admin_policy_enforced', 'Blocked.', 'permission'],
])('an assertion that is answered %i %s (%s) is a matter of %s', async (status, error, description, kind) => {
  const { board, respond } = createRig();
  respond((url) =>
    url.pathname === '/token' ? Response.json({ error, error_description: description }, { status }) : undefined,
  );
  const refusal = await board
    .connect('google-ads', { ...target, method: 'serviceAccount', credentials: { keyFile: exampleKeyFile } })
    .catch((reason: unknown) => reason);
  expect(isPlugboardError(refusal) && refusal.kind).toBe(kind);
  expect(await board.connections.get('google-ads', target)).toBeNull();
});

test('the example’s key is the public one of RFC 7515', () => {
  const { serviceAccount } = googleAds.definition.auth;
  expect(serviceAccount.example['keyFile']).toBe(exampleKeyFile);
  const { n } = createPublicKey(pem).export({ format: 'jwk' });
  expect(n?.startsWith('ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd')).toBe(true);
  expect(readKeyFile(exampleKeyFile)?.privateKey).toEqual(decodeBase64(pem.split('-----')[2]!.replaceAll('\n', '')));
});
