import { createHmac } from 'node:crypto';

import { isPlugboardError } from '@plugboard/core';
import type { SentRequest } from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { proofOf } from '../src/access.ts';
import { appSecret, createRig, market, organizationId, pasted, refusal } from './support/rig.ts';

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );
const tokenOf = ({ headers }: SentRequest) => (headers.get('authorization') ?? '').replace('Bearer ', '');
const hmac = (token: string) => createHmac('sha256', appSecret).update(token).digest('hex');

describe('appsecret_proof', () => {
  test('is the HMAC of the token, keyed with the app secret', async () => {
    const expected = '60c755defc024f3c92b3f8512496bd1bfbcb5d2dc888a37f888a5a05f451048f';
    expect(await proofOf('EAATESTTOKEN', appSecret)).toBe(expected);
  });

  test('goes with every request of a granted token, whose text is in the header alone', async () => {
    const rig = createRig();
    await rig.connect();
    await rig.choose();
    await rig.client().me.get();
    const [request] = rig.sent;
    const token = tokenOf(request!);
    expect(token).not.toBe('');
    expect(request!.url.searchParams.get('appsecret_proof')).toBe(hmac(token));
    expect(request!.url.href).not.toContain(token);
  });

  test.each([
    ['says nothing of its app', pasted, null],
    ['is of another app', { ...pasted, appId: '999' }, null],
    ['is of this app', { ...pasted, appId: '100200300' }, hmac(pasted.accessToken)],
  ])('for a pasted token that %s', async (_title, credentials, proof) => {
    const rig = createRig();
    await rig.paste(credentials);
    await rig.client().me.get();
    expect(rig.sent.map(({ url }) => url.searchParams.get('appsecret_proof'))).toEqual([proof]);
    expect(rig.sent[0]!.headers.get('authorization')).toBe('Bearer EAATESTTOKEN');
  });
});

