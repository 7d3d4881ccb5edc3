/** Every command, with its options; its code is loaded when it runs. */
import type { Command, OptionHelp } from './command.ts';

export const globalOptions: Readonly<Record<string, OptionHelp>> = {
  config: {
    type: 'string',
    short: 'c',
    value: '<file>',
    help: 'The file that exports the board. Default: plugboard.config.ts, .mts, .js or .mjs',
  },
  'env-file': {
    type: 'string',
    multiple: true,
    value: '<file>',
    help: 'Sets what the file names and the environment does not',
  },
  json: { type: 'boolean', help: 'Writes the result as JSON' },
  verbose: { type: 'boolean', help: 'Shows where a failure came from' },
  help: { type: 'boolean', short: 'h', help: 'Shows this help' },
};

const yes: OptionHelp = { type: 'boolean', short: 'y', help: 'Does not ask' };
const filters: Readonly<Record<string, OptionHelp>> = {
  organization: { type: 'string', short: 'o', value: '<id>', help: 'Only those of the organization' },
  provider: { type: 'string', short: 'p', value: '<id>', help: 'Only those of the provider' },
  label: { type: 'string', value: '<label>', help: 'Only those with the label' },
};
const { label: _label, ...ofEvents } = filters;
const restingStatus: OptionHelp = { type: 'string', value: '<status>', help: 'failed or dead. Default: both' };
const everything: OptionHelp = { type: 'boolean', help: 'Those of all organizations and providers' };

export const commands: readonly Command[] = [
  {
    name: 'doctor',
    summary: 'Looks for problems of the configuration, the database, the keys and the live processes',
    options: {},
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'doctor revoke-all',
    summary: 'After a compromise: ends all connections of a provider, and revokes them at the vendor',
    options: { provider: { type: 'string', short: 'p', value: '<id>', help: 'Whose connections; required' }, yes },
    load: async () => (await import('./commands/disconnect.ts')).revokeAll,
  },
  {
    name: 'env',
    summary: 'Prints the names that the providers read, as an env file with a fresh key; --check judges one',
    options: {
      check: { type: 'boolean', help: 'Judges what is set, by the environment and --env-file, or by --file' },
      file: { type: 'string', value: '<file>', help: 'With --check: judges this file alone' },
    },
    load: async () => (await import('./commands/env.ts')).env,
  },
  {
    name: 'migrate',
    summary: "Creates or updates the store's tables",
    options: {
      status: { type: 'boolean', help: 'Only compares versions; exit code 1 when the tables are behind' },
      sql: { type: 'boolean', help: 'Only prints the SQL that would run' },
      since: { type: 'string', value: '<version>', help: 'With --sql: from this version, without asking the database' },
    },
    load: async () => (await import('./commands/migrate.ts')).migrate,
  },
  {
    name: 'vault create-key',
    summary: 'Prints a fresh key for the ring',
    options: {},
    load: async () => (await import('./commands/vault.ts')).createVaultKey,
  },
  {
    name: 'vault status',
    summary: 'Counts which keys the stored credentials need, and who knows them',
    options: {},
    load: async () => (await import('./commands/vault.ts')).status,
  },
  {
    name: 'vault reseal',
    summary: 'Seals all credentials under the first key of the ring, while everything runs',
    options: {
      to: { type: 'string', value: '<key>', help: 'Refuses unless this key is first in the ring' },
      rate: { type: 'string', value: '<rows>', help: 'At most so many rows a second. Default: as fast as it goes' },
    },
    load: async () => (await import('./commands/reseal.ts')).reseal,
  },
  {
    name: 'vault remove',
    summary: 'Tells whether a key may leave the ring: no row and no live process needs it',
    takes: '<key>',
    options: { yes },
    load: async () => (await import('./commands/vault.ts')).remove,
  },
  {
    name: 'connections list',
    summary: 'Lists connections of all organizations',
    options: {
      ...filters,
      status: { type: 'string', value: '<status>', help: 'active, pending, degraded, expired, error or disconnected' },
      limit: { type: 'string', value: '<number>', help: 'At most so many. Default: all' },
    },
    load: async () => (await import('./commands/connections.ts')).list,
  },
  {
    name: 'connections check',
    summary: 'Asks the vendors whether the connections work; exit code 1 when one does not',
    options: filters,
    load: async () => (await import('./commands/connections.ts')).check,
  },
  {
    name: 'connections refresh',
    summary: 'Gets new tokens now, due or not',
    options: { ...filters, all: everything },
    load: async () => (await import('./commands/connections.ts')).refresh,
  },
  {
    name: 'connections disconnect',
    summary: 'Ends connections: revokes them at the vendor and drops their credentials',
    options: { ...filters, all: everything, yes },
    load: async () => (await import('./commands/disconnect.ts')).disconnect,
  },
  {
    name: 'webhooks failed',
    summary: 'Lists webhook events that nobody has handled',
    options: {
      ...ofEvents,
      status: { type: 'string', value: '<status>', help: 'received, failed or dead. Default: failed and dead' },
      limit: { type: 'string', value: '<number>', help: 'At most so many. Default: all' },
    },
    load: async () => (await import('./commands/webhooks.ts')).failed,
  },
  {
    name: 'webhooks replay',
    summary: 'Has handlers try again: one event, or all that the filters name',
    takes: '[event]',
    options: { ...ofEvents, status: restingStatus, all: everything, yes },
    load: async () => (await import('./commands/webhooks.ts')).replay,
  },
  {
    name: 'webhooks discard',
    summary: 'Drops events for good: one, or all that the filters name',
    takes: '[event]',
    options: { ...ofEvents, status: restingStatus, all: everything, yes },
    load: async () => (await import('./commands/webhooks.ts')).discard,
  },
  {
    name: 'jobs run',
    summary: 'Runs the jobs of the board until SIGTERM or Ctrl-C: all, or the named ones',
    takes: '[name...]',
    options: { once: { type: 'boolean', help: 'Runs each until nothing is due, and ends' } },
    load: async () => (await import('./commands/jobs.ts')).run,
  },
];
