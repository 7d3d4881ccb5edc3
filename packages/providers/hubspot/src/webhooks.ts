/** Lists of changes, one address for all accounts of an app: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide (2026-10). */
import {
  checkInput,
  hmacSignature,
  hmacSigner,
  parseJson,
  type Delivery,
  type WebhookDefinition,
  type WebhookVector,
} from '@plugboard/core';
import { like, z } from '@plugboard/core/fields';

/**
 * The request as the vendor made it, so the address is that of the board, never that of a proxy. Characters that need no
 * escape are signed without one: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation (2026-10).
 */
const decodable = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi;
const signed = ({ method, body }: Delivery, address: string, timestamp: string) => [method + address, body, timestamp];
const scheme = {
  header: 'x-hubspot-signature-v3',
  algorithm: 'sha256',
  encoding: 'base64',
  timestamp: { header: 'x-hubspot-request-timestamp', unit: 'milliseconds' },
  content: (delivery, timestamp) =>
    signed(delivery, delivery.url.href.replaceAll(decodable, decodeURIComponent), timestamp),
  alternatives: (delivery, timestamp) => [signed(delivery, delivery.url.href, timestamp)],
} satisfies Parameters<typeof hmacSignature>[0];

const change = z.looseObject({
  eventId: z.union([z.number(), z.string()]),
  subscriptionId: z.union([z.number(), z.string()]),
  portalId: z.union([z.number(), z.string()]),
  occurredAt: z.number(),
  subscriptionType: z.string().min(1),
  objectId: z.union([z.number(), z.string()]).optional(),
  fromObjectId: z.union([z.number(), z.string()]).optional(),
  toObjectId: z.union([z.number(), z.string()]).optional(),
});

/** The record, or the two that an association is between. */
const recordOf = ({ objectId, fromObjectId, toObjectId }: z.infer<typeof change>) =>
  objectId ?? [fromObjectId, toObjectId].join('-');

const about = like({ objectId: 123, portalId: 62515 }, { changeSource: 'CRM', changeFlag: 'NEW', appId: 54321 });
const changed = about.extend(like({ propertyName: 'email' }, { propertyValue: 'ada@example.com' }).shape);

const merged = about.extend(like({ primaryObjectId: 123, mergedObjectIds: [124] }, { newObjectId: 125 }).shape);
/** About two records: `fromObjectId` and `toObjectId` stand for `objectId`. */
const associated = like(
  { portalId: 62515, associationType: 'DEAL_TO_CONTACT', fromObjectId: 7, toObjectId: 123 },
  { associationRemoved: false, isPrimaryAssociation: false },
);

/** `object` is the newer spelling for every kind of record, which `objectTypeId` then names. */
const eventsOf = <const Kind extends string>(kind: Kind) =>
  ({
    [`${kind}.creation`]: about,
    [`${kind}.deletion`]: about,
    [`${kind}.restore`]: about,
    [`${kind}.propertyChange`]: changed,
    [`${kind}.merge`]: merged,
    [`${kind}.associationChange`]: associated,
  }) as Readonly<
    Record<`${Kind}.${'creation' | 'deletion' | 'restore'}`, typeof about> &
      Record<`${Kind}.propertyChange`, typeof changed> &
      Record<`${Kind}.merge`, typeof merged> &
      Record<`${Kind}.associationChange`, typeof associated>
  >;

/** Hashes without a time: v1 comes along with v3, v2 with other features. Neither is believed. */
const older = (version: 'v1' | 'v2', signature: string, request: Pick<WebhookVector, 'method' | 'body'>) =>
  ({
    name: `${version} alone, ${request.method} of ${request.body.length} bytes`,
    source: 'vendor',
    secret: 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
    url: 'https://www.example.com/webhook_uri',
    headers: { 'x-hubspot-signature-version': version, 'x-hubspot-signature': signature },
    ok: false,
    ...request,
  }) satisfies WebhookVector;
const list =
  '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]';

export const webhooks = {
  docs: 'https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide',
  secrets: ({ app, credentials }) => [credentials['clientSecret'], app['clientSecret']],
  verify: hmacSignature(scheme),
  parse: ({ body }) => {
    const events = parseJson(new TextDecoder().decode(body), { bigIntegers: 'string' });
    return checkInput(z.array(change).max(100), events, 'The list of changes').map((event) => ({
      type: event.subscriptionType,
      // The vendor's own id is not promised to be unique.
      id: [event.portalId, event.eventId, event.subscriptionId, event.occurredAt, recordOf(event)].join('/'),
      accountId: String(event.portalId),
      occurredAt: new Date(event.occurredAt),
      data: event as never,
    }));
  },
  events: {
    ...eventsOf('contact'),
    ...eventsOf('company'),
    ...eventsOf('deal'),
    ...eventsOf('object'),
    'contact.privacyDeletion': about,
  },
  vectors: [
    {
      name: 'a new contact',
      source: 'computed',
      secret: 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
      url: 'https://app.example.com/integrations/webhooks/hubspot',
      headers: {
        'x-hubspot-request-timestamp': '1700000000000',
        'x-hubspot-signature-v3': 'kU1jOD1GHjUFmmbReCpklJ78V/AI7XLYWnKkOXh577A=',
      },
      body: list,
      at: '2023-11-14T22:13:20.000Z',
      ok: true,
      events: ['contact.creation'],
    },
    {
      name: 'what the official SDK signs',
      source: 'vendor',
      secret: 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
      url: 'https://www.example.com/webhook_uri',
      headers: {
        'x-hubspot-request-timestamp': '1700000000000',
        'x-hubspot-signature-v3': 'rQEKkaNUiu+1qGF//O/pw4BCzstSqO1PyUnGICmf+7o=',
      },
      body: '{"example_field":"example_value"}',
      at: '2023-11-14T22:13:20.000Z',
      ok: true,
    },
    older('v1', '232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de', { method: 'POST', body: list }),
    older('v2', 'eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e', { method: 'GET', body: '' }),
    older('v2', '9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900', {
      method: 'POST',
      body: '{"example_field":"example_value"}',
    }),
  ],
  sign: hmacSigner(scheme),
} satisfies WebhookDefinition;
