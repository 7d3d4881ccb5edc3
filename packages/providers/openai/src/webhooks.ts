/** Thin events signed by Standard Webhooks, and the endpoints that they are posted to. */
import { checkInput, endpoint, parseJson, signStandardWebhook, snakeNames, standardWebhooks } from '@plugboard/core';
import type { WebhookDefinition } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

const post = z.looseObject({ id: z.string(), type: z.string().min(1), created_at: z.number(), data: z.json() });
/** The event names its object; the rest is asked for: `client.responses.get({ id })`. */
const thin = like({ id: 'resp_123' });
/** `openai` 7.59.0, resources/webhooks (2026-11). */
// prettier-ignore
const types = [
  'response.completed', 'response.failed', 'response.cancelled', 'response.incomplete',
  'batch.completed', 'batch.failed', 'batch.expired', 'batch.cancelled',
  'fine_tuning.job.succeeded', 'fine_tuning.job.failed', 'fine_tuning.job.cancelled',
  'eval.run.succeeded', 'eval.run.failed', 'eval.run.canceled',
  'realtime.call.incoming', 'video.completed', 'video.failed',
  'safety.alert.created', 'safety.org_alert.created', 'safety.warning_issued', 'safety.deactivation_issued',
  'agent.environment.ready', 'agent.environment.failed', 'agent.environment.suspended', 'agent.environment.expired',
  'agent.session.created', 'agent.session.action_required', 'agent.session.in_progress', 'agent.session.idle',
  'agent.session.failed',
] as const;

export const webhooks = {
  docs: 'https://platform.openai.com/docs/guides/webhooks',
  // One for each endpoint, of one project; the host's own endpoint has one.
  secrets: ({ app, credentials }) => [credentials['webhookSecret'], app['webhookSecret']],
  verify: standardWebhooks(),
  parse: ({ body, headers }) => {
    const read = checkInput(post, parseJson(new TextDecoder().decode(body)), 'The webhook body');
    const { type, data, created_at: createdAt } = read;
    return [{ type, data, occurredAt: new Date(createdAt * 1000), id: headers.get('webhook-id') ?? read.id }];
  },
  events: Object.fromEntries(types.map((type) => [type, thin])) as Record<(typeof types)[number], typeof thin>,
  vectors: [
    {
      name: 'a completed response',
      // openai-node, tests/lib/webhooks.test.ts (2026-11).
      source: 'vendor',
      secret: 'whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=',
      headers: {
        'webhook-id': 'wh_685c059ae39c8190af8c71ed1022a24d',
        'webhook-timestamp': '1750861210',
        'webhook-signature': 'v1,gUAg4R2hWouRZqRQG4uJypNS8YK885G838+EHb4nKBY=',
      },
      body: '{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210, "type": "response.completed", "data": {"id": "resp_123"}}',
      at: '2025-06-25T14:20:10.000Z',
      ok: true,
      events: ['response.completed'],
    },
  ],
  sign: ({ body, at }, secret) => signStandardWebhook({ id: `wh_${at.getTime()}`, at, body }, secret),
} satisfies WebhookDefinition;

const id = 'whe_abc123';
const address = z
  .url({ protocol: /^https$/ })
  .meta({ examples: ['https://app.example.com/integrations/webhooks/openai'] });
const wanted = z
  .array(z.string().min(1))
  .min(1)
  .meta({ examples: [['response.completed']] });
const shown = { id, name: 'Production', event_types: ['response.completed'], created_at: 1750861210 };
const found = like({ ...shown, url: address }, { object: 'webhook_endpoint', signing_secret_hint: 'whsec_...40c=' });
/** The secret is shown this once. */
const created = like({ ...shown, url: address, signing_secret: 'whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=' });
const byId = given({ id });
const wire = (input: object) => ({ json: snakeNames(input) });

/** `openai` 7.59.0, resources/webhooks (2026-11); newer than the description of 2026-08. */
export const webhookEndpoints = {
  create: endpoint('POST /webhook_endpoints', {
    summary: 'Has events posted to an address; the answer holds the signing secret, once.',
    input: given({ url: address, name: 'Production', eventTypes: wanted }),
    encode: wire,
    output: created,
  }),
  list: endpoint('GET /webhook_endpoints', {
    summary: 'Lists webhook endpoints.',
    input: given({}, { limit: z.int().min(1).max(100), after: z.string().min(1) }),
    output: like({ data: [found], has_more: true }, { object: 'list', last_id: id }),
    paging: {
      items: ({ data }) => data,
      next: ({ has_more: more, last_id: last }, input) => (more && last ? { ...input, after: last } : undefined),
    },
  }),
  get: endpoint('GET /webhook_endpoints/{id}', { summary: 'Reads a webhook endpoint.', input: byId, output: found }),
  update: endpoint('POST /webhook_endpoints/{id}', {
    summary: 'Changes a webhook endpoint.',
    repeat: 'safe',
    input: given({ id }, { url: address, name: 'Production', eventTypes: wanted }),
    encode: ({ id: _id, ...rest }) => wire(rest),
    output: found,
  }),
  delete: endpoint('DELETE /webhook_endpoints/{id}', {
    summary: 'Ends a webhook endpoint.',
    input: byId,
    output: like({ id, deleted: true }),
  }),
  rotateSecret: endpoint('POST /webhook_endpoints/{id}/rotate_secret', {
    summary: 'Makes a new signing secret; the old one may live on for a day.',
    input: given({ id }, { keepOldFor24Hours: true }),
    encode: ({ keepOldFor24Hours: keep }) => ({ json: { keep_old_secret_active_for_24_hours: keep ?? false } }),
    output: created,
  }),
  test: endpoint('POST /webhook_endpoints/{id}/test', {
    summary: 'Has a test event posted now, and tells how the address answered.',
    input: given({ id, eventType: 'response.completed' }),
    encode: ({ id: _id, ...rest }) => wire(rest),
    output: like({ success: true, status_code: 200, event_type: 'response.completed' }),
  }),
  eventTypes: endpoint('GET /webhook_event_types', {
    summary: 'Lists the types of events that an endpoint can ask for.',
    input: given({}),
    output: like({ data: ['response.completed', 'batch.completed'] }),
  }),
};
