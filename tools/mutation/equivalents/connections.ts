/** Of connections, besides their refresh. */
import { shortcut, type Equivalent } from './equivalent.ts';

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
  { file: 'connections/envelope.ts', code: "''", as: ['"Stryker was here!"'], why: 'Neither is JSON.' },
  { file: 'connections/envelope.ts', code: "typeof hashed === 'string'", as: ['false'], why: shortcut },
  { file: 'connections/envelope.ts', code: "'string'", as: ['""'], why: shortcut },
  { file: 'connections/facts.ts', code: 'false', as: ['true'], why: shortcut },
  {
    file: 'connections/unreadable.ts',
    code: 'isAltered(error) || isKeyMissing(error)',
    as: ['true'],
    why: 'Whatever else fails here, fails by the whole row as well.',
  },
  { file: 'connections/unreadable.ts', code: 'credentials === null', as: ['false'], why: 'Nothing is under no key.' },
  {
    file: 'connections/unreadable.ts',
    code: 'keyId === null',
    as: ['false'],
    why: 'A key that is missing was named by these very bytes.',
  },
  {
    file: 'connections/unreadable.ts',
    code: "status === 'error'",
    as: ['true'],
    why: 'No other status has that reason.',
  },
  {
    file: 'connections/unreadable.ts',
    code: 'reason === undefined',
    as: ['false'],
    why: 'The store keeps JSON, which leaves out what is undefined.',
  },
  {
    file: 'connections/reseal.ts',
    code: '[]',
    as: ['["Stryker was here"]'],
    why: 'Nobody reads the answer to no writes.',
  },
  {
    file: 'connections/reseal.ts',
    code: 'row.leaseUntil !== null',
    as: ['true'],
    why: 'What is not there is later than nothing.',
  },
  { file: 'key-gate.ts', code: '() => void (fits = true)', as: ['() => undefined'], why: shortcut },
  { file: 'key-gate.ts', code: 'true', as: ['false'], why: shortcut },
];
