/** A26: how a client proves itself, by published vectors and by what a server verifies. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';

import { jwtVerify } from 'jose';
import { describe, expect, test, vi } from 'vitest';

import { authenticate, proofOf, tokenRequest } from '../src/auth/client-auth.ts';
import type { ClientAssertion } from '../src/auth/client-assertion.ts';
import { isPlugboardError } from '../src/errors.ts';
import { exampleRsaPem } from '../src/example-key.ts';
import { Secret } from '../src/secret.ts';

const request = { method: 'POST', url: 'https://id.example.com/token', form: { grant_type: 'refresh_token' } } as const;
const app = { clientId: 'client:id', clientSecret: new Secret('p@ss wörd') };
const now = 1_767_225_600_123;
const caller = { app, now };

test('each part of a Basic header is form-encoded before they are joined (RFC 6749 section 2.3.1)', async () => {
  // Computed by oauth4webapi as well.
  const header = 'Basic Y2xpZW50JTNBaWQ6cCU0MHNzK3clQzMlQjZyZA==';
  expect(await authenticate(request, 'basic', caller)).toEqual({ ...request, headers: { authorization: header } });
});

test('a raw one is joined as it is, for servers that do not decode', async () => {
  const odd = { app: { clientId: 'id', clientSecret: new Secret('a:b%+') }, now };
  const { headers } = await authenticate(request, 'raw_basic', odd);
  expect(headers).toEqual({ authorization: `Basic ${btoa('id:a:b%+')}` });
});

test('in the body there is no header, and a public client has no secret', async () => {
  const form = { grant_type: 'refresh_token', client_id: 'client:id' };
  const posted = { ...request, form: { ...form, client_secret: 'p@ss wörd' } };
  expect(await authenticate(request, 'post', caller)).toEqual(posted);
  expect(await authenticate(request, 'none', caller)).toEqual({ ...request, form });
});

test('a client that has no credentials is told which one is missing; what has no value is not sent', async () => {
  for (const [given, name] of [[{}, 'clientId'], [{ clientId: 'id' }, 'clientSecret']] as const) {
    const refused = authenticate(request, 'basic', { app: given, now });
    await expect(refused).rejects.toMatchObject({ kind: 'configuration', code: 'app_credentials_missing' });
    await expect(refused).rejects.toThrow(`\`${name}\``);
  } // prettier-ignore
  expect(await authenticate(request, 'post', { app: {}, now })).toEqual(request);
});

test('parameters go in the encoding of the endpoint, with its headers, for an answer in JSON', async () => {
  const { url } = request;
  const headers = { 'x-version': '2' };
  const sent = (encoding: 'form' | 'json' | 'query', clientAuth: 'post' | 'basic' = 'post') =>
    tokenRequest(
      { url, encoding, clientAuth, headers },
      { app: { clientId: 'id', clientSecret: 's' }, now },
      { code: 'c' },
    );
  const all = { code: 'c', client_id: 'id', client_secret: 's' };
  const common = { url, method: 'POST', headers: { accept: 'application/json', ...headers } };
  expect(await sent('form')).toEqual({ ...common, form: all });
  expect(await sent('json')).toEqual({ ...common, json: all });
  const query = `${url}?code=c&client_id=id&client_secret=s`;
  expect(await sent('query')).toEqual({ ...common, method: 'GET', url: query });
  // A header says who asks, or nobody does.
  expect((await sent('query', 'basic')).url).toBe(`${url}?code=c`);
});

test('which field of the app would be given away is known before anything is sent', () => {
  const assertion = { algorithm: 'RS256', key: 'privateKey', audience: 'https://id.example.com' } as const;
  const ways = ['none', 'post', 'basic', 'raw_basic', assertion] as const;
  expect(ways.map(proofOf)).toEqual([undefined, 'clientSecret', 'clientSecret', 'clientSecret', 'privateKey']);
});

describe('an assertion (RFC 7523 section 2.2)', () => {
  const issuer = 'https://id.example.com';
  const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = {
    RS256: rsa,
    PS256: rsa,
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };
  const secret = 'a secret that is as long as its hash';
  const keyed = (text: string) => ({ app: { ...app, key: new Secret(text) }, now });
  const rules = (algorithm: string) => ({
    algorithms: [algorithm],
    issuer: 'client:id',
    subject: 'client:id',
    audience: issuer,
    currentDate: new Date(now),
  });

  test.each(Object.entries(keys))('is signed with %s', async (name, { privateKey, publicKey }) => {
    const algorithm = name as keyof typeof keys;
    const auth: ClientAssertion = { algorithm, key: 'key', keyId: 'k1', audience: issuer };
    const { form = {}, headers } = await authenticate(request, auth, keyed(pem(privateKey)));
    const { client_assertion: assertion = '', ...rest } = form;
    expect(rest).toEqual({
      grant_type: 'refresh_token',
      client_id: 'client:id',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    expect(headers?.['authorization']).toBeUndefined();
    const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, rules(algorithm));
    expect(protectedHeader).toEqual({ alg: algorithm, kid: 'k1' });
    expect(payload).toEqual({
      iss: 'client:id',
      sub: 'client:id',
      aud: issuer,
      jti: expect.stringMatching(/^[\w-]{43}$/) as string,
      iat: 1_767_225_600,
      exp: 1_767_225_660,
    });
  });

  test('is signed with a secret that both have, which stays here', async () => {
    const auth = { algorithm: 'HS256', key: 'key', audience: issuer } as const;
    const sent = await authenticate(request, auth, keyed(secret));
    expect(JSON.stringify(sent)).not.toContain(secret);
    const { protectedHeader } = await jwtVerify(
      sent.form?.['client_assertion'] ?? '',
      new TextEncoder().encode(secret),
      rules('HS256'),
    );
    expect(protectedHeader).toEqual({ alg: 'HS256' });
  });

  test('is another for each request, in whatever form the parameters go', async () => {
    const auth = { algorithm: 'RS256', key: 'key', audience: issuer } as const;
    const at = (encoding: 'form' | 'json' | 'query') =>
      tokenRequest({ url: request.url, encoding, clientAuth: auth }, keyed(exampleRsaPem), { code: 'c' });
    const [form, json, query] = await Promise.all([at('form'), at('json'), at('query')]);
    const assertions = [
      form.form?.['client_assertion'],
      (json.json as Record<string, string>)['client_assertion'],
      new URL(query.url).searchParams.get('client_assertion'),
    ];
    for (const assertion of assertions) {
      await jwtVerify(assertion ?? '', createPublicKey(exampleRsaPem), rules('RS256'));
    }
    expect(new Set(assertions).size).toBe(3);
  });

  const short = pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
  test.each<[string, Partial<ClientAssertion>, string]>([
    ['no PEM', { algorithm: 'RS256' }, 'sesame-sesame-sesame-sesame-sesame'],
    ['a short RSA key', { algorithm: 'PS256' }, short],
    ['a key of another kind', { algorithm: 'EdDSA' }, exampleRsaPem],
    ['another curve', { algorithm: 'ES256' }, pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey)],
    ['a secret shorter than its hash', { algorithm: 'HS256' }, 'x'.repeat(31)],
  ])('of %s is a fault that names the field and shows nothing', async (_name, change, text) => {
    const auth = { algorithm: 'RS256', key: 'key', audience: issuer, ...change } as const;
    const error: unknown = await authenticate(request, auth, keyed(text)).catch((reason: unknown) => reason);
    if (!isPlugboardError(error)) throw error;
    expect(error).toMatchObject({ kind: 'configuration', code: 'bad_client_key', fields: [{ path: 'key' }] });
    expect(error.message).toContain('`key` is not ');
    expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toContain(
      text.slice(40, 80) || text,
    );
  });

  test('of what is no PEM says that a PEM is asked for', async () => {
    const auth = { algorithm: 'RS256', key: 'key', audience: issuer } as const;
    await expect(authenticate(request, auth, keyed('key'))).rejects.toThrow('PKCS#1, in PEM');
  });

  test('that the platform cannot sign is no fault of the key', async () => {
    const auth = { algorithm: 'HS256', key: 'key', audience: issuer } as const;
    const broken = vi.spyOn(crypto.subtle, 'sign').mockRejectedValueOnce(new Error('no memory'));
    await expect(authenticate(request, auth, keyed(secret))).rejects.toThrow('no memory');
    broken.mockRestore();
  });

  test('without its key or its client id names what is missing', async () => {
    const auth = { algorithm: 'HS256', key: 'key', audience: issuer } as const;
    await expect(authenticate(request, auth, caller)).rejects.toMatchObject({ fields: [{ path: 'key' }] });
    const nameless = { app: { key: secret }, now };
    await expect(authenticate(request, auth, nameless)).rejects.toMatchObject({ fields: [{ path: 'clientId' }] });
  });
});
