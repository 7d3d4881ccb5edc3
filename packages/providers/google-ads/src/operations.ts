/** The Google Ads API, version 25: paths and fields as in its protos, queries as its documentation shows them. */
import { endpoint, type Api } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';
import { pages, pageToken } from '@plugboard/google';

import { requestId } from './errors.ts';
import { actionId, actionOf, adwords, asked, campaign, clickId, conversionAction, currency } from './schemas.ts';
import { customer, customerOf, instant, nextPageToken, rejectedOf, searchPage, sha256 } from './schemas.ts';
import { spendRow, toAdsTime, toCustomer } from './schemas.ts';

const reference = 'https://developers.google.com/google-ads/api/rest/reference/rest/v25';
const ads = (page: string) => ({ docs: `${reference}/${page}`, scopes: [adwords] });

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
const listing = (query: string) => ({
  ...search(query),
  input: given({}, { ...asked, pageToken }),
  paging: pages(
    (page: { readonly items: readonly unknown[]; readonly nextPageToken?: string | undefined }) => page.items,
  ),
});

const client = (id: string, descriptiveName: string, level: string) => {
  const resourceName = `customers/9876543210/customerClients/${id}`;
  return { customerClient: { resourceName, id, descriptiveName, level, manager: level === '0', status: 'ENABLED' } };
};

export const customers = {
  listAccessible: endpoint('GET /customers:listAccessibleCustomers', {
    summary: 'Lists the customers that the Google account or service account reaches without a manager.',
    ...ads('customers/listAccessibleCustomers'),
    input: given({}),
    // Without any account the list is left out.
    output: z
      .looseObject({ resourceNames: z.array(z.string().regex(/^customers\/\d+$/)).default([]) })
      .transform((found) => ({ ...found, ids: found.resourceNames.map((name) => name.slice('customers/'.length)) })),
    example: { answer: { resourceNames: ['customers/1234567890', 'customers/9876543210'] } },
  }),
  get: endpoint(searchRoute, {
    summary: 'Reads one customer: name, currency, time zone and whether it is a manager.',
    ...search(
      'SELECT customer.id, customer.descriptive_name, customer.currency_code, customer.time_zone, customer.manager, ' +
        'customer.test_account, customer.status FROM customer LIMIT 1',
    ),
    input: given({}, asked),
    output: like({ results: z.tuple([like({ customer })], z.unknown()) }, { requestId }).transform(
      ({ results }) => results[0].customer,
    ),
  }),
  clients: endpoint(searchRoute, {
    summary: 'Lists the customers below a manager at any depth, the manager itself included.',
    ...listing(
      'SELECT customer_client.id, customer_client.descriptive_name, customer_client.level, customer_client.manager, ' +
        'customer_client.status FROM customer_client',
    ),
    output: searchPage(like({ customerClient: customer }).transform((row) => row.customerClient)),
    example: {
      input: { customerId: '9876543210' },
      answer: {
        results: [
          client('9876543210', 'Demo Agency', '0'),
          client('1234567890', 'Demo Store', '1'),
          client('5551234567', 'Second Store', '1'),
        ],
        nextPageToken,
        requestId,
      },
    },
  }),
};

export const campaigns = {
  list: endpoint(searchRoute, {
    summary: 'Lists the campaigns that were not removed.',
    ...listing(
      "SELECT campaign.id, campaign.name, campaign.status, campaign.advertising_channel_type FROM campaign WHERE campaign.status != 'REMOVED'",
    ),
    output: searchPage(like({ campaign }).transform((row) => row.campaign)),
  }),
};

export const conversionActions = {
  list: endpoint(searchRoute, {
    summary: 'Lists the conversion actions of the account.',
    ...listing(
      'SELECT conversion_action.id, conversion_action.name, conversion_action.type, conversion_action.status FROM conversion_action',
    ),
    output: searchPage(like({ conversionAction }).transform((row) => row.conversionAction)),
  }),
};

const fieldMask = 'customer.currencyCode,campaign.id,campaign.name,segments.date,metrics.costMicros';
const day = (example: string) => z.iso.date().meta({ examples: [example] });

