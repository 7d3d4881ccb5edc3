/** Resend: transactional email. */
import { apiKey, bearer, defineProvider, encodeBase64, formatAddress, formatAddresses } from '@plugboard/core';
import { isPlugboardError, oauth2, requireContent, type Api, type EmailCapability } from '@plugboard/core';
import { secret, text, z } from '@plugboard/core/fields';

import { emulator } from './emulator.ts';
import { errors } from './errors.ts';
import { domains, emails, inbound, suppressions, webhookEndpoints } from './operations.ts';
import { loadSdk } from './sdk.ts';
import { webhooks } from './webhooks.ts';

const settings = z.strictObject({
  from: text('Sender', {
    help: 'Used where a message names no sender.',
    example: 'Acme <mail@acme.example>',
  }).optional(),
});

export const resend = defineProvider({
  id: 'resend',
  name: 'Resend',
  category: 'email',
  summary: 'Transactional email: send, batch, schedule, domains and inbound mail.',
  docs: {
    home: 'https://resend.com',
    keys: 'https://resend.com/api-keys',
    reference: 'https://resend.com/docs/api-reference/introduction',
    checked: '2026-11-20',
  },
  hosts: ['api.resend.com'],

  app: {
    clientId: { title: 'OAuth client id', env: 'RESEND_CLIENT_ID' },
    webhookSecret: { title: 'Webhook signing secret', env: 'RESEND_WEBHOOK_SECRET', secret: true, set: 'webhooks' },
  },

  auth: {
    apiKey: apiKey({
      credentials: z.strictObject({
        accessToken: secret('API key', {
          help: 'https://resend.com/api-keys. A key with sending access can send and nothing else.',
          example: 're_123456789',
          pattern: /^re_\w+$/,
        }),
        webhookSecret: secret('Webhook signing secret', { pattern: /^whsec_[A-Za-z0-9+/=]+$/ }).optional(),
      }),
      env: { accessToken: 'RESEND_API_KEY' },
      sign: bearer(),
      example: { accessToken: 're_c1tpEyD8_NKFusih9vKVQknRAQfmFcWCv' },
    }),
    // Read from the vendor's own command line tool (2026-08); there is no public guide yet.
    oauth: oauth2({
      authorize: { url: 'https://api.resend.com/oauth/authorize' },
      // A public client: PKCE stands for the secret.
      token: { url: 'https://api.resend.com/oauth/token', clientAuth: 'none' },
      pkce: 'required',
      scopes: { ask: ['full_access'], known: { full_access: 'Send email, and manage domains and webhooks.' } },
      // Each refresh brings a new refresh token; whether the old one lives on is not announced.
      refresh: { rotation: 'unknown' },
      example: {
        access_token: 'header.claims.signature',
        refresh_token: 'refresh-token',
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'full_access',
      },
    }),
  },

  api: {
    baseUrl: 'https://api.resend.com',
    // For the whole team. Pages of the vendor name 2 and 5 a second; its answers tell when it is too much.
    // https://resend.com/docs/api-reference/rate-limit (2026-08)
    limits: [{ requests: 5, perMs: 1000 }],
    errors,
  },

  // There is no endpoint for the team. A domain says most; a key that may only send says nothing.
  async account(api) {
    try {
      const { data } = await api.call(domains.list, { limit: 100 });
      const shown = data.find(({ status }) => status === 'verified') ?? data[0];
      return { kind: 'derived', name: shown?.name ?? 'Resend team' };
    } catch (error) {
      if (isSendOnly(error)) return { kind: 'derived', name: 'Resend team' };
      throw error;
    }
  },

  async healthCheck(api) {
    try {
      await api.call(domains.list, { limit: 1 });
      return { status: 'healthy' };
    } catch (error) {
      // The refusal proves that the key is good.
      if (isSendOnly(error)) return { status: 'healthy', reason: 'send_only_key' };
      throw error;
    }
  },

  settings: { schema: settings },
  flags: { email: { description: 'Send email through Resend.', default: true, requiresConnection: false } },
  webhooks,
  operations: { emails, domains, inbound, suppressions, webhookEndpoints },
  capabilities: { email: sendEmail },
  sdk: loadSdk,
  emulator,
});

function isSendOnly(error: unknown): boolean {
  return isPlugboardError(error) && error.code === 'restricted_api_key';
}

function sendEmail(api: Api): EmailCapability {
  return {
    async send({ from, to, cc, bcc, replyTo, subject, html, text: plain, headers, attachments, idempotencyKey }) {
      requireContent({ html, text: plain });
      const message = {
        from: formatAddress(from),
        to: formatAddresses(to),
        subject,
        ...(html !== undefined && { html }),
        ...(plain !== undefined && { text: plain }),
        ...(cc && { cc: formatAddresses(cc) }),
        ...(bcc && { bcc: formatAddresses(bcc) }),
        ...(replyTo !== undefined && { replyTo: formatAddress(replyTo) }),
        ...(headers && { headers }),
        ...(attachments && {
          attachments: attachments.map(({ content, ...rest }) => ({ ...rest, content: encodeBase64(content) })),
        }),
      };
      const { id } = await api.call(emails.send, message, idempotencyKey === undefined ? {} : { idempotencyKey });
      return { id };
    },
  };
}
