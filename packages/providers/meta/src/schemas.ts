/** What objects and edges of the Graph API have in common, and what a connection's calls are about. */
import { camelNames, encodeHex, hash, invalidInput, snakeNames } from '@plugboard/core';
import type { Api, CamelNames, JsonObject, RateLimit } from '@plugboard/core';
import { given, like, text, z } from '@plugboard/core/fields';

/**
 * Per hour, at advanced access without one active ad; standard access allows far less, and then the vendor says when to
 * go on: https://developers.facebook.com/docs/graph-api/overview/rate-limiting (2026-11-20).
 */
const limits: Readonly<Record<string, readonly RateLimit[]>> = {
  insights: [{ requests: 190_000, perMs: 3_600_000 }],
  ads: [{ requests: 100_000, perMs: 3_600_000 }],
};

/** What the vendor's page of an operation says about it. */
export function facts(page: string, limit: 'insights' | 'ads' | 'platform', ...scopes: readonly string[]) {
  return { docs: `https://developers.facebook.com/docs/${page}`, limits: limits[limit] ?? [], scopes };
}

/** An answer with its outermost names in camelCase; members that are not declared come along. */
export const shaped = <Found extends object>(answer: z.ZodType<Found>) =>
  answer.transform((found) => camelNames(found) as CamelNames<Found>);

const cursors = like({}, { before: 'QVFIUmJlZm9yZQ', after: 'QVFIUmFmdGVy' });
const next = 'https://graph.facebook.com/v26.0/next?after=QVFIUmFmdGVy';

/** A list. Only the cursor goes on: addresses of next pages hold the token. @param shown items, where one is too few */
export const edge = <Item extends z.ZodType<object>>(item: Item, shown?: readonly JsonObject[]) => ({
  output: like({}, { paging: like({}, { cursors, next }) })
    .extend({ data: shown === undefined ? z.array(item) : z.array(item).meta({ examples: [shown] }) })
    .transform(({ data, paging }) => ({
      items: data.map((found) => camelNames(found) as CamelNames<z.output<Item>>),
      nextCursor: paging?.next ? (paging.cursors?.after ?? cursorOf(paging.next)) : undefined,
    })),
  paging: {
    items: <Each>(found: { readonly items: readonly Each[] }) => found.items,
    next: <Asked extends { readonly after?: string | undefined }>(
      found: { readonly nextCursor: string | undefined },
      asked: Asked,
    ) => (found.nextCursor === undefined ? undefined : { ...asked, after: found.nextCursor }),
  },
});

function cursorOf(address: string): string | undefined {
  return (URL.canParse(address) ? new URL(address).searchParams.get('after') : null) ?? undefined;
}

/** Ids are 64-bit numbers, always handled as texts. */
const id = z.string().regex(/^\d+$/, { error: 'must be digits' });
export const idLike = (example: string) => id.meta({ examples: [example] });
export const shownAccount = 'act_1102330001';
export const adAccountId = z
  .string()
  .regex(/^act_\d+$/, { error: 'must be act_ and digits' })
  .meta({ examples: [shownAccount] });
export const pageInput = { limit: z.int().min(1).max(1000), after: z.string() };

export const settings = z.strictObject({
  adAccountId: text('Ad account', {
    help: 'Reports come from it unless the call names another. Default: the connected one.',
    pattern: /^act_\d+$/,
  }).optional(),
  pixelId: text('Pixel', {
    help: 'Conversions go to it unless the call names another.',
    pattern: /^\d+$/,
  }).optional(),
  conversions: z
    .boolean()
    .default(true)
    .meta({ title: 'Conversions API', description: 'Send conversions to Meta from the server.' }),
  testEventCode: text('Test event code', {
    help: 'Events Manager > Test events. While it is set, conversions show up there only.',
    pattern: /^[\w-]+$/,
  }).optional(),
});

/** What typed-in credentials may name besides the token. */
export const targets = z.looseObject({ adAccountId: adAccountId.optional(), pixelId: id.optional() });

