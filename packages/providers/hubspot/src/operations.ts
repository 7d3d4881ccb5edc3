/** What the client offers: https://developers.hubspot.com/docs/api-reference (2026-10), in the v3 form of its paths. */
import { endpoint, type Encoded } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';

const docs = (page: string) => `https://developers.hubspot.com/docs/api-reference/${page}`;
const text = z.string().min(1);
const names = z.array(text).min(1);
/** Every value is a text, dates and amounts too. */
const properties = z.record(text, z.string());
const paging = like({}, { paging: like({}, { next: like({ after: 'NTI1Cg==' }) }) }).shape;
const page = { limit: z.int().min(1).max(100), after: text };

interface Page<Item> {
  readonly results: readonly Item[];
  readonly paging?: { readonly next?: { readonly after: string } | null | undefined } | null | undefined;
}
const paged = {
  items: <Item>({ results }: Page<Item>) => results,
  next: <Input extends object>({ paging: found }: Page<unknown>, input: Input) =>
    found?.next ? { ...input, after: found.next.after } : undefined,
};
/** Lists of names are one text. */
const asQuery = (...path: string[]) => ({
  encode: (input: object) => {
    const entries = Object.entries(input).filter(([name]) => !path.includes(name));
    const query = entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value as unknown)]);
    return { query: Object.fromEntries(query) as NonNullable<Encoded['query']> };
  },
});

/** Besides the limit of the account: https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm (2026-10). */
const searching = [{ requests: 5, perMs: 1000 }];
const filter = z.strictObject({
  propertyName: text,
  operator: z.enum([
    'EQ', 'NEQ', 'LT', 'LTE', 'GT', 'GTE', 'BETWEEN', 'IN', 'NOT_IN', 'HAS_PROPERTY', 'NOT_HAS_PROPERTY',
    'CONTAINS_TOKEN', 'NOT_CONTAINS_TOKEN',
  ]), // prettier-ignore
  value: z.string().optional(),
  values: z.array(z.string()).optional(),
  highValue: z.string().optional(),
});

interface Kind {
  /** As in `contacts`. */
  readonly plural: string;
  readonly one: string;
  readonly example: Readonly<Record<string, string>>;
  /** A property whose value no two of them share: the email of contacts, of others one that the account has made. */
  readonly unique: string;
}

/** The same seven operations for each kind of record. */
function records<const K extends Kind>({ plural, one, example, unique }: K) {
  const path = `/crm/v3/objects/${plural}` as const;
  const scopes = { read: [`crm.objects.${plural}.read`], write: [`crm.objects.${plural}.write`] };
  const reference = docs(`crm-${plural}-v3/guide`);
  const id = text.meta({ examples: ['512'] });
  const values = properties.meta({ examples: [example] });
  const record = like(
    {
      id: '512',
      properties: z.record(z.string(), z.string().nullable()).meta({ examples: [example] }),
      createdAt: '2026-10-30T03:30:17.883Z',
      updatedAt: '2026-12-07T16:50:06.678Z',
      archived: false,
    },
    { url: z.string(), associations: z.looseObject({}) },
  );
  const shown = { properties: names, associations: names, archived: z.boolean() };
  return {
    list: endpoint(`GET ${path}`, {
      summary: `Lists ${plural}; only the named properties come along.`,
      docs: reference,
      scopes: scopes.read,
      input: given({}, { ...page, ...shown }),
      ...asQuery(),
      output: like({ results: [record] }).extend(paging),
      paging: paged,
    }),
    get: endpoint(`GET ${path}/{id}`, {
      summary: `Reads ${one}, by its id or by a property whose values are unique.`,
      docs: reference,
      scopes: scopes.read,
      input: given({ id }, { ...shown, idProperty: text }),
      ...asQuery('id'),
      output: record,
    }),
    create: endpoint(`POST ${path}`, {
      summary: `Creates ${one}.`,
      docs: reference,
      scopes: scopes.write,
      input: given({ properties: values }, { associations: z.array(z.looseObject({})) }),
      output: record,
      example: { status: 201 },
    }),
    update: endpoint(`PATCH ${path}/{id}`, {
      summary: `Changes properties of ${one}; the others stay.`,
      docs: reference,
      scopes: scopes.write,
      repeat: 'safe',
      input: given({ id, properties: values }, { idProperty: text }),
      encode: ({ properties: changed, idProperty }) => ({ json: { properties: changed }, query: { idProperty } }),
      output: record,
    }),
    archive: endpoint(`DELETE ${path}/{id}`, {
      summary: `Puts ${one} into the recycling bin.`,
      docs: reference,
      scopes: scopes.write,
      repeat: 'safe',
      input: given({ id }),
      output: nothing,
      example: { status: 204 },
    }),
    upsert: endpoint(`POST ${path}/batch/upsert`, {
      summary: `Creates or changes up to 100 ${plural} by a property whose values are unique; \`errors\` names those refused.`,
      docs: reference,
      scopes: scopes.write,
      repeat: 'safe',
      input: given({
        inputs: z
          .array(z.strictObject({ id: text, idProperty: text, properties, objectWriteTraceId: text.optional() }))
          .min(1)
          .max(100)
          .meta({ examples: [[{ id: example[unique]!, idProperty: unique, properties: example }]] }),
      }),
      output: like(
        { status: 'COMPLETE', results: [record] },
        { numErrors: z.number(), errors: z.array(z.looseObject({})) },
      ),
    }),
    search: endpoint(`POST ${path}/search`, {
      summary: `Searches ${plural}, at most 10,000 in all; new ones show after some seconds.`,
      docs: docs('latest/crm/search-the-crm'),
      scopes: scopes.read,
      limits: searching,
      repeat: 'safe',
      input: given(
        {},
        {
          query: text,
          properties: names,
          sorts: z.array(z.union([text, z.looseObject({})])),
          after: text,
          limit: z.int().min(1).max(200),
          filterGroups: z
            .array(z.strictObject({ filters: z.array(filter).min(1).max(6) }))
            .max(5)
            .meta({ examples: [[{ filters: [{ propertyName: unique, operator: 'EQ', value: example[unique]! }] }]] }),
        },
      ),
      output: like({ total: 2, results: [record] }).extend(paging),
      paging: paged,
    }),
  };
}

