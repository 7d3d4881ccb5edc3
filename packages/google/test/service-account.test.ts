import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { encodeUtf8, exampleRsaKey, type OAuthRequest } from '@plugboard/core';
import { createAnswer } from '@plugboard/core/provider-kit';
import { JWT, JWTAccess } from 'google-auth-library';
import { expect, test } from 'vitest';

import { exampleJwk, exampleKeyFile, mintIdToken, readKeyFile } from '../src/index.ts';
import { signAccessToken, signAssertion } from '../src/index.ts';
import { target } from './rig.ts';
import { createRig, scopes } from './sample.ts';

const keyFile = (change: Record<string, unknown>) =>
  JSON.stringify({ ...(JSON.parse(exampleKeyFile) as object), ...change });
const { private_key: pem, client_email: email } = JSON.parse(exampleKeyFile) as {
  private_key: string;
  client_email: string;
};
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as object;

test('the assertion has the published signature of RFC 7515’s key', async () => {
  const file = keyFile({ client_email: 'sa@p.iam.gserviceaccount.com' });
  const scopes = ['https://www.googleapis.com/auth/drive.readonly'];
  const assertion = await signAssertion(file, { scopes, nowMs: 1_700_000_000_999 });
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
  expect(await signAssertion(twice, { scopes: ['a'], nowMs: 0 })).toBe(
    await signAssertion(exampleKeyFile, { scopes: ['a'], nowMs: 0 }),
  );
  const assertion = await signAssertion(exampleKeyFile, { scopes: ['a b'], nowMs: 0 });
  const [header, claims, signature = ''] = assertion.split('.');
  const key = createPublicKey(pem);
  expect(verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
});

test.each([
  ['shorter than 2048 bits', () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
  ['of another kind', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
])('a key %s signs nothing', async (_what, generate) => {
  const file = keyFile({ private_key: generate().export({ type: 'pkcs8', format: 'pem' }) });
  await expect(signAssertion(file, { scopes: ['a'], nowMs: 0 })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ path: 'keyFile' }],
  });
});

test('the example’s key is the public one of RFC 7515', () => {
  const { n } = createPublicKey(pem).export({ format: 'jwk' });
  expect(n?.startsWith('ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd')).toBe(true);
  expect(n).toBe(exampleJwk.n);
  expect(readKeyFile(exampleKeyFile)?.privateKey).toEqual(exampleRsaKey());
});

test('the assertion says what Google’s own library says, for itself and for a user it acts as', async () => {
  for (const subject of [undefined, 'user@example.com']) {
    const forms: URLSearchParams[] = [];
    const fetchImplementation = (_url: unknown, init?: { readonly body?: unknown }) => {
      forms.push(new URLSearchParams(String(init?.body)));
      return Promise.resolve(Response.json({ access_token: 'a', expires_in: 3599, token_type: 'Bearer' }));
    };
    const scopes = ['openid', 'email'];
    const library = new JWT({
      email,
      key: pem,
      scopes,
      ...(subject && { subject }),
      transporterOptions: { fetchImplementation: fetchImplementation as typeof fetch },
    });
    await library.authorize();
    const theirs = claimsOf(forms[0]!.get('assertion')!) as { iat: number };
    const ours = await signAssertion(exampleKeyFile, { scopes, subject, nowMs: theirs.iat * 1000 });
    expect(claimsOf(ours)).toEqual(theirs);
    expect(forms[0]!.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  }
});

test('a service account asks for the scopes of its tenant, as the user it acts as, and is named by it', async () => {
  const { board, connect, sent } = createRig();
  await connect({ keyFile: exampleKeyFile, subject: 'user@example.com', scopes: 'openid' });
  const claims = claimsOf(sent[0]!.form.get('assertion')!);
  expect(claims).toMatchObject({ scope: 'openid', sub: 'user@example.com' });
  expect(await board.connections.get('google-oauth', target)).toMatchObject({
    account: { id: 'user@example.com' },
    scopes: ['openid'],
  });
  await connect({ keyFile: exampleKeyFile }).catch((error: unknown) =>
    expect(error).toMatchObject({ code: 'account_mismatch' }),
  );
  await expect(connect({ keyFile: exampleKeyFile, scopes: 'openid https://evil.example' })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ path: 'scopes' }],
  });
});

