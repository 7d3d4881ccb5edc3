import { isPlugboardError, member, type Log } from '@plugboard/core';
import { createTestBoard, type SentRequest } from '@plugboard/testing';
import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';

import { plaid } from '../src/index.ts';

const who = { organizationId: 'org-1', userId: 'ada@example.com' };
const account = { id: 'DWVAAPWq4RHGlEaNyGKRTAnPLaEmo8Cvq7na6', name: 'Royal Bank of Plaid' };
const app = { clientId: 'client-1', secret: 'secret-of-the-sandbox', environment: 'sandbox', appName: 'Books' };

function createRig(options: Partial<typeof app> & { products?: string; daysRequested?: string } = {}) {
  const lines: string[] = [];
  const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { info: note, warn: note, error: note };
  const made = createTestBoard(plaid({ ...app, ...options }), { accounts: [account], log });
  const { board, sent } = made;
  let tokens = 0;
  const connect = async (publicToken: string | null = `public-sandbox-${++tokens}`, input = {}) => {
    const { page, flow } = await board.prepare('plaid', { ...who, input });
    const credentials = publicToken === null ? {} : { publicToken };
    return { page, connection: await board.connect('plaid', { ...who, flow, credentials }) };
  };
  const client = board.client('plaid', who);
  const to = (path: string) => sent.filter(({ url }) => url.pathname === path);
  return { ...made, client, connect, lines, to };
}

const codeOf = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : String(error)),
  );

