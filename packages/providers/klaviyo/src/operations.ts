/** What the client offers: paths, scopes and limits as in the vendor's API description, revision 2026-07-15. */
import { endpoint, type Api } from '@plugboard/core';
import { z } from 'zod';

import { account, event, id, named, nothing, one, page, pageQuery, paging, profile, settings } from './schemas.ts';
import { customInput, identifiers, newProfileInput, profileInput, subscriber, unsubscriber } from './schemas.ts';
import { facts, refer, sent, shown, shownAll, shownPage } from './schemas.ts';

const cursor = id.optional();
const pageSize = (most: number) => z.int().min(1).max(most).optional();

const email = 'sarah.mason@klaviyo-demo.com';
const sarah = shown('profile', '01GDDKASAP8TKDDA2GRZDSVP4H', {
  email,
  phone_number: '+15005550006',
  first_name: 'Sarah',
  last_name: 'Mason',
  properties: { pseudonym: 'Dr. Octopus' },
});

export const accounts = {
  get: endpoint('GET /api/accounts', {
    summary: 'Reads the account that the credential belongs to.',
    ...facts('get_accounts', 'xsmall', 'accounts:read'),
    input: z.strictObject({}),
    output: z.looseObject({ data: z.tuple([account], z.unknown()) }).transform(({ data }) => data[0]),
    example: {
      input: {},
      answer: shownAll([
        shown('account', 'AbC123', {
          test_account: false,
          contact_information: {
            default_sender_name: 'Klaviyo Demo',
            default_sender_email: 'contact@klaviyo-demo.com',
            organization_name: 'Klaviyo Demo',
            street_address: { city: 'Boston', country: 'US' },
          },
          timezone: 'US/Eastern',
          preferred_currency: 'USD',
          public_api_key: 'AbC123',
          locale: 'en-US',
        }),
      ]),
    },
  }),
};

const subscription = z.strictObject({
  profiles: z.array(subscriber).min(1).max(1000),
  channels: z.array(z.enum(['email', 'sms'])).min(1),
  listId: id.optional(),
});

/** The body of both consent jobs. Without a list anywhere it holds for the whole account. */
function consentJob(
  job: { type: string; consent: string; source?: string | undefined },
  input: z.output<typeof subscription>,
  api: Api,
) {
  const { type, consent, source: customSource } = job;
  const subscriptions = Object.fromEntries(input.channels.map((channel) => [channel, { marketing: { consent } }]));
  const data = input.profiles.map((person) => sent('profile', { ...person, subscriptions }).data);
  const listId = input.listId ?? api.settings(settings).listId;
  const list = listId && { data: { type: 'list', id: listId } };
  return { json: sent(type, { customSource, profiles: { data } }, { list }) };
}

export const profiles = {
  upsert: endpoint('POST /api/profile-import', {
    summary: 'Creates a profile, or updates the one with the same identifier.',
    ...facts('create_or_update_profile', 'large', 'profiles:write'),
    input: profileInput,
    encode: (input) => ({ json: sent('profile', input) }),
    output: one(profile),
    repeat: 'safe',
    example: { input: { email, firstName: 'Sarah' }, answer: { data: sarah } },
  }),
  create: endpoint('POST /api/profiles', {
    summary: 'Creates a profile; fails with a conflict when one with the same identifier exists.',
    ...facts('create_profile', 'large', 'profiles:write'),
    input: newProfileInput,
    encode: (input) => ({ json: sent('profile', input) }),
    output: one(profile),
    example: { input: { email, firstName: 'Sarah' }, status: 201, answer: { data: sarah } },
  }),
  get: endpoint('GET /api/profiles/{id}', {
    summary: 'Reads one profile.',
    ...facts('get_profile', 'large', 'profiles:read'),
    input: z.strictObject({ id }),
    output: one(profile),
    example: { input: { id: '01GDDKASAP8TKDDA2GRZDSVP4H' }, answer: { data: sarah } },
  }),
  list: endpoint('GET /api/profiles', {
    summary: 'Lists profiles, all or those with one identifier.',
    ...facts('get_profiles', 'large', 'profiles:read'),
    input: z.strictObject({ ...identifiers, pageSize: pageSize(100), cursor }),
    encode: pageQuery,
    output: page(profile),
    paging,
    example: { input: { email }, answer: shownPage(sarah) },
  }),
  subscribe: endpoint('POST /api/profile-subscription-bulk-create-jobs', {
    summary: 'Records consent to marketing and puts the profiles on a list.',
    ...facts('bulk_subscribe_profiles', 'large', 'lists:write', 'profiles:write', 'subscriptions:write'),
    input: subscription.extend({ source: z.string().optional() }),
    encode: (input, api) =>
      consentJob(
        { type: 'profile-subscription-bulk-create-job', consent: 'SUBSCRIBED', source: input.source },
        input,
        api,
      ),
    output: nothing,
    repeat: 'safe',
    example: { input: { profiles: [{ email }], channels: ['email'], listId: 'Y6nRLr' }, status: 202 },
  }),
  unsubscribe: endpoint('POST /api/profile-subscription-bulk-delete-jobs', {
    summary: 'Ends consent to marketing: everywhere, for profiles that are not on the list.',
    ...facts('bulk_unsubscribe_profiles', 'large', 'lists:write', 'profiles:write', 'subscriptions:write'),
    // At most 100 here: https://developers.klaviyo.com/en/reference/bulk_unsubscribe_profiles (2026-07-15).
    input: subscription.extend({ profiles: z.array(unsubscriber).min(1).max(100) }),
    encode: (input, api) =>
      consentJob({ type: 'profile-subscription-bulk-delete-job', consent: 'UNSUBSCRIBED' }, input, api),
    output: nothing,
    repeat: 'safe',
    example: { input: { profiles: [{ email }], channels: ['email'], listId: 'Y6nRLr' }, status: 202 },
  }),
};

