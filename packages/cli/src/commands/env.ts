import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

import type { AnyProvider } from '@plugboard/core';

import type { Context, Run } from '../command.ts';
import { envText } from '../env-text.ts';
import { asPlugboardError, usageError } from '../failure.ts';
import { tellFindings, type Finding } from '../findings.ts';
import { nearest } from '../suggest.ts';
import { count } from '../terminal.ts';

type Values = Readonly<Record<string, string | undefined>>;

export const env: Run = async (context) => {
  const { terminal, values, json } = context;
  const file = values.text('file');
  if (file !== undefined && !values.flag('check')) throw usageError('--file needs --check.');
  // Before the board is asked for: that may fail for want of what is asked here.
  const set = file === undefined ? undefined : readFile(file);
  const providers = await providersOf(context);
  if (values.flag('check'))
    return tellFindings(terminal, await judge(providers, set ?? process.env, set !== undefined), json);
  const { createKey, environmentNames } = await import('@plugboard/core');
  const definitions = providers.map(({ definition }) => definition);
  if (json) {
    const names = definitions.map((definition) => ({ provider: definition.id, names: environmentNames(definition) }));
    terminal.print(JSON.stringify(names, null, 2));
    return 0;
  }
  const heading = [
    'Names that the providers of this board read. Leave blank what you do not use; keep this file out of version control.',
  ];
  terminal.print((await envText(definitions, { heading, key: createKey() })).trimEnd());
  return 0;
};

/** The named export needs nothing to be set; a board may fail for want of it. */
async function providersOf(context: Context): Promise<readonly AnyProvider[]> {
  const exported =
    'Or export the providers by name, so that they are known before anything is set: export const providers = [...], and a function as default.';
  try {
    const config = await context.config();
    return config.providers ?? (await context.board()).providers;
  } catch (error) {
    const failure = asPlugboardError(error);
    if (failure.kind !== 'configuration') throw failure;
    throw failure.with({ hint: failure.hint === undefined ? exported : `${failure.hint} ${exported}` });
  }
}

async function judge(providers: readonly AnyProvider[], values: Values, ownFile: boolean): Promise<readonly Finding[]> {
  const { environmentNames, inspectProviders } = await import('@plugboard/core');
  const declared = providers.flatMap(({ definition }) => environmentNames(definition).map(({ name }) => name));
  const isSet = (name: string) => (values[name] ?? '') !== '';
  const findings: Finding[] = [];
  for (const { id, setup, error } of inspectProviders(providers, values, 'production')) {
    if (error !== null) findings.push({ about: id, status: 'problem', message: error.message, hint: error.hint });
    else if (setup !== null && setup.missing.length > 0 && !setup.platform) {
      findings.push({
        about: id,
        status: 'warning',
        message: `not set: ${setup.missing.join(', ')}`,
        hint: 'Needed where organizations connect by OAuth.',
      });
    } else findings.push({ about: id, status: 'ok', message: 'complete' });
  }
  // The environment of a process is full of names that are nobody's business.
  const unknown = ownFile ? Object.keys(values).filter((name) => !declared.includes(name)) : [];
  for (const name of unknown) {
    const meant = nearest(
      name,
      declared.filter((candidate) => !isSet(candidate)),
    );
    if (meant !== undefined)
      findings.push({
        about: name,
        status: 'problem',
        message: `no provider reads ${name}`,
        hint: `Did you mean ${meant}?`,
      });
  }
  const known = declared.filter(isSet).length;
  return [
    ...findings,
    { about: 'names', status: 'ok', message: `${count(known, 'declared name')} set of ${new Set(declared).size}` },
  ];
}

function readFile(file: string): Values {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch {
    throw usageError(`The file ${file} cannot be read.`);
  }
}
