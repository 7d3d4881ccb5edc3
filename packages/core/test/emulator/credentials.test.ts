import { describe, expect, test } from 'vitest';

import type { Sign } from '../../src/auth/auth.ts';
import { encodeBase64, encodeUtf8 } from '../../src/bytes.ts';
import { createEmulator } from '../../src/emulator/create-emulator.ts';
import type { JsonObject } from '../../src/json.ts';
import { reveal, type Secret } from '../../src/secret.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { textOf } from './oauth-client.ts';
import { exampleAccount, shop } from './shop-provider.ts';

const url = 'https://api.shop.example/v2/orders/o1';
const second = { id: 'shop-2', name: 'Second Shop' };

function start() {
  const clock = createFakeClock();
  const emulator = createEmulator(shop(), { clock, accounts: [exampleAccount, second] });
  const ask = async (headers: Record<string, string>, address = url, method = 'DELETE', body?: string) => {
    const response = await emulator.fetch(
      new Request(address, { method, headers, ...(body !== undefined && { body }) }),
    );
    return [response.status, (await response.text()) || null] as const;
  };
  const order = (headers: Record<string, string>) =>
    ask(
      { 'content-type': 'application/json', ...headers },
      'https://api.shop.example/v2/orders',
      'POST',
      '{"total":1}',
    );
  return { clock, emulator, ask, order };
}

const bearer = (token: string | Secret | undefined) => ({ authorization: `Bearer ${reveal(token ?? '')}` });
const login = (pair: string) => ({ authorization: `Basic ${encodeBase64(encodeUtf8(pair))}` });
const refused = [401, '{"error":"bad key"}'];
const good = [204, null];

describe('typed-in credentials', () => {
  test.each([
    ['the example', { authorization: 'Shop-Key key_example' }],
    ['another that fits the schema', { authorization: 'Shop-Key key_2' }],
    ['user and password', login('user:pass:word')],
  ])('%s passes', async (_name, headers) => {
    expect(await start().ask(headers)).toEqual(good);
  });

  test.each([
    ['nothing', {}],
    ['a key that does not fit the schema', { authorization: 'Shop-Key nonsense' }],
    ['the key without its prefix', { authorization: 'key_example' }],
    ['the key in another place', { 'x-api-key': 'key_example' }],
    ['a key that is wrong by its name', { authorization: 'Shop-Key key_wrong' }],
    ['a key that is revoked by its name', { authorization: 'Shop-Key key_REVOKED' }],
    ['a wrong password', login('user:wrong')],
    ['a user without a password', login('user')],
    ['no base64', { authorization: 'Basic ???' }],
  ])('%s is refused as the vendor would', async (_name, headers) => {
    expect(await start().ask(headers as Record<string, string>)).toEqual(refused);
  });

  test('revokeAll ends those that were used, and no others', async () => {
    const { emulator, ask } = start();
    const [old, fresh] = [{ authorization: 'Shop-Key key_old' }, { authorization: 'Shop-Key key_new' }];
    expect(await ask(old)).toEqual(good);
    expect(await ask(login('user:old'))).toEqual(good);
    emulator.revokeAll();
    expect(await ask(old)).toEqual(refused);
    expect(await ask(login('user:old'))).toEqual(refused);
    expect(await ask(fresh)).toEqual(good);
    expect(await ask(login('user:new'))).toEqual(good);
    emulator.reset();
    expect(await ask(old)).toEqual(good);
  });

  test('an address that is the credential passes on its own host only', async () => {
    const { ask } = start();
    const hook = (address: string) => ask({ 'content-type': 'application/json' }, address, 'POST', '{"text":"hi"}');
    expect(await hook('https://hooks.shop.example/services/T1/B1/abc')).toEqual([200, 'ok']);
    expect(await hook('https://hooks.shop.example/services/T1/B1/revoked')).toEqual(refused);
    expect(await hook('https://api.shop.example/v2/orders')).toEqual(refused);
  });
});

