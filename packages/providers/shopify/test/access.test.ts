import { createHmac } from 'node:crypto';

import { member } from '@plugboard/core';
import type { SentRequest } from '@plugboard/testing';
import '@shopify/shopify-api/adapters/web-api';
import { ApiVersion, shopifyApi } from '@shopify/shopify-api';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { shopDomain, verifyCallback } from '../src/access.ts';
import { accessToken, app, rig, sessionToken, shop, who } from './rig.ts';

const sdk = (apiSecretKey: string) =>
  shopifyApi({
    apiKey: app.clientId,
    apiSecretKey,
    hostName: 'app.example.com',
    apiVersion: ApiVersion.October26,
    isEmbeddedApp: true,
    logger: { log: () => undefined },
  });

const tokenOf = ({ headers }: SentRequest) => headers.get('x-shopify-access-token');

afterEach(() => vi.useRealTimers());

describe('a shop', () => {
  test.each([
    ['snowdevil.myshopify.com', 'snowdevil.myshopify.com'],
    [' Snow-Devil2.MyShopify.com ', 'snow-devil2.myshopify.com'],
    ['-a.myshopify.com', null],
    ['shop.myshopify.com.evil.com', null],
    ['https://shop.myshopify.com', null],
    ['evil.com/.myshopify.com', null],
    ['shop.myshopify.com/', null],
    ['shop.myshopify.com:8443', null],
    ['a.b.myshopify.com', null],
    ['shop.myshopify.com#', null],
    ['user@shop.myshopify.com', null],
    ['', null],
    // Hosts of the vendor that are no merchant's shop.
    ['shop.shopify.com', null],
    ['shop.myshopify.io', null],
    ['shop.shop.dev', null],
    ['admin.shopify.com/store/shop', null],
    ['under_score.myshopify.com', null],
    // Becomes `k` in lower case.
    ['x\u212a.myshopify.com', null],
  ])('is named %j: %j, and never where the vendor’s own helper refuses', (given, expected) => {
    const ours = shopDomain.safeParse(given).data ?? null;
    expect(ours).toBe(expected);
    if (ours !== null) expect(sdk('x').utils.sanitizeShop(ours)).toBe(ours);
  });

  test('F01 of hundreds of hostile names none is accepted that the official SDK refuses', () => {
    const { sanitizeShop } = sdk('x').utils;
    const characters = [
      '/',
      '\\',
      '?',
      '#',
      '@',
      ':',
      ';',
      '%',
      '*',
      ' ',
      '\t',
      '\n',
      '\r\n',
      '\0',
      '_',
      '.',
      '..',
      '\u00ad',
    ];
    const folded = [
      '\uff0e',
      '\u3002',
      '\u200b',
      '\u212a',
      '\u0130',
      '\uff41',
      '\u0430',
      '\u00df',
      '%00',
      '%2f',
      '%2e',
      '%40',
    ];
    const around = [...characters, ...folded].flatMap((text) => [
      `shop${text}.myshopify.com`,
      `${text}shop.myshopify.com`,
      `shop.myshopify.com${text}`,
      `shop.myshopify.com${text}evil.com`,
      `evil.com${text}shop.myshopify.com`,
      `shop${text}myshopify.com`,
      `shop.${text}myshopify.com`,
      `shop.my${text}shopify.com`,
    ]);
    const others = ['shop.shopify.com', 'shop.myshopify.io', 'shop.shop.dev', 'shop.spin.dev', 'myshopify.com'];
    const names = [...new Set([...around, ...others, 'shop.myshopify.com/', `${'a'.repeat(64)}.myshopify.com`])];
    expect(names.length).toBeGreaterThan(200);
    const accepted = names.filter((name) => shopDomain.safeParse(name).success);
    // White space around it is what people paste; it is dropped before anything is judged.
    expect(accepted.filter((name) => sanitizeShop(name.trim()) === null)).toEqual([]);
    expect(accepted.filter((name) => name.trim() !== 'shop.myshopify.com')).toEqual([]);
    // The SDK takes more: other hosts of the vendor, and a slash at the end.
    expect(names.filter((name) => sanitizeShop(name) !== null && !accepted.includes(name)).length).toBeGreaterThan(3);
  });
});