test('a service account that may make no call that proves anything is known by its token, and its health is not guessed', async () => {
  const { board, connect, sent } = createRig();
  await connect({ keyFile: exampleKeyFile, scopes: scopes.less });
  expect(await board.connections.get('google-oauth', target)).toMatchObject({
    status: 'active',
    account: { id: email },
  });
  expect(await board.health('google-oauth', target)).toMatchObject({ status: 'unknown', reason: 'nothing_to_ask' });
  expect(sent.map(({ url }) => url.pathname)).toEqual(['/token']);
});

const headerOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as object;

test('a token that the account signs itself says what Google’s own library says, for a service and for scopes', async () => {
  const { private_key_id: kid } = JSON.parse(exampleKeyFile) as { private_key_id: string };
  for (const target of [{ audience: 'https://drive.googleapis.com/' }, { scopes: [scopes.more, scopes.less] }]) {
    const library = new JWTAccess(email, pem, kid);
    const theirs =
      'audience' in target
        ? library.getRequestHeaders(target.audience)
        : library.getRequestHeaders(undefined, undefined, target.scopes);
    const token = theirs.get('authorization')!.slice('Bearer '.length);
    const claims = claimsOf(token) as { iat: number };
    const ours = await signAccessToken(exampleKeyFile, target, claims.iat * 1000);
    expect(claimsOf(ours)).toEqual(claims);
    expect(headerOf(ours)).toEqual({ ...headerOf(token), typ: 'JWT' });
    const [head, body, signature = ''] = ours.split('.');
    expect(
      verify('sha256', Buffer.from(`${head}.${body}`), createPublicKey(pem), Buffer.from(signature, 'base64url')),
    ).toBe(true);
  }
  const nameless = signAccessToken(keyFile({ private_key_id: undefined }), { scopes: ['a'] }, 0);
  await expect(nameless).rejects.toMatchObject({ code: 'invalid_input', fields: [{ path: 'keyFile' }] });
});

test('an identity token is asked for as Google’s own library does, and kept a secret', async () => {
  const forms: URLSearchParams[] = [];
  const fetchImplementation = (_url: unknown, init?: { readonly body?: unknown }) => {
    forms.push(new URLSearchParams(String(init?.body)));
    return Promise.resolve(Response.json({ id_token: 'theirs' }));
  };
  const library = new JWT({
    email,
    key: pem,
    transporterOptions: { fetchImplementation: fetchImplementation as typeof fetch },
  });
  await library.fetchIdToken('https://run.example');
  const theirs = claimsOf(forms[0]!.get('assertion')!) as { iat: number };
  const asked: OAuthRequest[] = [];
  const clientOf = (body: object) => ({
    now: theirs.iat * 1000,
    request: (init: OAuthRequest) => {
      asked.push(init);
      return Promise.resolve(createAnswer({ status: 200, headers: new Headers() }, encodeUtf8(JSON.stringify(body))));
    },
  });
  const token = await mintIdToken(clientOf({ id_token: 'ours' }), exampleKeyFile, 'https://run.example');
  expect([token.reveal(), JSON.stringify(token)]).toEqual(['ours', expect.not.stringContaining('ours')]);
  const { url, form } = asked[0]! as { url: string; form: Record<string, string> };
  expect(url).toBe('https://oauth2.googleapis.com/token');
  expect(form['grant_type']).toBe(forms[0]!.get('grant_type'));
  expect(claimsOf(form['assertion']!)).toEqual(theirs);
  const empty = mintIdToken(clientOf({ access_token: 'a' }), exampleKeyFile, 'https://run.example');
  await expect(empty).rejects.toMatchObject({ code: 'unexpected_shape' });
});
