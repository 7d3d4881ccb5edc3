import type { Conversion } from '@plugboard/core';
import { expect, test } from 'vitest';

import { batchesOf } from '../src/data-manager.ts';
import { hashPerson } from '../src/index.ts';
import { normalizeEmail, normalizeName, normalizePhone, rejectedOf, toAdsTime } from '../src/schemas.ts';
import { createRig, textLike } from './rig.ts';

// https://developers.google.com/data-manager/api/devguides/concepts/formatting (2026-11-20)
test.each([
  ['Jane.Doe@gmail.com ', 'janedoe@gmail.com'],
  ['cloudy.sanfrancisco+shopping@gmail.com', 'cloudysanfrancisco@gmail.com'],
  ['j.d@GoogleMail.com', 'jd@googlemail.com'],
  ['user.name+NYC@Example.com', 'user.name+nyc@example.com'],
  [' a b@example.com', 'ab@example.com'],
  ['a.b@notgmail.com', 'a.b@notgmail.com'],
  ['a.b@gmail.com.evil.example', 'a.b@gmail.com.evil.example'],
])('the email address %s is hashed as %s', (given, hashed) => {
  expect(normalizeEmail(given)).toBe(hashed);
});

test('phones are E.164, names have no capitals and no punctuation', () => {
  expect(['+1 (650) 555-1234', ' 16505551234'].map(normalizePhone)).toEqual(['+16505551234', '+16505551234']);
  expect([' Anne-Marie ', "O'Neil, Jr.", 'Zoë'].map(normalizeName)).toEqual(['annemarie', 'oneil jr', 'zoë']);
});

test('hashes are those of the vendor’s oracles', async () => {
  const person = { email: 'Jane.Doe@gmail.com ', phone: '+16505551234' };
  expect(await hashPerson(person)).toEqual([
    { emailAddress: 'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69' },
    { phoneNumber: 'a2996076d3ad4af5dc818b908b3d8e354f26ededf7df0e0aa6ac354143805ee0' },
  ]);
});

test('a postal address is whole or left out; country and postal code stay plain', async () => {
  const whole = { firstName: 'Jane', lastName: 'Doe', country: ' us ', postalCode: ' 94043 ' };
  expect(await hashPerson(whole)).toEqual([
    {
      address: {
        givenName: textLike(/^[0-9a-f]{64}$/),
        familyName: textLike(/^[0-9a-f]{64}$/),
        regionCode: 'US',
        postalCode: '94043',
      },
    },
  ]);
  for (const part of [{ country: 'USA' }, { postalCode: '' }, { lastName: '--' }, { email: 'none', phone: '-' }]) {
    expect(await hashPerson({ ...('email' in part ? {} : whole), ...part }), JSON.stringify(part)).toEqual([]);
  }
});

test('a person without a plain address passes the schema, and a plain address does not', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const members = [{ userIdentifiers: await hashPerson({ email: 'a@example.com' }) }];
  await client().dataManager.ingestMembers({
    userListId: '7',
    members,
    termsAccepted: true,
    consent: { adUserData: 'CONSENT_GRANTED' },
  });
  expect(sent[0]!.json).toEqual({
    destinations: [
      {
        reference: '7',
        operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '1234567890' },
        productDestinationId: '7',
      },
    ],
    audienceMembers: [{ userData: members[0] }],
    consent: { adUserData: 'CONSENT_GRANTED' },
    encoding: 'HEX',
    termsOfService: { customerMatchTermsOfServiceStatus: 'ACCEPTED' },
  });
  const plain = client().dataManager.removeMembers({
    userListId: '7',
    members: [{ userIdentifiers: [{ emailAddress: 'a@example.com' }] }],
  });
  await expect(plain).rejects.toMatchObject({ code: 'invalid_input' });
  expect(sent.length).toBe(1);
});

const at = new Date('2026-11-01T12:32:45Z');
const conversion = (more: Partial<Conversion> = {}): Conversion => ({
  name: 'purchase',
  id: 'ord-1',
  at,
  person: { email: 'Jane.Doe@gmail.com' },
  ...more,
});

