/** What the client offers: paths, scopes and limits as in the vendor's API description, revision 2026-07-15. */
import { endpoint, type Api } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';

import { customInput, identifiers, newProfileInput, profileInput, subscriber, unsubscriber } from './schemas.ts';
import { facts, links, one, pages, profile, profileId, refer, resource, sent, settings } from './schemas.ts';

/** Jobs and relationships: the same once more changes nothing. */
const answers = (status: number) => ({ output: nothing, repeat: 'safe' as const, example: { status } });
const cursor = z.string().min(1);
const pageSize = (most: number) => z.int().min(1).max(most);

const organization = like(
  { organization_name: 'Klaviyo Demo' },
  {
    default_sender_name: 'Klaviyo Demo',
    default_sender_email: 'contact@klaviyo-demo.com',
    street_address: like({}, { city: 'Boston', country: 'US' }),
  },
);
const account = like(
  { contact_information: organization, public_api_key: 'AbC123' },
  { timezone: 'US/Eastern', preferred_currency: 'USD', locale: 'en-US', test_account: false },
);

export const accounts = {
  get: endpoint('GET /api/accounts', {
    summary: 'Reads the account that the credential belongs to.',
    ...facts('get_accounts', 'xsmall', 'accounts:read'),
    input: given({}),
    output: like({ data: z.tuple([resource('account', 'AbC123', account)], z.unknown()) }, { links }).transform(
      ({ data }) => data[0],
    ),
  }),
};

const listId = 'Y6nRLr';
const subscription = given(
  { profiles: z.array(subscriber).min(1).max(1000), channels: z.array(z.enum(['email', 'sms'])).min(1) },
  { listId },
);

/** The body of both consent jobs. Without a list anywhere it holds for the whole account. */
function consentJob(
  job: { type: string; consent: string; source?: string | undefined },
  input: z.output<typeof subscription>,
  api: Api,
) {
  const { type, consent, source: customSource } = job;
  const subscriptions = Object.fromEntries(input.channels.map((channel) => [channel, { marketing: { consent } }]));
  const data = input.profiles.map((person) => sent('profile', { ...person, subscriptions }).data);
  const id = input.listId ?? api.settings(settings).listId;
  const list = id && { data: { type: 'list', id } };
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
  }),
  create: endpoint('POST /api/profiles', {
    summary: 'Creates a profile; fails with a conflict when one with the same identifier exists.',
    ...facts('create_profile', 'large', 'profiles:write'),
    input: newProfileInput,
    encode: (input) => ({ json: sent('profile', input) }),
    output: one(profile),
    example: { status: 201 },
  }),
  get: endpoint('GET /api/profiles/{id}', {
    summary: 'Reads one profile.',
    ...facts('get_profile', 'large', 'profiles:read'),
    input: given({ id: profileId }),
    output: one(profile),
  }),
  list: endpoint('GET /api/profiles', {
    summary: 'Lists profiles, all or those with one identifier.',
    ...facts('get_profiles', 'large', 'profiles:read'),
    input: given({}, { ...identifiers, pageSize: pageSize(100), cursor }),
    ...pages(profile),
  }),
  subscribe: endpoint('POST /api/profile-subscription-bulk-create-jobs', {
    summary: 'Records consent to marketing and puts the profiles on a list.',
    ...facts('bulk_subscribe_profiles', 'large', 'lists:write', 'profiles:write', 'subscriptions:write'),
    input: subscription.extend({ source: z.string().min(1).optional() }),
    encode: ({ source, ...input }, api) =>
      consentJob({ type: 'profile-subscription-bulk-create-job', consent: 'SUBSCRIBED', source }, input, api),
    ...answers(202),
  }),
  unsubscribe: endpoint('POST /api/profile-subscription-bulk-delete-jobs', {
    summary: 'Ends consent to marketing: everywhere, for profiles that are not on the list.',
    ...facts('bulk_unsubscribe_profiles', 'large', 'lists:write', 'profiles:write', 'subscriptions:write'),
    // At most 100 here: https://developers.klaviyo.com/en/reference/bulk_unsubscribe_profiles (2026-07-15).
    input: subscription.extend({ profiles: z.array(unsubscriber).min(1).max(100) }),
    encode: (input, api) =>
      consentJob({ type: 'profile-subscription-bulk-delete-job', consent: 'UNSUBSCRIBED' }, input, api),
    ...answers(202),
  }),
};

