/** Events, signed with a secret for each endpoint: https://docs.stripe.com/webhooks (2026-10). */
import {
  checkInput,
  hmacSignature,
  hmacSigner,
  parseJson,
  signatureList,
  type WebhookDefinition,
} from '@plugboard/core';
import { like, z } from '@plugboard/core/fields';

const scheme = {
  header: 'stripe-signature',
  form: signatureList({ timestamp: 't', signature: 'v1' }),
  algorithm: 'sha256',
  encoding: 'hex',
  timestamp: { unit: 'seconds' },
  content: ({ body }: { readonly body: Uint8Array }, timestamp: string) => [`${timestamp}.`, body],
} as const;

const post = z.looseObject({
  id: z.string().min(1),
  type: z.string().min(1),
  created: z.union([z.number(), z.string()]),
  account: z.string().optional(),
  context: z.string().nullish(),
});

const about = <Object_ extends z.ZodType>(object: Object_) =>
  like({ id: 'evt_1NG8Du2eZvKYlo2CUI79vXWy', type: 'x', livemode: z.boolean(), data: like({ object }) });
const thing = about(z.looseObject({}));
const session = about(
  like(
    { id: 'cs_test_a1', object: 'checkout.session', payment_status: 'paid' },
    {
      client_reference_id: z.string(),
      customer: z.string(),
      subscription: z.string(),
      metadata: z.record(z.string(), z.string()),
    },
  ),
);
const subscription = about(like({ id: 'sub_1', object: 'subscription', status: 'active', customer: z.unknown() }));
const invoice = about(like({ object: 'invoice' }, { id: 'in_1', customer: z.unknown(), status: z.string() }));
const account = about(
  like({ id: 'acct_1', object: 'account' }, { charges_enabled: true, payouts_enabled: true, details_submitted: true }),
);

export const webhooks = {
  docs: 'https://docs.stripe.com/webhooks',
  // An endpoint for the platform's own events and one for those of connected accounts may share an address.
  secrets: ({ app, credentials }) => [credentials['webhookSecret'], app['webhookSecret'], app['connectWebhookSecret']],
  verify: hmacSignature(scheme),
  parse: ({ body }) => {
    const data = parseJson(new TextDecoder().decode(body));
    const { id, type, created, account: connected, context } = checkInput(post, data, 'The webhook body');
    const occurredAt = new Date(typeof created === 'number' ? created * 1000 : created);
    const accountId = connected ?? context?.split('/').at(-1);
    return [{ id, type, data, occurredAt, ...(accountId !== undefined && { accountId }) }];
  },
  events: {
    'checkout.session.completed': session,
    'checkout.session.expired': session,
    'checkout.session.async_payment_succeeded': session,
    'checkout.session.async_payment_failed': session,
    'customer.subscription.created': subscription,
    'customer.subscription.updated': subscription,
    'customer.subscription.deleted': subscription,
    'customer.subscription.trial_will_end': subscription,
    'invoice.paid': invoice,
    'invoice.payment_failed': invoice,
    'payment_intent.succeeded': thing,
    'payment_intent.payment_failed': thing,
    'charge.refunded': thing,
    'charge.dispute.created': thing,
    'account.updated': account,
    'account.application.deauthorized': thing,
    'payout.paid': thing,
    'payout.failed': thing,
  },
  ends: ['account.application.deauthorized'],
  vectors: [
    {
      name: 'of a connected account',
      source: 'computed',
      secret: 'whsec_test_secret',
      headers: {
        'stripe-signature': 't=1700000000,v1=fb7b60dddd371557e60af8f1f5ff3939a67a0331b8d371fb3b97557c63061580',
      },
      body: '{"id":"evt_1NG8Du2eZvKYlo2CUI79vXWy","object":"event","api_version":"2026-10-28.endive","created":1700000000,"type":"payment_intent.succeeded","livemode":false,"account":"acct_1Nv0FGQ9RKHgCVdK","data":{"object":{"id":"pi_1","object":"payment_intent","amount":2000}}}',
      at: '2023-11-14T22:15:00.000Z',
      ok: true,
      events: ['payment_intent.succeeded'],
    },
    {
      name: 'signed by the official SDK 23.1.0',
      source: 'computed',
      secret: 'whsec_test_secret',
      headers: {
        'stripe-signature': 't=1700000000,v1=d95c6b7477fbd7e9f90b1b0ef5f9c7ac25abca5382460e0d988c2b2a5b71b990',
      },
      body: '{"id":"evt_test_webhook","object":"event"}',
      at: '2023-11-14T22:15:00.000Z',
      ok: true,
    },
  ],
  sign: hmacSigner(scheme),
} satisfies WebhookDefinition;