export const reports = {
  spend: endpoint('POST /customers/{customerId}/googleAds:searchStream', {
    summary:
      'Reads cost, clicks and conversions of each campaign and day, in the time zone and currency of the account.',
    ...ads('customers.googleAds/searchStream'),
    input: given({ since: day('2026-11-01'), until: day('2026-11-02') }, asked).refine(
      ({ since, until }) => since <= until,
      { path: ['until'], error: 'must not be before `since`' },
    ),
    encode: ({ customerId, since, until }, api) => {
      const query =
        'SELECT customer.currency_code, campaign.id, campaign.name, segments.date, metrics.cost_micros, metrics.impressions, ' +
        `metrics.clicks, metrics.conversions, metrics.conversions_value FROM campaign WHERE segments.date BETWEEN '${since}' AND '${until}'`;
      return toCustomer(api, customerId, { query });
    },
    output: z
      .array(like({}, { results: [spendRow], fieldMask, requestId }))
      .transform((chunks) => ({ items: chunks.flatMap(({ results }) => results ?? []) })),
    repeat: 'safe',
    maxBytes: 64 * 1024 * 1024,
    deadlineMs: 120_000,
  }),
};

const consent = z.enum(['GRANTED', 'DENIED']);
const id = z.string().min(1);

const clickConversion = given(
  { conversionDateTime: instant.meta({ examples: ['2026-11-01T12:32:45-08:00'] }) },
  {
    gclid: clickId,
    gbraid: id,
    wbraid: id,
    conversionActionId: actionId,
    conversionValue: 12.5,
    currencyCode: currency,
    /** Of several conversions with one order id and action, the vendor keeps the first. */
    orderId: 'ord-1',
    userIdentifiers: z
      .array(z.xor([z.strictObject({ hashedEmail: sha256 }), z.strictObject({ hashedPhoneNumber: sha256 })]))
      .max(5),
    consent: given({}, { adUserData: consent, adPersonalization: consent }),
    conversionEnvironment: z.enum(['APP', 'WEB']),
  },
).refine(
  ({ gclid, gbraid, wbraid, userIdentifiers }) => Boolean(gclid ?? gbraid ?? wbraid ?? userIdentifiers?.length),
  { error: 'one of gclid, gbraid, wbraid, userIdentifiers is required' },
);

const uploaded = like(
  {},
  {
    gclid: clickId,
    conversionAction: 'customers/1234567890/conversionActions/987654321',
    conversionDateTime: '2026-11-01 12:32:45-08:00',
  },
);

export const clickConversions = {
  upload: endpoint('POST /customers/{customerId}:uploadClickConversions', {
    summary: 'Uploads click conversions the old way, which is closed to projects that had not used it by June 2026.',
    ...ads('customers/uploadClickConversions'),
    input: given(
      { conversions: z.array(clickConversion).min(1).max(2000) },
      {
        ...asked,
        /** True checks and stores nothing; the answer names no results then. */
        validateOnly: z.boolean(),
        jobId: z.int32().min(0),
      },
    ),
    encode: ({ customerId, conversions, ...options }, api) => {
      const owner = customerOf(api, customerId);
      const sent = conversions.map(({ conversionActionId, conversionDateTime, ...conversion }) => ({
        ...conversion,
        conversionAction: `customers/${owner}/conversionActions/${actionOf(api, conversionActionId)}`,
        conversionDateTime: toAdsTime(conversionDateTime),
      }));
      return toCustomer(api, owner, { ...options, conversions: sent, partialFailure: true });
    },
    // Result i belongs to conversion i; that of a refused one is empty.
    output: like({}, { results: [uploaded], partialFailureError: z.json(), jobId: '9876543210123' }).transform(
      ({ partialFailureError: failure, results, ...found }) => ({
        ...found,
        results: results ?? [],
        rejected: failure === null || failure === undefined ? [] : rejectedOf(failure, results ?? []),
      }),
    ),
  }),
};
