/** Events of emails, contacts and domains, signed by the Standard Webhooks scheme under its Svix names. */
import { checkInput, parseJson, signStandardWebhook, standardWebhooks } from '@plugboard/core';
import type { WebhookDefinition, WebhookVector } from '@plugboard/core';
import { z } from '@plugboard/core/fields';

const post = z.looseObject({ type: z.string().min(1), created_at: z.string(), data: z.json() });
const about = z.looseObject({
  email_id: z.string(),
  from: z.string(),
  to: z.array(z.string()),
  subject: z.string().optional(),
});

const vector: WebhookVector = {
  name: 'a bounce',
  source: 'computed',
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  headers: {
    'svix-id': 'msg_2bounce',
    'svix-timestamp': '1795168805',
    'svix-signature': 'v1,LiUQWmidLEwQdUVPYn/56kcnyrFQuYrp068nIb7LdEw=',
  },
  body: '{"type":"email.bounced","created_at":"2026-11-20T10:00:00.000Z","data":{"email_id":"56761188-7520-42d8-8898-ff6fc54ce618","from":"Acme <onboarding@resend.dev>","to":["bounced@resend.dev"],"subject":"Hello","bounce":{"message":"The mailbox does not exist.","type":"Permanent","subType":"General"}}}',
  at: '2026-11-20T10:00:10.000Z',
  ok: true,
  events: ['email.bounced'],
};

export const webhooks = {
  docs: 'https://resend.com/docs/dashboard/webhooks/introduction',
  // One for each endpoint; the host's own endpoint has one.
  secrets: ({ app, credentials }) => [credentials['webhookSecret'], app['webhookSecret']],
  verify: standardWebhooks({ prefixes: ['svix'] }),
  parse: ({ body, headers }) => {
    const {
      type,
      created_at: createdAt,
      data,
    } = checkInput(post, parseJson(new TextDecoder().decode(body)), 'The webhook body');
    const id = headers.get('svix-id');
    return [{ type, data, occurredAt: new Date(createdAt), ...(id !== null && { id }) }];
  },
  events: {
    'email.sent': about,
    'email.delivered': about,
    'email.delivery_delayed': about,
    'email.complained': about,
    'email.opened': about,
    'email.received': about,
    'email.bounced': about.extend({
      bounce: z.looseObject({ message: z.string(), type: z.string(), subType: z.string() }),
    }),
    'email.clicked': about.extend({ click: z.looseObject({ link: z.string(), timestamp: z.string() }) }),
    'email.failed': about.extend({ failed: z.looseObject({ reason: z.string() }) }),
  },
  vectors: [vector],
  sign: ({ body, at }, secret) => signStandardWebhook({ id: `msg_${at.getTime()}`, at, body }, secret, 'svix'),
} satisfies WebhookDefinition;