/** @throws PlugboardError kind `invalid_request` when nothing says which ad account is meant. */
export function adAccountOf(api: Api, given: string | undefined): string {
  const connected = api.account?.id.startsWith('act_') === true ? api.account.id : undefined;
  return (
    given ??
    api.settings(settings).adAccountId ??
    connected ??
    api.credentials(targets).adAccountId ??
    unnamed('adAccountId')
  );
}

/** @throws PlugboardError kind `invalid_request` when nothing says which pixel is meant. */
export function pixelOf(api: Api, given: string | undefined): string {
  return given ?? api.settings(settings).pixelId ?? api.credentials(targets).pixelId ?? unnamed('pixelId');
}

function unnamed(path: string): never {
  throw invalidInput('meta', [{ path, message: 'is required' }], 'Pass it, or choose one in the settings.');
}

const linkClicks = { action_type: 'link_click', value: '131' };
const actions = (purchase: string, ...others: readonly JsonObject[]) =>
  z
    .array(z.looseObject({ action_type: z.string(), value: z.string() }))
    .meta({ examples: [[...others, { action_type: 'purchase', value: purchase }]] });

/** Amounts are decimal texts in the account's currency; days are those of its time zone, none without delivery. */
export const insight = like(
  { date_start: '2026-11-01', date_stop: '2026-11-01' },
  {
    spend: '110.25',
    impressions: '9281',
    clicks: '164',
    reach: '8412',
    cpm: '11.879108',
    ctr: '1.767051',
    actions: actions('4', linkClicks),
    action_values: actions('312.5'),
    campaign_id: '120330000000000001',
    campaign_name: 'Autumn fruit',
    account_currency: 'USD',
  },
);
const metrics = ['spend', 'impressions', 'clicks', 'reach', 'cpm', 'ctr', 'actions', 'action_values'];
const insightFields = [...metrics, 'campaign_id', 'campaign_name', 'account_currency', 'date_start', 'date_stop'];
const plainWord = z.string().regex(/^\w+$/);
const words = z.array(plainWord).min(1);
const day = (example: string) => z.iso.date().meta({ examples: [example] });

export const insightsInput = given(
  { fields: words.default(insightFields) },
  {
    adAccountId,
    level: z.enum(['account', 'campaign', 'adset', 'ad']).meta({ examples: ['campaign'] }),
    /** Both days included, in the ad account's time zone. */
    timeRange: given({ since: day('2026-11-01'), until: day('2026-11-02') }),
    datePreset: plainWord,
    /** Days per row. */
    timeIncrement: z.union([z.int().min(1).max(90), z.enum(['monthly', 'all_days'])]).meta({ examples: [1] }),
    breakdowns: words,
    filtering: z.array(given({ field: z.string(), operator: plainWord, value: z.json() })),
    actionAttributionWindows: words,
    ...pageInput,
  },
)
  .refine(({ timeRange, datePreset }) => timeRange === undefined || datePreset === undefined, {
    error: 'timeRange and datePreset exclude each other',
  })
  .refine(({ timeRange }) => timeRange === undefined || timeRange.since <= timeRange.until, {
    error: 'timeRange ends before it begins',
  });

/** Lists go as comma-separated words, objects as JSON texts. */
export function insightsQuery({ adAccountId: account, ...asked }: z.output<typeof insightsInput>, api: Api) {
  const { fields, breakdowns, actionAttributionWindows, timeRange, filtering, ...plain } = asked;
  const lists = Object.entries({ fields, breakdowns, actionAttributionWindows });
  const objects = Object.entries({ timeRange, filtering });
  const params = snakeNames({
    ...plain,
    ...Object.fromEntries(lists.map(([name, list]) => [name, list?.join(',')] as const)),
    ...Object.fromEntries(objects.map(([name, value]) => [name, value && JSON.stringify(value)] as const)),
  });
  return { path: { adAccountId: adAccountOf(api, account) }, params: params as Record<string, string | number> };
}

