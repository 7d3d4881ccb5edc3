/** The command on a real database: what it finds, and what it does to connections. */
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';

import { connect, createDeployment, newKey, type Deployment } from './support/deployment.ts';
import { runCli, startCli, startOnTerminal } from './support/run-cli.ts';

const url = inject('postgresUrl');
const key = newKey();
const keys = { k1: key };
let deployment: Deployment;
const drops: (() => Promise<void>)[] = [];

beforeEach(async (context) => {
  context.skip(url === null, 'PostgreSQL is not reachable');
  deployment = await createDeployment(url ?? '');
  drops.push(deployment.drop);
});
afterEach(async () => {
  for (const drop of drops.splice(0)) await drop();
});

interface Report {
  readonly ok: boolean;
  readonly findings: readonly { about: string; status: string; message: string; hint?: string }[];
}

async function doctor(env: Record<string, string>) {
  const { code, stdout } = await runCli(['doctor', '--json'], { env });
  const report = JSON.parse(stdout) as Report;
  const problems = report.findings
    .filter(({ status }) => status === 'problem')
    .map(({ about, message, hint = '' }) => `${about}: ${message} ${hint}`);
  const warnings = report.findings
    .filter(({ status }) => status === 'warning')
    .map(({ about, message }) => `${about}: ${message}`);
  return { code, report, problems, warnings };
}

async function markers() {
  const { rows } = await deployment.pool.query<{ name: string }>(
    `select name from ${deployment.schema}.integration_markers`,
  );
  return rows.map(({ name }) => name);
}

describe('doctor', () => {
  test('finds nothing wrong with a started board, tells its facts, and writes nothing', async () => {
    const env = deployment.env(keys);
    const before = await doctor(env);
    expect(before).toMatchObject({ code: 0, problems: [], warnings: ['processes: none is started'] });
    expect(await markers()).toEqual([]);
    const board = deployment.board(keys);
    await connect(board, 'org-1', 'good');
    board.start({ jobs: [] });
    await expect.poll(() => board.operator.processes()).toHaveLength(1);
    const { code, report, warnings } = await doctor(env);
    expect({ code, warnings }).toEqual({ code: 0, warnings: [] });
    const told = report.findings.map(({ message }) => message).join('\n');
    for (const fact of [
      'production mode, environment cli-test',
      'belongs to cli-test',
      `tables of version ${board.operator.schema?.latest}`,
      'k1 seals',
      '1 connection: 1 active',
      `core ${board.operator.version}, seals with k1`,
    ])
      expect(told).toContain(fact);
    await board.stop();
  });

  test('finds tables that are missing, and migrate makes them', async () => {
    const empty = await createDeployment(url ?? '', { tables: false });
    try {
      const env = empty.env(keys);
      const latest = empty.board(keys).operator.schema?.latest;
      expect((await doctor(env)).problems).toEqual(['database: postgres has no tables yet Run plugboard migrate.']);
      expect(await runCli(['migrate', '--status'], { env })).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('behind') as unknown,
      });
      const { stdout: sql } = await runCli(['migrate', '--sql'], { env });
      expect(sql).toContain(`create table if not exists "${empty.schema}"."integration_connections"`);
      expect((await runCli(['migrate', '--status'], { env })).code).toBe(1);
      expect(await runCli(['migrate', '--json'], { env })).toMatchObject({
        code: 0,
        stdout: JSON.stringify({ from: 0, to: latest }, null, 2) + '\n',
      });
      expect((await runCli(['migrate', '--status'], { env })).code).toBe(0);
      expect((await runCli(['migrate', '--sql'], { env })).stdout).toBe('');
      expect((await runCli(['migrate', '--sql', '--since', '0'], { env })).stdout).toBe(sql);
      expect((await runCli(['migrate'], { env })).stdout).toContain(`version ${latest} already`);
    } finally {
      await empty.drop();
    }
  });

  test('finds an unreachable database, wrong keys and the database of another environment; none of them says a secret', async () => {
    await deployment.board(keys).ready();
    const nowhere = 'postgres://someone:password-canary@127.0.0.1:1/test';
    const [unreachable, wrong, foreign] = await Promise.all([
      doctor(deployment.env(keys, { CLI_TEST_DATABASE: nowhere })),
      doctor(deployment.env({ k1: newKey() })),
      doctor(deployment.env(keys, { CLI_TEST_ENVIRONMENT: 'staging' })),
    ]);
    expect(unreachable.problems).toHaveLength(1);
    expect(unreachable.problems[0]).toMatch(/^database: /);
    expect(wrong.problems).toEqual([expect.stringMatching(/^keys: The key k1 has other bytes .*key_mismatch/)]);
    expect(foreign.problems).toEqual([
      expect.stringMatching(/^environment: .*"cli-test", this process runs as "staging"/),
    ]);
    for (const { code, report } of [unreachable, wrong, foreign]) {
      expect(code).toBe(1);
      for (const secret of ['password-canary', 'app-secret-canary', key.slice(0, 20)])
        expect(JSON.stringify(report)).not.toContain(secret);
    }
    for (const command of [
      ['vault', 'status'],
      ['connections', 'list'],
      ['jobs', 'run', '--once'],
    ]) {
      const { code, stdout, stderr } = await runCli([...command, '--verbose'], {
        env: deployment.env(keys, { CLI_TEST_DATABASE: nowhere }),
      });
      expect(code).toBe(1);
      expect(stdout + stderr).not.toContain('password-canary');
      expect(stderr).toMatch(/^error .*\n {2}.*\n/m);
    }
  });

  test('G10 counts what stubs made, and what nothing here can use or open', async () => {
    const stubbed = deployment.board(keys, 'development');
    await connect(stubbed, 'org-1', 'acme-key');
    await connect(stubbed, 'org-2', 'acme-key');
    const board = deployment.board({ k2: newKey(), ...keys });
    await connect(board, 'org-3', 'good');
    await deployment.pool.query(
      `update ${deployment.schema}.integration_connections set provider = 'gone' where organization_id = 'org-2'`,
    );
    const { code, problems, warnings } = await doctor(deployment.env(keys));
    expect(code).toBe(1);
    expect(problems).toEqual([
      'keys: sealed with keys that the ring lacks: 1 k2 Put these keys back into the ring, behind the first one.',
    ]);
    expect(warnings).toContain('connections: 1 row made by stand-ins of vendors; here they are not used');
    expect(warnings).toContain('connections: of providers that the board does not have: 1 gone');
  });

  test('warns of webhooks that cannot be verified, and of OAuth that cannot start', async () => {
    const env = deployment.env(keys, { ACME_SIGNING_SECRET: '' });
    expect((await doctor(env)).warnings).toContain('webhooks: acme: no secret, so deliveries are answered with 503');
    const { stdout } = await runCli(['doctor'], { env });
    expect(stdout).toContain('Set ACME_SIGNING_SECRET');
    expect(stdout).toContain('Their address is https://app.example.com/integrations/webhooks/acme.');
    expect(stdout).not.toContain('\u001b');
    const bare = deployment.env(keys, { ACME_CLIENT_ID: '', ACME_CLIENT_SECRET: '' });
    expect((await doctor(bare)).warnings).toContain(
      'providers: acme: nobody can connect by OAuth; missing: ACME_CLIENT_ID, ACME_CLIENT_SECRET',
    );
    const shown = await runCli(['doctor'], { env: bare });
    expect(shown.stdout).toContain(
      'The redirect URI to register is https://app.example.com/integrations/callback/acme.',
    );
  });
});

