/** Gmail: mails sent, read, labelled and followed in a user's own mailbox. */
import { defineProvider, formatAddress, formatAddresses, requireContent } from '@plugboard/core';
import type { Api, Choice, EmailCapability } from '@plugboard/core';
import {
  googleApp,
  googleAuth,
  googleErrors,
  googleHosts,
  googleUser,
  identity,
  identityHost,
} from '@plugboard/google';
import { permits, probe, pubSubKeys, refusal, userKeyFields } from '@plugboard/google';

import { aliases, attachmentsOf, history, labels, messages, profile, threads, watch } from './operations.ts';
import { limits, needs, scopes, settings } from './schemas.ts';
import { drafts, send } from './sending.ts';
import { pushApp, webhooks } from './webhooks.ts';

/** With `gmail.send` alone the mailbox itself tells nothing, but the account is known. */
const user = googleUser(probe(profile.get, {}));

export const gmail = defineProvider({
  id: 'gmail',
  name: 'Gmail',
  category: 'mail',
  summary: 'Send and read mails of a mailbox, label them, and hear of changes.',
  docs: {
    home: 'https://mail.google.com',
    keys: 'https://console.cloud.google.com/apis/credentials',
    reference: 'https://developers.google.com/workspace/gmail/api/reference/rest',
    checked: '2026-11-20',
  },
  hosts: ['gmail.googleapis.com', identityHost, ...googleHosts],
  app: { ...googleApp, ...pushApp },

  auth: googleAuth({
    ask: { [scopes.send]: 'Send mails as you.' },
    more: {
      [scopes.compose]: 'Write drafts, and send mails as you.',
      [scopes.read]: 'Read your mails.',
      [scopes.metadata]: 'See labels, subjects and addresses of your mails, not what they say.',
      [scopes.modify]: 'Read, write, send and label your mails, and hear of changes.',
      [scopes.labels]: 'Make labels and change them.',
      [scopes.settings]: 'See the addresses that you send from.',
      [scopes.all]: 'Read, write, send and delete your mails for good.',
    },
    // A mailbox is always a user's: without delegation there is none.
    serviceAccount: {
      title: 'Service account for a user of a Workspace',
      fields: userKeyFields,
      scopes: [scopes.modify],
    },
  }),

  api: {
    baseUrl: 'https://gmail.googleapis.com/gmail/v1',
    limits,
    errors: googleErrors(
      {
        failedPrecondition: {
          kind: 'permission',
          hint: 'The account has no mailbox, or the service account acts for nobody.',
        },
        limitExceeded: { kind: 'rate_limited', retryable: false, hint: 'A limit of the mailbox is reached.' },
      },
      {
        noMailbox: refusal(400, 'failedPrecondition', 'permission', { message: 'Mail service not enabled' }),
        sendingLimit: {
          ...refusal(
            429,
            'rateLimitExceeded',
            { kind: 'rate_limited', retryAfterMs: 900_000 },
            { domain: 'usageLimits', message: 'User-rate limit exceeded.  Retry after 2026-11-20T10:15:00.000Z' },
          ),
          headers: { date: 'Fri, 20 Nov 2026 10:00:00 GMT' },
        },
      },
    ),
  },

  ...user,
  async account(api) {
    const found = await user.account(api);
    // A push names the mailbox by its address.
    const address = permits(api, profile.get) ? (await api.call(profile.get, {})).emailAddress : undefined;
    const names = [found.metadata?.['email'], address].filter((name) => typeof name === 'string');
    return { ...found, alsoKnownAs: [...new Set(names.map((name) => name.toLowerCase()))] };
  },

  settings: {
    schema: settings,
    choices: {
      async labelId(api): Promise<Choice[]> {
        const found = await api.call(labels.list, {});
        return found.labels.map(({ id, name }) => ({ value: id, label: name }));
      },
    },
    scopes: { labelId: [needs.see] },
  },

  webhooks,
  operations: {
    profile,
    messages,
    attachments: attachmentsOf,
    labels,
    threads,
    drafts,
    history,
    aliases,
    watch,
    identity,
  },
  capabilities: { email },
  emulator: () => pubSubKeys,
});

/** By the portable interface. A `from` that is no alias of the mailbox becomes its own address. */
function email(api: Api): EmailCapability {
  return {
    async send({ from, to, cc, bcc, replyTo, subject: title, html, text, headers, attachments }) {
      requireContent({ html, text });
      const mail = {
        from: formatAddress(from),
        to: formatAddresses(to),
        cc: formatAddresses(cc),
        bcc: formatAddresses(bcc),
        replyTo: formatAddresses(replyTo),
        subject: title,
      };
      const { id } = await send(api, { ...mail, html, text, headers, attachments }, {});
      return { id };
    },
  };
}
