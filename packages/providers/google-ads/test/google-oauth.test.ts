import { isPlugboardError } from '@plugboard/core';
import { exampleKeyFile, readKeyFile } from '@plugboard/google';
import { expect, test } from 'vitest';

import { createRig, target } from './rig.ts';

const keyFile = (change: Record<string, unknown>) =>
  JSON.stringify({ ...(JSON.parse(exampleKeyFile) as object), ...change });

test('the authorization request is the one that Google’s own library makes', async () => {
  const { url } = await createRig().begin();
  const { origin, pathname, searchParams } = url;
  expect(origin + pathname).toBe('https://accounts.google.com/o/oauth2/v2/auth');
  const { state, code_challenge: challenge, ...params } = Object.fromEntries(searchParams);
  expect(params).toEqual({
    access_type: 'offline',
    prompt: 'consent',
    include_granted_scopes: 'true',
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
    .map(({ form }) => Object.fromEntries(form));
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
  const { board, connect, sent, answer } = createRig();
  await connect();
  answer(({ url }) =>
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

test('a service account’s assertion goes to Google alone, whatever its file says, and without the host’s client', async () => {
  const { board, client, sent, answer } = createRig();
  // Google's own answer, which does not repeat the scopes.
  const minted = { access_token: 'stub', expires_in: 3599, token_type: 'Bearer' };
  answer(({ url }) => (url.pathname === '/token' ? Response.json(minted) : undefined));
  const file = keyFile({ token_uri: 'https://evil.example/token', auth_uri: 'https://evil.example/auth' });
  await board.connect('google-ads', {
    ...target,
    method: 'serviceAccount',
    credentials: { keyFile: file, customerId: '123-456-7890' },
  });
  expect(sent[0]?.url.href).toBe('https://oauth2.googleapis.com/token');
  const form = Object.fromEntries(sent[0]!.form);
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
  const { board, answer } = createRig();
  answer(({ url }) =>
    url.pathname === '/token' ? Response.json({ error, error_description: description }, { status }) : undefined,
  );
  const refusal = await board
    .connect('google-ads', { ...target, method: 'serviceAccount', credentials: { keyFile: exampleKeyFile } })
    .catch((reason: unknown) => reason);
  expect(isPlugboardError(refusal) && refusal.kind).toBe(kind);
  expect(await board.connections.get('google-ads', target)).toBeNull();
});
