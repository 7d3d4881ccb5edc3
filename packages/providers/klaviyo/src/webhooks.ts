/** System webhooks: one signed post carries up to 1000 events. */
import { at, checkInput, checkTimestamp, endpoint, hmacSignature, hmacSigner, parseJson, text } from '@plugboard/core';
import type { TimestampText, Verify, WebhookDefinition, WebhookVector } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';

import { facts, identity, one, page, refer, resource, sent } from './schemas.ts';

const instant: TimestampText = { parse: (value) => Date.parse(value), format: (value) => value.toUTCString() };

const scheme = {
  header: 'klaviyo-signature',
  algorithm: 'sha256',
  encoding: 'hex',
  // The body first, then the header's text as it is, nothing between.
  content: ({ body }, timestamp) => [body, timestamp],
  // A recorded delivery is five hours ahead here of the time in its body, so this header only bounds the day.
  timestamp: { header: 'klaviyo-timestamp', unit: instant, toleranceSeconds: 86_400 },
} satisfies Parameters<typeof hmacSignature>[0];

const verifySignature = hmacSignature(scheme);

/** Freshness is judged by the time inside the signed body. */
const verify: Verify = async (delivery, secrets) => {
  const verdict = await verifySignature(delivery, secrets);
  if (!verdict.ok) return verdict;
  const timestamp = checkTimestamp(sentAt(delivery.body), { unit: instant }, delivery.receivedAt);
  return typeof timestamp === 'string' ? { ok: false, reason: timestamp } : { ...verdict, timestamp };
};

const batch = z.looseObject({
  data: z.array(z.looseObject({ external_id: z.string(), topic: z.string(), payload: z.json() })).max(1000),
  meta: z.looseObject({ klaviyo_account_id: z.string(), timestamp: z.string() }),
});

const readJson = (body: Uint8Array) => parseJson(new TextDecoder().decode(body));

function sentAt(body: Uint8Array): string {
  try {
    return text(at(readJson(body), 'meta', 'timestamp')) ?? '';
  } catch {
    return '';
  }
}

const vector: WebhookVector = {
  name: 'a batch of one event',
  source: 'computed',
  secret: 'mysecret-min16ch',
  headers: {
    'klaviyo-timestamp': 'Tue, 14 Apr 2026 03:50:12 GMT',
    'klaviyo-signature': '064856f3c84ad35956ee077fb7a5c2b17a061ee66c0c8b28f7cc3400d35bfff8',
  },
  body:
    '{"data":[{"topic":"event:klaviyo.opened_email","external_id":"e1","payload":{}}],"meta":{"timestamp":' +
    '"2026-04-13T22:50:12.101159+00:00","klaviyo_account_id":"abc123","version":"2024-06-28"}}',
  at: '2026-04-13T22:50:20.000Z',
  ok: true,
  events: ['event:klaviyo.opened_email'],
};

export const webhooks = {
  docs: 'https://developers.klaviyo.com/en/docs/working_with_system_webhooks',
  secrets: ({ app, credentials }) => [credentials['webhookSecret'], app['webhookSecret']],
  verify,
  parse: ({ body }) => {
    const { data, meta } = checkInput(batch, readJson(body), 'The webhook body');
    const from = { accountId: meta.klaviyo_account_id, occurredAt: new Date(meta.timestamp) };
    return data.map((item) => ({ ...from, type: item.topic, id: item.external_id, data: item.payload }));
  },
  // Which topics exist depends on the account (webhooks.topics lists them); these are documented.
  events: { 'event:klaviyo.opened_email': z.looseObject({}), 'event:klaviyo.sent_sms': z.looseObject({}) },
  vectors: [vector],
  sign: hmacSigner(scheme),
} satisfies WebhookDefinition;

const target = {
  name: 'Orders',
  endpointUrl: z.url({ protocol: /^https$/ }).meta({ examples: ['https://www.example.com/hook'] }),
  secretKey: z
    .string()
    .min(16)
    .meta({ examples: ['a-secret-of-16-or-more'] }),
  topicIds: z
    .array(z.string().min(1))
    .min(1)
    .meta({ examples: [['event:klaviyo.sent_sms']] }),
};
const id = '01HF7AYTK76RHR4F17G6DGTRGF';
const output = one(
  resource('webhook', id, like({ name: 'Orders', endpoint_url: 'https://www.example.com/hook', enabled: true })),
);

function encode({ topicIds, ...input }: { id?: string | undefined; topicIds?: readonly string[] | undefined }) {
  return { json: sent('webhook', input, topicIds && { 'webhook-topics': refer('webhook-topic', topicIds) }) };
}

/** Only for accounts with Advanced KDP and for app partners. */
export const webhookOperations = {
  topics: endpoint('GET /api/webhook-topics', {
    summary: 'Lists the topics that this account may subscribe to.',
    ...facts('get_webhook_topics', 'xsmall', 'webhooks:read'),
    input: given({}),
    output: page(identity('webhook-topic', 'event:klaviyo.sent_sms'), z.string()),
  }),
  create: endpoint('POST /api/webhooks', {
    summary: 'Subscribes an endpoint to topics; sign with the secret of the app or connection.',
    ...facts('create_webhook', 'xsmall', 'webhooks:write'),
    input: given(target),
    encode,
    output,
    example: { status: 201 },
  }),
  update: endpoint('PATCH /api/webhooks/{id}', {
    summary: 'Changes a webhook; `enabled` revives one that the vendor turned off after 48 hours of failures.',
    ...facts('update_webhook', 'xsmall', 'webhooks:write'),
    input: given({ id }, { ...target, enabled: true }),
    encode,
    output,
    repeat: 'safe',
  }),
  delete: endpoint('DELETE /api/webhooks/{id}', {
    summary: 'Ends a webhook.',
    ...facts('delete_webhook', 'xsmall', 'webhooks:write'),
    input: given({ id }),
    output: nothing,
    example: { status: 204 },
  }),
};
