import { conformance, providerContract } from '@plugboard/testing';
import { SignJWT } from 'jose';

import { shopify } from '../src/index.ts';

const account = { id: 'snowdevil.myshopify.com', name: 'Snowdevil' };
const app = { clientId: 'client-id', clientSecret: 'testApiSecretKey' };

/** What App Bridge hands to the page: https://shopify.dev/docs/apps/build/authentication-authorization/session-tokens */
function sessionToken(claims: object = {}, secret = app.clientSecret, alg = 'HS256'): Promise<string> {
  const [nbf, exp] = [Date.UTC(2026, 0, 1) / 1000 - 5, Date.UTC(2027, 0, 1) / 1000];
  const payload = {
    iss: `https://${account.id}/admin`,
    dest: `https://${account.id}`,
    aud: app.clientId,
    sub: '42',
    nbf,
    exp,
  };
  return new SignJWT({ ...payload, ...claims }).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
}

conformance(shopify.definition, { api: { credentials: (() => ({ shop: account.id })) as never } });

providerContract(shopify, {
  account,
  app,
  input: { oauth: { shop: account.id } },
  credentials: { embedded: { sessionToken: await sessionToken() } },
});
