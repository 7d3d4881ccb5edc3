import { conformance, providerContract } from '@plugboard/testing';

import { sentry } from '../src/index.ts';

const organization = { id: '2', name: 'The Interstellar Jurisdiction' };

const intake = 'The description is of the web API; the intake is described elsewhere.';

conformance(sentry.definition, {
  excerpts: 'The vendor’s answers have fifty members, and most of them concern nobody here.',
  exceptions: {
    'envelopes.send': intake,
    'envelopes.checkIn': intake,
    'issues.update': 'The description calls every field of a change required; the documentation shows one alone.',
  },
});

const noDsn = 'Grants hold no DSN, so what sends is refused before anything is sent.';
const empty = 'The vendor answers an empty object to items that are no events.';

providerContract(sentry, {
  accounts: {
    dsn: { id: 'o42.ingest.us.sentry.io/4507', name: organization.name },
    token: organization,
    oauth: organization,
    integration: { id: '7a485448-a9e2-4c85-8a3c-4f44175783c9', name: organization.name },
  },
  exceptions: {
    'B05 oauth: no request shows a credential outside its declared places': noDsn,
    'B05 integration: no request shows a credential outside its declared places': noDsn,
    'answer envelopes.send: a missing required member is an invalid_response': empty,
    'answer envelopes.checkIn: a missing required member is an invalid_response': empty,
  },
});
