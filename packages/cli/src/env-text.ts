/** The names that an application with Plugboard reads, as the text of an env file. */
import type { AnyDefinition } from '@plugboard/core';

export interface EnvTextOptions {
  /** Lines above the names, without `#`. */
  readonly heading: readonly string[];
  /** Value of the vault's key. Default: blank. */
  readonly key?: string;
  /** Puts `#` before each name, for a file that is copied and filled in by hand. */
  readonly commentOut?: boolean;
}

/** Of the board itself, as its documentation writes them. */
const own = [
  [
    'PLUGBOARD_KEY',
    'Seals the stored credentials: 32 random bytes as base64. Make one with `openssl rand -base64 32`.',
  ],
  ['DATABASE_URL', 'PostgreSQL, where connections are kept: postgres://user:password@host:5432/database'],
] as const;

export async function envText(definitions: readonly AnyDefinition[], options: EnvTextOptions): Promise<string> {
  // No command but this one needs it before a board has loaded it.
  const { environmentNames } = await import('@plugboard/core');
  const { heading, key = '', commentOut = false } = options;
  const lines = (name: string, what: string, value = '') => [
    `# ${what
      .split('\n')
      .map((line) => line.trim())
      .join(' ')}`,
    `${commentOut ? '# ' : ''}${name}=${value}`,
  ];
  const groups = definitions.flatMap((definition) => {
    const names = environmentNames(definition).flatMap(({ name, title, help, optional }) =>
      lines(name, `${help === undefined ? title : `${title}. ${help}`}${optional ? ' (optional)' : ''}`),
    );
    return names.length === 0 ? [] : [[`# ${definition.name}: ${definition.docs.keys}`, ...names].join('\n')];
  });
  return `${[
    ...heading.map((line) => `# ${line}`),
    '',
    ...own.flatMap(([name, what]) => lines(name, what, name === 'PLUGBOARD_KEY' ? key : '')),
    '',
    groups.join('\n\n'),
  ].join('\n')}\n`;
}
