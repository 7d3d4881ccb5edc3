/** One contract for every provider: what its definition declares is run, broken and looked at from outside. */
import type { ProviderFactory, AnyDefinition } from '@plugboard/core';
import { configurationError } from '@plugboard/core/provider-kit';
import { describe, expect, test } from 'vitest';

import { accountCases } from './provider-contract/account-cases.ts';
import { answerCases } from './provider-contract/answer-cases.ts';
import { browserCases } from './provider-contract/browser-cases.ts';
import { capabilityCases, stubCases } from './provider-contract/capability-cases.ts';
import type { AnyFactory, ProviderCase, ProviderContractOptions, Subject } from './provider-contract/case.ts';
import { channelCases } from './provider-contract/channel-cases.ts';
import { credentialCases } from './provider-contract/credential-cases.ts';
import { errorCases } from './provider-contract/error-cases.ts';
import { inputCases } from './provider-contract/input-cases.ts';
import { metadataCases } from './provider-contract/metadata-cases.ts';
import { oauthCases } from './provider-contract/oauth-cases.ts';
import { pagingCases } from './provider-contract/paging-cases.ts';
import { refreshCases } from './provider-contract/refresh-cases.ts';
import { requestCases } from './provider-contract/request-cases.ts';
import { streamCases } from './provider-contract/stream-cases.ts';
import { tenantHostCases } from './provider-contract/tenant-host-cases.ts';
import { webhookCases } from './provider-contract/webhook-cases.ts';

export type { ProviderCase, ProviderContractOptions } from './provider-contract/case.ts';

/** The groups of cases. Which of them apply, and how many cases each has, follows from the definition alone. */
const groups: Readonly<Record<string, (subject: Subject) => readonly ProviderCase[]>> = {
  metadata: metadataCases,
  credentials: credentialCases,
  inputs: inputCases,
  requests: requestCases,
  answers: answerCases,
  errors: errorCases,
  paging: pagingCases,
  streams: streamCases,
  account: accountCases,
  oauth: oauthCases,
  'browser steps': browserCases,
  refresh: refreshCases,
  webhooks: webhookCases,
  channels: channelCases,
  capabilities: capabilityCases,
  stub: stubCases,
  'tenant hosts': tenantHostCases,
};

/** Every case that applies to a provider, exceptions included: plain functions that reject when the contract is broken. */
export function providerCases<D extends AnyDefinition>(
  factory: ProviderFactory<D>,
  options: ProviderContractOptions = {},
): readonly ProviderCase[] {
  const subject: Subject = { factory: factory as unknown as AnyFactory, options };
  const cases = Object.values(groups).flatMap((casesOf) => casesOf(subject));
  return withExceptions(cases, options.exceptions ?? {});
}

/**
 * Registers the contract as tests; call it at the top level of a vitest file.
 * @throws PlugboardError code `unknown_exception` or `exception_without_reason`.
 * @example providerContract(acme, { account: { id: 'acct_1', name: 'Example Ltd' } })
 */
export function providerContract<D extends AnyDefinition>(
  factory: ProviderFactory<D>,
  options: ProviderContractOptions = {},
): void {
  const { name } = factory.definition;
  const cases = providerCases(factory, options);
  describe(`${name} keeps the provider contract`, () => {
    test('the cases that apply are those of the definition', async ({ annotate }) => {
      const absent = absentGroups(factory, options);
      await annotate(`${name}: ${cases.length} cases; nothing to judge in: ${absent.join(', ') || 'none'}`);
      expect(cases.length).toBeGreaterThan(0);
    });
    for (const { name: title, run } of cases) test(title, run);
  });
}

function absentGroups(factory: unknown, options: ProviderContractOptions): string[] {
  const subject: Subject = { factory: factory as AnyFactory, options };
  return Object.entries(groups).flatMap(([name, casesOf]) => (casesOf(subject).length === 0 ? [name] : []));
}

/** An exception turns a case around: it must fail, or the exception is out of date. */
function withExceptions(cases: readonly ProviderCase[], exceptions: Readonly<Record<string, string>>): ProviderCase[] {
  const names = new Set(cases.map(({ name }) => name));
  for (const [name, reason] of Object.entries(exceptions)) {
    if (!names.has(name)) {
      throw configurationError(
        'unknown_exception',
        `No case is called \`${name}\`.`,
        'Copy the name of the failing test.',
      );
    }
    if (reason.trim() === '') {
      throw configurationError('exception_without_reason', `The exception for \`${name}\` has no reason.`, 'Say why.');
    }
  }
  return cases.map((original) => {
    const reason = exceptions[original.name];
    if (reason === undefined) return original;
    return { name: `${original.name} (excepted: ${reason})`, run: () => mustFail(original) };
  });
}

async function mustFail({ name, run }: ProviderCase): Promise<void> {
  const passed = await run().then(
    () => true,
    () => false,
  );
  if (passed) expect.unreachable(`\`${name}\` passes: its exception is out of date`);
}
