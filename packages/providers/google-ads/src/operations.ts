/** The Google Ads API, version 25: paths and fields as in its protos, queries as its documentation shows them. */
import { endpoint, type Api, type Json, type JsonObject } from '@plugboard/core';
import { z } from 'zod';

import { actionOf, adwords, asked, campaign, conversionAction, customer, customerOf } from './schemas.ts';
import { numericId, paging, rejectedOf, searchPage, sha256, spendRow, toAdsTime, toCustomer } from './schemas.ts';

const reference = 'https://developers.google.com/google-ads/api/rest/reference/rest/v25';
const ads = (page: string) => ({ docs: `${reference}/${page}`, scopes: [adwords] });
const pageInput = z.strictObject({ ...asked, pageToken: z.string().min(1).optional() });
const requestId = 'b1u7Zq8tWJ0kq2mX3cN4dA';

interface Asked {
  readonly customerId?: string | undefined;
  readonly pageToken?: string | undefined;
}

/** Queries are whole texts of this file: nothing from outside is ever a part of one, except dates that were checked. */
const searchRoute = 'POST /customers/{customerId}/googleAds:search';
const search = (query: string) => ({
  ...ads('customers.googleAds/search'),
  // No `pageSize`: pages have 10,000 rows, and the vendor refuses to be asked for another size.
  encode: ({ customerId, pageToken }: Asked, api: Api) =>
    toCustomer(api, customerId, { query, ...(pageToken !== undefined && { pageToken }) }),
  repeat: 'safe' as const,
});

/** The first of several pages. */
const shownPage = (results: readonly JsonObject[]): JsonObject => ({
  results,
  nextPageToken: 'CPii5aS87vfFTBAKGJvk36qpLiIWUW9SZk8xRjZ',
  requestId,
});

const listing = { input: pageInput, paging };

const store: JsonObject = {
  resourceName: 'customers/1234567890',
  id: '1234567890',
  descriptiveName: 'Demo Store',
  currencyCode: 'USD',
  timeZone: 'America/New_York',
  manager: false,
  testAccount: false,
  status: 'ENABLED',
};
const client = (id: string, descriptiveName: string, level: string): JsonObject => ({
  customerClient: {
    resourceName: `customers/9876543210/customerClients/${id}`,
    id,
    descriptiveName,
    level,
    manager: level === '0',
    status: 'ENABLED',
  },
});

export const customers = {
  listAccessible: endpoint('GET /customers:listAccessibleCustomers', {
    summary: 'Lists the customers that the Google account or service account reaches without a manager.',
    ...ads('customers/listAccessibleCustomers'),
    input: z.strictObject({}),
    // Without any account the list is left out.
    output: z
      .looseObject({ resourceNames: z.array(z.string().regex(/^customers\/\d+$/)).default([]) })
      .transform((found) => ({ ...found, ids: found.resourceNames.map((name) => name.slice('customers/'.length)) })),
    example: { input: {}, answer: { resourceNames: ['customers/1234567890', 'customers/9876543210'] } },
  }),
  get: endpoint(searchRoute, {
    summary: 'Reads one customer: name, currency, time zone and whether it is a manager.',
    ...search(
      'SELECT customer.id, customer.descriptive_name, customer.currency_code, customer.time_zone, customer.manager, ' +
        'customer.test_account, customer.status FROM customer LIMIT 1',
    ),
    input: z.strictObject(asked),
    output: z
      .looseObject({ results: z.tuple([z.looseObject({ customer })], z.unknown()) })
      .transform(({ results }) => results[0].customer),
    example: { input: { customerId: '123-456-7890' }, answer: { results: [{ customer: store }], requestId } },
  }),
  clients: endpoint(searchRoute, {
    summary: 'Lists the customers below a manager at any depth, the manager itself included.',
    ...search(
      'SELECT customer_client.id, customer_client.descriptive_name, customer_client.level, customer_client.manager, ' +
        'customer_client.status FROM customer_client',
    ),
    output: searchPage(z.looseObject({ customerClient: customer }).transform((row) => row.customerClient)),
    ...listing,
    example: {
      input: { customerId: '9876543210' },
      answer: shownPage([
        client('9876543210', 'Demo Agency', '0'),
        client('1234567890', 'Demo Store', '1'),
        client('5551234567', 'Second Store', '1'),
      ]),
    },
  }),
};

export const campaigns = {
  list: endpoint(searchRoute, {
    summary: 'Lists the campaigns that were not removed.',
    ...search(
      "SELECT campaign.id, campaign.name, campaign.status, campaign.advertising_channel_type FROM campaign WHERE campaign.status != 'REMOVED'",
    ),
    output: searchPage(z.looseObject({ campaign }).transform((row) => row.campaign)),
    ...listing,
    example: {
      input: {},
      answer: shownPage([
        {
          campaign: {
            resourceName: 'customers/1234567890/campaigns/11122233344',
            id: '11122233344',
            name: 'Brand',
            status: 'ENABLED',
            advertisingChannelType: 'SEARCH',
          },
        },
      ]),
    },
  }),
};

export const conversionActions = {
  list: endpoint(searchRoute, {
    summary: 'Lists the conversion actions of the account.',
    ...search(
      'SELECT conversion_action.id, conversion_action.name, conversion_action.type, conversion_action.status FROM conversion_action',
    ),
    output: searchPage(z.looseObject({ conversionAction }).transform((row) => row.conversionAction)),
    ...listing,
    example: {
      input: {},
      answer: shownPage([
        {
          conversionAction: {
            resourceName: 'customers/1234567890/conversionActions/987654321',
            id: '987654321',
            name: 'Purchase',
            type: 'UPLOAD_CLICKS',
            status: 'ENABLED',
          },
        },
      ]),
    },
  }),
};

