import { conformance, providerContract } from '@plugboard/testing';

import { refusalsAgree } from '../../../google/test/refusals.ts';
import { scopesAgree } from '../../../google/test/scopes.ts';
import { gmail } from '../src/index.ts';

conformance(gmail.definition, {
  exceptions: {
    'messages.sendLarge': 'The description lists uploads beside the methods, not as methods.',
    'identity.me': 'Is of another API, and compared where it is declared.',
  },
  inputs: {
    'messages.sendRaw': [{ raw: 'SGVsbG8h', threadId: 'thread-1' }],
    'messages.list': [{ labelIds: ['INBOX', 'UNREAD'], maxResults: 500, q: 'from:a', includeSpamTrash: true }],
    'messages.get': [{ id: 'm1', format: 'metadata', metadataHeaders: ['Subject', 'From'] }],
    'messages.label': [{ id: 'm1', addLabelIds: ['STARRED'], removeLabelIds: ['UNREAD'] }],
    'messages.labelMany': [{ ids: ['m1', 'm2'], addLabelIds: ['A'], removeLabelIds: ['B'] }],
    'labels.create': [{ name: 'A', labelListVisibility: 'labelHide', messageListVisibility: 'hide' }],
    'threads.list': [{ labelIds: ['INBOX'], maxResults: 9, q: 'x', includeSpamTrash: false }],
    'threads.get': [{ id: 't1', format: 'minimal' }],
    'drafts.createRaw': [{ raw: 'SGVsbG8h', threadId: 'thread-1' }],
    'history.list': [
      { startHistoryId: '1', historyTypes: ['messageAdded', 'labelRemoved'], labelId: 'INBOX', maxResults: 500 },
    ],
    'watch.start': [{ topicName: 'projects/p/topics/t', labelIds: ['INBOX'], labelFilterBehavior: 'exclude' }],
  },
});

scopesAgree(gmail.definition);
refusalsAgree(gmail, ({ client }) => client().profile.get({}), [
  [400, 'failedPrecondition', 'permission'],
  [403, 'limitExceeded', 'rate_limited'],
]);

providerContract(gmail, {
  account: { id: '110169484474386276334', name: 'user@example.com' },
  accounts: { serviceAccount: { id: 'user@example.com', name: 'user@example.com' } },
  app: {
    pubsubTopic: 'projects/demo-project/topics/mail',
    pubsubSubscription: 'projects/demo-project/subscriptions/mail-push',
    pubsubServiceAccount: 'push@demo-project.iam.gserviceaccount.com',
    pubsubAudience: 'gmail-push',
  },
  exceptions: {
    'E05 webhooks: every changed byte of the body is refused': 'Pub/Sub signs its token, and not what it delivers.',
  },
});
