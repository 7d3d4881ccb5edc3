import { expect, test } from 'vitest';

import type { Sign } from '../../src/auth/auth.ts';
import { basic, bearer, header, need, query, unsigned } from '../../src/auth/sign.ts';
import { encodeBase64, encodeUtf8 } from '../../src/bytes.ts';
import { learnCredentialReader } from '../../src/emulator/credential-reader.ts';

const example = { accessToken: 'token-example', user: 'user-example', key: 'key-example', part: 'token' };
const url = 'https://api.example.com/v1/x';

async function read(sign: Sign, request: { headers?: Record<string, string>; url?: string }) {
  const reader = await learnCredentialReader(sign, example, 'https://api.example.com');
  return reader.read({ headers: new Headers(request.headers), url: request.url ?? url });
}

/** A bot's token as a part of the path. */
const inPath: Sign = {
  places: ['path'],
  apply: ({ url: target }, { credentials }) =>
    void (target.pathname = `/bot${need(credentials, 'key')}${target.pathname}`),
};
const signature: Sign = {
  places: ['header:x-signature'],
  apply: ({ headers }) => headers.set('x-signature', 'abc123'),
};
/** The user is readable, the key only signs, with the time of day. */
const dated: Sign = {
  places: ['header:authorization', 'header:x-date'],
  apply({ headers, body }, { credentials, now }) {
    const stamp = String(now).padStart(13, '0');
    const sum = Array.from(`${stamp}${String(body)}${need(credentials, 'key')}`).reduce(
      (a, c) => a * 31 + c.charCodeAt(0),
      7,
    );
    headers.set('authorization', `SIG id=${need(credentials, 'user')}/${stamp}/v1, sum=ab${sum.toString(36)}`);
    headers.set('x-date', stamp);
  },
};
/** A secret of the app beside the credential, as far as the host has one. */
const withApp: Sign = {
  places: ['header:authorization', 'header:x-app-key'],
  async apply(request, context) {
    await bearer().apply(request, context);
    request.headers.set('x-app-key', need(context.app, 'appKey'));
  },
};
const several: Sign = {
  places: ['header:x-app', 'header:authorization'],
  async apply(request, context) {
    request.headers.set('x-app', `user ${need(context.credentials, 'user')} key ${need(context.credentials, 'key')}`);
    await bearer().apply(request, context);
  },
};

test.each([
  ['a bearer', bearer(), { headers: { authorization: 'Bearer abc' } }, { accessToken: 'abc' }],
  ['a header with a prefix', header('x-key', 'key', 'Key '), { headers: { 'x-key': 'Key k1' } }, { key: 'k1' }],
  [
    'Basic',
    basic('user', 'key'),
    { headers: { authorization: `Basic ${encodeBase64(encodeUtf8('a:b:c'))}` } },
    { user: 'a', key: 'b:c' },
  ],
  [
    'Basic with a key alone',
    basic('key'),
    { headers: { authorization: `Basic ${encodeBase64(encodeUtf8('test_k:'))}` } },
    { key: 'test_k' },
  ],
  ['the query', query('key', 'key'), { url: `${url}?key=a%2Bb` }, { key: 'a+b' }],
  ['the path', inPath, { url: 'https://api.example.com/bot12:ab/getMe' }, { key: '12:ab' }],
  [
    'several places',
    several,
    { headers: { 'x-app': 'user u key k', authorization: 'Bearer t' } },
    { user: 'u', key: 'k', accessToken: 't' },
  ],
  [
    'the name beside a signature with a date',
    dated,
    { headers: { authorization: 'SIG id=someone/1795168805000/v1, sum=zz9', 'x-date': '1795168805000' } },
    { user: 'someone' },
  ],
  ['a signature, of which nothing can be read', signature, { headers: { 'x-signature': 'whatever' } }, {}],
  ['a token without the secret of the app', withApp, { headers: { authorization: 'Bearer t' } }, { accessToken: 't' }],
  ['nothing where nothing belongs', unsigned, {}, {}],
])('%s is read', async (_name, sign, request, found) => {
  expect(await read(sign, request)).toEqual(found);
});

test.each([
  ['no header', bearer(), {}],
  ['another prefix', bearer(), { headers: { authorization: 'Token abc' } }],
  ['no prefix', bearer(), { headers: { authorization: 'abc' } }],
  ['no query', query('key', 'key'), {}],
  ['no credential in the path', inPath, { url: 'https://api.example.com/getMe' }],
  ['one of two places', several, { headers: { authorization: 'Bearer t' } }],
  ['Basic without base64', basic('user', 'key'), { headers: { authorization: 'Basic user:key' } }],
])('%s is nothing', async (_name, sign, request) => {
  expect(await read(sign, request)).toBeUndefined();
});

test('the address is the credential where a sign puts nothing, be it at one host only', async () => {
  const atApi: Sign = {
    places: ['header:authorization'],
    apply: (request, context) =>
      request.url.host === 'api.example.com' ? bearer().apply(request, context) : undefined,
  };
  const at = async (sign: Sign, origin: string) => (await learnCredentialReader(sign, example, origin)).inAddress;
  expect(await at(atApi, 'https://api.example.com')).toBe(false);
  expect(await at(atApi, 'https://hooks.example.com')).toBe(true);
  expect(await at(unsigned, 'https://hooks.example.com')).toBe(true);
  expect(await at({ places: ['path'], apply: () => undefined }, 'https://hooks.example.com')).toBe(true);
  expect(await at(inPath, 'https://api.example.com')).toBe(false);
});

test('a sign that needs other credentials at an origin reads nothing there', async () => {
  const demanding: Sign = { places: ['path'], apply: (_request, { credentials }) => void need(credentials, 'missing') };
  expect(await read(demanding, {})).toBeUndefined();
});

test('a path that is the whole credential is an address', async () => {
  const whole: Sign = { places: ['path'], apply: ({ url: target }) => void (target.pathname = '/services/T0/B0') };
  expect((await learnCredentialReader(whole, example, 'https://hooks.example.com')).inAddress).toBe(true);
});
