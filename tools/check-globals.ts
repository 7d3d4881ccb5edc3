/** Time, chance, the environment, the console, JSON and the network are each reached in one named file of core. */
import type { CheckResult } from './check-result.ts';
import { globalUses, importsOf } from './source.ts';
import { readText, sourceFiles, workspacePackages } from './workspace.ts';

/** What is restricted, and the only file below packages/core/src that may use it. */
const homes: Readonly<Record<string, string>> = {
  'Date.now': 'clock.ts',
  'new Date()': 'clock.ts',
  Date: 'clock.ts',
  'Math.random': 'clock.ts',
  Math: 'clock.ts',
  'performance.now': 'clock.ts',
  performance: 'clock.ts',
  setTimeout: 'clock.ts',
  setInterval: 'clock.ts',
  setImmediate: 'clock.ts',
  'AbortSignal.timeout': 'clock.ts',
  'JSON.parse': 'json.ts',
  JSON: 'json.ts',
  'process.env': 'env.ts',
  process: 'env.ts',
  console: 'log.ts',
  fetch: 'transport/fetch-wire.ts',
  XMLHttpRequest: 'transport/fetch-wire.ts',
  WebSocket: 'transport/fetch-wire.ts',
  'globalThis[computed]': 'env.ts',
};
const names: ReadonlySet<string> = new Set(
  Object.keys(homes).map((name) => name.replace('new ', '').replace(/[.([].*/, '')),
);
/** Modules that would bring the same things in by another door. */
const doors: Readonly<Record<string, string>> = {
  process: 'process',
  'node:process': 'process',
  'node:console': 'console',
  'node:timers': 'setTimeout',
  'node:timers/promises': 'setTimeout',
};

export function checkGlobals(root: string): CheckResult {
  const core = 'packages/core/src/';
  const packages = workspacePackages(root);
  const providers = packages.filter((entry) => entry.kind === 'provider');
  // What several providers share is held to their rules.
  const shared = new Set(providers.flatMap(({ manifest }) => Object.keys(manifest.dependencies ?? {})));
  const files = [
    ...sourceFiles(core.slice(0, -1), root),
    ...packages
      .filter(({ kind, manifest }) => kind === 'provider' || shared.has(manifest.name))
      .flatMap(({ dir }) => sourceFiles(`${dir}/src`, root)),
  ];
  const problems: string[] = [];

  for (const file of files) {
    const text = readText(root, file);
    const uses = globalUses(file, text, names).map(({ name, line }) => ({ name: restricted(name), line }));
    const imports = importsOf(file, text).map(({ specifier, line }) => ({ name: doors[specifier], line }));
    for (const { name, line } of [...uses, ...imports]) {
      const home = name === undefined ? undefined : homes[name];
      if (home === undefined || file === core + home) continue;
      const where = file.startsWith(core) ? `belongs in ${home}` : 'has no place in a provider';
      problems.push(`${file}:${line}: ${name} ${where}`);
    }
  }
  return { checked: files.length, what: 'files of core and providers', problems };
}

/** `console.log` is `console`; `JSON.stringify` and `Math.min` are free, the bare `JSON` handed around is not. */
function restricted(use: string): string | undefined {
  if (Object.hasOwn(homes, use)) return use;
  const object = use.split('.')[0] ?? '';
  return object === 'console' || object === 'fetch' ? object : undefined;
}
