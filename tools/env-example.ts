/** `.env.example`: every name that a deployment may set, with what it is and where it is found. */
import { environmentNames, type AnyDefinition } from '@plugboard/core';

import { sentence } from './docs-table.ts';

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

/** Two lines for each name: what it is, and the name. */
function namesOf(definition: AnyDefinition): string[] {
  return environmentNames(definition).flatMap(({ name, title, help, optional }) => {
    const what = `${sentence(title, help)}${optional ? ' (optional)' : ''}`;
    return [`# ${what.replaceAll(/\s*\n\s*/g, ' ')}`, `# ${name}=`];
  });
}
