/** `.env.example`: every name that a deployment may set, with what it is and where it is found. */
import type { AnyDefinition } from '@plugboard/core';
import { envText } from 'plugboard';

export function envExample(definitions: readonly AnyDefinition[]): Promise<string> {
  return envText(definitions, {
    heading: [
      'Names that an application with Plugboard reads. Written by `pnpm docs:write` from what the providers declare.',
      'Set only what you use: copy this file to .env, and take the `#` from those lines.',
    ],
    commentOut: true,
  });
}