describe('connecting by OAuth', () => {
  test('asks with commas, again for what was refused, at the configured version', async () => {
    const { url } = await createRig({ apiVersion: 'v25.0' }).begin();
    expect(url.pathname).toBe('/v25.0/dialog/oauth');
    expect(url.searchParams.get('scope')).toBe('ads_read,ads_management');
    expect(url.searchParams.get('auth_type')).toBe('rerequest');
    expect(url.searchParams.has('config_id')).toBe(false);
  });

  test('a configuration of Login for Business takes the place of scopes', async () => {
    const { url } = await createRig({ configId: '4455' }).begin();
    expect(url.searchParams.get('config_id')).toBe('4455');
    expect(url.searchParams.has('scope')).toBe(false);
  });

  test('exchanges the code with no secret in the URL, looks the token up, lengthens it, and lets the user choose an ad account', async () => {
    const rig = createRig({ apiVersion: 'v25.0' });
    const result = await rig.connect();
    const [code, debug, exchange, accounts] = rig.sent;
    expect(rig.sent.slice(0, 3).map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
      'POST /v25.0/oauth/access_token',
      'GET /v25.0/debug_token',
      'POST /v25.0/oauth/access_token',
    ]);
    expect([code!.url.search, exchange!.url.search]).toEqual(['', '']);
    const client = { client_id: '100200300', client_secret: appSecret };
    expect(Object.fromEntries(code!.form)).toMatchObject({ grant_type: 'authorization_code', ...client });
    expect(debug!.url.searchParams.get('access_token')).toBe(`100200300|${appSecret}`);
    const short = debug!.url.searchParams.get('input_token');
    expect(Object.fromEntries(exchange!.form)).toEqual({
      grant_type: 'fb_exchange_token',
      fb_exchange_token: short,
      ...client,
    });
    expect(tokenOf(accounts!)).not.toBe(short);
    expect(result).toMatchObject({ status: 'choose_account', choices: [market, { id: 'act_1102330002' }] });
    await rig.choose();
    const connection = await rig.connection();
    expect(connection).toMatchObject({ status: 'active', account: market, scopes: ['ads_read', 'ads_management'] });
    expect(connection!.expiresAt!.getTime() - rig.clock.now()).toBe(5_183_944_000);
  });

  test.each(['999', 999, null])('refuses a token of another app (%s), and keeps nothing', async (appId) => {
    const rig = createRig();
    rig.answer(({ url: { pathname } }) =>
      pathname.endsWith('/debug_token')
        ? Response.json({ data: { app_id: appId, is_valid: true, expires_at: 0, scopes: [] } })
        : undefined,
    );
    expect(await codeOf(rig.connect())).toBe('foreign_token');
    expect(await rig.connection()).toBeNull();
    expect(rig.sent.filter(({ url: { pathname } }) => pathname.endsWith('/oauth/access_token'))).toHaveLength(1);
  });

  test.each([{ is_valid: false }, {}])('refuses a token that is not said to be valid (%j)', async (said) => {
    const rig = createRig();
    const data = { app_id: '100200300', ...said };
    rig.answer(({ url: { pathname } }) => (pathname.endsWith('/debug_token') ? Response.json({ data }) : undefined));
    expect(await codeOf(rig.connect())).toBe('token_invalid');
  });

  test('keeps a token that never expires as it is, and never renews it', async () => {
    const rig = createRig();
    const data = { app_id: 100_200_300, is_valid: true, expires_at: 0, scopes: ['ads_read'] };
    rig.answer(({ url: { pathname } }) => (pathname.endsWith('/debug_token') ? Response.json({ data }) : undefined));
    await rig.connect();
    expect(rig.sent.filter(({ url: { pathname } }) => pathname.endsWith('/oauth/access_token'))).toHaveLength(1);
    expect(await rig.connection()).toMatchObject({ expiresAt: null, scopes: ['ads_read'] });
  });

  test('takes 60 days for a token whose life the vendor does not say', async () => {
    const rig = createRig();
    rig.answer(({ url, form }) =>
      form.get('grant_type') === 'fb_exchange_token'
        ? Response.json({ access_token: 'EAALONGER', token_type: 'bearer' })
        : url.pathname.endsWith('/me/adaccounts')
          ? Response.json({ data: [market] })
          : undefined,
    );
    await rig.connect();
    expect(await rig.connection()).toMatchObject({ account: market });
    expect((await rig.connection())!.expiresAt!.getTime() - rig.clock.now()).toBe(5_183_944_000);
  });

  test('a user without ad accounts is connected, and known to be without one', async () => {
    const rig = createRig();
    rig.answer(({ url: { pathname } }) =>
      pathname.endsWith('/me/adaccounts') ? refusal(200, '(#200) Not granted') : undefined,
    );
    await rig.connect();
    expect(await rig.connection()).toMatchObject({ status: 'degraded', reason: 'account_unknown', account: null });
  });
});

describe('renewing', () => {
  const lifeMs = 5_183_944_000;

  test('exchanges the token while it is alive, and uses the new one', async () => {
    const rig = createRig();
    await rig.connect();
    await rig.choose();
    await rig.client().me.get();
    const old = tokenOf(rig.sent.at(-1)!);
    await rig.clock.advance(lifeMs - 30_000);
    rig.sent.length = 0;
    await rig.client().me.get();
    const [exchange, request] = rig.sent;
    expect(exchange!.form.get('fb_exchange_token')).toBe(old);
    expect(tokenOf(request!)).not.toBe(old);
    expect((await rig.connection())!.expiresAt!.getTime() - rig.clock.now()).toBe(lifeMs);
  });

  test('an expired token cannot be exchanged: once that is confirmed, the user must connect again', async () => {
    const rig = createRig();
    await rig.connect();
    await rig.choose();
    await rig.clock.advance(lifeMs + 1000);
    const codes: string[] = [];
    for (let turn = 0; turn < 2; turn++) {
      codes.push(await codeOf(rig.client().me.get()));
      await rig.clock.advance(120_000);
    }
    expect(codes).toEqual(['refresh_refused', 'reconnect_required']);
    expect(await rig.connection()).toMatchObject({ status: 'expired' });
  });

  test('a token that the vendor has ended is no pasted one to the double', async () => {
    const rig = createRig();
    await rig.connect();
    await rig.choose();
    rig.vendor.revokeAll();
    expect(await codeOf(rig.client().me.get())).toBe('refresh_refused');
  });

  test('a wrong app secret pauses, and costs nobody the connection', async () => {
    const rig = createRig();
    await rig.connect();
    await rig.choose();
    await rig.clock.advance(lifeMs - 30_000);
    rig.answer(({ url: { pathname } }) =>
      pathname.endsWith('/access_token') ? refusal(1, 'Error validating client secret.') : undefined,
    );
    expect(await codeOf(rig.client().me.get())).toBe('invalid_client');
    expect(await rig.connection()).toMatchObject({ status: 'active' });
  });
});

