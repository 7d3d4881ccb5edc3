/** How the command behaves before there is a database: words, files, and configs that fail. */
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { fixtures, runCli, type RunOptions } from './support/run-cli.ts';

const secret = 'sk_live_canary_of_the_config';
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plugboard-cli-'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await symlink(join(fixtures, '../../node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true }));

async function withConfig(text: string, args: readonly string[], options: RunOptions = {}) {
  await writeFile(join(folder, 'plugboard.config.ts'), text);
  return runCli(args, { folder, ...options });
}

describe('words', () => {
  test('help lists every command and the exit codes; a command has a help of its own', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect(code).toBe(0);
    for (const name of ['doctor', 'env', 'migrate', 'vault reseal', 'connections refresh', 'jobs run'])
      expect(stdout).toContain(name);
    expect(stdout).toContain('0 all is well, 1 there are problems, 2 wrong usage, 130 interrupted');
    const vault = await runCli(['vault', '--help']);
    expect(vault.stdout).toContain('vault remove <key>');
    expect(vault.stdout).not.toContain('jobs run');
    const reseal = await runCli(['vault', 'reseal', '-h']);
    expect(reseal).toMatchObject({ code: 0, stdout: expect.stringContaining('--rate <rows>') as unknown });
  });

  test('no words are wrong usage, and so is half a command', async () => {
    expect(await runCli([])).toMatchObject({ code: 2, stdout: expect.stringContaining('Usage:') as unknown });
    expect(await runCli(['vault'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('vault status') as unknown,
    });
  });

  test('the version is that of the package', async () => {
    const manifest = JSON.parse(await readFile(join(fixtures, '../../package.json'), 'utf8')) as { version: string };
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  test.each([
    [['doctro'], 'Did you mean doctor?'],
    [['conections', 'list'], 'Did you mean connections list?'],
    [['vault', 'rotate'], '`vault` is: vault create-key, vault status, vault reseal, vault remove.'],
    [['deploy'], 'See plugboard --help.'],
    [['doctor', '--jsn'], 'Did you mean --json?'],
    [['vault', 'reseal', '--rate'], 'See plugboard vault reseal --help.'],
    [['vault', 'remove'], '`vault remove` needs <key>.'],
    [['doctor', 'now'], '`doctor` takes no arguments.'],
    [['migrate', '--status', '--sql'], 'two different things'],
    [['env', '--file', 'x'], '--file needs --check.'],
    [['doctor', '--config', 'nowhere.ts'], 'There is no file nowhere.ts.'],
    [['connections', 'refresh'], 'pass --all if that is meant'],
    [['doctor', 'revoke-all'], 'needs --provider'],
  ])('%j is wrong usage, and it says why', async (args, told) => {
    const { code, stdout, stderr } = await runCli(args, { folder: args.includes('refresh') ? fixtures : folder });
    expect(stderr).toContain(told);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n').length).toBeLessThanOrEqual(4);
  });

  test('a folder without a config is told what to write', async () => {
    const { code, stderr } = await runCli(['doctor'], { folder: tmpdir() });
    expect(code).toBe(2);
    expect(stderr).toContain("export { board as default } from './src/board.ts'");
  });

  test('an env file that is not there is told; Node looks for it as well, and before us', async () => {
    const { code, stdout, stderr } = await runCli(['doctor', '--env-file', 'nowhere.env'], { folder });
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain('nowhere.env');
    expect(stdout).toBe('');
  });

  test('a failure as JSON is one document on stdout', async () => {
    const { code, stdout } = await runCli(['doctro', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'usage', hint: 'Did you mean doctor?' } });
  });

  test('a key is made without a board', async () => {
    const { code, stdout } = await runCli(['vault', 'create-key'], { folder });
    expect(code).toBe(0);
    expect(Buffer.from(stdout.trim(), 'base64')).toHaveLength(32);
  });

  test('R12 help comes without core, and no board is loaded for it', async () => {
    const trace = [
      '--import',
      'data:text/javascript,import{registerHooks}from"node:module";registerHooks({resolve(s,c,n){const r=n(s,c);if(/core.src.index|zod|commands.doctor/.test(r.url))process.stderr.write(`LOADED ${r.url}\\n`);return r}})',
    ];
    expect((await runCli(['--help'], { node: trace })).stderr).toBe('');
    expect((await runCli(['vault', 'create-key'], { node: trace, folder })).stderr).toContain('LOADED');
  });
});

describe('configs that fail', () => {
  test.each([
    ['throws', `throw new TypeError('no ${secret}\\n    at ${secret} (/a/b.ts:1:1)');`],
    [
      'rejects',
      `export default async () => { throw Object.assign(new Error('${secret}'), { code: 'ECONNREFUSED', token: '${secret}' }); };`,
    ],
    ['throws no error', `throw '${secret}';`],
  ])('B02 what a config that %s says is not shown; the place is', async (_how, text) => {
    for (const args of [
      ['vault', 'status'],
      ['vault', 'status', '--verbose'],
      ['doctor'],
      ['doctor', '--json'],
      ['env', '--verbose'],
    ]) {
      const { code, stdout, stderr } = await withConfig(text, args);
      expect(code).toBe(1);
      expect(stdout + stderr).toContain('plugboard.config.ts stopped with');
      expect(stdout + stderr).not.toContain(secret);
      if (!text.includes(`throw '`)) expect(stdout + stderr).toContain('at plugboard.config.ts:1');
    }
  });

  test('only --verbose shows the calls', async () => {
    const text = `function inner() { throw new Error('x'); }\nexport default () => inner();`;
    const frame = /^ {4}at inner \(.*plugboard\.config\.ts:1:/m;
    expect((await withConfig(text, ['vault', 'status'])).stderr).not.toMatch(frame);
    expect((await withConfig(text, ['vault', 'status', '--verbose'])).stderr).toMatch(frame);
  });

  test('an error of ours is shown in full', async () => {
    const text = `import { configurationError } from '@plugboard/core';\nthrow configurationError('no_database', 'DATABASE_URL is not set.', 'Set it.');`;
    const { code, stderr } = await withConfig(text, ['vault', 'status']);
    expect(code).toBe(1);
    expect(stderr).toBe('error DATABASE_URL is not set.\n  Set it.\n  no_database (configuration)\n');
  });

  test.each([
    ['export default 7;', 'is no board'],
    ['export const board = 7;', 'is no board'],
    ["import '@plugboard/provider-nobody';", 'It cannot find @plugboard/provider-nobody.'],
    ["import './board.js';", 'import files of your own with their ending .ts'],
    ['export enum Colour { Red }', 'NODE_OPTIONS="--import tsx"'],
    ['export default {{;', 'plugboard.config.ts stopped with SyntaxError'],
  ])('%s: %s', async (text, told) => {
    const { code, stderr } = await withConfig(text, ['vault', 'status']);
    expect(stderr).toContain(told);
    expect(code).toBe(1);
  });

  test('what a board needs and lacks is the finding of doctor, for all providers at once', async () => {
    const env = { CLI_TEST_KEYS: '{"k1":"x"}', ACME_CLIENT_ID: 'only-the-id' };
    const { code, stdout } = await runCli(['doctor', '--json'], { env });
    expect(code).toBe(1);
    const { findings } = JSON.parse(stdout) as { findings: { about: string; message: string }[] };
    expect(findings.map(({ about }) => about)).toEqual(['config', 'providers']);
    expect(findings[1]?.message).toContain('ACME_CLIENT_SECRET');
    expect(stdout).not.toContain('only-the-id');
  });

  test('what the config prints goes to stderr: the result is ours alone', async () => {
    const text = `console.log('banner'); console.info('more'); export const providers = []; export default 7;`;
    const { code, stdout, stderr } = await withConfig(text, ['env', '--json']);
    expect({ code, result: JSON.parse(stdout) as unknown }).toEqual({ code: 0, result: [] });
    expect(stderr).toContain('banner\nmore');
  });
});

describe('env', () => {
  const env = { CLI_TEST_KEYS: '{}' };

  test('prints what the providers read, with a fresh key, before anything is set', async () => {
    const [first, second] = [await runCli(['env'], { env }), await runCli(['env'], { env })];
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('# Client id. Under «Apps».\nACME_CLIENT_ID=\n');
    expect(first.stdout).toContain('# Signing secret (optional)\nACME_SIGNING_SECRET=\n');
    const keys = [first, second].map(({ stdout }) => /^PLUGBOARD_KEY=(.+)$/m.exec(stdout)?.[1] ?? '');
    expect(Buffer.from(keys[0] ?? '', 'base64')).toHaveLength(32);
    expect(keys[0]).not.toBe(keys[1]);
  });

  test('judges a file: halves, and names that nobody reads but somebody meant', async () => {
    const file = join(folder, 'half.env');
    await writeFile(file, `ACME_CLIENT_ID=${secret}\nACME_CLEINT_SECRET=${secret}\nOTHER=1\n`);
    const { code, stdout } = await runCli(['env', '--check', '--file', file], {
      env: { ...env, ACME_CLIENT_SECRET: 'of-the-shell' },
    });
    expect(code).toBe(1);
    expect(stdout).toContain('missing: clientSecret (ACME_CLIENT_SECRET)');
    expect(stdout).toContain('Did you mean ACME_CLIENT_SECRET?');
    expect(stdout).not.toContain('OTHER');
    expect(stdout).not.toContain(secret);
    await writeFile(file, 'ACME_CLIENT_ID=a\nACME_CLIENT_SECRET="b"\n');
    expect((await runCli(['env', '--check', '--file', file], { env })).code).toBe(0);
    expect((await runCli(['env', '--check', '--env-file', file], { env })).stdout).toContain(
      '2 declared names set of 3',
    );
    expect((await runCli(['env', '--check'], { env })).stdout).toContain('not set: ACME_CLIENT_ID, ACME_CLIENT_SECRET');
  });
});
