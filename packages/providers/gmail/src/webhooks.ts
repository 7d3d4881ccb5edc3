/** Word of changes: a Pub/Sub push names the mailbox and the point that its history has come to. */
import { channels, checkInput } from '@plugboard/core';
import type { Api, OpenedChannel, WebhookDefinition, WebhookVector } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';
import { pubSubApp, pubSubTopic, pubSubWebhooks, readPubSub, texts } from '@plugboard/google';

import { watch } from './operations.ts';
import { labelsOf } from './schemas.ts';

/** The topic must be in the project of the OAuth client. */
export const pushApp = pubSubApp('GMAIL');

const watched = given({}, { labelIds: texts(), labelFilterBehavior: z.enum(['include', 'exclude']) });

/** A second call prolongs: a mailbox has one watch for each project. */
async function start(api: Api, { labelIds, ...rest }: z.output<typeof watched>): Promise<OpenedChannel> {
  const labels = labelsOf(api, labelIds);
  const { expiration } = await api.call(watch.start, {
    topicName: pubSubTopic(api.app, pushApp),
    ...(labels && { labelIds: labels }),
    ...rest,
  });
  return { expiresAt: new Date(Number(expiration)) };
}

const changed = like({ emailAddress: 'user@example.com', historyId: '9876543210' });
const push = z.looseObject({ emailAddress: z.string().min(3), historyId: z.union([z.string().min(1), z.number()]) });

const vector: WebhookVector = {
  name: 'a change of a mailbox',
  source: 'computed',
  secret: 'push@demo-project.iam.gserviceaccount.com projects/demo-project/subscriptions/mail-push gmail-push',
  headers: {
    // By the key of RFC 7515 appendix A.2, which the emulator publishes and Google does not.
    authorization:
      'Bearer ' +
      'eyJhbGciOiJSUzI1NiIsImtpZCI6InJmYy03NTE1LWEtMiIsInR5cCI6IkpXVCJ9.' +
      'eyJhdWQiOiJnbWFpbC1wdXNoIiwiYXpwIjoiMTEzNzc0MjY0NDYzMDM4MzIxOTY0IiwiZW1haWwiOiJwdXNoQGRlbW8tcHJvamVj' +
      'dC5pYW0uZ3NlcnZpY2VhY2NvdW50LmNvbSIsImVtYWlsX3ZlcmlmaWVkIjp0cnVlLCJzdWIiOiIxMTM3NzQyNjQ0NjMwMzgzMjE5' +
      'NjQiLCJpc3MiOiJodHRwczovL2FjY291bnRzLmdvb2dsZS5jb20iLCJpYXQiOjE3OTUxNjg4MDAsImV4cCI6MTc5NTE3MjQwMH0.' +
      'KiLO6A1TIx8MlHMO1-v_YDadfZVvjtFtuQvkQp57DzcIvBamWQnYnJPVWwIhsLcoRXVXAXBjTPB1qjVkrLBQAY3a3ofNjUfGz2A4' +
      'qMJk9P9Pa77etYhE1QtyYSLYlKT-RmrajXgBtnyUNNns4MOi9QWwSjJ41TlFJUIOUmymh1S4kbUu7PFfzuLIsc_a0JKW5qzV3d1b' +
      '9gwCK80YaxN9rkxYDmVfw7M6sq6vYu4d43SSZ5D63pX_1gkGQJlSDok0hFcI4BzyzxwaduGSqz2RzfyNiZXDPzM5WTL_dKHD9CiD' +
      'SzjQh1P8g40epShhYGahQxkTUa_rfpUfg0ZtODJMPQ',
    'content-type': 'application/json',
  },
  body:
    '{"message":{"data":"eyJlbWFpbEFkZHJlc3MiOiJ1c2VyQGV4YW1wbGUuY29tIiwiaGlzdG9yeUlkIjoiOTg3NjU0MzIxMCJ9","messageId":' +
    '"2070443601311540","publishTime":"2026-11-20T10:00:00.123Z"},"subscription":"projects/demo-project/subscriptions/mail-push"}',
  at: '2026-11-20T10:00:01Z',
  ok: true,
  events: ['mailbox.changed'],
};

export const webhooks = {
  ...pubSubWebhooks,
  docs: 'https://developers.google.com/workspace/gmail/api/guides/push',
  parse(delivery) {
    const { id, data, publishedAt } = readPubSub(delivery);
    const { emailAddress, historyId } = checkInput(push, data, 'The webhook body');
    const occurredAt = publishedAt && { occurredAt: publishedAt };
    const now = { emailAddress, historyId: String(historyId) };
    return [{ type: 'mailbox.changed', id, accountId: emailAddress.toLowerCase(), ...occurredAt, data: now }];
  },
  channels: channels({
    params: watched,
    open: (api, { params }) => start(api, params),
    renew: (api, { params }) => start(api, params),
    stop: (api) => api.call(watch.stop, {}),
  }),
  events: { 'mailbox.changed': changed },
  vectors: [vector],
} satisfies WebhookDefinition;