export const contacts = records({
  plural: 'contacts',
  one: 'a contact',
  example: { email: 'ada@example.com', firstname: 'Ada', lastname: 'Lovelace' },
  unique: 'email',
});
export const companies = records({
  plural: 'companies',
  one: 'a company',
  example: { domain: 'example.com', name: 'Example Ltd', customer_number: 'C-1' },
  unique: 'customer_number',
});
export const deals = records({
  plural: 'deals',
  one: 'a deal',
  example: {
    dealname: 'New deal',
    dealstage: 'presentationscheduled',
    pipeline: 'default',
    amount: '1500.00',
    order_number: 'A-1',
  },
  unique: 'order_number',
});

const kind = text.meta({ examples: ['contacts'] });

/** Which scopes these need, the kind of record decides: the vendor's refusal names them. */
export const associations = {
  create: endpoint('PUT /crm/v4/objects/{fromType}/{fromId}/associations/default/{toType}/{toId}', {
    summary: 'Associates two records, without a label.',
    docs: docs('crm-associations-v4/guide'),
    repeat: 'safe',
    input: given({ fromType: kind, fromId: '512', toType: text.meta({ examples: ['companies'] }), toId: '9' }),
    output: like({ status: 'COMPLETE', results: z.array(z.looseObject({})) }),
  }),
};

export const schema = {
  properties: endpoint('GET /crm/v3/properties/{objectType}', {
    summary: 'Lists the properties that a kind of record has in this account.',
    docs: docs('crm-properties-v3/guide'),
    input: given({ objectType: kind }, { archived: z.boolean() }),
    output: like({
      results: [
        like({ name: 'email', label: 'Email', type: 'string', fieldType: 'text' }, { groupName: 'contactinformation' }),
      ],
    }),
  }),
  pipelines: endpoint('GET /crm/v3/pipelines/{objectType}', {
    summary: 'Lists pipelines and their stages.',
    docs: docs('crm-pipelines-v3/guide'),
    input: given({ objectType: text.meta({ examples: ['deals'] }) }),
    output: like({
      results: [
        like(
          {
            id: 'default',
            label: 'Sales pipeline',
            stages: [like({ id: 'presentationscheduled', label: 'Presentation' })],
          },
          { displayOrder: 0, archived: false },
        ),
      ],
    }),
  }),
};

export const owners = {
  list: endpoint('GET /crm/v3/owners', {
    summary: 'Lists the users that records can belong to.',
    docs: docs('crm-owners-v3/guide'),
    scopes: ['crm.objects.owners.read'],
    input: given({}, { ...page, limit: z.int().min(1).max(500), email: z.email(), archived: z.boolean() }),
    output: like({
      results: [
        like(
          { id: '6', archived: false },
          { email: 'ada@example.com', firstName: 'Ada', lastName: 'Lovelace', userId: 41 },
        ),
      ],
    }).extend(paging),
    paging: paged,
  }),
};

export const account = {
  details: endpoint('GET /account-info/v3/details', {
    summary: 'Reads the account.',
    // Needs the scope `oauth`, which every app has.
    docs: docs('account-information-v3/guide'),
    input: z.strictObject({}),
    output: like(
      { portalId: 62515 },
      {
        accountType: 'STANDARD',
        timeZone: 'US/Eastern',
        companyCurrency: 'USD',
        uiDomain: 'app.hubspot.com',
        dataHostingLocation: 'na1',
      },
    ),
  }),
};