describe('Link', () => {
  // https://plaid.com/docs/api/link/#linktokencreate
  test('is begun with what the app is registered with, and nothing that tells who the user is', async () => {
    const { connect, to } = createRig({ products: 'auth, transactions' });
    const { page } = await connect();
    expect(page).toEqual({ linkToken: expect.stringMatching(/^link-sandbox-/) as string });
    const [{ headers, json }] = to('/link/token/create') as [SentRequest];
    expect(headers.get('plaid-client-id')).toBe('client-1');
    expect(headers.get('plaid-secret')).toBe('secret-of-the-sandbox');
    expect(headers.get('plaid-version')).toBe('2020-09-14');
    expect(json).toEqual({
      client_name: 'Books',
      language: 'en',
      country_codes: ['US'],
      products: ['auth', 'transactions'],
      user: { client_user_id: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      webhook: 'https://app.example.com/integrations/webhooks/plaid',
    });
  });

  test('asks for as many days of transactions as the host wants, which cannot be had later', async () => {
    const asked = async (options: Parameters<typeof createRig>[0]) => {
      const { connect, to } = createRig(options);
      await connect();
      return member(to('/link/token/create')[0]?.json, 'transactions');
    };
    expect(await asked({ daysRequested: '730' })).toEqual({ days_requested: 730 });
    expect(await asked({ daysRequested: '730', products: 'auth' })).toBeUndefined();
    for (const daysRequested of ['0', '731', '1.5', 'all']) {
      const { connect, sent } = createRig({ daysRequested });
      expect(await codeOf(connect())).toBe('invalid_option');
      expect(sent).toEqual([]);
    }
  });

  test('brings a token that goes with the keys, in the body, to every call about the Item', async () => {
    const { client, connect, to } = createRig();
    await connect();
    await client.accounts.list({ accountIds: ['a1'] });
    const [{ headers, json }] = to('/accounts/get') as [SentRequest];
    expect(headers.get('authorization')).toBeNull();
    expect(headers.get('plaid-secret')).toBe('secret-of-the-sandbox');
    expect(json).toEqual({ options: { account_ids: ['a1'] }, access_token: expect.stringMatching(/./) as string });
  });

  test('may be a page of Plaid’s own, which hands the public token to nobody but us', async () => {
    const { connect, to } = createRig();
    const { page, connection } = await connect(null, { hostedReturnUrl: 'https://app.example.com/done' });
    expect(page['hostedLinkUrl']).toMatch(/^https:/);
    expect(connection).toMatchObject({ status: 'active', account });
    expect(member(to('/link/token/create')[0]?.json, 'hosted_link')).toEqual({
      completion_redirect_uri: 'https://app.example.com/done',
    });
  });

  test('that no user finished connects nothing', async () => {
    const { board, vendor } = createRig();
    const { flow } = await board.prepare('plaid', who);
    vendor.failNext({ json: { link_token: 'l', link_sessions: [], request_id: 'r' } });
    expect(await codeOf(board.connect('plaid', { ...who, flow, credentials: {} }))).toBe('bad_request');
    expect(await board.connections.get('plaid', who)).toBeNull();
  });

  test('is of one environment: neither stands in for the other, nor a third', async () => {
    const { board } = createRig({ environment: 'development' });
    expect(await codeOf(board.prepare('plaid', who))).toBe('unknown_environment');
  });
});

describe('a bank login that broke', () => {
  test('is told at once, repaired in update mode, and keeps Item and token', async () => {
    const { board, client, connect, to, vendor } = createRig();
    const { connection } = await connect();
    const heard: string[] = [];
    board.on('connection.attention', ({ reason }) => void heard.push(reason));
    await client.sandbox.resetLogin();
    expect(await codeOf(client.accounts.list())).toBe('item_login_required');
    expect(await board.health('plaid', who)).toMatchObject({ status: 'degraded', reason: 'item_login_required' });
    expect(await board.connections.get('plaid', who)).toMatchObject({
      status: 'degraded',
      reason: 'item_login_required',
    });

    const { connection: repaired } = await connect(null);
    expect(repaired).toMatchObject({ id: connection.id, status: 'active', account });
    const update = to('/link/token/create')[1]!.json;
    expect(update).toHaveProperty('access_token');
    expect(update).not.toHaveProperty('products');
    expect(update).not.toHaveProperty('webhook');
    expect(to('/item/public_token/exchange')).toHaveLength(1);
    expect(vendor.oauth.ledger.families()).toHaveLength(1);
    await expect(client.accounts.list()).resolves.toHaveProperty('accounts');
    expect(heard).toEqual(['item_login_required']);
  });

  test('is not repaired by opening Link and closing it', async () => {
    const { board, vendor, connect, client } = createRig();
    await connect();
    await client.sandbox.resetLogin();
    const { flow } = await board.prepare('plaid', who);
    const { json } = { json: { error_type: 'ITEM_ERROR', error_code: 'ITEM_LOGIN_REQUIRED' } };
    const item = { item_id: account.id, available_products: [], billed_products: [], error: json };
    vendor.failNext({ json: { item, request_id: 'r' } });
    const error: unknown = await board.connect('plaid', { ...who, flow, credentials: {} }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'credentials_refused' });
    expect(await codeOf(board.client('plaid', who).items.get())).toBe('resolved');
    expect(await board.disconnect('plaid', who)).toMatchObject({ revoked: 'revoked' });
  });

  test('for good gets a new Item in its place, and the old one is no longer billed for', async () => {
    const { connect, to, vendor } = createRig();
    const { connection } = await connect();
    const [old] = vendor.oauth.ledger.families();
    vendor.oauth.revoke(vendor.oauth.ledger.current(old!.id)!.reveal());
    const { connection: again } = await connect();
    expect(again).toMatchObject({ id: connection.id, status: 'active' });
    expect(to('/link/token/create').map(({ json }) => member(json, 'products') !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
    expect(to('/item/remove')).toHaveLength(1);
    expect(vendor.oauth.ledger.families()).toHaveLength(2);
  });

  test('is no broken connection while only the bank is down, and consent that ends soon is', async () => {
    const { board, clock, connect, vendor } = createRig();
    await connect();
    const item = (more: object) => ({
      json: {
        item: { item_id: account.id, available_products: [], billed_products: [], ...more },
        request_id: 'r',
      } as never,
    });
    vendor.failNext(item({ error: { error_type: 'INSTITUTION_ERROR', error_code: 'INSTITUTION_DOWN' } }));
    expect(await board.health('plaid', who)).toMatchObject({ status: 'degraded', reason: 'institution_down' });
    expect(await board.connections.get('plaid', who)).toMatchObject({ status: 'active' });
    const at = (days: number) => new Date(clock.now() + days * 86_400_000).toISOString();
    vendor.failNext(item({ consent_expiration_time: at(8) }));
    expect(await board.health('plaid', who)).toMatchObject({ status: 'healthy' });
    vendor.failNext(item({ consent_expiration_time: at(6) }));
    await board.health('plaid', who);
    expect(await board.connections.get('plaid', who)).toMatchObject({ status: 'degraded', reason: 'consent_expiring' });
  });
});

describe('disconnecting', () => {
  test('removes the Item, and finds nothing wrong in one that is gone', async () => {
    const { board, connect, to, vendor } = createRig();
    await connect();
    expect(await board.disconnect('plaid', who)).toMatchObject({ revoked: 'revoked' });
    expect(to('/item/remove')).toHaveLength(1);
    await connect();
    vendor.revokeAll();
    expect(await board.disconnect('plaid', who)).toMatchObject({ revoked: 'revoked' });
  });
});

test('account numbers get into no log and no error', async () => {
  const { client, connect, lines, vendor } = createRig();
  await connect();
  const { numbers } = await client.accounts.numbers();
  const secret = numbers.ach[0]!.account;
  vendor.failNext({ json: { accounts: secret, numbers: { ach: [{ account: secret }] }, secret } });
  const error: unknown = await client.accounts.numbers().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ kind: 'invalid_response' });
  expect(JSON.stringify(error) + lines.join()).not.toContain(secret);
});