describe('disconnecting', () => {
  test('takes back the permissions with the token and its proof', async () => {
    const rig = createRig();
    await rig.connect();
    await rig.choose();
    const { revoked } = await rig.board.disconnect('meta', { organizationId });
    expect(revoked).toBe('revoked');
    const [request] = rig.sent;
    expect(`${request!.method} ${request!.url.pathname}`).toBe('DELETE /v26.0/me/permissions');
    const token = tokenOf(request!);
    expect(request!.url.searchParams.get('appsecret_proof')).toBe(hmac(token));
    expect(rig.vendor.oauth.use(token)?.state).toBe('revoked');
  });

  test.each([
    [190, 'revoked'],
    [10, 'failed'],
  ])('a refusal with code %i means %s', async (code, expected) => {
    const rig = createRig();
    await rig.connect();
    await rig.choose();
    rig.answer(({ method }) => (method === 'DELETE' ? refusal(code) : undefined));
    expect((await rig.board.disconnect('meta', { organizationId })).revoked).toBe(expected);
  });
});

describe('health and accounts of pasted tokens', () => {
  const pixel = { accessToken: 'EAAPIXEL0token', pixelId: '567890123456789' };
  const connectPixel = (rig: ReturnType<typeof createRig>) =>
    rig.board.connect('meta', { organizationId, method: 'pixel', credentials: pixel });

  test('a pixel that can be read is known by its name', async () => {
    const rig = createRig();
    const connection = await connectPixel(rig);
    expect(connection.account).toEqual({ id: pixel.pixelId, name: 'Shop' });
    expect(await rig.board.health('meta', { organizationId })).toMatchObject({ status: 'healthy' });
  });

  test.each([{ error_subcode: 33 }, {}])(
    'one that cannot be read connects, and its health is unknown (%j)',
    async (more) => {
      const rig = createRig();
      rig.answer(() => refusal('error_subcode' in more ? 100 : 10, 'No.', more));
      expect((await connectPixel(rig)).account).toEqual({ id: pixel.pixelId, name: `Pixel ${pixel.pixelId}` });
      const health = await rig.board.health('meta', { organizationId });
      expect(health).toMatchObject({ status: 'unknown', reason: 'send_only_key' });
    },
  );

  test('a dead one is refused, and later reported as such', async () => {
    const rig = createRig();
    rig.answer(() => refusal(190));
    expect(await codeOf(connectPixel(rig))).toBe('credentials_refused');
    rig.answer(() => undefined);
    await connectPixel(rig);
    rig.answer(() => refusal(190, 'Expired', { error_subcode: 463 }));
    expect(await rig.board.health('meta', { organizationId })).toMatchObject({
      status: 'error',
      reason: 'token_expired',
    });
  });

  test('a system user without a named ad account lets the user choose', async () => {
    const rig = createRig();
    const connection = await rig.paste({ accessToken: 'EAATESTTOKEN' });
    expect(connection).toMatchObject({ status: 'pending', reason: 'account_choice' });
    expect((await rig.paste(pasted)).account).toEqual(market);
  });
});
