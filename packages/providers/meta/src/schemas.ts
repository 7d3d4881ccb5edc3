/** What objects and edges of the Graph API have in common, and what a connection's calls are about. */
import { encodeHex, hash, invalidInput, type Api, type JsonObject, type RateLimit } from '@plugboard/core';
import { text } from '@plugboard/core/fields';
import { z } from 'zod';

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

type Camel<Name extends string> = Name extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : Name;
type CamelKeys<T> = { [Key in keyof T as Key extends string ? Camel<Key> : Key]: T[Key] };

const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Renames the outermost names only, and leaves out what is not given. */
export function wire(value: object): Record<string, unknown> {
  const given = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(given.map(([name, item]) => [snake(name), item]));
}

/** An answer with its outermost names in camelCase; members that are not declared come along. */
export function shaped<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.looseObject(shape).transform((found) => {
    const renamed = Object.fromEntries(Object.entries(found).map(([name, item]) => [camel(name), item]));
    return renamed as CamelKeys<typeof found>;
  });
}

/** A page of an edge. Only the cursor goes on: addresses of next pages hold the token. */
export const page = <Item extends z.ZodType>(item: Item) =>
  z
    .looseObject({
      data: z.array(item),
      paging: z
        .looseObject({ next: z.string().nullish(), cursors: z.looseObject({ after: z.string().nullish() }).nullish() })
        .nullish(),
    })
    .transform(({ data, paging }) => ({
      items: data,
      nextCursor: paging?.next ? (paging.cursors?.after ?? cursorOf(paging.next)) : undefined,
    }));

function cursorOf(next: string): string | undefined {
  return (URL.canParse(next) ? new URL(next).searchParams.get('after') : null) ?? undefined;
}

export const paging = {
  items: <Item>(found: { readonly items: readonly Item[] }) => found.items,
  next: <Asked extends { readonly after?: string | undefined }>(
    found: { readonly nextCursor: string | undefined },
    asked: Asked,
  ) => (found.nextCursor === undefined ? undefined : { ...asked, after: found.nextCursor }),
};

/** The first of several pages as the vendor shows it. */
export function shownPage(...data: readonly JsonObject[]): JsonObject {
  const cursors = { before: 'QVFIUmJlZm9yZQ', after: 'QVFIUmFmdGVy' };
  return { data, paging: { cursors, next: 'https://graph.facebook.com/v26.0/next?after=QVFIUmFmdGVy' } };
}

export const optionalText = z.string().nullish();
/** Ids are 64-bit numbers, always handled as texts. */
export const id = z.string().regex(/^\d+$/, { error: 'must be digits' });
export const adAccountId = z.string().regex(/^act_\d+$/, { error: 'must be act_ and digits' });
export const pageInput = { limit: z.int().min(1).max(1000).optional(), after: z.string().min(1).optional() };
export const success = z.looseObject({ success: z.literal(true) }).transform(() => undefined);

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

/** Amounts are decimal texts in the account's currency; days are those of its time zone, none without delivery. */
export const insight = shaped({
  date_start: z.string(),
  date_stop: z.string(),
  spend: optionalText,
  impressions: optionalText,
  clicks: optionalText,
  account_currency: optionalText,
  campaign_id: optionalText,
  campaign_name: optionalText,
  actions: z.array(z.looseObject({ action_type: z.string(), value: z.string() })).nullish(),
  action_values: z.array(z.looseObject({ action_type: z.string(), value: z.string() })).nullish(),
});
const metrics = ['spend', 'impressions', 'clicks', 'reach', 'cpm', 'ctr', 'actions', 'action_values'];
const insightFields = [...metrics, 'campaign_id', 'campaign_name', 'account_currency', 'date_start', 'date_stop'];
const plainWord = z.string().regex(/^\w+$/);
export const insightsInput = z
  .strictObject({
    adAccountId: adAccountId.optional(),
    fields: z.array(plainWord).min(1).default(insightFields),
    level: z.enum(['account', 'campaign', 'adset', 'ad']).optional(),
    /** Both days included, in the ad account's time zone. */
    timeRange: z.strictObject({ since: z.iso.date(), until: z.iso.date() }).optional(),
    datePreset: plainWord.optional(),
    /** Days per row. */
    timeIncrement: z.union([z.int().min(1).max(90), z.enum(['monthly', 'all_days'])]).optional(),
    breakdowns: z.array(plainWord).min(1).optional(),
    filtering: z.array(z.strictObject({ field: z.string(), operator: plainWord, value: z.json() })).optional(),
    actionAttributionWindows: z.array(plainWord).min(1).optional(),
    ...pageInput,
  })
  .refine(({ timeRange, datePreset }) => timeRange === undefined || datePreset === undefined, {
    error: 'timeRange and datePreset exclude each other',
  })
  .refine(({ timeRange }) => timeRange === undefined || timeRange.since <= timeRange.until, {
    error: 'timeRange ends before it begins',
  });

/** Lists go as comma-separated words, objects as JSON texts. */
export function insightsQuery({ adAccountId: account, ...asked }: z.output<typeof insightsInput>, api: Api) {
  const { fields, breakdowns, actionAttributionWindows, timeRange, filtering, ...plain } = asked;
  const words = Object.entries({ fields, breakdowns, actionAttributionWindows });
  const objects = Object.entries({ timeRange, filtering });
  const params = wire({
    ...plain,
    ...Object.fromEntries(words.map(([name, list]) => [name, list?.join(',')] as const)),
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

const values = z.union([z.string(), z.array(z.string()).min(1)]).optional();
export const word = z.string().min(1).optional();
const named = { email: values, phone: values, firstName: values, lastName: values, birthday: values, gender: values };
const placed = { city: values, state: values, zip: values, country: values };
const technical = { clientIpAddress: word, clientUserAgent: word, fbc: word, fbp: word };
const userData = z.strictObject({
  ...named,
  ...placed,
  ...technical,
  externalId: values,
  leadId: word,
  subscriptionId: word,
});
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

export const conversionEvent = z.strictObject({
  eventName: z.string().min(1).max(50),
  /** Unix seconds. Default: now. */
  eventTime: z.int().positive().optional(),
  /** The same as in the browser, which is how the vendor drops one of the two. Two from servers both count. */
  eventId: word,
  actionSource: z.enum(sources),
  eventSourceUrl: z.url({ protocol: /^https?$/ }).optional(),
  referrerUrl: word,
  optOut: z.boolean().optional(),
  dataProcessingOptions: z.array(z.string()).optional(),
  dataProcessingOptionsCountry: z.int().optional(),
  dataProcessingOptionsState: z.int().optional(),
  /** Plain values are hashed before they leave; hashes stay as they are. */
  userData,
  customData: z
    .strictObject({
      value: z.number().optional(),
      currency: z.string().length(3).optional(),
      contentIds: z.array(z.string()).optional(),
      contents: z
        .array(z.strictObject({ id: z.string(), quantity: z.number().optional(), itemPrice: z.number().optional() }))
        .optional(),
      contentType: word,
      orderId: word,
      numItems: z.int().optional(),
      status: word,
    })
    .optional(),
});
