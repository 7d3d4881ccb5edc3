/** Webhook destinations, which nobody signs: https://posthog.com/docs/data-pipelines/destinations/webhook (2026-11). */
import { checkInput, parseJson, staticToken, type WebhookDefinition, type WebhookVector } from '@plugboard/core';
import { like, z } from '@plugboard/core/fields';

const header = 'x-webhook-token';
const uuid = '0190a5f2-7c1e-7d3a-9b4f-2f6d8c1e5a70';
const happened = like(
  { uuid, event: '$pageview', distinct_id: 'user_1', timestamp: '2026-11-20T10:00:00Z' },
  { properties: z.looseObject({}), url: 'https://us.posthog.com/project/1/events/0190a5f2' },
);
/** The destination's body as it is before somebody changes its template. */
const delivered = like({ event: happened }, { person: z.looseObject({}) });

const vector: WebhookVector = {
  name: 'an event with its person',
  source: 'computed',
  secret: 'a-random-text-of-the-host',
  headers: { [header]: 'a-random-text-of-the-host', 'content-type': 'application/json' },
  body: `{"event":{"uuid":"${uuid}","event":"$pageview","distinct_id":"user_1","properties":{"$current_url":"https://shop.example/"},"timestamp":"2026-11-20T10:00:00Z"},"person":{"id":"p1","properties":{"plan":"pro"}}}`,
  ok: true,
  events: ['$pageview'],
};

export const webhooks = {
  docs: 'https://posthog.com/docs/data-pipelines/destinations/webhook',
  secrets: ({ app, credentials }) => [credentials['webhookToken'], app['webhookToken']],
  verify: staticToken({ header }),
  parse({ body }) {
    const data = checkInput(delivered, parseJson(new TextDecoder().decode(body)), 'The webhook body');
    const { event: type, uuid: id, timestamp } = data.event;
    return [{ type, id, occurredAt: new Date(timestamp), data: data as never }];
  },
  // Whatever else the project captures has the name that it was given.
  events: { $pageview: delivered, $identify: delivered, $create_alias: delivered, $groupidentify: delivered },
  // There is no time in it that anybody signed.
  rememberDays: 7,
  vectors: [vector, { ...vector, name: 'another token', headers: { [header]: 'another' }, ok: false }],
  sign: (_delivery, secret) => Promise.resolve({ [header]: secret }),
} satisfies WebhookDefinition;