test('conversions go to the actions that the settings name, and what has none is told by its index', async () => {
  const { client, connect, configure, sent } = createRig();
  await connect();
  await configure({ conversionActions: { purchase: '11', lead: '22' } });
  const receipt = await client().conversions.send([
    conversion({ value: 12.5, currency: 'USD', source: 'store', clickIds: { gclid: 'abc', fbc: 'other' } }),
    conversion({ name: 'sign_up', id: 'x' }),
    conversion({ name: 'lead', id: 'lead-1', person: {}, clickIds: { wbraid: 'w' } }),
    conversion({ id: 'nobody', person: { city: 'Berlin' } }),
    conversion({ name: 'constructor', id: 'y' }),
  ]);
  expect(receipt).toEqual({
    accepted: 2,
    rejected: [
      { index: 1, reason: textLike(/sign_up/) },
      { index: 3, reason: textLike(/click id/) },
      { index: 4, reason: textLike(/constructor/) },
    ],
    requestId: textLike(/\S/),
  });
  expect(sent.length).toBe(1);
  expect(sent[0]!.json).toEqual({
    destinations: ['11', '22'].map((id) => ({
      reference: id,
      operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '1234567890' },
      productDestinationId: id,
    })),
    events: [
      {
        transactionId: 'ord-1',
        eventTimestamp: '2026-11-01T12:32:45.000Z',
        adIdentifiers: { gclid: 'abc' },
        conversionValue: 12.5,
        currency: 'USD',
        eventSource: 'IN_STORE',
        destinationReferences: ['11'],
        userData: {
          userIdentifiers: [{ emailAddress: 'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69' }],
        },
      },
      {
        transactionId: 'lead-1',
        eventTimestamp: '2026-11-01T12:32:45.000Z',
        adIdentifiers: { wbraid: 'w' },
        destinationReferences: ['22'],
      },
    ],
    encoding: 'HEX',
  });
});

test('the setting names the action of all other conversions, and switches sending off', async () => {
  const { client, connect, configure, sent } = createRig();
  await connect();
  await configure({ conversionActionId: '33', conversionActions: { lead: '22' } });
  expect(await client().conversions.send([conversion()])).toMatchObject({ accepted: 1, rejected: [] });
  expect(sent[0]?.text).toContain('"productDestinationId":"33"');
  await configure({ conversionTracking: false });
  expect(await client().conversions.send([conversion()])).toEqual({ accepted: 0, rejected: [] });
  expect(sent.length).toBe(1);
});

test('a request has at most 2000 events and ten actions, in the order given', () => {
  const many = Array.from({ length: 4001 }, (_, index) => ({ conversionActionId: '1', index }));
  expect(batchesOf(many).map(({ length }) => length)).toEqual([2000, 2000, 1]);
  expect([batchesOf(many).flat(), batchesOf([])]).toEqual([many, []]);
  const actions = Array.from({ length: 21 }, (_, index) => ({ conversionActionId: String(index) }));
  expect(batchesOf(actions).map(({ length }) => length)).toEqual([10, 10, 1]);
  expect(batchesOf([...actions.slice(0, 10), ...actions.slice(0, 10)]).map(({ length }) => length)).toEqual([20]);
});

test('several requests are one receipt', async () => {
  const { client, connect, configure, sent } = createRig();
  await connect();
  await configure({ conversionActionId: '1' });
  const receipt = await client().conversions.send(
    Array.from({ length: 2001 }, (_, index) => conversion({ id: String(index), person: {}, clickIds: { gclid: 'g' } })),
  );
  expect([receipt.accepted, receipt.requestId?.split(',').length, sent.length]).toEqual([2001, 2, 2]);
});

test('more actions than a request may name are refused before it is sent', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const events = Array.from({ length: 11 }, (_, index) => ({
    conversionActionId: String(index),
    transactionId: 't',
    eventTimestamp: '2026-11-01T00:00:00Z',
  }));
  await expect(client().dataManager.ingestEvents({ events })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ path: 'events' }],
  });
  await expect(
    client().dataManager.ingestEvents({ events: [{ transactionId: 't', eventTimestamp: '2026-11-01T00:00:00Z' }] }),
  ).rejects.toMatchObject({
    fields: [{ path: 'conversionActionId' }],
  });
  expect(sent).toEqual([]);
});

test('a request is processed after a while, and repeated transactions show', async () => {
  const { client, connect } = createRig();
  await connect();
  const event = { conversionActionId: '1', transactionId: 'ord-1', eventTimestamp: '2026-11-01T00:00:00Z' };
  const statusOf = async (requestId: string) =>
    (await client().dataManager.requestStatus({ requestId })).requestStatusPerDestination[0];
  const checked = await client().dataManager.ingestEvents({ events: [event], validateOnly: true });
  const first = await client().dataManager.ingestEvents({ events: [event] });
  const second = await client().dataManager.ingestEvents({ events: [event, { ...event, transactionId: 'ord-2' }] });
  expect(new Set([checked, first, second].map(({ requestId }) => requestId)).size).toBe(3);
  expect(await statusOf(first.requestId)).toMatchObject({ requestStatus: 'PROCESSING' });
  expect(await statusOf(first.requestId)).toMatchObject({ requestStatus: 'SUCCESS' });
  await statusOf(second.requestId);
  expect(await statusOf(second.requestId)).toMatchObject({
    requestStatus: 'PARTIAL_SUCCESS',
    errorInfo: { errorCounts: [{ reason: 'PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID', recordCount: '1' }] },
  });
});

