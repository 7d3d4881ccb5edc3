/** What an emulated authorization server publishes, and the id tokens that it signs. */
import { expect, test } from 'vitest';

import { verifyIdToken } from '../../src/auth/id-token.ts';
import { at, text } from '../../src/json.ts';
import { createSelfHosted, issuer, selfHosted } from '../support/self-hosted.ts';
import { createEmulator } from '../../src/emulator/create-emulator.ts';

const get = async (vendor: ReturnType<typeof createEmulator>, url: string) => {
  const answer = await vendor.fetch(new Request(url));
  return { status: answer.status, json: answer.ok ? ((await answer.json()) as unknown) : undefined };
};

test('the metadata is found by both specifications, below the issuer of the deployment', async () => {
  const { vendor } = createSelfHosted();
  const openid = await get(vendor, `${issuer}/.well-known/openid-configuration`);
  const oauth = await get(vendor, 'https://login.acme.example/.well-known/oauth-authorization-server/realms/main');
  expect(openid).toEqual(oauth);
  expect(at(openid.json, 'issuer')).toBe(issuer);
  expect(vendor.oauth.endpointOf(new URL(text(at(openid.json, 'token_endpoint'))!))).toBe('token');
  expect(vendor.oauth.endpointOf(new URL(text(at(openid.json, 'jwks_uri'))!))).toBe('metadata');
  expect((await get(vendor, 'https://login.acme.example/.well-known/openid-configuration')).status).not.toBe(200);

  const elsewhere = 'https://other.example/tenant/';
  const moved = createEmulator(selfHosted()({ clientId: 'client', clientSecret: 'secret', issuer: elsewhere }));
  const { json } = await get(moved, 'https://other.example/tenant/.well-known/openid-configuration');
  expect(at(json, 'issuer')).toBe(elsewhere);
  expect(moved.serves(new URL(`${issuer}/token`))).toBe(false);
});

test('an id token names issuer, client, user and nonce, and the published key signed it', async () => {
  const verified: unknown[] = [];
  const { connect, clock } = createSelfHosted({
    async afterCode(grant, client) {
      const { idToken, accessToken = '' } = grant.credentials;
      const jwksUrl = text(at(client.input, 'discovered', 'jwks_uri')) ?? '';
      const rules = { issuer, audience: 'client', jwksUrl, nonce: client.nonce ?? '', accessToken };
      verified.push(await verifyIdToken(idToken, rules, client));
      return grant;
    },
  });
  expect(await connect()).toMatchObject({ status: 'connected' });
  const iat = Math.floor(clock.now() / 1000);
  expect(verified).toMatchObject([{ iss: issuer, sub: 'acct-1', aud: 'client', iat, exp: iat + 3600 }]);
});
