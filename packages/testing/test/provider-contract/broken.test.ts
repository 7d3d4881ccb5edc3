import { describe, expect, test } from 'vitest';

import { providerCases } from '../../src/provider-contract.ts';
import { brokenAccounts } from './broken/account.ts';
import type { Broken } from './broken/broken.ts';
import { brokenCredentials } from './broken/credentials.ts';
import { brokenErrors } from './broken/errors.ts';
import { brokenMetadata } from './broken/metadata.ts';
import { brokenOAuth } from './broken/oauth.ts';
import { brokenOperations } from './broken/operations.ts';
import { brokenWebhooks } from './broken/webhooks.ts';
import { soundOptions } from './sound.ts';

const plugins: readonly Broken[] = [
  ...brokenMetadata,
  ...brokenCredentials,
  ...brokenOperations,
  ...brokenErrors,
  ...brokenAccounts,
  ...brokenOAuth,
  ...brokenWebhooks,
];

describe('the contract finds', () => {
  test.each(plugins.map((plugin) => [plugin.fault, plugin] as const))(
    '%s',
    async (_fault, { fails, because, factory }) => {
      const found = providerCases(factory, soundOptions).find(({ name }) => name === fails);
      expect(found, `a case called ${fails}`).toBeDefined();
      await expect(found!.run()).rejects.toThrow(because);
    },
  );
});