test.each([
  ['2026-11-01T12:32:45-08:00', '2026-11-01 12:32:45-08:00'],
  ['2026-11-01T12:32:45Z', '2026-11-01 12:32:45+00:00'],
  ['2026-11-01T12:32:45.123Z', '2026-11-01 12:32:45+00:00'],
  ['2026-11-01T12:32:45.1+05:30', '2026-11-01 12:32:45+05:30'],
])('%s is %s to the Ads API', (given, sent) => {
  expect(toAdsTime(given)).toBe(sent);
});

test('the old upload asks for partial failure, and names actions by their resource', async () => {
  const { client, connect, configure, sent } = createRig();
  await connect();
  await configure({ conversionActionId: '42' });
  const upload = { gclid: 'x', conversionDateTime: '2026-11-01T12:32:45Z' };
  expect(await client().clickConversions.upload({ conversions: [upload, { ...upload, gclid: 'y' }] })).toMatchObject({
    results: [{ gclid: 'x' }, { gclid: 'y' }],
    rejected: [],
  });
  expect(sent[0]!.json).toMatchObject({
    partialFailure: true,
    conversions: [
      {
        gclid: 'x',
        conversionAction: 'customers/1234567890/conversionActions/42',
        conversionDateTime: '2026-11-01 12:32:45+00:00',
      },
      {},
    ],
  });
  expect(await client().clickConversions.upload({ conversions: [upload], validateOnly: true })).toMatchObject({
    results: [],
    rejected: [],
  });
  await expect(
    client().clickConversions.upload({ conversions: [{ conversionDateTime: '2026-11-01T12:32:45Z' }] }),
  ).rejects.toMatchObject({ code: 'invalid_input' });
});

const partialFailure = {
  code: 3,
  message: 'Multiple errors in details.',
  details: [{ errors: [{ location: { fieldPathElements: [{ fieldName: 'conversions', index: 0 }] } }] }],
};

test('a partial failure says which conversions were refused', async () => {
  const { client, connect, answer } = createRig();
  await connect();
  const results = [
    {},
    {
      gclid: 'x',
      conversionAction: 'customers/1/conversionActions/2',
      conversionDateTime: '2026-11-01 12:32:45+00:00',
    },
  ];
  answer(() => Response.json({ results, partialFailureError: partialFailure, jobId: '1' }));
  const upload = { conversionActionId: '2', gclid: 'x', conversionDateTime: '2026-11-01T12:32:45Z' };
  const { rejected } = await client().clickConversions.upload({ conversions: [upload, upload] });
  expect(rejected).toEqual([{ index: 0, reason: 'Multiple errors in details.' }]);
});

test('reasons of single conversions are the first that the vendor gives, by code, by message or for all', () => {
  const error = (index: number | undefined, more: object = {}) => ({
    location: {
      fieldPathElements: [{ fieldName: 'conversions', ...(index !== undefined && { index }) }, { fieldName: 'gclid' }],
    },
    ...more,
  });
  const status = {
    message: 'For all.',
    details: [
      {
        errors: [
          error(4, { message: 'Only a message.' }),
          error(2, { errorCode: { conversionUploadError: 'ORDER_ID_ALREADY_IN_USE' } }),
          error(2, { errorCode: { conversionUploadError: 'CLICK_NOT_FOUND' } }),
          error(undefined, { errorCode: { conversionUploadError: 'EXPIRED_EVENT' } }),
          { location: { fieldPathElements: [{ fieldName: 'customer_id' }] } },
        ],
      },
    ],
  };
  expect(rejectedOf(status, [{}, { gclid: 'a' }, {}, {}, {}])).toEqual([
    { index: 0, reason: 'EXPIRED_EVENT' },
    { index: 2, reason: 'ORDER_ID_ALREADY_IN_USE' },
    { index: 3, reason: 'For all.' },
    { index: 4, reason: 'Only a message.' },
  ]);
});
