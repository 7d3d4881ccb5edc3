/** `.env.example`: every name that a deployment may set, with what it is and where it is found. */
import type { AnyDefinition } from '@plugboard/core';

import { fieldWords, sentence } from './docs-table.ts';

/** Of the board itself, as the README writes it. */
const own = [
  [
    'PLUGBOARD_KEY',
    'Seals the stored credentials: 32 random bytes as base64. Make one with `openssl rand -base64 32`.',
  ],
  ['DATABASE_URL', 'PostgreSQL, where connections are kept: postgres://user:password@host:5432/database'],
] as const;

export function envExample(definitions: readonly AnyDefinition[]): string {
  const groups = definitions.flatMap((definition) => {
    const { name, docs } = definition;
    const lines = namesOf(definition);
    return lines.length === 0 ? [] : [[`# ${name}: ${docs.keys}`, ...lines].join('\n')];
  });
  return `${[
    '# Names that an application with Plugboard reads. Written by `pnpm docs:write` from what the providers declare.',
    '# Set only what you use: copy this file to .env, and take the `#` from those lines.',
    '',
    ...own.flatMap(([name, what]) => [`# ${what}`, `# ${name}=`]),
    '',
    groups.join('\n\n'),
  ].join('\n')}\n`;
}

/** Two lines for each name: what it is, and the name. Ways to connect may share one. */
function namesOf({ app = {}, auth }: AnyDefinition): string[] {
  const found = new Map<string, string>();
  for (const { env, title, help, optional } of Object.values(app)) {
    found.set(env, `${sentence(title, help)}${optional === true ? ' (optional)' : ''}`);
  }
  for (const method of Object.values(auth)) {
    const { env: scopes, ask = [] } = method.kind === 'oauth2' ? method.scopes : {};
    if (scopes !== undefined) found.set(scopes, `Scopes, with spaces between. Default: ${ask.join(' ')} (optional)`);
    if (!('env' in method)) continue;
    for (const [field, env] of Object.entries(method.env ?? {})) {
      const { title, help } = fieldWords(method.credentials, field);
      if (!found.has(env)) found.set(env, sentence(title, help));
    }
  }
  return [...found].flatMap(([env, what]) => [`# ${what.replaceAll(/\s*\n\s*/g, ' ')}`, `# ${env}=`]);
}
