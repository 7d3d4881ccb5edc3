/** What the client offers: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/ (68.0, 2026-11-20). */
import { endpoint, operation } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';

import { instanceOf } from './access.ts';
import { tokenFor } from './webhooks.ts';

const scopes = ['api'];
const recordId = '001D000000IRFmaIAH';
export const idLike = (example: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/, { error: 'must be an id of 15 or 18 characters' })
    .meta({ examples: [example] });
const id = idLike(recordId);
export const name = z.string().regex(/^[A-Za-z]\w{0,79}$/, { error: 'must be an API name: Account, My_Object__c' });
export const type = name.meta({ examples: ['Account'] });
const values = z.record(z.string().regex(/^[A-Za-z][\w.]{0,254}$/), z.json()).meta({ examples: [{ Name: 'Acme' }] });
const attributes = like({ type: 'Account' }, { url: `/services/data/v68.0/sobjects/Account/${recordId}` });
const record = like({ attributes }, { Id: recordId, Name: 'Acme' });
const done = { output: nothing, example: { status: 204 } };

const receipt = like({ id: recordId, success: true, errors: z.array(z.unknown()) });
const one = { type, id };

export const records = {
  create: endpoint('POST /sobjects/{type}', {
    summary: 'Creates a record.',
    scopes,
    input: given({ type, values }),
    encode: ({ values: json }) => ({ json }),
    output: receipt,
    example: { status: 201, answer: { id: recordId, success: true, errors: [] } },
  }),
  get: endpoint('GET /sobjects/{type}/{id}', {
    summary: 'Reads a record: all of its fields, or those that are named.',
    scopes,
    input: given(one, { fields: z.array(z.string().regex(/^[A-Za-z][\w.]{0,254}$/)).min(1) }),
    encode: ({ fields }) => ({ query: { fields: fields?.join(',') } }),
    output: record,
  }),
  update: endpoint('PATCH /sobjects/{type}/{id}', {
    summary: 'Changes fields of a record.',
    scopes,
    input: given({ ...one, values }),
    encode: ({ values: json }) => ({ json }),
    ...done,
  }),
  delete: endpoint('DELETE /sobjects/{type}/{id}', {
    summary: 'Moves a record to the recycle bin.',
    scopes,
    input: given(one),
    ...done,
  }),
  upsert: endpoint('PATCH /sobjects/{type}/{field}/{value}', {
    summary: 'Creates a record, or changes the one that has this external id; `created` says which.',
    // Twice the same is once.
    repeat: 'safe',
    scopes,
    input: given({ type, field: name.meta({ examples: ['Customer_Id__c'] }), value: 'c-1', values }),
    encode: ({ values: json }) => ({ json }),
    // A change answers nothing.
    decode: (answer) => (answer.status === 204 ? { success: true, created: false } : answer.json()),
    output: like({ success: true }, { id: recordId, created: true }),
    example: { status: 201, answer: { id: recordId, success: true, errors: [], created: true } },
  }),
};

const problem = like({ statusCode: 'DUPLICATE_VALUE', message: 'duplicate value found' }, { fields: ['Email'] });
const results = {
  scopes,
  output: z.array(like({ success: true, errors: z.array(problem) }, { id: recordId, created: true })),
  example: {
    answer: [
      { id: recordId, success: true, errors: [] },
      {
        success: false,
        errors: [{ statusCode: 'DUPLICATE_VALUE', message: 'duplicate value found', fields: ['Email'] }],
      },
    ],
  },
};
const allOrNone = z.boolean();
const upTo200 = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(200);
interface Row {
  readonly type: string;
  readonly id?: string | undefined;
  readonly values: Readonly<Record<string, unknown>>;
}
const write = ({
  records: list,
  allOrNone: whole = false,
}: {
  records: readonly Row[];
  allOrNone?: boolean | undefined;
}) => ({
  json: {
    allOrNone: whole,
    records: list.map(({ type: of, id: key, values: fields }) => ({ attributes: { type: of }, id: key, ...fields })),
  },
});