export const events = {
  track: endpoint('POST /api/events', {
    summary: 'Records an event of a profile, which is created if need be.',
    ...facts('create_event', 'xlarge', 'events:write'),
    input: z.strictObject({
      metric: id,
      profile: profileInput,
      properties: customInput.default({}),
      // Required: the vendor's default is the second, so that two events of one second would become one.
      uniqueId: id,
      time: z.iso.datetime({ offset: true }).optional(),
      value: z.number().optional(),
      valueCurrency: z.string().length(3).optional(),
      /** True triggers no flows. */
      backfill: z.boolean().optional(),
    }),
    encode: ({ metric: name, profile: person, ...attributes }) => {
      const [metric, whose] = [sent('metric', { name }), sent('profile', person)];
      return { json: sent('event', { ...attributes, metric, profile: whose }) };
    },
    output: nothing,
    repeat: 'safe',
    example: {
      input: {
        metric: 'Viewed Product',
        profile: { email },
        properties: { Brand: 'Kids Book' },
        uniqueId: 'view-1111',
      },
      status: 202,
    },
  }),
  list: endpoint('GET /api/events', {
    summary: 'Lists events, all or those of a metric or profile.',
    ...facts('get_events', 'xlarge', 'events:read'),
    input: z.strictObject({ metricId: id.optional(), profileId: id.optional(), pageSize: pageSize(1000), cursor }),
    encode: pageQuery,
    output: page(event),
    paging,
    example: {
      input: { metricId: 'UvTXzA' },
      answer: shownPage(shown('event', '4vRpBT', { datetime: '2022-11-08T01:23:45+00:00', event_properties: {} })),
    },
  }),
};

const smallPage = z.strictObject({ pageSize: pageSize(10), cursor });
const listing = { input: smallPage, encode: pageQuery, output: page(named), paging };
const newsletter = shown('list', 'Y6nRLr', { name: 'Newsletter', created: '2022-11-08T00:00:00+00:00' });

export const lists = {
  list: endpoint('GET /api/lists', {
    ...listing,
    summary: 'Lists the lists of the account.',
    ...facts('get_lists', 'large', 'lists:read'),
    example: { input: {}, answer: shownPage(newsletter) },
  }),
  create: endpoint('POST /api/lists', {
    summary: 'Creates a list.',
    ...facts('create_list', 'daily', 'lists:write'),
    input: z.strictObject({ name: id }),
    encode: (input) => ({ json: sent('list', input) }),
    output: one(named),
    example: { input: { name: 'Newsletter' }, status: 201, answer: { data: newsletter } },
  }),
  addProfiles: endpoint('POST /api/lists/{listId}/relationships/profiles', {
    summary: 'Puts profiles on a list. Gives no consent: see profiles.subscribe.',
    ...facts('add_profiles_to_list', 'medium', 'lists:write', 'profiles:write'),
    input: z.strictObject({ listId: id, profileIds: z.array(id).min(1).max(1000) }),
    encode: ({ profileIds }) => ({ json: refer('profile', profileIds) }),
    output: nothing,
    repeat: 'safe',
    example: { input: { listId: 'Y6nRLr', profileIds: ['01GDDKASAP8TKDDA2GRZDSVP4H'] }, status: 204 },
  }),
};

const active = { is_active: true, is_processing: false, is_starred: false };

export const segments = {
  list: endpoint('GET /api/segments', {
    ...listing,
    summary: 'Lists the segments of the account.',
    ...facts('get_segments', 'large', 'segments:read'),
    example: { input: {}, answer: shownPage(shown('segment', 'VtXzYq', { name: 'Repeat Purchasers', ...active })) },
  }),
};

export const metrics = {
  list: endpoint('GET /api/metrics', {
    ...listing,
    summary: 'Lists the metrics of the account, 200 a page.',
    ...facts('get_metrics', 'medium', 'metrics:read'),
    input: z.strictObject({ cursor }),
    example: { input: {}, answer: shownPage(shown('metric', 'UvTXzA', { name: 'Viewed Product' })) },
  }),
};