const eventProperties = z.record(z.string(), z.unknown()).meta({ examples: [{ Brand: 'Kids Book' }] });
const event = like({}, { datetime: '2022-11-08T01:23:45+00:00', event_properties: eventProperties });
const metric = 'Viewed Product';
const metricId = 'UvTXzA';

export const events = {
  track: endpoint('POST /api/events', {
    summary: 'Records an event of a profile, which is created if need be.',
    ...facts('create_event', 'xlarge', 'events:write'),
    input: given(
      {
        metric,
        profile: profileInput,
        properties: customInput.default({}).meta({ examples: [{ Brand: 'Kids Book' }] }),
        // Required: the vendor's default is the second, so that two events of one second would become one.
        uniqueId: 'view-1111',
      },
      {
        time: z.iso.datetime({ offset: true }),
        value: z.number(),
        valueCurrency: z.string().length(3),
        /** True triggers no flows. */
        backfill: z.boolean(),
      },
    ),
    encode: ({ metric: name, profile: person, ...attributes }) => {
      const about = { metric: sent('metric', { name }), profile: sent('profile', person) };
      return { json: sent('event', { ...attributes, ...about }) };
    },
    ...answers(202),
  }),
  list: endpoint('GET /api/events', {
    summary: 'Lists events, all or those of a metric or profile.',
    ...facts('get_events', 'xlarge', 'events:read'),
    input: given({}, { metricId, profileId: z.string(), pageSize: pageSize(1000), cursor }),
    ...pages(resource('event', '4vRpBT', event)),
  }),
};

const list = resource('list', listId, like({}, { name: 'Newsletter', created: '2022-11-08T00:00:00+00:00' }));
const active = { is_active: true, is_processing: false, is_starred: false };
const segment = resource('segment', 'VtXzYq', like({}, { name: 'Repeat Purchasers', ...active }));
const smallPage = given({}, { pageSize: pageSize(10), cursor });

export const lists = {
  list: endpoint('GET /api/lists', {
    summary: 'Lists the lists of the account.',
    ...facts('get_lists', 'large', 'lists:read'),
    input: smallPage,
    ...pages(list),
  }),
  create: endpoint('POST /api/lists', {
    summary: 'Creates a list.',
    ...facts('create_list', 'daily', 'lists:write'),
    input: given({ name: 'Newsletter' }),
    encode: (input) => ({ json: sent('list', input) }),
    output: one(list),
    example: { status: 201 },
  }),
  addProfiles: endpoint('POST /api/lists/{listId}/relationships/profiles', {
    summary: 'Puts profiles on a list. Gives no consent: see profiles.subscribe.',
    ...facts('add_profiles_to_list', 'medium', 'lists:write', 'profiles:write'),
    input: given({
      listId,
      profileIds: z
        .array(z.string().min(1))
        .min(1)
        .max(1000)
        .meta({ examples: [[profileId]] }),
    }),
    encode: ({ profileIds }) => ({ json: refer('profile', profileIds) }),
    ...answers(204),
  }),
};

export const segments = {
  list: endpoint('GET /api/segments', {
    summary: 'Lists the segments of the account.',
    ...facts('get_segments', 'large', 'segments:read'),
    input: smallPage,
    ...pages(segment),
  }),
};

export const metrics = {
  list: endpoint('GET /api/metrics', {
    summary: 'Lists the metrics of the account, 200 a page.',
    ...facts('get_metrics', 'medium', 'metrics:read'),
    input: given({}, { cursor }),
    ...pages(resource('metric', metricId, like({}, { name: metric }))),
  }),
};
