/** How a provider is put on a board so that a case can see and break everything. */
import { operation, type AnyDefinition, type Api, type AuthMethod } from '@plugboard/core';
import type { Emulator } from '@plugboard/core/emulator';
import { secretTexts, type Schema } from '@plugboard/core/provider-kit';

import type { Canaries } from '../canary.ts';

/** Group of the operation that hands out the `Api` itself. */
export const probeGroup = 'contractSuite';

/** Accepts whatever comes. */
export const anything: Schema = {
  '~standard': { version: 1, vendor: 'plugboard', validate: (value) => ({ value }) },
};

/** The definition with the probe, and without limits: cases call more often than a vendor would allow. */
export function underTest(definition: AnyDefinition): AnyDefinition {
  const run = (api: Api) => Promise.resolve(api);
  const probe = operation({ summary: 'Hands out the api.', input: anything, run, example: { input: {} } });
  const groups = Object.entries(definition.operations).map(([group, members]) => [
    group,
    Object.fromEntries(Object.entries(members).map(([name, declared]) => [name, { ...declared, limits: [] }])),
  ]);
  const operations = { ...Object.fromEntries(groups), [probeGroup]: { api: probe } } as AnyDefinition['operations'];
  return { ...definition, api: { ...definition.api, limits: [] }, operations };
}

/** A value for every app field, with characters that forms, addresses and Basic headers each write in their own way. */
export function appValuesFor(
  definition: AnyDefinition,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const fields = Object.entries(definition.app ?? {});
  const odd = (name: string) => `suite-${definition.id}-${name}-0123456789+a/b:c%d~e`;
  return Object.fromEntries(fields.map(([name, { example }]) => [name, given[name] ?? example ?? odd(name)]));
}

/** The app's secrets among its values. */
export function appSecrets({ app = {} }: AnyDefinition, values: Readonly<Record<string, string>>): Canaries {
  return Object.fromEntries(Object.entries(values).filter(([name]) => app[name]?.secret === true));
}

/** The secrets among what a user types in, as the method's schema marks them. */
export function typedSecrets(method: AuthMethod, given: unknown): Canaries {
  if (!('credentials' in method)) return {};
  const result = method.credentials['~standard'].validate(given);
  if (result instanceof Promise || result.issues !== undefined) return {};
  return Object.fromEntries(secretTexts(result.value).map((text, index) => [`credential ${index + 1}`, text]));
}

/** Every code and token that the emulator has issued. */
export function issuedTokens({ oauth: { ledger } }: Emulator): Canaries {
  const tokens = ledger.families().flatMap(({ id }) => ledger.tokens(id));
  return Object.fromEntries(tokens.map(({ kind, text }, index) => [`${kind} ${index + 1}`, text.reveal()]));
}
