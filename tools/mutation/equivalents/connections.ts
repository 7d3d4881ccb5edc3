/** Of connections, besides their refresh. */
import { type Equivalent } from './equivalent.ts';

export const ofConnections: readonly Equivalent[] = [
  {
    file: 'connections/outage.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'Neither is a reason of the list.',
  },
  {
    file: 'connections/outage.ts',
    code: 'now === undefined',
    as: ['false'],
    why: 'The store keeps JSON, which leaves out what is undefined.',
  },
  {
    file: 'connections/provider-breaker.ts',
    code: "'vendor_outage'",
    why: 'Nobody is told: an outage holds back work in bulk alone, and only a refusal of the app is thrown.',
  },
  {
    file: 'connections/state.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'The pattern has all of its groups, and no text at all is as little a state as this one.',
  },
];
