import { conformance } from '@plugboard/testing';

import { slack } from '../src/index.ts';

conformance(slack.definition, {
  exceptions: {
    'auth.test': 'The vendor takes GET and POST; its description of 2021 lists GET alone.',
    'chat.delete': 'The description of 2021 calls `ts` a number; it is a text that no number can hold.',
    'chat.schedule': 'The description of 2021 calls `post_at` a string; the documentation shows a Unix time.',
    'files.getUploadUrl': 'Newer than the description of 2021.',
    'files.completeUpload': 'Newer than the description of 2021.',
    'webhook.send': 'Incoming webhooks are not part of the description.',
  },
  parameters: { token: 'Sent as the Authorization header.' },
});
