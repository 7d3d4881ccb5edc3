/** Payouts (1.9), webhooks (1.11), balances: https://developer.paypal.com/api/rest/ (2026-11-20). */
import { endpoint } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { forApps } from './credentials.ts';
import { amount, currency, https, id, idempotency, value, wire, words } from './orders.ts';

const payoutScopes = ['https://uri.paypal.com/payments/payouts'];
const batchId = 'FYXMPQTX4JC9N';
const payoutItemId = '8AELMXH8UB2P8';
const header = {
  payout_batch_id: batchId,
  batch_status: 'PENDING',
  sender_batch_header: like({}, { sender_batch_id: 'Payouts_2026_100007', email_subject: 'You have a payout!' }),
};
const sent = {
  payout_item_id: payoutItemId,
  payout_batch_id: batchId,
  payout_item: like({ amount: { currency: 'USD', value: '10.00' }, receiver: 'receiver@example.com' }),
};
const payoutItem = like(sent, { transaction_id: '6F6XX3W7KL8HN', transaction_status: 'SUCCESS' });
const recipientType = z.enum(['EMAIL', 'PHONE', 'PAYPAL_ID', 'USER_HANDLE']);
const onePayout = given({ payoutItemId });

export const payouts = {
  create: forApps('POST /v1/payments/payouts', {
    summary: 'Pays many people at once. PayPal refuses a `senderBatchId` that it has seen within 30 days.',
    idempotency,
    scopes: payoutScopes,
    input: given({
      senderBatchHeader: given(
        { senderBatchId: words(256) },
        { recipientType, emailSubject: words(255), emailMessage: words(1000), note: words(1000) },
      ),
      items: z
        .array(
          given(
            { amount: given({ currency, value }), receiver: words(127) },
            {
              recipientType,
              note: words(4000),
              senderItemId: words(63),
              recipientWallet: z.enum(['PAYPAL', 'VENMO', 'UNSPECIFIED', 'RECIPIENT_SELECTED']),
            },
          ),
        )
        .min(1)
        .max(15_000),
    }),
    encode: wire,
    output: like({ batch_header: like(header) }),
    example: {
      input: {
        senderBatchHeader: { senderBatchId: 'Payouts_2026_100007', emailSubject: 'You have a payout!' },
        items: [
          { recipientType: 'EMAIL', receiver: 'receiver@example.com', amount: { currency: 'USD', value: '10.00' } },
        ],
      },
      status: 201,
    },
  }),
  get: forApps('GET /v1/payments/payouts/{batchId}', {
    summary: 'Reads a batch of payouts; iterated, its items.',
    scopes: payoutScopes,
    input: given({ batchId }, { page: z.int().min(1).max(1000), pageSize: z.int().min(1).max(1000) }),
    encode: ({ page, pageSize }) => ({ query: { page, page_size: pageSize, total_required: true } }),
    output: like({ batch_header: like(header) }, { items: [payoutItem], total_items: 1, total_pages: 2 }),
    paging: {
      items: ({ items }) => items ?? [],
      next: ({ total_pages: pages }, input) => {
        const next = (input.page ?? 1) + 1;
        return next <= (pages ?? 0) ? { ...input, page: next } : undefined;
      },
    },
  }),
  getItem: forApps('GET /v1/payments/payouts-item/{payoutItemId}', {
    summary: 'Reads one payout.',
    scopes: payoutScopes,
    input: onePayout,
    output: payoutItem,
  }),
  cancelItem: forApps('POST /v1/payments/payouts-item/{payoutItemId}/cancel', {
    summary: 'Takes back a payout that nobody has claimed.',
    repeat: 'safe',
    scopes: payoutScopes,
    input: onePayout,
    output: like(sent, { transaction_status: 'RETURNED' }),
  }),
};

const hookScopes = ['https://uri.paypal.com/services/applications/webhooks'];
const webhookId = '4JH86294D6297924G';
const url = 'https://app.example.com/integrations/webhooks/paypal';
const eventType = z
  .string()
  .regex(/^(\*|[A-Z][A-Z.-]{1,99})$/)
  .meta({ examples: ['PAYMENT.CAPTURE.COMPLETED'] });
const target = { url: https.meta({ examples: [url] }), eventTypes: z.array(eventType).min(1).max(500) };
const eventTypes = { event_types: [like({ name: 'PAYMENT.CAPTURE.COMPLETED' })] };
const hook = like({ id: webhookId, url, ...eventTypes });
const oneHook = given({ webhookId });
const named = (types: readonly string[]) => types.map((name) => ({ name }));
const event = like({ id: 'WH-0G2756385H040842W-5Y612302CV158622M', event_type: 'PAYMENT.CAPTURE.COMPLETED' });

