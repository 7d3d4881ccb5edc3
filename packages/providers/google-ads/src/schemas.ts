/** What both APIs share: whose account it is, the settings, rows as callers get them, and people as hashes. */
import { at, bearer, encodeHex, hash, invalidInput, reveal, text } from '@plugboard/core';
import type { Api, ConversionPerson, Encoded, Json, Sign } from '@plugboard/core';
import { given, like, text as textField, z } from '@plugboard/core/fields';
import { googleScope, keyFile, listOf } from '@plugboard/google';

import { readError, requestId } from './errors.ts';

export const [adwords, datamanager] = [googleScope('adwords'), googleScope('datamanager')];

const token = bearer();

/**
 * Developer tokens ended on 9 September 2026 and a later version may refuse them, so one goes along only where the host
 * still has it: https://developers.google.com/google-ads/api/docs/api-policy/developer-token (2026-11-20).
 */
export const sign: Sign = {
  places: [...token.places, 'header:developer-token'],
  async apply(request, context) {
    await token.apply(request, context);
    const { developerToken } = context.app;
    const isAds = request.url.host !== 'datamanager.googleapis.com';
    if (developerToken !== undefined && isAds) request.headers.set('developer-token', reveal(developerToken));
  },
};

/** Ten digits, as the API wants them, from `123-456-7890` as the site shows them. */
const customerId = (title: string, help: string) =>
  textField(title, { help, example: '123-456-7890', pattern: /^\d{3}-?\d{3}-?\d{4}$/ }).transform((id) =>
    id.replaceAll('-', ''),
  );
const loginCustomerId = customerId('Manager account', 'The manager through which the account is reached, if any.');

/** Of every operation on one account. */
export const asked = { customerId: customerId('Customer', 'Default: the account of the connection.') };

export const numericId = z.string().regex(/^\d{1,19}$/, { error: 'must be a number as text' });
export const action = '987654321';
export const actionId = numericId.meta({ examples: [action] });
export const currency = z
  .string()
  .length(3)
  .meta({ examples: ['USD'] });
/** With an offset. */
export const instant = z.iso.datetime({ offset: true });
export const clickId = 'Cj0KCQiA-demo-click';

const actionHelp = 'Goals > Conversions > the action; its id is `ctId` in the address.';

export const settings = z.strictObject({
  customerId: customerId('Ads account', 'Used instead of the account that was chosen at connect.').optional(),
  loginCustomerId: loginCustomerId.optional(),
  conversionTracking: z
    .boolean()
    .meta({ title: 'Conversion tracking', description: 'Switch off to send no conversions.' })
    .optional(),
  conversionActionId: numericId.meta({ title: 'Conversion action', description: actionHelp }).optional(),
  conversionActions: z
    .record(z.string().min(1), numericId)
    .meta({ title: 'Conversion action by event', description: 'Name of the conversion to id of the action.' })
    .optional(),
});

/** Of a service account. */
export const keyFields = z.strictObject({
  keyFile,
  customerId: customerId(
    'Ads account',
    'Leave it out to pick one of those that the service account reaches.',
  ).optional(),
  loginCustomerId: loginCustomerId.optional(),
});

/** What the fields of a service account may say beside its key. */
export const held = z.looseObject({ customerId: z.string().optional(), loginCustomerId: z.string().optional() });

/** Whose account: named in the call, by the settings, with the credentials, or chosen when it was connected. */
export function findCustomer(api: Api, given?: string): string | undefined {
  return given ?? api.settings(settings).customerId ?? api.credentials(held).customerId ?? api.account?.id;
}

/** @throws PlugboardError code `invalid_input` when neither the call nor the connection names an account. */
export function customerOf(api: Api, given?: string): string {
  const id = findCustomer(api, given);
  if (id !== undefined) return id;
  throw invalidInput('The call', [{ path: 'customerId', message: 'is required: the connection has no Ads account' }]);
}

/** The manager through which the customer is reached: set by hand, or found when the account was chosen. */
export function loginOf(api: Api, customer: string): string | undefined {
  return (
    api.settings(settings).loginCustomerId ??
    text(at(api.metadata, 'managers', customer)) ??
    api.credentials(held).loginCustomerId
  );
}

/** @throws PlugboardError code `invalid_input` when neither the call nor the settings name a conversion action. */
export function actionOf(api: Api, given?: string): string {
  const id = given ?? api.settings(settings).conversionActionId;
  if (id !== undefined) return id;
  const hint = 'Choose a conversion action in the settings, or pass one.';
  throw invalidInput('The conversion', [{ path: 'conversionActionId', message: 'is required' }], hint);
}

/** A request to one customer's part of the Ads API. */
export function toCustomer(api: Api, given: string | undefined, json: object): Encoded {
  const customer = customerOf(api, given);
  const login = loginOf(api, customer);
  return {
    path: { customerId: customer },
    json,
    ...(login !== undefined && { headers: { 'login-customer-id': login } }),
  };
}

/** Fields that are used; what else the vendor sends comes along. */
export const customer = like(
  { id: '1234567890' },
  {
    resourceName: 'customers/1234567890',
    descriptiveName: 'Demo Store',
    currencyCode: 'USD',
    timeZone: 'America/New_York',
    manager: false,
    testAccount: false,
    status: 'ENABLED',
  },
);
const [campaignId, campaignName] = ['11122233344', 'Brand'];
const campaignResource = 'customers/1234567890/campaigns/11122233344';
export const campaign = like(
  { id: campaignId, name: campaignName },
  { resourceName: campaignResource, status: 'ENABLED', advertisingChannelType: 'SEARCH' },
);
export const conversionAction = like(
  { id: action, name: 'Purchase', type: 'UPLOAD_CLICKS', status: 'ENABLED' },
  { resourceName: 'customers/1234567890/conversionActions/987654321' },
);