test('a sign may put the secret rest of a webhook address on its request', async () => {
  const { auth, operations } = shop.definition;
  const sign: Sign = { places: ['path'], apply: ({ url: target }) => void (target.pathname = '/services/T0/B0/XX') };
  const notify = { ...operations.hooks.notify, baseUrl: 'https://hooks.shop.example/services' };
  const definition = {
    ...shop.definition,
    auth: { ...auth, hook: { ...auth.hook, sign } },
    operations: { ...operations, hooks: { notify } },
  };
  const emulator = createEmulator({ definition, options: {} } as never);
  const post = async (address: string) => {
    const headers = { 'content-type': 'application/json' };
    return (await emulator.fetch(new Request(address, { method: 'POST', headers, body: '{"text":"hi"}' }))).status;
  };
  expect(await post('https://hooks.shop.example/services/T1/B1/abc')).toBe(200);
  expect(await post('https://hooks.shop.example/services/T1/B1/revoked')).toBe(401);
  expect(await post('https://hooks.shop.example/services/T1')).toBe(404);
  expect(await post('https://api.shop.example/v2/orders')).toBe(401);
});

test("an address on the API's own host is the credential of requests that carry no other", async () => {
  const { auth } = shop.definition;
  const hook = { ...auth.hook, example: { url: 'https://api.shop.example/hooks/T0/XX' } };
  const emulator = createEmulator({
    definition: { ...shop.definition, auth: { ...auth, hook } },
    options: {},
  } as never);
  const statusOf = async (headers: Record<string, string>) =>
    (await emulator.fetch(new Request(url, { method: 'DELETE', headers }))).status;
  expect(await statusOf({})).toBe(204);
  expect(await statusOf({ authorization: 'Shop-Key key_example' })).toBe(204);
  expect(await statusOf({ authorization: 'Shop-Key key_revoked' })).toBe(401);
  expect(await statusOf(bearer('never issued'))).toBe(401);
});

describe('tokens', () => {
  test('an issued token passes until it expires or is revoked', async () => {
    const { clock, emulator, ask } = start();
    const { accessToken } = emulator.credentials('oauth');
    expect(await ask(bearer(accessToken))).toEqual(good);
    expect(emulator.oauth.ledger.find(reveal(accessToken!))?.uses).toBe(1);
    await clock.advance(3_600_000);
    expect(await ask(bearer(accessToken))).toEqual([401, '{"error":"expired"}']);
    const { accessToken: next } = emulator.credentials('oauth');
    emulator.oauth.revoke(reveal(next!));
    expect(await ask(bearer(next))).toEqual(refused);
    expect(await ask(bearer('unknown'))).toEqual(refused);
  });

  test('expireTokens and revokeAll hold for tokens too', async () => {
    const { emulator, ask } = start();
    const { accessToken } = emulator.credentials('oauth');
    emulator.expireTokens();
    expect(await ask(bearer(accessToken))).toEqual([401, '{"error":"expired"}']);
    const { accessToken: next } = emulator.credentials('oauth');
    emulator.revokeAll();
    expect(await ask(bearer(next))).toEqual(refused);
  });

  test('a token goes where its method puts it', async () => {
    const { emulator, ask } = start();
    const { accessToken } = emulator.credentials('machine');
    expect(await ask({ 'x-machine-token': reveal(accessToken!) })).toEqual(good);
    expect(await ask(bearer('x'))).toEqual(refused);
    expect(await ask({ authorization: `Shop-Key ${reveal(accessToken!)}` })).toEqual(refused);
  });

  test('A23 an endpoint refuses a token without its scopes', async () => {
    const { emulator, order } = start();
    const narrow = emulator.oauth.issue({ profile: 'oauth', scopes: ['read'] });
    expect(await order(bearer(textOf(narrow, 'access_token')))).toEqual([403, '{"error":"scope"}']);
    expect((await order(bearer(emulator.credentials('oauth')['accessToken'])))[0]).toBe(201);
  });

  test('A22 answers speak of the account that the token belongs to', async () => {
    const { emulator, order } = start();
    const [, first] = await order(bearer(emulator.credentials('oauth')['accessToken']));
    const [, other] = await order(bearer(emulator.credentials('oauth', 'shop-2')['accessToken']));
    expect(JSON.parse(first ?? '')).toEqual({ id: 'o1', shop: exampleAccount });
    expect(JSON.parse(other ?? '')).toEqual({ id: 'o1', shop: second });
  });

  test('the token of a board that runs on the stub passes', async () => {
    expect(await start().ask(bearer('stub'))).toEqual(good);
  });

  test('credentials of an unknown method are refused', () => {
    expect(() => start().emulator.credentials('nonsense')).toThrowError(
      expect.objectContaining({ code: 'unknown_method' }),
    );
  });
});

