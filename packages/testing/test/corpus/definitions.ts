/** The definitions of every provider of the repository. */
import { existsSync, readdirSync } from 'node:fs';

import type { AnyDefinition } from '@plugboard/core';

export const folder = new URL('../../../providers/', import.meta.url);
export const definitions: AnyDefinition[] = [];
for (const id of readdirSync(folder).toSorted()) {
  const entry = new URL(`${id}/src/index.ts`, folder);
  if (!existsSync(entry)) continue;
  const module = (await import(entry.href)) as Record<string, { definition?: AnyDefinition } | undefined>;
  const found = Object.values(module).find((value) => value?.definition?.id === id);
  if (found?.definition !== undefined) definitions.push(found.definition);
}