const count = (example: string) =>
  z
    .string()
    .regex(/^-?\d+$/)
    .meta({ examples: [example] })
    .transform(Number);

/** One campaign on one day. `cost` is in units of the account's currency; the API has micros as text. */
export const spendRow = like({
  customer: like({ currencyCode: 'USD' }, { resourceName: 'customers/1234567890' }),
  campaign: like({ id: campaignId, name: campaignName }, { resourceName: campaignResource }),
  segments: { date: z.iso.date().meta({ examples: ['2026-11-01'] }) },
  metrics: like(
    { costMicros: count('1230000'), impressions: count('10'), clicks: count('2') },
    { conversions: 1, conversionsValue: 9.9 },
  ).transform(({ costMicros, ...metrics }) => ({ ...metrics, cost: costMicros / 1_000_000 })),
});

export const nextPageToken = 'CPii5aS87vfFTBAKGJvk36qpLiIWUW9SZk8xRjZ';

/** A page of `googleAds:search`: 10,000 rows. Without any row, `results` is left out. */
export const searchPage = <Row extends z.ZodType>(row: Row) =>
  like({}, { nextPageToken, requestId })
    .extend({ results: z.array(row).nullish() })
    .transform(({ results, nextPageToken: token }) => ({ items: results ?? [], nextPageToken: token || undefined }));

/** `2026-11-01 12:32:45-08:00`: a space, whole seconds and an offset with a colon. */
export function toAdsTime(instant: string): string {
  return instant.replace('T', ' ').replace(/\.\d+/, '').replace('Z', '+00:00');
}

/** Which conversions were refused, and why: `location` names them, and their results are empty. */
export function rejectedOf(status: Json, results: readonly object[]): { index: number; reason: string }[] {
  const reason = text(at(status, 'message')) ?? 'refused';
  const rejected = new Map(
    results.flatMap((result, index) => (Object.keys(result).length === 0 ? [[index, reason]] : [])),
  );
  const errors = listOf(at(status, 'details')).flatMap((detail) => listOf(at(detail, 'errors')));
  for (const error of errors.toReversed()) {
    const place = listOf(at(error, 'location', 'fieldPathElements')).find(
      (part) => at(part, 'fieldName') === 'conversions',
    );
    const { code, message = reason } = readError({ details: [{ errors: [error] }] });
    // Zero is a default value, which writers of protobuf JSON may leave out.
    if (place !== undefined) rejected.set(Number(at(place, 'index') ?? 0), code ?? message);
  }
  return [...rejected].map(([index, why]) => ({ index, reason: why })).toSorted((a, b) => a.index - b.index);
}

// Plain addresses must not get out by mistake, so that only hashes pass.
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'must be a SHA-256 in lower-case hexadecimal' })
  .meta({ examples: ['d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69'] });
const address = given({
  givenName: sha256,
  familyName: sha256,
  regionCode: z.string().regex(/^[A-Z]{2}$/),
  postalCode: z.string(),
});
export const identifier = z.xor([given({ emailAddress: sha256 }), given({ phoneNumber: sha256 }), given({ address })]);
export type Identifier = z.output<typeof identifier>;

/** An email address as Google hashes it: https://developers.google.com/data-manager/api/devguides/concepts/formatting (2026-11-20). */
export function normalizeEmail(email: string): string {
  const plain = email.replaceAll(/\s/g, '').toLowerCase();
  const [, local = '', domain] = /^(.*)@(gmail\.com|googlemail\.com)$/.exec(plain) ?? [];
  return domain === undefined ? plain : `${local.split('+', 1).join('').replaceAll('.', '')}@${domain}`;
}

/** E.164: a plus and digits. */
export function normalizePhone(phone: string): string {
  return `+${phone.replaceAll(/\D/g, '')}`;
}

/** Lower case, without punctuation. */
export function normalizeName(name: string): string {
  return name.toLowerCase().replaceAll(/\p{P}/gu, '').trim();
}

const digest = async (value: string) => encodeHex(await hash('sha256', value));

/** What Google may be told of a person: hashed, except country and postal code. What it could not read is left out. */
export async function hashPerson(person: ConversionPerson): Promise<Identifier[]> {
  const identifiers: Identifier[] = [];
  const email = normalizeEmail(person.email ?? '');
  if (email.includes('@')) identifiers.push({ emailAddress: await digest(email) });
  const phone = normalizePhone(person.phone ?? '');
  if (phone !== '+') identifiers.push({ phoneNumber: await digest(phone) });
  const [given, family] = [person.firstName, person.lastName].map((name = '') => normalizeName(name));
  const [regionCode = '', postalCode = ''] = [person.country?.trim().toUpperCase(), person.postalCode?.trim()];
  if (given && family && postalCode && /^[A-Z]{2}$/.test(regionCode)) {
    const [givenName, familyName] = [await digest(given), await digest(family)];
    identifiers.push({ address: { givenName, familyName, regionCode, postalCode } });
  }
  return identifiers;
}