describe('a callback', () => {
  const secret = 'hush';
  const vector =
    'code=0907a61c0c8d55e99db179b68161bc00&shop=some-shop.myshopify.com&state=0.6784241404160823&timestamp=1337178173' +
    '&hmac=700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf';
  const seconds = 1_337_178_173;
  const input = { shop: 'some-shop.myshopify.com' };
  const judge = (query: string, at = seconds) =>
    verifyCallback(new URLSearchParams(query), { app: { clientSecret: secret }, input, now: at * 1000 }).then(
      () => 'accepted',
      (error: { message: string }) => error.message,
    );
  const sign = (query: string) => `${query}&hmac=${createHmac('sha256', secret).update(query).digest('hex')}`;

  test('is believed as in the vendor’s own example, for a minute and a half either way', async () => {
    expect(await judge(vector)).toBe('accepted');
    for (const age of [90, -90]) expect(await judge(vector, seconds + age)).toBe('accepted');
    for (const age of [91, -91]) expect(await judge(vector, seconds + age)).toContain('too old');
    expect(await judge(vector.replace('code=09', 'code=08'))).toContain('hmac is wrong');
    expect(await judge(vector.replace(/&hmac=.*/, ''))).toContain('hmac is wrong');
    expect(await judge(`${vector}&signature=anything`)).toBe('accepted');
  });

  test('of another shop, without a shop or without a time is refused although it is signed', async () => {
    const time = `timestamp=${seconds}`;
    expect(await judge(sign(`shop=evil-shop.myshopify.com&${time}`))).toContain('another shop');
    expect(await judge(sign(`shop=some-shop.myshopify.com.evil.com&${time}`))).toContain('another shop');
    expect(await judge(sign(time))).toContain('another shop');
    expect(await judge(sign('shop=some-shop.myshopify.com'))).toContain('too old');
  });

  test('is signed with every other parameter, unknown and repeated ones too: as the official SDK judges', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: seconds * 1000 });
    const { validateHmac } = sdk(secret).utils;
    const theirs = (query: string) =>
      validateHmac(new URLSearchParams(query)).then(
        (ok) => ok,
        () => false,
      );
    const base = `shop=some-shop.myshopify.com&timestamp=${seconds}`;
    const joined = (query: string) => sign(query).replace('a=1%2C2', 'a=1&a=2');
    const queries = [
      vector,
      sign(base),
      sign(`host=YWRtaW4%3D&${base}`),
      sign(`locale=de%20DE%2B1&${base}`).replace('%20', '+'),
      joined(`a=1%2C2&${base}`),
      `${sign(base)}&extra=1`,
      `${sign(base)}&hmac=${'0'.repeat(64)}`,
      `${sign(base)}&shop=some-shop.myshopify.com`,
      sign(base).toUpperCase(),
      sign(`${base}&z=1`).replace('z=1', 'z=2'),
      `${base}&hmac=`,
      base,
    ];
    const verdicts = await Promise.all(
      queries.map(async (query) => [await judge(query), await theirs(query)] as const),
    );
    expect(verdicts.map(([ours]) => ours === 'accepted')).toEqual(verdicts.map(([, ok]) => ok));
    expect(verdicts.filter(([, ok]) => ok)).toHaveLength(5);
  });

  test('finishes the flow of its shop, and of no other', async () => {
    const { authorize, begin, sent } = rig();
    const { url, approve, finish } = await begin({ shop: 'SnowDevil.myshopify.com' });
    expect(url.origin + url.pathname).toBe(`https://${shop}/admin/oauth/authorize`);
    expect(url.searchParams.get('code_challenge')).toBeNull();
    const other = await approve();
    other.searchParams.set('shop', 'evil-shop.myshopify.com');
    await expect(finish(other)).rejects.toMatchObject({ code: 'callback_forged' });
    expect(sent).toEqual([]);
    expect(await authorize()).toMatchObject({ status: 'connected', connection: { account: { id: shop } } });
    expect(sent[0]!.url.href).toBe(`https://${shop}/admin/oauth/access_token`);
    expect(sent[0]!.json).toMatchObject({ client_id: app.clientId, client_secret: app.clientSecret, expiring: '1' });
    expect(sent[0]!.json).not.toHaveProperty('code_verifier');
    await expect(begin({ shop: 'evil.example' })).rejects.toMatchObject({
      kind: 'invalid_request',
    });
  });

  test('with the state of another flow is refused', async () => {
    const { begin, sent } = rig();
    const [first, second] = [await begin(), await begin()];
    const mixed = await first.approve();
    mixed.searchParams.set('state', (await second.approve()).searchParams.get('state') ?? '');
    await expect(first.finish(mixed)).rejects.toMatchObject({ kind: 'permission' });
    expect(sent).toEqual([]);
  });
});

