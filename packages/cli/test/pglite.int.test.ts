/** The same commands on a database that needs no server: a board that is exported as it is. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { newKey } from './support/deployment.ts';
import { runCli } from './support/run-cli.ts';

test('a database in a folder is migrated, examined and worked on', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plugboard-pglite-'));
  try {
    const env = { CLI_TEST_FOLDER: folder, CLI_TEST_KEY: newKey(), ACME_CLIENT_ID: 'a', ACME_CLIENT_SECRET: 'b' };
    const run = (...args: string[]) => runCli([...args, '--config', 'pglite.config.ts'], { env });
    expect((await run('doctor')).stdout).toContain('postgres has no tables yet');
    const migrated = await run('migrate');
    expect(migrated).toMatchObject({ code: 0, stderr: '' });
    expect(migrated.stdout).toMatch(/^Migrated the tables from version 0 to \d+\.\n$/);
    expect((await run('migrate', '--status')).code).toBe(0);
    expect(await run('jobs', 'run', '--once')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('health: 0 items') as unknown,
    });
    const { code, stdout } = await run('doctor');
    expect(code).toBe(0);
    expect(stdout).toContain('this postgres database belongs to production');
    expect((await run('vault', 'status', '--json')).stdout).toContain('"primary": "k1"');
  } finally {
    await rm(folder, { recursive: true });
  }
});