describe('the OAuth endpoints of the definition', () => {
  const tokenUrl = 'https://acme.myshop.example/oauth/token';
  const authorizeUrl =
    'https://acme.myshop.example/oauth/authorize?response_type=code&client_id=c&redirect_uri=https://app.example/cb&state=s';

  async function post(emulator: ReturnType<typeof start>['emulator'], address: string, params: object) {
    const headers = { 'content-type': 'application/json' };
    return emulator.fetch(new Request(address, { method: 'POST', headers, body: JSON.stringify(params) }));
  }

  test('stand at the addresses that the tenant input gives, in the declared encoding', async () => {
    const { emulator } = start();
    const back = await emulator.oauth.approve(authorizeUrl, { account: 'shop-2' });
    const code = back.searchParams.get('code');
    const pair = { client_id: 'c', client_secret: 's' };
    const params = { ...pair, grant_type: 'authorization_code', code, redirect_uri: 'https://app.example/cb' };
    const answer = (await (await post(emulator, tokenUrl, params)).json()) as JsonObject;
    expect(answer).toMatchObject({
      access_token: expect.stringMatching(/^shpat_/) as string,
      shop: second,
      scope: 'read',
    });
    expect(
      (
        await emulator.fetch(
          new Request('https://auth.shop.example/revoke', {
            method: 'POST',
            body: new URLSearchParams({ token: textOf(answer, 'refresh_token') }),
          }),
        )
      ).status,
    ).toBe(200);
    expect(emulator.oauth.ledger.families()[0]?.revokedBy).toBe('request');
  });

  test('refuse in the shape that the provider gives them', async () => {
    const { emulator } = start();
    const refresh = { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'c', client_secret: 's' };
    const shaped = await post(emulator, tokenUrl, refresh);
    expect([shaped.status, await shaped.json()]).toEqual([200, { ok: false, reason: 'invalid_grant' }]);
    expect(emulator.oauth.ledger.tokenCalls.at(-1)).toMatchObject({ outcome: 'refused', error: 'invalid_grant' });
    const plain = await post(emulator, tokenUrl, { ...refresh, client_secret: 'wrong' });
    expect([plain.status, await plain.json()]).toEqual([401, expect.objectContaining({ error: 'invalid_client' })]);
  });

  test('a host that is not the vendor is none of them', async () => {
    const { emulator } = start();
    expect((await post(emulator, 'https://acme.evil.example/oauth/token', {})).status).toBe(421);
    expect((await post(emulator, 'https://acme.myshop.example/other/token', {})).status).toBe(404);
  });

  test('an address that cannot be computed is an error that says what to do', () => {
    const { oauth } = shop.definition.auth;
    const strict = { ...oauth, token: { url: () => 'not a URL' } };
    const broken = { definition: { ...shop.definition, auth: { oauth: strict } }, options: {} };
    expect(() => createEmulator(broken as never)).toThrowError(expect.objectContaining({ code: 'invalid_emulator' }));
  });
});