describe('a session token', () => {
  const now = Date.UTC(2026, 0, 1) / 1000;

  test('becomes a token that ends, at the shop that it speaks for', async () => {
    const { client, embed, sent } = rig();
    const token = await sessionToken();
    vi.useFakeTimers({ toFake: ['Date'], now: now * 1000 });
    expect(await sdk(app.clientSecret).session.decodeSessionToken(token)).toMatchObject({ dest: `https://${shop}` });
    const connection = await embed(token);
    expect(connection).toMatchObject({ account: { id: shop }, method: 'embedded' });
    expect(connection.expiresAt?.toISOString()).toBe('2026-01-01T01:00:00.000Z');
    expect(sent[0]!.url.href).toBe(`https://${shop}/admin/oauth/access_token`);
    expect(sent[0]!.json).toEqual({
      client_id: app.clientId,
      client_secret: app.clientSecret,
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      requested_token_type: 'urn:shopify:params:oauth:token-type:offline-access-token',
      expiring: '1',
    });
    await client.shop.get();
    expect(sent.at(-1)!.url.href).toBe(`https://${shop}/admin/api/2026-10/graphql.json`);
  });

  test.each([
    ['of another secret', () => sessionToken({}, 'another-secret')],
    ['for another app', () => sessionToken({ aud: 'another-client' })],
    ['without an app', () => sessionToken({ aud: undefined })],
    ['signed by another algorithm', () => sessionToken({}, app.clientSecret, 'HS512')],
    ['signed by nothing', async () => `${btoa('{"alg":"none"}')}.${(await sessionToken()).split('.')[1] ?? ''}.`],
    ['over by more than ten seconds', () => sessionToken({ exp: now - 11 })],
    ['of the future', () => sessionToken({ nbf: now + 11 })],
    ['without an end', () => sessionToken({ exp: undefined })],
    ['of a host that is no shop', () => sessionToken({ dest: 'https://evil.example' })],
    ['of a shop by its looks', () => sessionToken({ dest: `https://${shop}@evil.example` })],
    ['of a longer host', () => sessionToken({ dest: `https://${shop}.evil.example` })],
    ['of nobody', () => sessionToken({ dest: undefined })],
    ['that is none', () => Promise.resolve('not-a-token')],
  ])('%s is refused, and nothing is sent', async (_what, make) => {
    const { embed, sent } = rig();
    const token = await make();
    const refusal: unknown = await embed(token).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ kind: 'invalid_request', fields: [{ path: 'sessionToken' }] });
    expect(JSON.stringify(refusal)).not.toContain(token);
    expect(sent).toEqual([]);
  });

  test('ten seconds late is on time', async () => {
    const { embed } = rig();
    expect((await embed(await sessionToken({ exp: now - 9 }))).status).toBe('active');
  });

  test('that the vendor calls stale is a refused credential', async () => {
    const { answer, embed } = rig();
    answer(() => Response.json({ error: 'invalid_subject_token', error_description: 'It is stale' }, { status: 400 }));
    await expect(embed(await sessionToken())).rejects.toMatchObject({ code: 'credentials_refused' });
  });
});