describe('webhooks', () => {
  const url = 'https://app.example.com/integrations/webhooks/plaid';
  const body = JSON.stringify({
    webhook_type: 'ITEM',
    webhook_code: 'ERROR',
    item_id: account.id,
    environment: 'sandbox',
    error: { error_code: 'ITEM_LOGIN_REQUIRED' },
  });

  test('about a broken Item have Plaid asked how it is', async () => {
    const { board, connect, vendor, client, to } = createRig();
    await connect();
    await client.sandbox.resetLogin();
    const delivery = await vendor.webhook(JSON.parse(body) as never, app.secret, { url });
    expect((await board.webhooks.receive('plaid', delivery)).status).toBe(200);
    expect(await board.connections.get('plaid', who)).toMatchObject({
      status: 'degraded',
      reason: 'item_login_required',
    });
    const [{ headers, json }] = to('/webhook_verification_key/get') as [SentRequest];
    expect([headers.get('plaid-secret'), json]).toEqual(['secret-of-the-sandbox', { key_id: 'emulated' }]);
  });

  test('of another algorithm, or by a key that Plaid does not know, are refused at the price of one call a minute', async () => {
    const { board, clock, to } = createRig();
    const claims = { iat: Math.floor(clock.now() / 1000), request_body_sha256: 'x' };
    const unsigned = new UnsecuredJWT(claims).encode();
    const shared = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'emulated' })
      .sign(new TextEncoder().encode('x'.repeat(32)));
    const unknown = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'no-such-key' })
      .sign(new TextEncoder().encode('x'.repeat(32)));
    for (const token of [unsigned, shared, unknown, unknown, unknown]) {
      const request = new Request(url, { method: 'POST', body, headers: { 'plaid-verification': token } });
      expect((await board.webhooks.receive('plaid', request)).status).toBe(401);
    }
    expect(to('/webhook_verification_key/get').map(({ json }) => member(json, 'key_id'))).toEqual([
      'emulated',
      'no-such-key',
    ]);
  });
});

// https://plaid.com/docs/errors/rate-limit-exceeded/ (2026-09-23): each endpoint has a limit of its own.
test('limits of two endpoints with the same numbers are two, and neither call counts in both', async () => {
  const { client, clock, connect, to } = createRig();
  await connect();
  await clock.advance(60_000);
  const before = to('/accounts/get').length;
  const lists = Array.from({ length: 16 }, () => client.accounts.list({}, { deadlineMs: 30_000 }));
  const numbers = Array.from({ length: 15 }, () => client.accounts.numbers({}, { deadlineMs: 30_000 }));
  const codes = await Promise.all([...lists, ...numbers].map(codeOf));
  expect(codes.filter((code) => code === 'resolved')).toHaveLength(30);
  expect(codes[15]).toBe('limit_reached');
  expect([to('/accounts/get').length - before, to('/auth/get').length]).toEqual([15, 15]);
});
