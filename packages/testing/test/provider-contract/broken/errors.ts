import type { Answer } from '@plugboard/core';

import { broken, withErrors } from './broken.ts';

const judging = (status: number, failure: object) => ({
  classify: (answer: Answer) => (answer.status === status ? failure : undefined),
});

export const brokenErrors = [
  broken('a refused key that is called something else', {
    fails: 'error `invalidCredentials` is classified as declared',
    because: /unavailable|auth/,
    change: (definition) => withErrors(definition, judging(401, { kind: 'unavailable', code: 'unauthorized' })),
  }),
  broken('an outage that is taken for «not found»', {
    fails: 'error status 503 alone means unavailable',
    because: /not_found/,
    change: (definition) => withErrors(definition, judging(503, { kind: 'not_found', code: 'gone' })),
  }),
  broken('a missing thing that is taken for a dead key', {
    fails: 'error status 404 alone means not_found',
    because: /auth/,
    change: (definition) => withErrors(definition, judging(404, { kind: 'auth', code: 'dead' })),
  }),
  broken('a wait of its own', {
    fails: 'error: Retry-After holds as seconds and as a date',
    because: /7000/,
    change: (definition) =>
      withErrors(definition, judging(429, { kind: 'rate_limited', code: 'slow', retryAfterMs: 1 })),
  }),
];
