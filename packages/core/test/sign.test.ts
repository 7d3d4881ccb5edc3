/** Where credentials are put on a request: in the place that is declared, and in no other. */
import { expect, test } from 'vitest';

import type { OutgoingRequest, Sign } from '../src/auth/auth.ts';
import { basic, bearer, bodyMember, header, query, unsigned } from '../src/auth/sign.ts';
import { Secret } from '../src/secret.ts';

const credentials = { accessToken: new Secret('token-1'), apiKey: 'key-1', user: 'usér', password: new Secret('pass') };

async function signed(sign: Sign, body?: OutgoingRequest['body']) {
  const request: OutgoingRequest = {
    method: 'POST',
    url: new URL('https://api.acme.example/x?a=b'),
    headers: new Headers(),
    ...(body !== undefined && { body }),
  };
  await sign.apply(request, { credentials, app: {}, now: 0 });
  return { url: request.url.search, headers: Object.fromEntries(request.headers), body: request.body };
}

const untouched = { url: '?a=b', headers: {}, body: undefined };

test.each<[string, Sign, string[], object]>([
  ['a token', bearer(), ['header:authorization'], { headers: { authorization: 'Bearer token-1' } }],
  [
    'a token of another name',
    bearer('apiKey'),
    ['header:authorization'],
    { headers: { authorization: 'Bearer key-1' } },
  ],
  ['a header', header('X-Key', 'apiKey'), ['header:x-key'], { headers: { 'x-key': 'key-1' } }],
  [
    'a header with a prefix',
    header('x-key', 'apiKey', 'Key '),
    ['header:x-key'],
    { headers: { 'x-key': 'Key key-1' } },
  ],
  [
    'a user and a password',
    basic('user', 'password'),
    ['header:authorization'],
    { headers: { authorization: `Basic ${Buffer.from('usér:pass').toString('base64')}` } },
  ],
  ['a query parameter', query('key', 'apiKey'), ['query:key'], { url: '?a=b&key=key-1' }],
  [
    'a member of the body',
    bodyMember('key', 'apiKey'),
    ['body:key'],
    { body: '{"key":"key-1"}', headers: { 'content-type': 'application/json' } },
  ],
  ['nothing', unsigned, [], {}],
])('%s', async (_name, sign, places, expected) => {
  expect(sign.places).toEqual(places);
  expect(await signed(sign)).toEqual({ ...untouched, ...expected });
});

test('a member of the body stands beside what is there', async () => {
  const { body } = await signed(bodyMember('key', 'apiKey'), '{"a":1,"key":"x"}');
  expect(body).toBe('{"a":1,"key":"key-1"}');
});

test('what a connection does not hold is not sent as nothing', async () => {
  for (const sign of [bearer('none'), header('x', 'none'), basic('user', 'none'), query('x', 'none')])
    await expect(signed(sign)).rejects.toMatchObject({ kind: 'auth', code: 'credential_missing' });
});
