/** A flow whose client proves itself by assertions, against the emulator, which takes each once. */
import { expect, test } from 'vitest';

import type { OAuth2Options } from '../src/auth/auth.ts';
import { claimsOf } from '../src/auth/jwt.ts';
import { isPlugboardError } from '../src/errors.ts';
import { at, text, type JsonObject } from '../src/json.ts';
import { createSelfHosted, organizationId, shopInput } from './support/self-hosted.ts';

const clientSecret = 'a secret that is as long as its hash';
const clientAuth = { algorithm: 'HS256', key: 'clientSecret', audience: 'https://login.acme.example' } as const;
const found = (name: string) => (input: JsonObject) => text(at(input, 'discovered', name)) ?? '';
const signing: Partial<OAuth2Options> = {
  token: { url: found('token_endpoint'), clientAuth },
  revoke: { url: found('revocation_endpoint'), clientAuth },
};

async function refusal(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => expect.unreachable('this must be refused'),
    (reason: unknown) => reason,
  );
  if (!isPlugboardError(error)) throw error;
  return error;
}

test('A26 the exchange, each refresh and the revocation of each token are proved anew, never by the secret', async () => {
  const { board, clock, connect, answer } = createSelfHosted(signing, { app: { clientSecret } });
  const forms: URLSearchParams[] = [];
  answer(async (request) => {
    if (request.method === 'POST') forms.push(new URLSearchParams(await request.clone().text()));
    return undefined;
  });
  await connect();
  for (let round = 0; round < 2; round++) {
    await clock.advance(3_600_000);
    expect(await board.health('acme', { organizationId })).toMatchObject({ status: 'healthy' });
  }
  expect(await board.disconnect('acme', { organizationId })).toMatchObject({ revoked: 'revoked' });
  const ids = forms.map((form) => claimsOf(form.get('client_assertion') ?? '')?.['jti']);
  expect(ids).toHaveLength(5);
  expect(new Set(ids).size).toBe(5);
  expect(forms.some((form) => form.has('client_secret'))).toBe(false);
});

test('a key that cannot sign stops the flow before anybody is sent anywhere', async () => {
  const { authorize, sent } = createSelfHosted(signing, { app: { clientSecret: 'too short' } });
  const error = await refusal(authorize());
  expect(error).toMatchObject({ kind: 'configuration', code: 'bad_client_key', fields: [{ path: 'clientSecret' }] });
  expect(JSON.stringify(error)).not.toContain('too short');
  expect(sent.map(({ pathname }) => pathname).filter((path) => path.includes('token'))).toEqual([]);
});

test('F06 what is signed for the app goes to no host that an organization named', async () => {
  const byShop = {
    input: shopInput,
    discover: undefined,
    issuer: undefined,
    nonce: false,
    authorize: { url: (input: JsonObject) => `https://${input['shop'] as string}/authorize` },
    token: { url: (input: JsonObject) => `https://${input['shop'] as string}/token`, clientAuth },
    revoke: undefined,
  } as unknown as Partial<OAuth2Options>;
  const { connect, sent } = createSelfHosted(byShop, { app: { clientSecret } });
  const error = await refusal(connect({ shop: 'tenant.acme.example' }));
  expect(error).toMatchObject({ kind: 'configuration', code: 'secret_to_tenant_host' });
  expect(sent).toEqual([]);
});