describe('connections', () => {
  test('are listed over all organizations, filtered, and without what could steer the terminal or is not ours to show', async () => {
    const board = deployment.board(keys);
    for (let place = 0; place < 3; place++) await connect(board, `org-${place}`, 'good-key-canary', `label ${place}`);
    const env = deployment.env(keys);
    const { code, stdout, stderr } = await runCli(['connections', 'list'], { env });
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(4);
    expect(stdout).toMatch(/^acme +org-1 +label 1 +active +Acme {2}One +k1$/m);
    expect(stdout).not.toContain('\u001b');
    expect(stderr).toBe('3 connections\n');
    const list = async (...args: string[]) =>
      JSON.parse((await runCli(['connections', 'list', '--json', ...args], { env })).stdout) as Record<
        string,
        unknown
      >[];
    expect(await list('-o', 'org-1')).toMatchObject([{ organizationId: 'org-1', label: 'label 1', keyId: 'k1' }]);
    expect(await list('--label', 'label 2')).toHaveLength(1);
    expect(await list('--limit', '2')).toHaveLength(2);
    expect(await list('--status', 'expired')).toEqual([]);
    expect(Object.keys((await list())[0] ?? {})).not.toContain('metadata');
    expect(JSON.stringify(await list())).not.toContain('canary');
    expect((await runCli(['connections', 'list', '--status', 'fine'], { env })).code).toBe(2);
  });

  test('a reader that stops early, as head does, is no failure', async () => {
    const board = deployment.board(keys);
    await connect(board, 'org-1', 'good');
    await deployment.pool.query(`
      insert into ${deployment.schema}.integration_connections (id, organization_id, provider, label, method, status, metadata, settings, stub, fail_count, created_at, updated_at)
      select gen_random_uuid(), 'org', 'acme', n::text, 'apiKey', 'disconnected', '{}', '{}', false, 0, now(), now() from generate_series(1, 5000) as n`);
    const running = startCli(['connections', 'list', '--json'], { env: deployment.env(keys) });
    running.child.stdout.once('data', () => running.child.stdout.destroy());
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('are checked at the vendor; one that does not work is told and exits with 1', async () => {
    const board = deployment.board(keys);
    await connect(board, 'org-1', 'good');
    await connect(board, 'org-2', 'dead');
    const fine = await runCli(['connections', 'check'], { env: deployment.env(keys) });
    expect(fine).toMatchObject({ code: 0, stdout: '2 connections checked: 2 healthy\n' });
    const env = deployment.env(keys, { ACME_ENDED: 'yes' });
    const { code, stdout, stderr } = await runCli(['connections', 'check'], { env });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^error acme of org-2: unauthorized/m);
    expect(stdout).toContain('2 connections checked: ');
    expect(stderr).toMatch(/Checking: 100 % \(2 of 2\)/);
    const json = JSON.parse(
      (await runCli(['connections', 'check', '--json', '-o', 'org-2'], { env })).stdout,
    ) as unknown;
    expect(json).toMatchObject({
      complete: true,
      counts: { error: 1 },
      connections: [{ organizationId: 'org-2', result: 'error' }],
    });
    expect((await runCli(['connections', 'check', '-p', 'other'], { env })).stderr).toContain('It has: acme.');
  });

  test('get new tokens on request, those that have tokens, and not twice in a row', async () => {
    const board = deployment.board(keys);
    await connect(board, 'org-1');
    await connect(board, 'org-2', 'good');
    const env = deployment.env(keys);
    expect(await runCli(['connections', 'refresh', '--all'], { env })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/2 connections refreshed: 1 (refreshed|needs none), 1/) as unknown,
    });
    const again = await runCli(['connections', 'refresh', '-o', 'org-1'], { env });
    expect(again.code).toBe(1);
    expect(again.stdout).toContain('refresh_too_soon');
  });

  test('are ended only when somebody says so; the trail knows who did it', async () => {
    const board = deployment.board(keys);
    await connect(board, 'org-1');
    await connect(board, 'org-1', 'good', 'second');
    await connect(board, 'org-2', 'good');
    const env = deployment.env(keys);
    const args = ['connections', 'disconnect', '-o', 'org-1'];
    const refused = await runCli(args, { env });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('This ends 2 connections');
    expect(refused.stderr).toContain('Pass --yes');
    expect((await board.connections.list({ organizationId: 'org-1' })).items.map(({ status }) => status)).toEqual([
      'active',
      'active',
    ]);

    const wrong = startOnTerminal(args, { env });
    await wrong.said('to go on');
    wrong.child.stdin.write('yes\r');
    expect(await wrong.ended).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('nothing was changed') as unknown,
    });

    const right = startOnTerminal(args, { env });
    await right.said('to go on');
    right.child.stdin.write('disconnect 2\r');
    const { code, stdout } = await right.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/2 connections disconnected: 1 (revoked|unsupported), 1/);
    expect((await board.connections.list({ organizationId: 'org-1' })).items.map(({ status }) => status)).toEqual([
      'disconnected',
      'disconnected',
    ]);
    expect((await board.audit.list({ organizationId: 'org-1' })).items[0]).toMatchObject({
      type: 'connection.disconnected',
      actor: 'plugboard-cli',
    });
    expect(await board.connections.get('acme', { organizationId: 'org-2' })).toMatchObject({ status: 'active' });
  });

  test('S09 all of a provider are revoked at once after a compromise', async () => {
    const board = deployment.board(keys);
    for (let place = 0; place < 7; place++) await connect(board, `org-${place}`);
    const env = deployment.env(keys);
    expect((await runCli(['doctor', 'revoke-all', '-p', 'acme'], { env })).code).toBe(2);
    const { code, stdout } = await runCli(['doctor', 'revoke-all', '-p', 'acme', '--yes', '--json'], { env });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ complete: true, counts: { revoked: 7 } });
    expect((await runCli(['doctor', 'revoke-all', '-p', 'acme'], { env })).stderr).toContain('no such connection');
  });

  test('Ctrl-C at the question changes nothing', async () => {
    await connect(deployment.board(keys), 'org-1', 'good');
    const asked = startOnTerminal(['connections', 'disconnect', '--all'], { env: deployment.env(keys) });
    await asked.said('to go on');
    asked.child.stdin.write('\u0003');
    expect((await asked.ended).code).toBe(130);
    expect(await deployment.board(keys).connections.get('acme', { organizationId: 'org-1' })).toMatchObject({
      status: 'active',
    });
  });
});

describe('jobs', () => {
  test('run once, and say what they worked on', async () => {
    await connect(deployment.board(keys), 'org-1', 'good');
    const { code, stdout } = await runCli(['jobs', 'run', 'health', 'cleanup', '--once', '--json'], {
      env: deployment.env(keys),
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ processed: { health: 1, cleanup: 0 } });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'run until %s, as a live process with a name, and end well',
    async (signal) => {
      const board = deployment.board(keys);
      const running = startCli(['jobs', 'run'], { env: deployment.env(keys, { CLI_TEST_LABEL: 'worker-1' }) });
      await running.said('Running refresh, channels, health, cleanup, sync, webhooks in production mode');
      await expect.poll(() => board.operator.processes()).toMatchObject([{ label: 'worker-1', keyIds: ['k1'] }]);
      running.child.kill(signal);
      const { code, stderr } = await running.ended;
      expect({ code, drained: stderr.includes('what was in hand is done') }).toEqual({ code: 0, drained: true });
      expect(await board.operator.processes()).toEqual([]);
    },
  );
});