/** How each value is written before it is hashed; an empty result is not sent. */
export const hashed = {
  email: ['em', (value) => value.trim().toLowerCase()],
  phone: ['ph', (value) => value.replaceAll(/\D/g, '').replace(/^0+/, '')],
  firstName: ['fn', nameOf],
  lastName: ['ln', nameOf],
  city: ['ct', lettersOf],
  state: ['st', lettersOf],
  // Only a United States code has five digits, a hyphen and four.
  zip: [
    'zp',
    (value) =>
      value
        .toLowerCase()
        .replaceAll(/\s/g, '')
        .replace(/^(\d{5})-\d{4}$/, '$1'),
  ],
  country: ['country', (value) => value.trim().toLowerCase()],
  gender: ['ge', (value) => /^[fm]/.exec(value.trim().toLowerCase())?.[0] ?? ''],
  birthday: ['db', (value) => /^\d{8}$/.exec(value.replaceAll(/\D/g, ''))?.[0] ?? ''],
  externalId: ['external_id', (value) => value.trim()],
} as const satisfies Record<string, readonly [string, (value: string) => string]>;

function nameOf(value: string): string {
  return value
    .toLowerCase()
    .replaceAll(/[\p{P}\p{S}]/gu, '')
    .trim();
}

function lettersOf(value: string): string {
  return value.toLowerCase().replaceAll(/[^\p{L}]/gu, '');
}

/** The vendor's browser helpers append a dot and a short mark to the hash. */
export const hashPattern = /^[a-f0-9]{64}(\.\w+)?$/i;

/** The hashes of one kind of value, each once; what is a hash already stays one. */
export async function hashAll(kind: keyof typeof hashed, given: string | readonly string[]): Promise<string[]> {
  const normalise = hashed[kind][1];
  const texts = (typeof given === 'string' ? [given] : given).map((value) => value.trim());
  const plain = texts
    .map((value) => (hashPattern.test(value) ? value : normalise(value)))
    .filter((value) => value !== '');
  const hashes = plain.map(async (value) =>
    hashPattern.test(value)
      ? value.replace(/^\w+/, (hex) => hex.toLowerCase())
      : encodeHex(await hash('sha256', value)),
  );
  return [...new Set(await Promise.all(hashes))];
}

const values = z.union([z.string(), z.array(z.string()).min(1)]);
const word = z.string();
const named = { phone: values, firstName: values, lastName: values, birthday: values, gender: values };
const placed = { city: values, state: values, zip: values, country: values };
const technical = { clientIpAddress: word, clientUserAgent: 'Mozilla/5.0', fbc: word, fbp: word };
const userData = given(
  {},
  {
    email: values.meta({ examples: ['test@example.com'] }),
    ...named,
    ...placed,
    ...technical,
    externalId: values,
    leadId: word,
    subscriptionId: word,
  },
);
export const sources = [
  'website',
  'app',
  'phone_call',
  'chat',
  'email',
  'physical_store',
  'system_generated',
  'business_messaging',
  'other',
] as const;

export const conversionEvent = given(
  {
    eventName: z
      .string()
      .min(1)
      .max(50)
      .meta({ examples: ['Purchase'] }),
    actionSource: z.enum(sources),
    /** Plain values are hashed before they leave; hashes stay as they are. */
    userData,
  },
  {
    /** Unix seconds. Default: now. */
    eventTime: z.int().positive(),
    /** The same as in the browser, which is how the vendor drops one of the two. Two from servers both count. */
    eventId: 'order-1111',
    eventSourceUrl: z.url({ protocol: /^https?$/ }).meta({ examples: ['https://www.example.com/thanks'] }),
    referrerUrl: word,
    optOut: z.boolean(),
    dataProcessingOptions: z.array(z.string()),
    dataProcessingOptionsCountry: z.int(),
    dataProcessingOptionsState: z.int(),
    customData: given(
      {},
      {
        value: 12.5,
        currency: z
          .string()
          .length(3)
          .meta({ examples: ['USD'] }),
        contentIds: z.array(z.string()),
        contents: z.array(given({ id: word }, { quantity: z.number(), itemPrice: z.number() })),
        contentType: word,
        orderId: '1111',
        numItems: z.int(),
        status: word,
      },
    ),
  },
);
