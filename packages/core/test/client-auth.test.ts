/** A26: how a client proves itself, by published vectors. */
import { expect, test } from 'vitest';

import { authenticate } from '../src/auth/client-auth.ts';
import { Secret } from '../src/secret.ts';

const request = { method: 'POST', url: 'https://id.example.com/token', form: { grant_type: 'refresh_token' } } as const;
const app = { clientId: 'client:id', clientSecret: new Secret('p@ss wörd') };

test('each part of a Basic header is form-encoded before they are joined (RFC 6749 section 2.3.1)', () => {
  // Computed by oauth4webapi as well.
  const header = 'Basic Y2xpZW50JTNBaWQ6cCU0MHNzK3clQzMlQjZyZA==';
  expect(authenticate(request, 'basic', app)).toEqual({ ...request, headers: { authorization: header } });
});

test('a raw one is joined as it is, for servers that do not decode', () => {
  const { headers } = authenticate(request, 'raw_basic', { clientId: 'id', clientSecret: new Secret('a:b%+') });
  expect(headers).toEqual({ authorization: `Basic ${btoa('id:a:b%+')}` });
});

test('in the body there is no header, and a public client has no secret', () => {
  const form = { grant_type: 'refresh_token', client_id: 'client:id' };
  expect(authenticate(request, 'post', app)).toEqual({ ...request, form: { ...form, client_secret: 'p@ss wörd' } });
  expect(authenticate(request, 'none', app)).toEqual({ ...request, form });
});