export const webhookEndpoints = {
  create: forApps('POST /v1/notifications/webhooks', {
    summary: 'Has events posted to an address. The id of the answer is the `webhookId` that verifies them.',
    scopes: hookScopes,
    input: given(target),
    encode: ({ url: address, eventTypes: types }) => ({ json: { url: address, event_types: named(types) } }),
    output: hook,
    example: { status: 201 },
  }),
  list: forApps('GET /v1/notifications/webhooks', {
    summary: 'Lists the webhooks of the app.',
    scopes: hookScopes,
    input: given({}),
    output: like({ webhooks: [hook] }),
  }),
  get: forApps('GET /v1/notifications/webhooks/{webhookId}', {
    summary: 'Reads a webhook.',
    scopes: hookScopes,
    input: oneHook,
    output: hook,
  }),
  update: forApps('PATCH /v1/notifications/webhooks/{webhookId}', {
    summary: 'Changes the address or the events of a webhook.',
    repeat: 'safe',
    scopes: hookScopes,
    input: given({ webhookId }, target).refine(({ url: to, eventTypes: types }) => (to ?? types) !== undefined, {
      error: 'give url, eventTypes or both',
    }),
    example: { input: { webhookId, url } },
    encode: ({ url: address, eventTypes: types }) => {
      const changes = { '/url': address, '/event_types': types && named(types) };
      const entries = Object.entries(changes).filter(([, changed]) => changed !== undefined);
      return { json: entries.map(([path, changed]) => ({ op: 'replace', path, value: changed })) };
    },
    output: hook,
  }),
  delete: forApps('DELETE /v1/notifications/webhooks/{webhookId}', {
    summary: 'Ends a webhook.',
    scopes: hookScopes,
    input: oneHook,
    output: z.unknown().transform(() => undefined),
    example: { status: 204 },
  }),
  eventTypes: forApps('GET /v1/notifications/webhooks-event-types', {
    summary: 'Lists the events that there are.',
    input: given({}),
    output: like(eventTypes),
  }),
  resend: forApps('POST /v1/notifications/webhooks-events/{eventId}/resend', {
    summary: 'Has an event posted once more.',
    scopes: hookScopes,
    input: given({ eventId: 'WH-0G2756385H040842W-5Y612302CV158622M' }, { webhookIds: z.array(id).min(1).max(500) }),
    encode: ({ webhookIds }) => ({ json: webhookIds === undefined ? {} : { webhook_ids: webhookIds } }),
    output: event,
    example: { status: 202 },
  }),
  simulate: forApps('POST /v1/notifications/simulate-event', {
    summary: 'Has a mock event posted; it is signed for the webhook id `WEBHOOK_ID`.',
    scopes: hookScopes,
    input: given({ url: target.url, eventType }, { resourceVersion: z.string() }),
    encode: wire,
    output: event,
    example: { status: 202 },
  }),
};

/** Only for apps with the feature Transaction Search. */
export const balancesScope = 'https://uri.paypal.com/services/reporting/balances/read';

export const account = {
  balances: forApps('GET /v1/reporting/balances', {
    summary: 'Reads the balances, and with them whose account it is.',
    scopes: [balancesScope],
    input: given({}, { currencyCode: z.string().regex(/^([A-Z]{3}|ALL)$/) }),
    encode: ({ currencyCode }) => ({ query: { currency_code: currencyCode } }),
    output: like(
      {
        account_id: 'MP3UDKGGY2E2W',
        balances: [like({ currency: 'USD' }, { primary: true, total_balance: like(amount) })],
      },
      { as_of_time: '2026-11-20T10:00:00Z', last_refresh_time: '2026-11-20T09:00:00Z' },
    ),
  }),
};

export const identity = {
  userInfo: endpoint('GET /v1/identity/openidconnect/userinfo', {
    summary: 'Reads who logged in.',
    // Which attributes come with which scope: https://developer.paypal.com/log-in/references (2026-11-28)
    docs: 'https://developer.paypal.com/docs/api/identity/v1/#userinfo_get',
    methods: ['login'],
    input: given({}),
    encode: () => ({ query: { schema: 'paypalv1.1' } }),
    output: like(
      { user_id: 'https://www.paypal.com/webapps/auth/identity/user/mWq6_1sU85v5EG9yHdPxJRrhGHrnMJ' },
      {
        payer_id: 'WDJJHEBZ4X2LY',
        name: 'Jane Doe',
        emails: [like({ value: 'jane@example.com' }, { primary: true })],
        verified_account: z.union([z.string(), z.boolean()]),
        address: z.looseObject({}),
      },
    ),
  }),
};
