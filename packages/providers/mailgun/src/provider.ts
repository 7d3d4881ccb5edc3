/** Mailgun: transactional email, inbound mail and its events. */
import {
  basicAuth,
  collect,
  defineProvider,
  formatAddress,
  formatAddresses,
  member,
  number,
  requireContent,
} from '@plugboard/core';
import { encodeBase64, isPlugboardError, text, type Api, type Classify, type EmailCapability } from '@plugboard/core';

import { baseUrl, credentials, headers, settings, sign } from './connection.ts';
import { emulator } from './emulator.ts';
import { bounces, complaints, routes, unsubscribes } from './inbound.ts';
import { domains, events, messages, signingKey, webhookEndpoints } from './operations.ts';
import { webhooks } from './webhooks.ts';

const region = 'Check the API key and the region: keys and domains of one region are unknown in the other.';

/** https://documentation.mailgun.com/docs/mailgun/user-manual/quickstart-guide/responses (2026-11). */
const classify: Classify = (answer) => {
  const { status } = answer;
  const message = text(member(answer.tryJson(), 'message'));
  const vendor = message === undefined ? {} : { vendor: { message } };
  // A wrong path is answered 200 by a greeting.
  if (status === 200 && answer.text().startsWith('Mailgun Magnificent API'))
    return { kind: 'configuration', code: 'wrong_path', hint: 'The address is none of the API.' };
  // Pages name 403 for a bad key, the API says 401 without JSON: both mean the key.
  if (status === 401 || status === 403) return { kind: 'auth', code: 'key_refused', hint: region, ...vendor };
  if (status === 404) return { kind: 'not_found', code: 'not_found', hint: region, ...vendor };
  if (status !== 429) return undefined;
  const resetAt = number(answer.headers.get('x-ratelimit-reset'));
  const now = Date.parse(answer.headers.get('date') ?? '');
  const wait = resetAt === undefined ? Number.NaN : resetAt * 1000 - now;
  return { kind: 'rate_limited', code: 'rate_limited', ...vendor, ...(wait > 0 && { retryAfterMs: wait }) };
};

export const mailgun = defineProvider({
  id: 'mailgun',
  name: 'Mailgun',
  category: 'email',
  summary: 'Transactional email: send, domains, events, routes and inbound mail.',
  docs: {
    home: 'https://www.mailgun.com',
    keys: 'https://app.mailgun.com/settings/api_security',
    reference: 'https://documentation.mailgun.com/docs/mailgun/api-reference',
    checked: '2026-11-28',
  },
  // The vendor keeps stored messages on further hosts; they are read by their key at these.
  hosts: ['api.mailgun.net', 'api.eu.mailgun.net'],

  app: {
    webhookSigningKey: {
      title: 'Webhook signing key',
      env: 'MAILGUN_WEBHOOK_SIGNING_KEY',
      secret: true,
      set: 'webhooks',
      help: 'Sending > Webhooks. It is not the API key.',
    },
  },

  auth: {
    apiKey: basicAuth({
      title: 'API key',
      credentials,
      env: { apiKey: 'MAILGUN_API_KEY', domain: 'MAILGUN_DOMAIN', region: 'MAILGUN_REGION' },
      sign,
      example: { apiKey: '0123456789abcdef0123456789abcdef-01234567-89abcdef', domain: 'mg.example.com' },
    }),
  },

  // Limits exist and are not published.
  api: {
    baseUrl,
    headers,
    errors: {
      classify,
      examples: {
        invalidCredentials: { status: 401, body: 'Forbidden', is: { kind: 'auth', code: 'key_refused' } },
        forbidden: { status: 403, body: { message: 'Forbidden' }, is: { kind: 'auth', code: 'key_refused' } },
        invalidInput: {
          status: 400,
          body: { message: 'from parameter is missing' },
          is: { kind: 'invalid_request', code: 'bad_request' },
        },
        notFound: { status: 404, body: { message: 'Domain not found' }, is: { kind: 'not_found', code: 'not_found' } },
        wrongPath: {
          status: 200,
          body: 'Mailgun Magnificent API',
          is: { kind: 'configuration', code: 'wrong_path' },
        },
        throttled: {
          status: 429,
          headers: { 'x-ratelimit-reset': '1795168860.5', date: 'Fri, 20 Nov 2026 10:00:00 GMT' },
          body: { message: 'Too many requests' },
          is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 60_500 },
        },
        outage: { status: 500, body: 'Internal Server Error', is: { kind: 'unavailable', code: 'server_error' } },
      },
    },
  },

  // The vendor names no account by a plain key; the domain is what webhooks speak of.
  async account(api) {
    const { domain } = api.credentials(credentials);
    const own = await ownDomain(api);
    const id = own === 'send_only' ? undefined : own.id;
    return { kind: 'known', account: { id: domain, name: domain }, ...(id && { metadata: { domainId: id } }) };
  },

  async healthCheck(api) {
    const own = await ownDomain(api);
    if (own === 'send_only') return { status: 'healthy', reason: 'send_only_key' };
    if (own.state === 'active') return { status: 'healthy' };
    return { status: 'degraded', reason: 'domain_not_active', detail: `The domain is ${own.state}.` };
  },

  settings: {
    schema: settings,
    choices: {
      domain: (api) =>
        collect(api.pages(domains.list, { limit: 100 }), ({ items }) =>
          items.map(({ name }) => ({ value: name, label: name })),
        ),
    },
  },
  flags: { email: { description: 'Send email through Mailgun.', default: true, requiresConnection: false } },
  webhooks,
  operations: { domains, messages, events, bounces, complaints, unsubscribes, routes, webhookEndpoints, signingKey },
  capabilities: { email: sendEmail },
  emulator,
});

/**
 * The connected domain, or that the key is one that sends and reads nothing. Such a key is told from a dead one by a
 * message without a sender: it is refused for what it lacks, and nothing is queued.
 */
async function ownDomain(
  api: Api,
): Promise<{ readonly id?: string | null | undefined; readonly state: string } | 'send_only'> {
  const { domain } = api.credentials(credentials);
  try {
    return (await api.call(domains.get, { domain })).domain;
  } catch (refusal) {
    if (!isPlugboardError(refusal) || refusal.code !== 'key_refused') throw refusal;
    const form = { 'o:testmode': 'yes' };
    await api
      .request({ method: 'POST', url: '/v3/{domain}/messages', path: { domain }, form })
      .catch((error: unknown) => {
        if (!isPlugboardError(error) || error.kind !== 'invalid_request') throw error;
      });
    return 'send_only';
  }
}

function sendEmail(api: Api): EmailCapability {
  return {
    async send({ from, to, cc, bcc, replyTo, subject, html, text: plain, headers: extra, attachments }) {
      requireContent({ html, text: plain });
      const { id } = await api.call(messages.send, {
        from: formatAddress(from),
        to: formatAddresses(to),
        subject,
        ...(html !== undefined && { html }),
        ...(plain !== undefined && { text: plain }),
        ...(cc && { cc: formatAddresses(cc) }),
        ...(bcc && { bcc: formatAddresses(bcc) }),
        ...(replyTo !== undefined && { replyTo: formatAddress(replyTo) }),
        ...(extra && { headers: extra }),
        ...(attachments && {
          attachments: attachments.map(({ content, ...rest }) => ({ ...rest, content: encodeBase64(content) })),
        }),
      });
      // Events name the message without the brackets.
      return { id: id.replace(/^<|>$/g, '') };
    },
  };
}
