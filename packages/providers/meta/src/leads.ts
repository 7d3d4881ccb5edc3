/** Lead Ads: pages, their forms and leads, and the webhooks that announce new ones. */
import { checkInput, endpoint, equalText, escapedBody, hmacSignature, hmacSigner } from '@plugboard/core';
import { operation, parseJson, reveal, stream } from '@plugboard/core';
import type { Api, CallOptions, Json, JsonObject, WebhookDefinition, WebhookVector } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { edge, facts, idLike, pageInput, shaped } from './schemas.ts';

const guide = 'marketing-api/guides/lead-ads/retrieving';
const leadScopes = ['leads_retrieval', 'pages_show_list', 'pages_read_engagement', 'ads_management'];

const pageId = idLike('153125381133');
const formId = idLike('2');
/** Endpoints of a page that refuse the connection's own token: the page's goes in its place, and is proven like it. */
const asPage = { pageToken: 'EAAPAGE0token' };
const authorize = (token: string) => ({ authorization: `Bearer ${token}` });

const pageToken = endpoint('GET /{pageId}', {
  summary: 'Reads the token of a page.',
  ...facts('pages-api/getting-started', 'platform', 'pages_show_list'),
  input: given({ pageId }),
  encode: () => ({ query: { fields: 'access_token' } }),
  output: like({ access_token: 'EAAPAGE0token' }, { id: '153125381133' }).transform((found) => found.access_token),
});

const subscribeApp = endpoint('POST /{pageId}/subscribed_apps', {
  summary: 'Subscribes the app to fields of a page.',
  ...facts('graph-api/reference/page/subscribed_apps', 'platform', 'pages_manage_metadata'),
  input: given({ pageId, fields: ['leadgen'], ...asPage }),
  encode: (input) => ({
    form: { subscribed_fields: input.fields.join(',') },
    headers: authorize(input.pageToken),
  }),
  output: like({ success: z.literal(true) }).transform(() => undefined),
  repeat: 'safe',
});

const testLead = endpoint('POST /{formId}/test_leads', {
  summary: 'Makes a test lead.',
  ...facts('marketing-api/guides/lead-ads/testing', 'platform', ...leadScopes),
  input: given({ formId, ...asPage }, { fieldData: z.array(z.json()) }),
  encode: (input) => ({ json: { field_data: input.fieldData }, headers: authorize(input.pageToken) }),
  output: shaped(like({ id: '123' })),
});

// https://github.com/facebook/facebook-php-business-sdk/issues/428 (2026-11-20): not with a user's token.
const formsOfPage = endpoint('GET /{pageId}/leadgen_forms', {
  summary: 'Lists the lead forms of a page.',
  ...facts(guide, 'platform', ...leadScopes),
  input: given({ pageId, ...asPage }, pageInput),
  encode: (input) => ({
    query: { fields: 'id,name,status', limit: input.limit, after: input.after },
    headers: authorize(input.pageToken),
  }),
  ...edge(like({ id: '2' }, { name: 'Newsletter', status: 'ACTIVE' })),
});

/** Endpoints that operations call, for the checks against the vendor's description. */
export const internal = { pageToken, subscribeApp, testLead, formsOfPage };

export const pages = {
  list: endpoint('GET /me/accounts', {
    summary: 'Lists the pages that the token reaches.',
    ...facts('graph-api/reference/user/accounts', 'platform', 'pages_show_list'),
    input: given({}, pageInput),
    // Without their tokens, which would end wherever the list does.
    encode: ({ limit, after }) => ({ query: { fields: 'id,name,tasks', limit, after } }),
    ...edge(like({ id: '153125381133', name: "Jasper's Market" }, { tasks: ['ADVERTISE', 'MANAGE'] })),
  }),
  subscribe: operation({
    summary: 'Has webhooks sent about a page; by default about its new leads.',
    docs: subscribeApp.docs ?? '',
    scopes: ['pages_manage_metadata', 'pages_show_list'],
    input: given({ pageId, fields: z.array(z.string().regex(/^\w+$/)).min(1).default(['leadgen']) }),
    run: async (api, { pageId: page, fields }, options) => {
      const token = await api.call(pageToken, { pageId: page }, options);
      await api.call(subscribeApp, { pageId: page, fields, pageToken: token }, options);
    },
  }),
};

const leadFields = 'id,created_time,ad_id,adset_id,campaign_id,form_id,is_organic,platform,field_data';
const lead = like(
  {
    id: '123',
    created_time: '2026-11-19T10:00:00+0000',
    field_data: [like({ name: 'email', values: ['jane@example.com'] })],
  },
  { ad_id: '3', form_id: '2', campaign_id: z.string(), is_organic: false, platform: 'ig' },
);

async function* formsOf(api: Api, page: { pageId: string }, options: CallOptions) {
  const token = await api.call(pageToken, page, options);
  for await (const { items } of api.pages(formsOfPage, { ...page, pageToken: token }, options)) yield* items;
}

