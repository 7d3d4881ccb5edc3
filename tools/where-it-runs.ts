/** In which runtimes providers run: from their dependencies, and from what the tests of `runtimes` prove. */
import { code, table } from './docs-table.ts';
import type { Manifest } from './workspace.ts';

/** Dependencies that run wherever JavaScript does. Anything else is an SDK of the vendor. */
const portable = new Set(['zod', 'jose', '@rgrove/parse-xml']);

/**
 * Providers whose SDK needs the modules of Node that workerd has with its flag, and providers whose SDK needs more. The
 * tests of `runtimes` fail when one of them needs less.
 */
export const needFlagInWorkers: readonly string[] = ['twilio'];
export const unableInWorkers: readonly string[] = ['sentry'];

/** The SDKs that a provider loads when they are first needed. */
function sdksOf({ dependencies = {} }: Manifest): string[] {
  return Object.keys(dependencies).filter((name) => !portable.has(name) && !/^@(types|plugboard)\//.test(name));
}

type InWorkers = 'yes' | 'with `nodejs_compat`' | 'no';

function inWorkers(id: string): InWorkers {
  if (unableInWorkers.includes(id)) return 'no';
  return needFlagInWorkers.includes(id) ? 'with `nodejs_compat`' : 'yes';
}

/** What the page of a provider says of it. */
export function runsIn(id: string, manifest: Manifest): string {
  const sdks = sdksOf(manifest);
  const where = {
    yes: 'Runs in Node, Bun, Deno and Cloudflare Workers.',
    'with `nodejs_compat`': 'Runs in Node, Bun and Deno, and in Cloudflare Workers with the flag `nodejs_compat`.',
    no: 'Runs in Node, Bun and Deno; Cloudflare Workers lack modules that its SDK asks for.',
  }[inWorkers(id)];
  return sdks.length === 0 ? where : `${where} Loads ${sdks.map(code).join(', ')} when it is first needed.`;
}

export interface Placed {
  readonly id: string;
  readonly name: string;
  readonly manifest: Manifest;
}

/** The table of docs/guides/runtimes.md. */
export function runtimeTable(providers: readonly Placed[]): string {
  const rows = providers
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ id, name, manifest }) => {
      const sdks = sdksOf(manifest).map(code).join(', ');
      return [`[${name}](../providers/${id}.md)`, sdks, 'yes', 'yes', 'yes', inWorkers(id)];
    });
  return table(['Provider', 'SDK', 'Node', 'Bun', 'Deno', 'Workers'], rows);
}
