/** Changes of security code that no caller could notice, each with its reason. Whatever else survives is owed a test. */
export interface Equivalent {
  /** Below packages/core/src. */
  readonly file: string;
  /** What is changed, on one line; over 120 characters it ends in dots after 117. */
  readonly code: string;
  /** What it is changed to. Absent: whatever it is changed to. */
  readonly as?: readonly string[];
  readonly why: string;
}

const shortcut = 'Only spares work: the longer way has the same outcome.';
const errorGiven = 'Whoever is called back with an error does not look at the addresses.';

export const equivalents: readonly Equivalent[] = [
  {
    file: 'host-name.ts',
    code: 'port !== undefined',
    as: ['true'],
    why: 'A port that is not there is below no number.',
  },
  {
    file: 'host-name.ts',
    code: '/:(\\d+)$/',
    as: ['/:(\\d+)/'],
    why: 'The grammar above lets no colon but that of the port through.',
  },
  {
    file: 'url.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'No text at all is as little an address or a number as this one.',
  },
  { file: 'url.ts', code: "!pattern.includes(':')", as: ['false'], why: shortcut },
  { file: 'url.ts', code: "':'", as: ['""'], why: shortcut },
  {
    file: 'url.ts',
    code: '/^[^.]+(?:\\.[^.]+)*$/',
    as: ['/^[^.](?:\\.[^.]+)*$/', '/^[^.]+(?:\\.[^.]+)$/', '/^[^.]+(?:\\.[^.])*$/'],
    why: shortcut,
  },
  { file: 'hosts.ts', code: 'tenantHosts === undefined && !discovers', as: ['false'], why: shortcut },
  {
    file: 'hosts.ts',
    code: 'definition.tenantHosts === undefined && Object.keys(discoveredOf(source.input)).length === 0',
    as: ['false'],
    why: shortcut,
  },
  { file: 'url.ts', code: 'origins.size === 0 && entries.size === 0', as: ['false'], why: shortcut },
  {
    file: 'url.ts',
    code: '/^(.*[^:]):(\\d{1,5})$/',
    as: ['/(.*[^:]):(\\d{1,5})$/'],
    why: 'The longest match begins at the first character.',
  },
  { file: 'transport/guarded-connector.ts', code: '[]', as: ['["Stryker was here"]'], why: errorGiven },
  {
    file: 'transport/guarded-connector.ts',
    code: "'closed'",
    why: 'The message is replaced by that of a connection that failed.',
  },
  {
    file: 'vault/create-vault.ts',
    code: 'onKeyBudget?.({ keyId: primaryKeyId, seals: warnAfterSeals })',
    as: ['onKeyBudget({ keyId: primaryKeyId, seals: warnAfterSeals })'],
    why: 'What a listener throws is dropped, and so is that there is none.',
  },
  {
    file: 'vault/key-ring.ts',
    code: "'timeout'",
    why: 'Of a cause its name and code survive, never its message.',
  },
  {
    file: 'vault/self-test.ts',
    code: '{ return undefined; }',
    as: ['{}'],
    why: 'A function that returns nothing returns undefined.',
  },
  {
    file: 'transport/addresses.ts',
    code: '{ return undefined; }',
    as: ['{}'],
    why: 'A function that returns nothing returns undefined.',
  },
  {
    file: 'transport/addresses.ts',
    code: 'deniedIpv4.every((block) => !address.match(block))',
    as: ['deniedIpv4.some(block => !address.match(block))'],
    why: 'The list has one entry.',
  },
  {
    file: 'connections/state.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'The pattern has all of its groups, and no text at all is as little a state as this one.',
  },
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
];
