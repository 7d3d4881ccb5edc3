/** What importing a provider loads: itself and the engine, and nothing that is not used yet. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

const providers = new URL('../../providers/', import.meta.url);

/** Runs a module text in a fresh process and lists every specifier that it resolved. */
async function resolvedBy(code: string): Promise<string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => { console.log('resolved ' + name); return next(name, context); } });
    ${code}`;
  const run = await promisify(execFile)(
    process.execPath,
    ['--conditions=@plugboard/source', '--no-warnings', '--input-type=module', '--eval', script],
    { cwd: new URL('.', import.meta.url), env: { ...process.env, NODE_ENV: 'test' } },
  );
  return run.stdout
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
