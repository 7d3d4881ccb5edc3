import { exampleKeyFile } from '@plugboard/google';
import type { SentRequest } from '@plugboard/testing';
import { expect, test } from 'vitest';

import { createRig, target, textLike } from './rig.ts';

const listOf = (...ids: string[]) => Response.json({ resourceNames: ids.map((id) => `customers/${id}`) });
const isList = ({ url }: SentRequest) => url.pathname.endsWith(':listAccessibleCustomers');

test('the accounts to choose from are those that are reached, managers’ clients included and managers left out', async () => {
  const { authorize, board } = createRig();
  expect(await authorize()).toMatchObject({ status: 'choose_account' });
  expect(await board.accounts.choices('google-ads', target)).toEqual([
    { id: '1234567890', name: 'Demo Store' },
    { id: '5551234567', name: 'Second Store' },
  ]);
});

test('an account that is reached through a manager is called through it, and one that is not is called without', async () => {
  const { client, connect, sent } = createRig();
  await connect('5551234567');
  const { items } = await client().campaigns.list({});
  expect(items[0]?.name).toBe('Brand');
  expect(sent[0]?.url.pathname).toBe('/v25/customers/5551234567/googleAds:search');
  expect(sent[0]?.headers.get('login-customer-id')).toBe('9876543210');
  await client().dataManager.ingestEvents({
    events: [{ conversionActionId: '7', transactionId: 't', eventTimestamp: '2026-11-01T12:32:45Z' }],
  });
  expect(sent[1]?.headers.has('login-customer-id')).toBe(false);
  expect(sent[1]!.json).toMatchObject({
    destinations: [
      {
        operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '5551234567' },
        loginAccount: { accountType: 'GOOGLE_ADS', accountId: '9876543210' },
      },
    ],
  });
  await client().customers.get({ customerId: '123-456-7890' });
  expect(sent[2]?.url.pathname).toBe('/v25/customers/1234567890/googleAds:search');
  expect(sent[2]?.headers.has('login-customer-id')).toBe(false);
});

test('without its manager such an account is refused, with what to do', async () => {
  const { board, client } = createRig();
  const credentials = { keyFile: exampleKeyFile, customerId: '1234567890' };
  await board.connect('google-ads', { ...target, method: 'serviceAccount', credentials });
  await expect(client().customers.get({ customerId: '5551234567' })).rejects.toMatchObject({
    kind: 'permission',
    code: 'user_permission_denied',
    hint: textLike(/loginCustomerId/),
  });
});

test('settings name the account and the manager, with or without dashes', async () => {
  const { client, connect, configure, sent } = createRig();
  await connect();
  await configure({ loginCustomerId: '9876543210' });
  await client().customers.get({});
  expect(sent.pop()?.headers.get('login-customer-id')).toBe('9876543210');
  await configure({ customerId: '555-123-4567', loginCustomerId: '987-654-3210' });
  await client().campaigns.list({});
  expect(sent[0]?.url.pathname).toContain('/customers/5551234567/');
  expect(sent[0]?.headers.get('login-customer-id')).toBe('9876543210');
  await expect(configure({ customerId: '12345' })).rejects.toMatchObject({ code: 'invalid_input' });
});

test('a Google account without Ads accounts connects, and says what is wrong', async () => {
  const { board, connect, client, answer } = createRig();
  answer((request) => (isList(request) ? Response.json({}) : undefined));
  expect(await connect()).toMatchObject({ status: 'degraded', reason: 'account_unknown', account: null });
  expect(await board.health('google-ads', target)).toMatchObject({ status: 'degraded', reason: 'no_ads_account' });
  await expect(client().campaigns.list({})).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ path: 'customerId' }],
  });
});

test('a user who leaves the Ads scope unticked keeps what was granted, and learns what is missing', async () => {
  const { authorize, board, sent } = createRig();
  expect(await authorize({}, { scopes: ['https://www.googleapis.com/auth/datamanager'] })).toMatchObject({
    status: 'connected',
    missingScopes: ['https://www.googleapis.com/auth/adwords'],
    connection: { status: 'degraded', reason: 'scopes_missing', account: null },
  });
  expect(sent.map(({ url }) => url.host)).toEqual(['oauth2.googleapis.com']);
  expect(await board.health('google-ads', target)).toMatchObject({ status: 'degraded', reason: 'insufficient_scope' });
});

