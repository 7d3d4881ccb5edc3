/** What importing a provider loads: itself and the engine, and nothing that is not used yet. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

const providers = new URL('../../providers/', import.meta.url);

/** What a module text prints in a fresh process. */
async function nodeRun(script: string): Promise<string> {
  const run = await promisify(execFile)(
    process.execPath,
    ['--conditions=@plugboard/source', '--no-warnings', '--input-type=module', '--eval', script],
    { cwd: new URL('.', import.meta.url), env: { ...process.env, NODE_ENV: 'test' } },
  );
  return run.stdout;
}

/** Runs a module text in a fresh process and lists every specifier that it resolved. */
async function resolvedBy(code: string): Promise<string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => { console.log('resolved ' + name); return next(name, context); } });
    ${code}`;
  return (await nodeRun(script))
    .split('\n')
    .filter((line) => line.startsWith('resolved '))
    .map((line) => line.slice('resolved '.length));
}

const heavy = [
  /^undici$/,
  /^jose$/,
  /^resend$/,
  /^twilio$/,
  /^p-retry$/,
  /^bottleneck/,
  /^@openfeature/,
  /^@opentelemetry/,
  /emulator\/create/,
];

test.each(['resend', 'twilio', 'slack', 'klaviyo', 'meta', 'google-ads'])(
  'R12 importing %s loads no SDK and no other provider',
  async (id) => {
    const entry = new URL(`${id}/src/index.ts`, providers).href;
    const names = await resolvedBy(`await import('@plugboard/core'); await import(${JSON.stringify(entry)});`);
    expect(names).toContain('zod');
    for (const pattern of heavy)
      expect(
        names.filter((name) => pattern.test(name)),
        String(pattern),
      ).toEqual([]);
    const others = names.filter((name) => name.includes('/providers/') && !name.includes(`/providers/${id}/`));
    expect(others).toEqual([]);
  },
);

/** A zod that can be imported and makes nothing. */
const emptyZod =
  'export const iso = {}, coerce = {}, regexes = {}, globalRegistry = {}; export class ZodObject {} export class ZodString {} export class ZodType {}';

test('R12 importing the providers makes no schema', async () => {
  const entries = readdirSync(providers).map((id) => new URL(`${id}/src/index.ts`, providers).href);
  const script = `
    import { registerHooks } from 'node:module';
    const stub = 'data:text/javascript,' + encodeURIComponent(${JSON.stringify(emptyZod)});
    const resolve = (name, context, next) => (name === 'zod' ? { url: stub, shortCircuit: true } : next(name, context));
    registerHooks({ resolve });
    for (const entry of ${JSON.stringify(entries)}) await import(entry);
    console.log('imported');`;
  const run = await nodeRun(script);
  expect(entries.length).toBeGreaterThan(20);
  expect(run).toBe('imported\n');
});