describe('tokens', () => {
  const refreshes = (sent: readonly SentRequest[]) =>
    sent.filter(({ json }) => member(json, 'grant_type') === 'refresh_token');

  test('are refreshed at the shop, and every pair is spent once', async () => {
    const { authorize, client, clock, sent } = rig();
    await authorize();
    sent.length = 0;
    for (let turn = 0; turn < 3; turn++) {
      await clock.advance(2 * 3_600_000);
      await client.shop.get();
    }
    const spent = refreshes(sent);
    expect(spent.map(({ url }) => url.href)).toEqual(Array(3).fill(`https://${shop}/admin/oauth/access_token`));
    expect(new Set(spent.map(({ json }) => member(json, 'refresh_token'))).size).toBe(3);
  });

  test.each([
    [400, { error: 'invalid_grant' }],
    [400, { error: 'invalid_subject_token' }],
    [401, { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' }],
  ])('that the vendor refuses to renew (%i %j) end the connection, once that is confirmed', async (status, body) => {
    const { answer, authorize, client, clock, status: stateOf } = rig();
    await authorize();
    answer(({ json }) => (member(json, 'grant_type') === undefined ? undefined : Response.json(body, { status })));
    for (let turn = 0; turn < 3; turn++) {
      await clock.advance(2 * 3_600_000);
      await expect(client.shop.get()).rejects.toMatchObject({ kind: 'auth' });
    }
    expect(await stateOf()).toBe('expired');
  });

  test('of the app’s own organization come for its credentials alone', async () => {
    const { client, connect, sent, clock } = rig();
    await connect('ownShop');
    await clock.advance(25 * 3_600_000);
    await client.shop.get();
    const minted = sent.find(({ url }) => url.pathname === '/admin/oauth/access_token')!;
    expect(minted.url.host).toBe(shop);
    expect(minted.json).toEqual({
      client_id: app.clientId,
      client_secret: app.clientSecret,
      grant_type: 'client_credentials',
    });
    expect(tokenOf(sent.at(-1)!)).toMatch(/\S{8,}/);
  });

  test('that a merchant made are of their form, and are sent to the shop that is named', async () => {
    const { board, client, connect, sent } = rig();
    for (const bad of ['shpat_short', 'shpxx_f85632530bf277ec9ac6f649fc327f17', accessToken.toUpperCase()]) {
      const credentials = { shop, accessToken: bad };
      await expect(board.connect('shopify', { ...who, method: 'customApp', credentials })).rejects.toMatchObject({
        fields: [{ path: 'accessToken' }],
      });
    }
    await connect();
    await client.shop.get();
    expect(sent.map((request) => [request.url.host, tokenOf(request)])).toEqual([[shop, accessToken]]);
  });
});

describe('disconnecting uninstalls the app', () => {
  const refused = (code: string) => ({
    data: { appUninstall: { app: null, userErrors: [{ code, field: null, message: 'No.' }] } },
  });

  test('in the version of the API that the host chose', async () => {
    const { authorize, board, sent } = rig({ ...app, apiVersion: '2026-07' });
    await authorize();
    sent.length = 0;
    expect(await board.disconnect('shopify', who)).toMatchObject({ revoked: 'revoked' });
    expect(sent.map(({ url }) => url.href)).toEqual([`https://${shop}/admin/api/2026-07/graphql.json`]);
    expect(member(sent[0]!.json, 'query')).toContain('appUninstall');
  });

  test.each([
    ['USER_PERMISSIONS_INSUFFICIENT', 'failed'],
    ['APP_NOT_INSTALLED', 'revoked'],
    ['APP_NOT_FOUND', 'revoked'],
  ])('and an answer of %s is told as %s', async (code, revoked) => {
    const { answer, authorize, board } = rig();
    await authorize();
    answer(({ text }) => (text.includes('appUninstall') ? Response.json(refused(code)) : undefined));
    expect(await board.disconnect('shopify', who)).toMatchObject({ revoked });
  });

  test('with a token that is over by what follows it', async () => {
    const { authorize, board, clock, sent } = rig();
    await authorize();
    sent.length = 0;
    await clock.advance(2 * 3_600_000);
    expect(await board.disconnect('shopify', who)).toMatchObject({ revoked: 'revoked' });
    expect(sent.map(({ url }) => url.pathname.split('/').at(-1))).toEqual([
      'graphql.json',
      'access_token',
      'graphql.json',
    ]);
    expect(tokenOf(sent[2]!)).not.toBe(tokenOf(sent[0]!));
  });
});
