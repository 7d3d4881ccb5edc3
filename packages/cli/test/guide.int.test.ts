/** What the guide and the README say is what the command does. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { commands } from '../src/commands.ts';
import { run } from '../src/run.ts';
import { createTerminal } from '../src/terminal.ts';
import { newKey } from './support/deployment.ts';
import { runCli } from './support/run-cli.ts';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const root = join(packageDir, '../..');
const pages = ['docs/guides/operations.md', 'docs/guides/webhooks.md', 'packages/cli/README.md'];

/** Runs in this process; without a config nothing can happen after the words were read. */
async function tell(words: readonly string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const terminal = createTerminal({ stdin, stdout, stderr }, {});
  const code = await run(words, { terminal, signal: new AbortController().signal, folder: tmpdir() });
  const [out, err] = [stdout, stderr].map((stream) => (stream.read() as Buffer | null)?.toString() ?? '');
  return { code, out: out ?? '', err: err ?? '' };
}

test('every command that the guide shows is understood as it stands', async () => {
  const shown = (await Promise.all(pages.map((page) => readFile(join(root, page), 'utf8')))).flatMap((text) =>
    [...text.matchAll(/^\s*npx plugboard ([^>\n]+)/gm)].map(([, words = '']) => words.trim().split(/\s+/)),
  );
  expect(shown.length).toBeGreaterThan(15);
  for (const words of shown) {
    // An env file is read before a config is looked for.
    const { code, err } = await tell(words.includes('--file') ? words.slice(0, words.indexOf('--file')) : words);
    if (code !== 0) expect(err, words.join(' ')).toContain('There is no plugboard.config.ts');
  }
  const named = shown.map((words) => words.join(' '));
  const untold = commands.filter(({ name }) => !named.some((words) => words.startsWith(name)) && name !== 'jobs run');
  expect(untold.map(({ name }) => name)).toEqual([]);
});

test('the README lists every command', async () => {
  const readme = await readFile(join(packageDir, 'README.md'), 'utf8');
  for (const { name } of commands) expect(readme, name).toContain(`| \`${name}`);
});

test('every command has a help of its own', async () => {
  for (const { name, options } of commands) {
    const { code, out } = await tell([...name.split(' '), '--help']);
    expect(code).toBe(0);
    for (const option of Object.keys(options)) expect(out).toContain(`--${option}`);
  }
});

test('the config of the guide works as it stands, and before anything is set', async () => {
  const guide = await readFile(join(root, 'docs/guides/operations.md'), 'utf8');
  const blocks = [...guide.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, file = '', code = '']) => ({
    file,
    code,
  }));
  expect(blocks.map(({ file }) => file)).toEqual(['plugboard.config.ts', 'plugboard.config.ts', 'src/start.ts']);
  const cache = join(packageDir, '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'guide-'));
  try {
    const scope = join(folder, 'node_modules/@plugboard');
    await mkdir(scope, { recursive: true });
    await symlink(join(root, 'packages/core'), join(scope, 'core'));
    await symlink(join(root, 'packages/storages/postgres'), join(scope, 'storage-postgres'));
    for (const id of ['slack', 'stripe'])
      await symlink(join(root, `packages/providers/${id}`), join(scope, `provider-${id}`));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    for (const { file, code } of blocks.slice(1)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), code);
    }
    const env = await runCli(['env'], { folder });
    expect(env).toMatchObject({ code: 0, stderr: '' });
    expect(env.stdout).toContain('SLACK_CLIENT_ID=');
    const unset = await runCli(['doctor'], { folder });
    expect(unset.code).toBe(1);
    expect(unset.stdout).toContain('The key k1 is not set.');
    expect(unset.stdout).toContain('slack: missing: SLACK_CLIENT_ID');
    const set = { PLUGBOARD_KEY: newKey(), NODE_ENV: 'development', DATABASE_URL: 'postgres://u:canary@127.0.0.1:1/x' };
    const { code, stdout } = await runCli(['doctor'], { folder, env: set });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^problem +database /m);
    expect(stdout).not.toContain('canary');
    // The re-export of a board that stands elsewhere.
    await writeFile(
      join(folder, 'src/board.ts'),
      (blocks[1]?.code ?? '')
        .replace('export default function board() {\n  return', 'export const board = (() => {\n  return')
        .replace(/^}$/m, '})();'),
    );
    await writeFile(join(folder, 'plugboard.config.ts'), blocks[0]?.code ?? '');
    expect((await runCli(['env'], { folder, env: set })).stdout).toContain('STRIPE_');
  } finally {
    await rm(folder, { recursive: true });
  }
});
