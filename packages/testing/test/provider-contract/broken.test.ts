import type { AnyDefinition, ProviderFactory } from '@plugboard/core';
import { describe, expect, test } from 'vitest';

import { providerCases } from '../../src/provider-contract.ts';
import { brokenAccounts } from './broken/account.ts';
import type { Broken } from './broken/broken.ts';
import { brokenSteps } from './broken/browser.ts';
import { brokenCapabilities } from './broken/capabilities.ts';
import { brokenCredentials } from './broken/credentials.ts';
import { brokenErrors } from './broken/errors.ts';
import { brokenMetadata } from './broken/metadata.ts';
import { brokenOAuth } from './broken/oauth.ts';
import { brokenOperations } from './broken/operations.ts';
import { brokenStreams } from './broken/streams.ts';
import { brokenTenantHosts } from './broken/tenant-hosts.ts';
import { brokenWebhooks } from './broken/webhooks.ts';
import { capable } from './capable.ts';
import { sound, soundOptions } from './sound.ts';
import { steppingOptions } from './stepping.ts';

const plugins: readonly Broken[] = [
  ...brokenMetadata,
  ...brokenCredentials,
  ...brokenOperations,
  ...brokenErrors,
  ...brokenAccounts,
  ...brokenOAuth,
  ...brokenWebhooks,
  ...brokenStreams,
  ...brokenTenantHosts,
];

describe('the contract finds', () => {
  test.each(plugins.map((plugin) => [plugin.fault, plugin] as const))(
    '%s',
    async (_fault, { fails, because, factory }) => {
      const found = providerCases(factory, { ...soundOptions, input: { oauth: { shop: 'shop' } } }).find(
        ({ name }) => name === fails,
      );
      expect(found, `a case called ${fails}`).toBeDefined();
      await expect(found!.run()).rejects.toThrow(because);
    },
  );
});

describe('the cases of capabilities', () => {
  const run = (factory: ProviderFactory<AnyDefinition>, name: string) =>
    providerCases(factory, soundOptions)
      .find((found) => found.name === name)!
      .run();

  test.each([...new Set(brokenCapabilities.map(({ fails }) => fails))])('%s: a sound one passes', (name) =>
    run(capable, name),
  );

  test.each(brokenCapabilities.map((plugin) => [plugin.fault, plugin] as const))(
    'find %s',
    async (_fault, { fails, because, factory }) => {
      await expect(run(factory, fails)).rejects.toThrow(because);
    },
  );
});

describe('the cases of browser steps find', () => {
  test.each(brokenSteps.map((plugin) => [plugin.fault, plugin] as const))(
    '%s',
    async (_fault, { fails, because, factory }) => {
      const found = providerCases(factory, steppingOptions).find((candidate) => candidate.name === fails);
      expect(found, `a case called ${fails}`).toBeDefined();
      await expect(found!.run()).rejects.toThrow(because);
    },
  );
});

describe('an exception', () => {
  const name = 'health: a good connection';
  const [healthy] = brokenAccounts.filter(({ fails }) => fails === name);
  const run = (factory: Broken['factory'], exceptions: Readonly<Record<string, string>>) =>
    providerCases(factory, { ...soundOptions, exceptions })
      .find((candidate) => candidate.name.startsWith(name))!
      .run();

  test('turns a case around: it must fail', async () => {
    await expect(run(healthy!.factory, { [name]: 'the vendor cannot be asked' })).resolves.toBeUndefined();
    await expect(run(sound, { [name]: 'the vendor cannot be asked' })).rejects.toThrow('its exception is out of date');
  });

  test('needs a case of that name and a reason', () => {
    expect(() => providerCases(sound, { exceptions: { 'health: bad': 'x' } })).toThrow(
      'No case is called `health: bad`',
    );
    expect(() => providerCases(sound, { exceptions: { [name]: ' ' } })).toThrow('has no reason');
  });
});
