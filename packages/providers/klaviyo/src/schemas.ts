/**
 * JSON:API as Klaviyo speaks it, reduced to what callers want: a resource becomes one flat object in camelCase, and
 * attributes that are not declared here come along.
 * @see https://developers.klaviyo.com/en/reference/api_overview (2026-08-13)
 */
import type { Json, JsonObject, RateLimit } from '@plugboard/core';
import { text } from '@plugboard/core/fields';
import { z } from 'zod';

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

type Camel<Name extends string> = Name extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : Name;
type CamelKeys<T> = { [Key in keyof T as Key extends string ? Camel<Key> : Key]: T[Key] };

const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Renames the outermost names only: what is inside custom properties belongs to the account. */
function renameKeys(value: object, rename: (name: string) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [rename(name), item]));
}

function resource<Attributes>(attributes: z.ZodType<Attributes & object>) {
  return z.looseObject({ id: z.string(), attributes }).transform((found) => ({
    id: found.id,
    ...(renameKeys(found.attributes, camel) as CamelKeys<Attributes>),
  }));
}

/** Empty today; a body that comes one day is not a failure. */
export const nothing = z.unknown().transform(() => undefined);

/** One resource. */
export const one = <Item extends z.ZodType>(item: Item) =>
  // The type of a generic member is lost on the way through the object.
  z.looseObject({ data: item }).transform((found) => found['data'] as z.output<Item>);

/** A page of resources. Only the cursor is taken from `links.next`; its address is never followed. */
export const page = <Item extends z.ZodType>(item: Item) =>
  z
    .looseObject({ data: z.array(item), links: z.looseObject({ next: z.string().nullish() }).nullish() })
    .transform(({ data, links }) => ({ items: data as z.output<Item>[], nextCursor: cursorOf(links?.next) }));

function cursorOf(next: string | null | undefined): string | undefined {
  return next && URL.canParse(next) ? (new URL(next).searchParams.get('page[cursor]') ?? undefined) : undefined;
}

interface PageInput {
  readonly pageSize?: number | undefined;
  readonly cursor?: string | undefined;
}

export const paging = {
  items: <Item>(found: { readonly items: readonly Item[] }) => found.items,
  next: <Asked extends PageInput>(found: { readonly nextCursor: string | undefined }, asked: Asked) =>
    found.nextCursor === undefined ? undefined : { ...asked, cursor: found.nextCursor },
};

/** Other fields become a filter, `equals(email,"a@b.c")`; values are JSON texts, so that none can end its quotes. */
export function pageQuery({ pageSize, cursor, ...fields }: PageInput) {
  const given = Object.entries(renameKeys(fields, snake)).filter(([, value]) => value !== undefined);
  const filter = given.map(([name, value]) => `equals(${name},${JSON.stringify(value)})`).join(',');
  return { query: { filter: filter === '' ? undefined : filter, 'page[size]': pageSize, 'page[cursor]': cursor } };
}

interface Sent {
  readonly id?: string | undefined;
  readonly [attribute: string]: unknown;
}

/** A resource on its way out; its id stands beside the attributes. */
export function sent(type: string, { id, ...attributes }: Sent, relationships?: object) {
  return { data: { type, id, attributes: renameKeys(attributes, snake), relationships } };
}

export const refer = (type: string, ids: readonly string[]) => ({ data: ids.map((id) => ({ type, id })) });

const self = 'https://a.klaviyo.com/api';

/** A resource as the vendor's documentation shows it. */
export function shown(type: string, id: string, attributes?: JsonObject): JsonObject {
  return { type, id, ...(attributes && { attributes }), links: { self: `${self}/${type}s/${id}` } };
}

/** A list that is not, or no longer, continued. */
export const shownAll = (data: readonly Json[]): JsonObject => ({ data, links: { self } });

/** The first of several pages. */
export function shownPage(item: JsonObject): JsonObject {
  return { data: [item], links: { self, next: `${self}?page%5Bcursor%5D=bmV4dDo6aWQ6Ok5lYXQ` } };
}

const optionalText = z.string().nullish();
const custom = z.record(z.string(), z.unknown()).nullish();

export const account = resource(
  z.looseObject({
    contact_information: z.looseObject({ organization_name: z.string() }),
    public_api_key: z.string(),
    timezone: optionalText,
    preferred_currency: optionalText,
  }),
);
const names = { first_name: optionalText, last_name: optionalText };
const known = { email: optionalText, phone_number: optionalText, external_id: optionalText };
export const profile = resource(z.looseObject({ ...known, ...names, properties: custom }));
export const event = resource(z.looseObject({ datetime: optionalText, event_properties: custom }));
/** Lists, segments and metrics differ in nothing that is used here. */
export const named = resource(z.looseObject({ name: optionalText }));
export const webhook = resource(z.looseObject({ name: z.string(), endpoint_url: z.string(), enabled: z.boolean() }));

export const id = z.string().min(1);
const contact = { email: z.email({ pattern: z.regexes.unicodeEmail }).optional(), phoneNumber: z.e164().optional() };
export const identifiers = { id: id.optional(), ...contact, externalId: id.optional() };
/** Properties of the account's own making. */
export const customInput: z.ZodType<JsonObject, JsonObject> = z.record(z.string(), z.json());
// Null clears an attribute, a missing one stays as it is.
const clearable = z.string().nullish();
const place = { address1: clearable, address2: clearable, city: clearable, region: clearable, zip: clearable };
const attributes = {
  ...contact,
  externalId: id.optional(),
  firstName: clearable,
  lastName: clearable,
  organization: clearable,
  title: clearable,
  locale: clearable,
  location: z.strictObject({ ...place, country: clearable, timezone: clearable, ip: clearable }).optional(),
  properties: customInput.optional(),
};

/** The vendor needs one way to tell who is meant. */
function identified<Fields extends z.ZodObject>(fields: Fields) {
  const ways = Object.keys(identifiers).filter((way) => way in fields.shape);
  const error = `one of ${ways.join(', ')} is required`;
  return fields.refine((value) => ways.some((way) => value[way] !== undefined), { error });
}

export const profileInput = identified(z.strictObject({ ...identifiers, ...attributes }));
export const newProfileInput = identified(z.strictObject(attributes));
export const subscriber = identified(z.strictObject({ id: id.optional(), ...contact }));
export const unsubscriber = identified(z.strictObject(contact));

export const settings = z.strictObject({
  listId: text('List', { help: 'New subscribers are put on it unless the call names another.' }).optional(),
  segmentId: text('Segment', { help: 'The profiles that the application works with.' }).optional(),
});
