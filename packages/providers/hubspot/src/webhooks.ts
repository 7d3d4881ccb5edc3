/** Lists of changes, one address for all accounts of an app: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide (2026-10). */
import {
  checkInput,
  hmacSignature,
  hmacSigner,
  parseJson,
  type Delivery,
  type WebhookDefinition,
} from '@plugboard/core';
import { like } from '@plugboard/core/fields';
import { z } from 'zod';

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
});

const about = like({ objectId: 123, portalId: 62515 }, { changeSource: 'CRM', changeFlag: 'NEW', appId: 54321 });
const changed = about.extend(like({ propertyName: 'email' }, { propertyValue: 'ada@example.com' }).shape);

export const webhooks = {
  docs: 'https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide',
  secrets: ({ app, credentials }) => [credentials['clientSecret'], app['clientSecret']],
  verify: hmacSignature(scheme),
  parse: ({ body }) => {
    const list = parseJson(new TextDecoder().decode(body), { bigIntegers: 'string' });
    return checkInput(z.array(change).max(100), list, 'The list of changes').map((event) => ({
      type: event.subscriptionType,
      // The vendor's own id is not promised to be unique.
      id: [event.portalId, event.eventId, event.subscriptionId, event.occurredAt, event.objectId ?? ''].join('/'),
      accountId: String(event.portalId),
      occurredAt: new Date(event.occurredAt),
      data: event as never,
    }));
  },
  events: {
    'contact.creation': about,
    'contact.deletion': about,
    'contact.propertyChange': changed,
    'company.creation': about,
    'company.deletion': about,
    'company.propertyChange': changed,
    'deal.creation': about,
    'deal.deletion': about,
    'deal.propertyChange': changed,
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
      body: '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]',
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
  ],
  sign: hmacSigner(scheme),
} satisfies WebhookDefinition;