const largestReport = 64 * 1024 * 1024;

export const reports = {
  spend: endpoint('POST /customers/{customerId}/googleAds:searchStream', {
    summary:
      'Reads cost, clicks and conversions of each campaign and day, in the time zone and currency of the account.',
    ...ads('customers.googleAds/searchStream'),
    input: z
      .strictObject({ ...asked, since: z.iso.date(), until: z.iso.date() })
      .refine(({ since, until }) => since <= until, { path: ['until'], error: 'must not be before `since`' }),
    encode: ({ customerId, since, until }, api) => {
      const query =
        'SELECT customer.currency_code, campaign.id, campaign.name, segments.date, metrics.cost_micros, metrics.impressions, ' +
        `metrics.clicks, metrics.conversions, metrics.conversions_value FROM campaign WHERE segments.date BETWEEN '${since}' AND '${until}'`;
      return toCustomer(api, customerId, { query });
    },
    output: z
      .array(z.looseObject({ results: z.array(spendRow).default([]) }))
      .transform((chunks) => ({ items: chunks.flatMap(({ results }) => results) })),
    repeat: 'safe',
    maxBytes: largestReport,
    deadlineMs: 120_000,
    example: {
      input: { since: '2026-11-01', until: '2026-11-02' },
      answer: [
        {
          results: [
            {
              customer: { resourceName: 'customers/1234567890', currencyCode: 'USD' },
              campaign: {
                resourceName: 'customers/1234567890/campaigns/11122233344',
                id: '11122233344',
                name: 'Brand',
              },
              segments: { date: '2026-11-01' },
              metrics: { costMicros: '1230000', impressions: '10', clicks: '2', conversions: 1, conversionsValue: 9.9 },
            },
          ],
          fieldMask: 'customer.currencyCode,campaign.id,campaign.name,segments.date,metrics.costMicros',
          requestId,
        },
      ],
    },
  }),
};

const consent = z.enum(['GRANTED', 'DENIED']).optional();

const clickConversion = z
  .strictObject({
    gclid: z.string().min(1).optional(),
    gbraid: z.string().min(1).optional(),
    wbraid: z.string().min(1).optional(),
    conversionActionId: numericId.optional(),
    conversionDateTime: z.iso.datetime({ offset: true }),
    conversionValue: z.number().optional(),
    currencyCode: z.string().length(3).optional(),
    /** Of several conversions with one order id and action, the vendor keeps the first. */
    orderId: z.string().min(1).optional(),
    userIdentifiers: z
      .array(z.xor([z.strictObject({ hashedEmail: sha256 }), z.strictObject({ hashedPhoneNumber: sha256 })]))
      .max(5)
      .optional(),
    consent: z.strictObject({ adUserData: consent, adPersonalization: consent }).optional(),
    conversionEnvironment: z.enum(['APP', 'WEB']).optional(),
  })
  .refine(
    ({ gclid, gbraid, wbraid, userIdentifiers }) => Boolean(gclid ?? gbraid ?? wbraid ?? userIdentifiers?.length),
    {
      error: 'one of gclid, gbraid, wbraid, userIdentifiers is required',
    },
  );

const uploaded = z.looseObject({ conversionAction: z.string().nullish(), conversionDateTime: z.string().nullish() });

export const clickConversions = {
  upload: endpoint('POST /customers/{customerId}:uploadClickConversions', {
    summary: 'Uploads click conversions the old way, which is closed to projects that had not used it by June 2026.',
    ...ads('customers/uploadClickConversions'),
    input: z.strictObject({
      ...asked,
      conversions: z.array(clickConversion).min(1).max(2000),
      /** True checks and stores nothing; the answer names no results then. */
      validateOnly: z.boolean().optional(),
      jobId: z.int32().min(0).optional(),
    }),
    encode: ({ customerId, conversions, ...options }, api) => {
      const owner = customerOf(api, customerId);
      const sent = conversions.map(({ conversionActionId, conversionDateTime, ...conversion }) => ({
        ...conversion,
        conversionAction: `customers/${owner}/conversionActions/${actionOf(api, conversionActionId)}`,
        conversionDateTime: toAdsTime(conversionDateTime),
      }));
      return toCustomer(api, owner, {
        ...options,
        conversions: sent as unknown as Json,
        partialFailure: true,
      } as JsonObject);
    },
    // Result i belongs to conversion i; that of a refused one is empty.
    output: z
      .looseObject({
        results: z.array(uploaded).default([]),
        partialFailureError: z.json().nullish(),
        jobId: z.string().nullish(),
      })
      .transform(({ partialFailureError: failure, ...found }) => ({
        ...found,
        rejected: failure === null || failure === undefined ? [] : rejectedOf(failure, found.results),
      })),
    example: {
      input: {
        conversions: [
          {
            gclid: 'Cj0KCQiA-demo-click',
            conversionActionId: '987654321',
            conversionDateTime: '2026-11-01T12:32:45-08:00',
            conversionValue: 12.5,
            currencyCode: 'USD',
            orderId: 'ord-1',
          },
        ],
      },
      answer: {
        results: [
          {
            gclid: 'Cj0KCQiA-demo-click',
            conversionAction: 'customers/1234567890/conversionActions/987654321',
            conversionDateTime: '2026-11-01 12:32:45-08:00',
          },
        ],
        jobId: '9876543210123',
      },
    },
  }),
};