test('a connection whose account was never found is not healthy', async () => {
  const { board, connect, answer } = createRig();
  answer((request) => (isList(request) ? Response.json({}) : undefined));
  await connect();
  answer(() => undefined);
  expect(await board.health('google-ads', target)).toMatchObject({ status: 'degraded', reason: 'account_unknown' });
});

test('an account that was closed is left out, and one that is left is taken', async () => {
  const { connect, answer, vendor } = createRig();
  answer((request) => {
    if (isList(request)) return listOf('1234567890', '1112223333');
    if (!request.url.pathname.includes('1112223333')) return undefined;
    const { status, body } = vendor.definition.api.errors.examples['customerNotEnabled']!;
    return Response.json(body, { status });
  });
  expect(await connect()).toMatchObject({ status: 'active', account: { id: '1234567890', name: 'Demo Store' } });
});

test('clients that were closed are no choice, and neither are conversion actions that are off', async () => {
  const { authorize, board, configure, answer } = createRig();
  const rows = (kind: string, status: string) =>
    Response.json({
      results: ['1', '2'].map((id) => ({
        [kind]: { id, name: id, type: 'UPLOAD_CLICKS', status: id === '1' ? 'ENABLED' : status },
      })),
    });
  answer(({ text }) => (text.includes('FROM customer_client') ? rows('customerClient', 'CLOSED') : undefined));
  await authorize();
  expect(await board.accounts.choices('google-ads', target)).toEqual([
    { id: '1234567890', name: 'Demo Store' },
    { id: '1', name: '1' },
  ]);
  await board.accounts.choose('google-ads', { ...target, accountId: '1234567890' });
  answer(() => rows('conversionAction', 'REMOVED'));
  expect(await board.settings.choices('google-ads', { ...target, field: 'conversionActionId' })).toEqual([
    { value: '1', label: '1 (UPLOAD_CLICKS)' },
  ]);
  await configure({ conversionActionId: '1' });
});

test('an account that cannot be read for another reason is not silently left out', async () => {
  const { authorize, answer } = createRig();
  answer(({ url }) =>
    url.pathname.includes('9876543210') ? Response.json({ error: { code: 400 } }, { status: 400 }) : undefined,
  );
  await expect(authorize()).rejects.toMatchObject({ kind: 'invalid_request', code: 'bad_request' });
});

test('health asks for the account itself where the list does not name it, and the refusal shows', async () => {
  const { board, connect, answer, sent } = createRig();
  await connect();
  expect(await board.health('google-ads', target)).toMatchObject({ status: 'healthy' });
  expect(sent.length).toBe(1);
  answer((request) => (isList(request) ? listOf('1112223333') : undefined));
  expect(await board.health('google-ads', target)).toMatchObject({ status: 'healthy' });
  expect(sent.length).toBe(3);
  answer((request) =>
    isList(request) ? listOf('1112223333') : Response.json({ error: { code: 403 } }, { status: 403 }),
  );
  expect(await board.health('google-ads', target)).toMatchObject({ status: 'degraded', reason: 'forbidden' });
});

test('the platform’s own service account serves from the environment, with its account and manager', async () => {
  const env = {
    GOOGLE_SERVICE_ACCOUNT_JSON: exampleKeyFile,
    GOOGLE_ADS_CUSTOMER_ID: '555-123-4567',
    GOOGLE_ADS_LOGIN_CUSTOMER_ID: '9876543210',
  };
  const { board, sent } = createRig({ env });
  const client = board.client('google-ads');
  await client.campaigns.list({});
  await client.customers.get({});
  const calls = sent.filter(({ url }) => url.host === 'googleads.googleapis.com');
  expect(sent.length - calls.length, 'token exchanges').toBe(1);
  expect(calls.map(({ url, headers }) => [url.pathname, headers.get('login-customer-id')])).toEqual([
    ['/v25/customers/5551234567/googleAds:search', '9876543210'],
    ['/v25/customers/5551234567/googleAds:search', '9876543210'],
  ]);
});

test('a developer token goes along only where the host has one, and to the Ads API alone', async () => {
  const event = { conversionActionId: '7', transactionId: 't', eventTimestamp: '2026-11-01T12:32:45Z' };
  for (const options of [{}, { developerToken: 'developer-token-0123456789' }]) {
    const { client, connect, sent } = createRig(options);
    await connect();
    await client().campaigns.list({});
    await client().dataManager.ingestEvents({ events: [event] });
    expect(sent.map(({ headers }) => headers.get('developer-token'))).toEqual([options.developerToken ?? null, null]);
  }
});