/** Up to 200 records in one request; each has a result of its own, in the order of the input. */
export const collections = {
  create: endpoint('POST /composite/sobjects', {
    summary: 'Creates up to 200 records.',
    input: given({ records: upTo200(given({ type, values })) }, { allOrNone }),
    encode: write,
    ...results,
  }),
  update: endpoint('PATCH /composite/sobjects', {
    summary: 'Changes up to 200 records.',
    input: given({ records: upTo200(given({ type, id, values })) }, { allOrNone }),
    encode: write,
    ...results,
  }),
  upsert: endpoint('PATCH /composite/sobjects/{type}/{field}', {
    summary: 'Creates or changes up to 200 records by an external id.',
    repeat: 'safe',
    input: given(
      { type, field: name.meta({ examples: ['Customer_Id__c'] }), records: upTo200(given({ values })) },
      { allOrNone },
    ),
    encode: ({ type: of, records: list, allOrNone: whole }) =>
      write({ records: list.map((row) => ({ ...row, type: of })), allOrNone: whole }),
    ...results,
  }),
  delete: endpoint('DELETE /composite/sobjects', {
    summary: 'Moves up to 200 records to the recycle bin.',
    input: given({ ids: upTo200(id) }, { allOrNone }),
    encode: ({ ids, allOrNone: whole = false }) => ({ query: { ids: ids.join(','), allOrNone: whole } }),
    ...results,
  }),
};

const step = given(
  {
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    path: z
      .string()
      .regex(/^\/(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\s\\#]{1,2000}$/, {
        error: 'must be a path below the API: /sobjects/Account',
      })
      .meta({ examples: ['/sobjects/Account'] }),
    referenceId: name.meta({ examples: ['account'] }),
  },
  { body: z.record(z.string(), z.json()) },
);

export const composite = {
  run: endpoint('POST /composite', {
    summary: 'Makes up to 25 requests in one; later ones may use `@{account.id}` of earlier ones.',
    scopes,
    input: given({ requests: z.array(step).min(1).max(25) }, { allOrNone }),
    encode: ({ requests, allOrNone: whole = false }, { apiVersion }) => ({
      json: {
        allOrNone: whole,
        compositeRequest: requests.map(({ path, ...rest }) => ({
          ...rest,
          url: `/services/data/v${apiVersion}${path}`,
        })),
      },
    }),
    output: like({ compositeResponse: [like({ httpStatusCode: 201, referenceId: 'account' }, { body: z.json() })] }),
  }),
};

export const objects = {
  list: endpoint('GET /sobjects', {
    summary: 'Lists the objects of the organization.',
    scopes,
    input: given({}),
    output: like({ sobjects: [like({ name: 'Account', label: 'Account' }, { custom: false, queryable: true })] }),
  }),
  describe: endpoint('GET /sobjects/{type}/describe', {
    summary: 'Describes an object and its fields.',
    scopes,
    input: given({ type }),
    output: like({ name: 'Account', fields: [like({ name: 'Name', type: 'string' }, { label: 'Account Name' })] }),
  }),
};

const found = given({ type }, { fields: z.array(name).min(1), limit: z.int().min(1).max(2000) });

export const search = {
  find: endpoint('GET /parameterizedSearch', {
    summary: 'Finds records by words.',
    scopes,
    input: given({ words: 'Acme', objects: z.array(found).min(1).max(20) }),
    encode: ({ words, objects: list }) => ({
      query: {
        q: words,
        sobject: list.map(({ type: of }) => of),
        ...Object.fromEntries(list.map(({ type: of, fields }) => [`${of}.fields`, fields?.join(',')])),
        ...Object.fromEntries(list.map(({ type: of, limit }) => [`${of}.limit`, limit])),
      },
    }),
    output: like({ searchRecords: [record] }),
  }),
};

const count = like({ Max: 15_000, Remaining: 14_998 });

export const org = {
  versions: endpoint('GET /services/data', {
    summary: 'Lists the versions of the API that the organization has; costs no request of the day.',
    baseUrl: instanceOf,
    input: given({}),
    output: z.array(like({ label: 'Winter ’27', url: '/services/data/v68.0', version: '68.0' })),
  }),
  limits: endpoint('GET /limits', {
    summary: 'Reads what is left of the limits of the organization.',
    scopes,
    input: given({}),
    output: like({ DailyApiRequests: count }),
  }),
  user: endpoint('GET /services/oauth2/userinfo', {
    summary: 'Reads who is connected.',
    baseUrl: instanceOf,
    scopes: ['openid'],
    input: given({}),
    output: like(
      { user_id: '005xx000001SwiUAAS', organization_id: '00Dxx0000001gPFEAY' },
      { preferred_username: 'user@acme.example', name: 'Jane Doe', email: 'user@acme.example' },
    ),
  }),
};

export const outboundMessages = {
  token: operation({
    summary: 'Makes the token that outbound messages of this organization must carry.',
    input: given({}),
    run: async (api) => tokenFor(api),
  }),
};
