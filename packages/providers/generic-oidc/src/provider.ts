/** Sign-in with any OpenID Connect issuer. */
import { at, defineProvider, oauth2, reveal, vendorErrors, type AppValues, type JsonObject } from '@plugboard/core';
import { hostOf, z } from '@plugboard/core/fields';

import { app } from './app.ts';
import { clientAuth } from './client.ts';
import { account, identify, identity, offersUserinfo, readUserinfo, refresh } from './identity.ts';
import { announced, discover, issuerOf } from './issuer.ts';
import { session, webhooks } from './logout.ts';

/** What one authorization may ask for (section 3.1.2.1). */
const input = z
  .strictObject({
    prompt: z.enum(['none', 'login', 'consent', 'select_account', 'create']).optional(),
    maxAge: z.int().min(0).optional(),
    loginHint: z.string().min(1).optional(),
    uiLocales: z.string().min(1).optional(),
    acrValues: z.string().min(1).optional(),
  })
  .prefault({});

function authorizeParams(asked: JsonObject, values: AppValues): Record<string, string> {
  const { prompt, maxAge, loginHint, uiLocales, acrValues } = asked;
  const named = { prompt, max_age: maxAge, login_hint: loginHint, ui_locales: uiLocales, acr_values: acrValues };
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  const fixed = Object.fromEntries(new URLSearchParams(reveal(values['authorizeParams'] ?? '')));
  return { ...fixed, ...Object.fromEntries(given.map(([name, value]) => [name, String(value as string | number)])) };
}

export const genericOidc = defineProvider({
  id: 'generic-oidc',
  name: 'OpenID Connect',
  category: 'identity',
  summary: 'Sign in with any OpenID Connect issuer, found by discovery.',
  docs: {
    home: 'https://openid.net/developers/how-connect-works/',
    keys: 'https://openid.net/specs/openid-connect-registration-1_0.html',
    reference: 'https://openid.net/specs/openid-connect-core-1_0.html',
    checked: '2026-11-28',
  },
  hosts: [],
  tenantHosts: (source) => [hostOf(source.app['issuer'], app.issuer.env)],
  app,

  auth: {
    oidc: oauth2({
      title: 'OpenID Connect',
      discover,
      input: input as never,
      authorize: { url: announced('authorization_endpoint'), params: authorizeParams },
      token: { url: announced('token_endpoint'), clientAuth },
      scopes: {
        ask: ['openid', 'profile', 'email'],
        env: 'OIDC_SCOPES',
        known: {
          openid: 'Know who signs in.',
          profile: 'Read the name and other facts of the profile.',
          email: 'Read the email address.',
          address: 'Read the postal address.',
          phone: 'Read the phone number.',
          offline_access: 'Stay connected after the session ends.',
        },
      },
      pkce: 'required',
      nonce: true,
      issuer: (known, values) => issuerOf(values, known),
      issuerAlwaysSent: (known) => at(known, 'discovered', 'authorization_response_iss_parameter_supported') === true,
      afterCode: identify,
      // Some issuers rotate and some do not (Keycloak: a setting): each token is used once.
      refresh: { rotation: 'unknown', run: refresh },
      revoke: { url: (known) => announced('revocation_endpoint')(known) || undefined, clientAuth },
      example: {
        access_token: 'at-2YotnFZFEjr1zCsicMWpAA',
        token_type: 'Bearer',
        expires_in: 3600,
        refresh_token: 'rt-tGzv3JOkF0XG5Qx2TlKWIA',
        id_token: 'eyJhbGciOiJSUzI1NiJ9.eyJuYW1lIjoiSmFuZSBEb2UifQ.c2lnbmF0dXJl',
        scope: 'openid profile email',
      },
    }),
  },

  api: {
    baseUrl: (api) => issuerOf(api.app).replace(/\/$/, ''),
    // RFC 6750 section 3.1; many issuers say it in WWW-Authenticate alone, where the status says as much.
    errors: vendorErrors({
      code: ['error'],
      message: ['error_description'],
      codes: { invalid_token: 'auth', insufficient_scope: 'permission' },
      examples: {
        invalidCredentials: {
          status: 401,
          body: { error: 'invalid_token', error_description: 'The access token is expired' },
          is: { kind: 'auth', code: 'invalid_token' },
        },
        missingScope: {
          status: 403,
          body: { error: 'insufficient_scope', error_description: 'openid is needed' },
          is: { kind: 'permission', code: 'insufficient_scope' },
        },
      },
    }),
  },

  account,
  async healthCheck(api) {
    const detail = 'The issuer has no userinfo endpoint, so nothing shows whether the token still works.';
    if (!offersUserinfo(api)) return { status: 'unknown', reason: 'no_userinfo', detail };
    await readUserinfo(api);
    return { status: 'healthy' };
  },
  operations: { identity, session },
  webhooks,
  emulator: (vendor) => ({
    'GET /userinfo': ({ account: user }) => ({
      json: { ...(vendor.example('identity.unchecked').json as JsonObject), sub: user.id, name: user.name },
    }),
  }),
});