export const leads = {
  get: endpoint('GET /{leadId}', {
    summary: 'Reads one lead: what a webhook announced by its id.',
    ...facts(guide, 'platform', ...leadScopes),
    input: given({ leadId: idLike('123') }),
    encode: () => ({ query: { fields: leadFields } }),
    output: shaped(lead),
  }),
  list: endpoint('GET /{formId}/leads', {
    summary: 'Lists the leads of a form.',
    ...facts(guide, 'platform', ...leadScopes),
    input: given({ formId }, pageInput),
    encode: ({ limit, after }) => ({ query: { fields: leadFields, limit, after } }),
    ...edge(lead),
  }),
  forms: stream({
    summary: 'Lists the lead forms of a page.',
    docs: formsOfPage.docs ?? '',
    scopes: leadScopes,
    input: given({ pageId }),
    run: formsOf,
  }),
  createTest: operation({
    summary: 'Makes a test lead of a form, which webhooks announce like a true one.',
    docs: testLead.docs ?? '',
    scopes: leadScopes,
    input: given(
      { pageId, formId },
      { fieldData: z.array(z.strictObject({ name: z.string(), values: z.array(z.string()) })) },
    ),
    run: async (api, { pageId: page, ...rest }, options) => {
      const token = await api.call(pageToken, { pageId: page }, options);
      return api.call(testLead, { ...rest, pageToken: token }, options);
    },
  }),
};

const scheme = {
  header: 'x-hub-signature-256',
  prefix: 'sha256=',
  algorithm: 'sha256',
  encoding: 'hex',
  // Signed with characters beyond ASCII escaped, which is also how the body normally comes.
  alternatives: escapedBody,
} satisfies Parameters<typeof hmacSignature>[0];

/** Ids come as numbers or as texts, whatever their length. */
const anyId = z.union([z.string(), z.number()]).transform(String);
const delivered = z.looseObject({
  object: z.string(),
  entry: z.array(
    z.looseObject({
      id: anyId,
      time: z.number().optional(),
      changes: z.array(z.looseObject({ field: z.string(), value: z.json().optional() })).default([]),
    }),
  ),
});

function textIds(value: Json, name = ''): Json {
  if (typeof value === 'number') return /(^|_)id$/.test(name) ? String(value) : value;
  if (Array.isArray(value)) return value.map((item: Json) => textIds(item, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]: [string, Json]) => [key, textIds(item, key)]));
}

const vector = (name: string, body: string, signature: string, events: readonly string[]): WebhookVector => ({
  name,
  source: 'computed',
  secret: 'app_secret_1',
  headers: { 'x-hub-signature-256': `sha256=${signature}` },
  body,
  ok: true,
  events,
});

const vectors = [
  vector(
    'a lead, ids as texts',
    '{"object":"page","entry":[{"id":"1","time":1440120384,"changes":[{"field":"leadgen","value":{"leadgen_id":"123"}}]}]}',
    '784524d04705bd0b190b29dfb00dbc032a11290ba40365fa9b02e2d5b9a28373',
    ['page.leadgen'],
  ),
  vector(
    'a lead, ids as numbers beyond 2^53',
    '{"object":"page","entry":[{"id":153125381133,"time":1438292065,"changes":[{"field":"leadgen","value":{"leadgen_id":' +
      '7312345678901234567,"page_id":153125381133,"form_id":2,"adgroup_id":3,"ad_id":3,"created_time":1440120384}}]}]}',
    '66203c8b171a3c3b4c72176375ee0677c99fd5fe8d9353c213dfcc8fe979cd80',
    ['page.leadgen'],
  ),
  vector(
    'a body that was not escaped on its way, signed escaped',
    '{"object":"page","entry":[{"id":"1","time":1440120384,"changes":[{"field":"feed","value":{"message":"Jörg 😀"}}]}]}',
    'fb2fca8afccddd1c5aa64ec2af289745117fdc19b51c0c840f9747d863ead8d0',
    ['page.feed'],
  ),
];

/** https://developers.facebook.com/docs/graph-api/webhooks/getting-started (2026-11-20) */
export const webhooks = {
  docs: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started',
  // One app secret signs for all tenants.
  secrets: ({ app }) => [app['clientSecret']],
  challenge({ method, url: { searchParams } }, _secrets, { verifyToken }) {
    if (method !== 'GET' || searchParams.get('hub.mode') !== 'subscribe') return undefined;
    const body = searchParams.get('hub.challenge') ?? '';
    const given = searchParams.get('hub.verify_token') ?? '';
    const good = verifyToken !== undefined && equalText(given, reveal(verifyToken)) && /^[\w-]{1,256}$/.test(body);
    return good ? { status: 200, headers: { 'content-type': 'text/plain' }, body } : { status: 403 };
  },
  verify: hmacSignature(scheme),
  parse({ body }) {
    const json = parseJson(new TextDecoder().decode(body), { bigIntegers: 'string' });
    const { object, entry } = checkInput(delivered, json, 'The webhook body');
    return entry.flatMap((item) => {
      const at = item.time === undefined ? {} : { occurredAt: new Date(item.time * 1000) };
      // A page is nobody's connected account; an ad account is.
      const owner = object === 'ad_account' ? { accountId: `act_${item.id}` } : {};
      return item.changes.map(({ field, value = null }) => {
        const told = textIds(value);
        const details =
          typeof told === 'object' && !Array.isArray(told) ? (told as JsonObject | null) : { value: told };
        const data: JsonObject = { entry_id: item.id, ...details };
        const lead = field === 'leadgen' ? data['leadgen_id'] : undefined;
        const known = typeof lead === 'string' ? { id: `${object}/${item.id}/${field}/${lead}` } : {};
        return { type: `${object}.${field}`, ...known, ...owner, ...at, data };
      });
    });
  },
  events: {
    'page.leadgen': z.looseObject({
      leadgen_id: z.string(),
      page_id: z.string().optional(),
      form_id: z.string().optional(),
      created_time: z.number().optional(),
    }),
  },
  // No timestamp is signed, so that a copy is as good as new: remembered for longer than the vendor goes on trying.
  rememberDays: 7,
  vectors,
  sign: hmacSigner(scheme),
} satisfies WebhookDefinition;
