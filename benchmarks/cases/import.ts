/** What it costs a fresh process to import the built packages, and what such an import must not touch. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { build, type Plugin } from 'esbuild';

import { inRounds } from '../harness/measure.ts';
import { installPacked, type Project } from '../harness/packed.ts';
import { runModule } from '../harness/process.ts';
import { shortNumber, type Benchmark, type Goal, type Report } from '../harness/report.ts';
import { median } from '../harness/statistics.ts';

interface Loaded {
  readonly ms: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** The ten of the goal: those that the vendors' own SDKs were measured with, as far as there are providers of ours. */
export const ten: readonly string[] = [
  'meta',
  'google-ads',
  'klaviyo',
  'resend',
  'twilio',
  'stripe',
  'openai',
  'posthog',
  'sentry',
  'slack',
].map((id) => `@plugboard/provider-${id}`);

export const benchmark: Benchmark = {
  title: 'Import in a fresh process, of the built packages',
  async run({ rounds }): Promise<Report> {
    const project = installPacked();
    const all = project.providers.map(({ manifest }) => manifest.name);
    const cases: Readonly<Record<string, readonly string[]>> = {
      'empty process': [],
      zod: ['zod'],
      core: ['@plugboard/core'],
      'core + 10 providers': ['@plugboard/core', ...ten],
      [`core + all ${all.length} providers`]: ['@plugboard/core', ...all],
      'undici, for comparison': ['undici'],
      'zod as one file without its languages, for comparison': [await zodInOneFile(project)],
    };
    const names = Object.keys(cases);
    for (const [index, imports] of Object.values(cases).entries())
      writeFileSync(probeFile(project, index), probe(imports));
    const runs = await inRounds(names, rounds, (name) => {
      const { result, wallMs } = runModule<Loaded>(probeFile(project, names.indexOf(name)), project.dir);
      return { ...result, wallMs };
    });
    const of = (name: string) => {
      const own = runs.get(name)!;
      const empty = runs.get('empty process')!;
      return {
        ms: median(own.map(({ ms }) => ms)),
        least: Math.min(...own.map(({ ms }) => ms)),
        cpuMs: median(own.map(({ cpuMs }) => cpuMs)),
        wallMs: median(own.map(({ wallMs }, round) => wallMs - empty[round]!.wallMs)),
        rss: (median(own.map(({ rssBytes }) => rssBytes)) - median(empty.map(({ rssBytes }) => rssBytes))) / 2 ** 20,
      };
    };
    const zod = of('zod').ms;
    const withoutZod = (name: string) => of(name).ms - zod;
    const everything = names[4]!;
    const touched = touchedAtImport(project, [...all, '@plugboard/core']);
    const goals: Goal[] = [
      { what: 'core, over an empty process', limit: 6, measured: of('core').ms, unit: 'ms' },
      { what: 'core + 10 providers, zod apart', limit: 18, measured: withoutZod('core + 10 providers'), unit: 'ms' },
      { what: 'core + all providers, zod apart', limit: 42, measured: withoutZod(everything), unit: 'ms' },
      { what: "zod's own import", limit: 25, measured: zod, unit: 'ms' },
      { what: 'things touched at import that are for later', limit: 0, measured: touched.length, unit: '' },
    ];
    return {
      tables: [
        {
          title: 'Time around the imports; the process as a whole minus an empty one; memory over an empty one',
          head: ['imported', 'ms', 'least ms', 'CPU ms', 'process ms', 'RSS MiB'],
          rows: names.map((name) => {
            const { ms, least, cpuMs, wallMs, rss } = of(name);
            return [name, ...[ms, least, cpuMs, wallMs, rss].map(shortNumber)];
          }),
        },
        {
          title: 'Touched at import although it is for later',
          head: ['import', 'touches', 'why that is wrong'],
          rows: touched.length === 0 ? [['every package', 'nothing of it', '-']] : touched,
        },
      ],
      goals,
      notes: [
        'Providers bring zod, once for all of them; core alone does not load it. The time of the goals is that without zod, ' +
          'which is measured alone in the same rounds.',
      ],
    };
  },
};

/** What its many small files cost. */
async function zodInOneFile({ dir }: Project): Promise<string> {
  const languages: Plugin = {
    name: 'without-languages',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /locales\/index\.js$/ }, () => ({ path: 'none', namespace: 'none' }));
      onLoad({ filter: /^none$/, namespace: 'none' }, () => ({ contents: 'export {}' }));
    },
  };
  const outfile = join(dir, 'zod-in-one-file.mjs');
  const stdin = { contents: "export * from 'zod';", resolveDir: dir };
  await build({ stdin, outfile, bundle: true, format: 'esm', platform: 'neutral', plugins: [languages] });
  return './zod-in-one-file.mjs';
}

function probeFile(project: Project, index: number): string {
  return join(project.dir, `import-${index}.mjs`);
}

function probe(imports: readonly string[]): string {
  return `
const rss = process.memoryUsage.rss();
const cpu = process.cpuUsage();
const start = performance.now();
${imports.map((name) => `await import('${name}');`).join('\n')}
const ms = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage.rss() - rss }));
`;
}

/** What must wait for its first use, with the reason. */
const forLater: readonly (readonly [pattern: string, why: string])[] = [
  ['^undici(/|$)', 'about 60 ms and 20 MiB; only the first call needs it'],
  ['^node:(http|https|http2)$|^https?$', 'as a module it loads the built-in undici: about 28 ms'],
  ['^(openai|posthog-node|resend|@sentry/.*|stripe|twilio)(/|$)', 'a vendor SDK: tens to hundreds of milliseconds'],
  ['^(jose|p-retry|bottleneck|ipaddr.js|@openfeature/.*|@opentelemetry/.*)(/|$)', 'only some calls need it'],
  ['^global fetch$', 'the first touch loads the built-in undici'],
  ['^global crypto.subtle$', '4 ms, and node:crypto is faster wherever it exists'],
];

/** Imports each package alone in a process whose module loader and globals are watched. */
function touchedAtImport(project: Project, names: readonly string[]): string[][] {
  mkdirSync(join(project.dir, 'watched'), { recursive: true });
  return names.flatMap((name, index) => {
    const file = join(project.dir, 'watched', `${index}.mjs`);
    writeFileSync(file, watchedProbe(name));
    const { result } = runModule<string[]>(file, project.dir);
    return [...new Set(result)].flatMap((touched) => {
      const rule = forLater.find(([pattern]) => new RegExp(pattern).test(touched));
      return rule === undefined ? [] : [[name, touched, rule[1]]];
    });
  });
}

function watchedProbe(name: string): string {
  return `
import { registerHooks } from 'node:module';
const touched = [];
registerHooks({ resolve(specifier, context, next) { touched.push(specifier); return next(specifier, context); } });
const builtin = process.getBuiltinModule;
process.getBuiltinModule = (id) => { touched.push(id); return builtin.call(process, id); };
for (const [object, key, label] of [[globalThis, 'fetch', 'fetch'], [Object.getPrototypeOf(globalThis.crypto), 'subtle', 'crypto.subtle']]) {
  const { get, value } = Object.getOwnPropertyDescriptor(object, key);
  Object.defineProperty(object, key, { configurable: true, get() { touched.push('global ' + label); return get ? get.call(this) : value; } });
}
await import('${name}');
console.log(JSON.stringify(touched));
`;
}
