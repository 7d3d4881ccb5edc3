/**
 * JSON:API as Klaviyo speaks it, reduced to what callers want: a resource becomes one flat object in camelCase, and
 * attributes that are not declared here come along.
 * @see https://developers.klaviyo.com/en/reference/api_overview (2026-08-13)
 */
import { camelNames, snakeNames, type CamelNames, type Json, type JsonObject, type RateLimit } from '@plugboard/core';
import { given, like, text, z } from '@plugboard/core/fields';

/**
 * Calls a second, a minute and a day, for each account and each endpoint:
 * https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling (2026-08-13). For `large` that page says 700 a
 * minute and the API description 750; the lower one holds here.
 */
const tiers = { xsmall: [1, 15], medium: [10, 150], large: [75, 700], xlarge: [350, 3500], daily: [10, 150, 150] };
const windowsMs = [1000, 60_000, 86_400_000];

/** What the vendor's page of an operation says about it. */
export function facts(page: string, tier: keyof typeof tiers, ...scopes: readonly string[]) {
  // Limits are counted by object: one that several operations share would be one limit for all of them.
  const limits = tiers[tier].map((requests, index): RateLimit => ({ requests, perMs: windowsMs[index]! }));
  return { docs: `https://developers.klaviyo.com/en/reference/${page}`, limits, scopes };
}

const self = 'https://a.klaviyo.com/api';

/** A resource as the vendor's documentation shows it. */
export function shown(type: string, id: string, attributes: JsonObject): JsonObject {
  return { type, id, attributes, links: { self: `${self}/${type}s/${id}` } };
}

/** A list that is not, or no longer, continued. */
export const shownAll = (data: readonly Json[]): JsonObject => ({ data, links: { self } });

export const links = like({}, { self });

/** What a resource has besides its attributes. */
export const identity = (type: string, id: string) =>
  like({ id }, { type, links: like({}, { self: `${self}/${type}s/${id}` }) });

/** A resource as callers get it; names inside custom properties belong to the account and stay. */
export const resource = <Attributes>(type: string, id: string, attributes: z.ZodType<Attributes & object>) =>
  identity(type, id)
    .extend({ attributes })
    .transform((found) => ({ id: found.id, ...(camelNames(found.attributes) as CamelNames<Attributes>) }));

/** One resource. */
export const one = <Item extends z.ZodType>(item: Item) =>
  // The type of a generic member is lost on the way through the object.
  z.looseObject({ data: item }).transform((found) => found['data'] as z.output<Item>);

const more = z.string().meta({ examples: [`${self}?page%5Bcursor%5D=bmV4dDo6aWQ6Ok5lYXQ`] });

/** A page of resources. Only the cursor is taken from `links.next`; its address is never followed. */
export const page = <Item extends z.ZodType>(item: Item, next: z.ZodString = more) =>
  like({}, { links: links.extend({ next: next.nullish() }) })
    .extend({ data: z.array(item) })
    .transform(({ data, links }) => ({ items: data as z.output<Item>[], nextCursor: cursorOf(links?.next) }));

function cursorOf(next: string | null | undefined): string | undefined {
  return next && URL.canParse(next) ? (new URL(next).searchParams.get('page[cursor]') ?? undefined) : undefined;
}

interface PageInput {
  readonly pageSize?: number | undefined;
  readonly cursor?: string | undefined;
}

const paging = {
  items: <Item>(found: { readonly items: readonly Item[] }) => found.items,
  next: <Asked extends PageInput>(found: { readonly nextCursor: string | undefined }, asked: Asked) =>
    found.nextCursor === undefined ? undefined : { ...asked, cursor: found.nextCursor },
};

/** Other fields become a filter, `equals(email,"a@b.c")`; values are JSON texts, so that none can end its quotes. */
function pageQuery({ pageSize, cursor, ...fields }: PageInput) {
  const wanted = Object.entries(snakeNames(fields)).map(([name, value]) => `equals(${name},${JSON.stringify(value)})`);
  const filter = wanted.join(',');
  return { query: { filter: filter === '' ? undefined : filter, 'page[size]': pageSize, 'page[cursor]': cursor } };
}

/** What every list is declared with. */
export const pages = <Item extends z.ZodType>(item: Item) => ({ encode: pageQuery, output: page(item), paging });

interface Sent {
  readonly id?: string | undefined;
  readonly [attribute: string]: unknown;
}

/** A resource on its way out; its id stands beside the attributes. */
export function sent(type: string, { id, ...attributes }: Sent, relationships?: object) {
  return { data: { type, id, attributes: snakeNames(attributes), relationships } };
}

export const refer = (type: string, ids: readonly string[]) => ({ data: ids.map((id) => ({ type, id })) });

const id = z.string().min(1);
const email = 'sarah.mason@klaviyo-demo.com';
const pseudonym = { pseudonym: 'Dr. Octopus' };
const sarah = { first_name: 'Sarah', last_name: 'Mason', email, phone_number: '+15005550006' };

export const profileId = '01GDDKASAP8TKDDA2GRZDSVP4H';
export const profile = resource(
  'profile',
  profileId,
  like(
    {},
    {
      ...sarah,
      external_id: z.string(),
      properties: z.record(z.string(), z.unknown()).meta({ examples: [pseudonym] }),
    },
  ),
);

const contact = {
  email: z.email({ pattern: z.regexes.unicodeEmail }).meta({ examples: [email] }),
  phoneNumber: z.e164(),
};
export const identifiers = { id, ...contact, externalId: id };
/** Properties of the account's own making. */
export const customInput: z.ZodType<JsonObject, JsonObject> = z.record(z.string(), z.json());
// Null clears an attribute, a missing one stays as it is.
const clearable = z.string().nullish();
const place = { address1: clearable, address2: clearable, city: clearable, region: clearable, zip: clearable };
const attributes = {
  ...contact,
  externalId: id,
  firstName: clearable.meta({ examples: ['Sarah'] }),
  lastName: clearable,
  organization: clearable,
  title: clearable,
  locale: clearable,
  location: given({}, { ...place, country: clearable, timezone: clearable, ip: clearable }),
  properties: customInput,
};

/** The vendor needs one way to tell who is meant. */
function identified<Fields extends z.ZodObject>(fields: Fields) {
  const ways = () => Object.keys(identifiers).filter((way) => way in fields.shape);
  return fields.refine((value) => ways().some((way) => value[way] !== undefined), {
    error: () => `one of ${ways().join(', ')} is required`,
  });
}

export const profileInput = identified(given({}, { ...identifiers, ...attributes }));
export const newProfileInput = identified(given({}, attributes));
export const subscriber = identified(given({}, { id, ...contact }));
export const unsubscriber = identified(given({}, contact));

export const settings = z.strictObject({
  listId: text('List', { help: 'New subscribers are put on it unless the call names another.' }).optional(),
  segmentId: text('Segment', { help: 'The profiles that the application works with.' }).optional(),
});
