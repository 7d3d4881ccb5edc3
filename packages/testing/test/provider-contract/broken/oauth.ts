import {
  encodeUtf8,
  member,
  readTokenAnswer,
  reveal,
  Secret,
  signJwt,
  text,
  type Answer,
  type AppValues,
  type Grant,
  type Json,
  type OAuthClient,
} from '@plugboard/core';
import { z } from 'zod';

import { broken, withAuth } from './broken.ts';

const refreshes = 'oauth: refreshes by its rotation policy, again and again, and spends no token twice';
const tokens = (answer: Json) => ({ accessToken: new Secret(text(member(answer, 'access_token')) ?? '') });

const tokenUrl = 'https://api.acme.example/oauth/token';
const asserted = { algorithm: 'HS256', key: 'clientSecret', audience: 'https://acme.example' } as const;

/** Signs as it must, except that every assertion has the same id. */
async function refreshWithOneId({ app, credentials, now, request }: OAuthClient): Promise<Grant> {
  const [id, iat] = [reveal(app['clientId'] ?? ''), Math.floor(now / 1000)];
  const claims = { iss: id, sub: id, aud: asserted.audience, jti: 'always', iat, exp: iat + 60 };
  const assertion = await signJwt({ alg: 'HS256' }, claims, encodeUtf8(reveal(app['clientSecret'] ?? '')));
  const form = {
    grant_type: 'refresh_token',
    refresh_token: reveal(credentials['refreshToken'] ?? ''),
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  };
  return readTokenAnswer((await request({ method: 'POST', url: tokenUrl, form })).json());
}

export const brokenOAuth = [
  broken('an authorization address with doubled parameters', {
    fails: 'A11 oauth: the authorization request carries what the flow needs, once',
    because: /audience/,
    change: (definition) =>
      withAuth(definition, 'oauth', { authorize: { url: 'https://acme.example/authorize?audience=a&audience=b' } }),
  }),
  broken('extra parameters that belong to the engine', {
    fails: 'A14 oauth: the extra parameters of the authorization are no reserved ones',
    because: /State/,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        authorize: { url: 'https://acme.example/authorize', params: () => ({ State: 'x' }) },
      }),
  }),
  broken('a client secret in the address of the token endpoint', {
    fails: 'A26 oauth: the code is exchanged once, with the declared client authentication',
    because: /secrets in the address/,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        token: {
          url: (_input: unknown, { clientSecret = '' }: AppValues) =>
            `https://api.acme.example/oauth/token?key=${reveal(clientSecret)}`,
          clientAuth: 'basic',
        },
      }),
  }),
  broken('a second proof of the client beside its assertion', {
    fails: 'A26 oauth: the code is exchanged once, with the declared client authentication',
    because: /invalid_request/,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        token: { url: tokenUrl, clientAuth: asserted, params: { client_secret: 'typed in' } },
      }),
  }),
  broken('an assertion by a key that the app has not', {
    fails: 'A26 oauth: the code is exchanged once, with the declared client authentication',
    because: /`privateKey` is missing/,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        token: { url: tokenUrl, clientAuth: { ...asserted, algorithm: 'RS256', key: 'privateKey' } },
      }),
  }),
  broken('an assertion that is sent again', {
    fails: refreshes,
    because: /invalid_client/,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        token: { url: tokenUrl, clientAuth: asserted },
        refresh: { rotation: 'strict', run: refreshWithOneId },
      }),
  }),
  broken('a shop name that is pasted into an address', {
    fails: 'F01 oauth: no `shop` sends the browser to another host',
    because: /leads to evil\.example/,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        input: z.strictObject({ shop: z.string() }),
        authorize: { url: ({ shop }: { shop?: string }) => `https://${shop ?? 'shop'}.acme.example/authorize` },
      }),
  }),
  broken('a callback check that stumbles over a denied consent', {
    fails: 'oauth: a denied consent is a result, and nothing is stored',
    because: /no code/,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        verifyCallback(params: URLSearchParams) {
          if (!params.has('code')) throw new Error('no code');
        },
      }),
  }),
  broken('a reader that forgets the granted scopes', {
    fails: 'oauth: an operation whose scope was not granted says so without a request',
    because: /expected true to be false/,
    change: (definition) =>
      withAuth(definition, 'oauth', { read: (answer: Json) => ({ credentials: tokens(answer) }) }),
  }),
  broken('a revocation that tells nobody', {
    fails: 'oauth: disconnecting ends the grant at the vendor as far as it offers to',
    because: /expected false to be true/,
    change: (definition) => withAuth(definition, 'oauth', { revoke: async () => undefined }),
  }),
  broken('a revocation at the wrong address', {
    fails: 'oauth: disconnecting ends the grant at the vendor as far as it offers to',
    because: /'failed' to be 'revoked'/,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        revoke: async (client: OAuthClient) => {
          await client.request({ method: 'POST', url: 'https://api.acme.example/oauth/nowhere', form: {} });
        },
      }),
  }),
  broken('a reader that forgets the new refresh token', {
    fails: refreshes,
    because: /./,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        read: (answer: Json, { credentials }: Pick<OAuthClient, 'credentials'>) => ({
          credentials: {
            refreshToken: new Secret(text(member(answer, 'refresh_token')) ?? ''),
            ...credentials,
            ...tokens(answer),
          },
          expiresInMs: 3_600_000,
        }),
      }),
  }),
  broken('a refresh that sends no token', {
    fails: refreshes,
    because: /./,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        refresh: { rotation: 'strict', params: () => ({ grant_type: 'refresh_token' }) },
      }),
  }),
  broken('a token endpoint whose every trouble is the end', {
    fails: 'D07 oauth: a token endpoint that is down costs nobody the connection',
    because: /expired/,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        classify: (answer: Answer) => (answer.status === 200 ? undefined : { kind: 'auth', code: 'invalid_grant' }),
      }),
  }),
  broken('a revoked grant that goes unnoticed', {
    fails: 'D07 oauth: a revoked grant ends the connection, once it is confirmed',
    because: /expired/,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        classify: (answer: Answer) => (answer.status === 200 ? undefined : { kind: 'unavailable', code: 'later' }),
      }),
  }),
];
