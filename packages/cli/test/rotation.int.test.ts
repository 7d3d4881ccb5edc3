/** C13-C15 the rotation of a key, step by step, by the commands that the guide names. */
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { connect, createDeployment, newKey, type Deployment } from './support/deployment.ts';
import { runCli, startCli, type Running } from './support/run-cli.ts';

const url = inject('postgresUrl');
const [k1, k2] = [newKey(), newKey()];
let deployment: Deployment;
const drops: (() => Promise<void>)[] = [];
const running: Running[] = [];

beforeEach(async (context) => {
  context.skip(url === null, 'PostgreSQL is not reachable');
  deployment = await createDeployment(url ?? '');
  drops.push(deployment.drop);
});
afterEach(async () => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
  for (const drop of drops.splice(0)) await drop();
});

async function startWorker(label: string, keys: Record<string, string>): Promise<Running> {
  const worker = startCli(['jobs', 'run', 'cleanup'], { env: deployment.env(keys, { CLI_TEST_LABEL: label }) });
  running.push(worker);
  await worker.said('Running cleanup');
  await expect
    .poll(async () => (await deployment.board(keys).operator.processes()).map((process) => process.label))
    .toContain(label);
  return worker;
}

async function stop(worker: Running): Promise<void> {
  worker.child.kill('SIGTERM');
  expect((await worker.ended).code).toBe(0);
}

test('a key is rotated without downtime, and each step refuses to come too early', { timeout: 120_000 }, async () => {
  const old = deployment.board({ k1 });
  for (let place = 0; place < 25; place++) await connect(old, `org-${place}`, 'good');
  let worker = await startWorker('worker', { k1 });

  // 1. The new key is distributed, last in the ring: doctor knows who lacks it.
  const distributed = deployment.env({ k1, k2 });
  const early = await runCli(['doctor'], { env: distributed });
  expect(early.code).toBe(1);
  expect(early.stdout).toMatch(/problem +processes +worker does not know the key k2/);
  await stop(worker);
  worker = await startWorker('worker', { k1, k2 });
  expect((await runCli(['doctor'], { env: distributed })).code).toBe(0);

  // 2. It becomes the first.
  const switched = deployment.env({ k2, k1 });
  const behind = await runCli(['vault', 'remove', 'k1', '--yes'], { env: switched });
  expect(behind.code).toBe(1);
  expect(behind.stderr).toContain('The key k1 is still needed by 25 stored connections.');

  // 3. All rows are resealed.
  const refused = await runCli(['vault', 'reseal', '--to', 'k1'], { env: switched });
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('k2 is first in the ring') as unknown });
  const reseal = await runCli(['vault', 'reseal', '--to', 'k2', '--json'], { env: switched });
  expect(reseal.code).toBe(0);
  expect(JSON.parse(reseal.stdout)).toMatchObject({ primary: 'k2', resealed: 25, busy: 0, unreadable: 0 });
  expect((await runCli(['vault', 'reseal'], { env: switched })).stdout).toBe(
    '0 rows resealed under k2, 25 rows found under it.\n',
  );

  // 4. Nothing needs the old one, but a process that still seals with it.
  const status = await runCli(['vault', 'status'], { env: switched });
  expect(status.code).toBe(0);
  expect(status.stdout).toMatch(/^ {2}k2 +25 +seals$/m);
  expect(status.stdout).toMatch(/^ {2}k1 +0 +opens; no row needs it$/m);
  expect(status.stdout).toMatch(/1 live process\n {2}worker {2}seals with k1/);
  const sealing = await runCli(['vault', 'remove', 'k1', '--yes'], { env: switched });
  expect(sealing.code).toBe(1);
  expect(sealing.stderr).toContain('1 live process does not seal with a newer key than k1: worker.');
  await stop(worker);
  await startWorker('worker', { k2, k1 });

  // 5. It may go, when somebody confirms it.
  expect((await runCli(['vault', 'remove', 'k1'], { env: switched })).code).toBe(2);
  const removed = await runCli(['vault', 'remove', 'k1', '--yes'], { env: switched });
  expect(removed).toMatchObject({ code: 0, stdout: expect.stringContaining('Take k1 out of `keys`') as unknown });
  const last = deployment.env({ k2 });
  expect((await runCli(['doctor'], { env: last })).code).toBe(0);
  expect((await runCli(['connections', 'check'], { env: last })).stdout).toContain(
    '25 connections checked: 25 healthy',
  );
});

test('C15 a key with one row left is not removable, and says how many', async () => {
  await connect(deployment.board({ k1 }), 'org-1', 'good');
  const { code, stderr } = await runCli(['vault', 'remove', 'k1', '--yes'], { env: deployment.env({ k2, k1 }) });
  expect(code).toBe(1);
  expect(stderr).toContain('still needed by 1 stored connection.');
});

test(
  'a reseal keeps to its rate, stops at a signal after what is in hand, and goes on later',
  { timeout: 60_000 },
  async () => {
    const old = deployment.board({ k1 });
    for (let place = 0; place < 5; place++) await connect(old, `org-${place}`, 'good');
    const env = deployment.env({ k2, k1 });
    // Two rows a second: two are done at once, then it waits.
    const slow = startCli(['vault', 'reseal', '--rate', '2'], { env });
    running.push(slow);
    await slow.said('Resealing to k2: 40 %');
    // Long enough for one that keeps to no rate to be through.
    for (let look = 0; look < 10; look++) await deployment.board({ k2, k1 }).vault.status();
    slow.child.kill('SIGINT');
    const { code, stderr } = await slow.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('what was done until then is good');
    const { byKey } = await deployment.board({ k2, k1 }).vault.status();
    expect(byKey.get('k2')).toBeGreaterThanOrEqual(2);
    expect(byKey.get('k1')).toBeGreaterThan(0);
    expect((await runCli(['vault', 'reseal'], { env })).code).toBe(0);
    expect((await deployment.board({ k2, k1 }).vault.status()).byKey.get('k1')).toBe(0);
  },
);

test('a second signal ends at once', async () => {
  const old = deployment.board({ k1 });
  for (let place = 0; place < 2; place++) await connect(old, `org-${place}`, 'good');
  // A row lock that a transaction holds keeps the reseal waiting, whatever the first signal says.
  const client = await deployment.pool.connect();
  await client.query(`begin; lock table ${deployment.schema}.integration_connections in exclusive mode`);
  const stuck = startCli(['vault', 'reseal'], { env: deployment.env({ k2, k1 }) });
  running.push(stuck);
  const waiting = async () => {
    const { rows } = await deployment.pool.query<{ n: number }>(
      `select count(*)::int as n from pg_locks where not granted and relation = '${deployment.schema}.integration_connections'::regclass`,
    );
    return rows[0]?.n;
  };
  await expect.poll(waiting, { timeout: 10_000 }).toBeGreaterThan(0);
  stuck.child.kill('SIGINT');
  await stuck.said('Press Ctrl-C again');
  stuck.child.kill('SIGINT');
  expect((await stuck.ended).code).toBe(130);
  await client.query('rollback');
  client.release();
});

test('rows that no key opens are told, and left as they are', async () => {
  await connect(deployment.board({ k1 }), 'org-1', 'good');
  await deployment.pool.query(`update ${deployment.schema}.integration_connections set organization_id = 'org-2'`);
  const { code, stdout } = await runCli(['vault', 'reseal'], { env: deployment.env({ k2, k1 }) });
  expect(code).toBe(1);
  expect(stdout).toContain('Rows that open with no key of the ring: 1 (');
});
