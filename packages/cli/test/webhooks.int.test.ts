/** `plugboard webhooks` on a real database. */
import { postgresStore } from '@plugboard/storage-postgres';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { createDeployment, newKey, type Deployment } from './support/deployment.ts';
import { runCli, startOnTerminal } from './support/run-cli.ts';

const url = inject('postgresUrl');
const keys = { k1: newKey() };
let deployment: Deployment;

beforeEach(async (context) => {
  context.skip(url === null, 'PostgreSQL is not reachable');
  deployment = await createDeployment(url ?? '');
});
afterEach(async () => {
  if (url !== null) await deployment.drop();
});

/** Events as they lie there when a handler has failed; what they say is nobody's concern here. */
async function failing(count: number, organizationId: string | null = 'org-1', status: 'failed' | 'dead' = 'failed') {
  const { inbox } = postgresStore(deployment.pool, { schema: deployment.schema });
  const ids = Array.from({ length: count }, () => crypto.randomUUID());
  const about = { provider: 'acme', organizationId, connectionId: null, type: 'order.created', lane: null };
  const keepMs = 3_600_000;
  await inbox!.add(
    ids.map((id) => ({ id, ...about, payload: new Uint8Array([1]) })),
    { leaseMs: 60_000, keepMs },
  );
  for (const id of ids)
    await inbox!.settle({ id, leaseFence: 1 }, { status, error: 'TypeError', dueInMs: null, keepMs });
  return ids;
}

const run = (...args: readonly string[]) => runCli(['webhooks', ...args], { env: deployment.env(keys) });
const listed = async (...args: readonly string[]) =>
  (JSON.parse((await run('failed', '--json', ...args)).stdout) as { id: string }[]).map(({ id }) => id);

test('lists what nobody has handled, by organization and status, for people and for programs', async () => {
  const own = await failing(2);
  const others = await failing(1, 'org-2', 'dead');
  expect(await listed()).toEqual([...own, ...others]);
  expect(await listed('--organization', 'org-2')).toEqual(others);
  expect(await listed('--status', 'dead')).toEqual(others);
  expect(await listed('--limit', '1')).toEqual(own.slice(0, 1));
  const { code, stdout, stderr } = await run('failed');
  expect({ code, lines: stdout.trim().split('\n').length }).toEqual({ code: 0, lines: 4 });
  expect(stdout).toMatch(/EVENT +PROVIDER +ORGANIZATION +TYPE +STATUS +TRIES +REASON/);
  expect(stdout).toMatch(/org-2 +order.created +dead +1 +TypeError/);
  expect(stderr).toContain('3 events');
  expect((await run('failed', '--status', 'done')).code).toBe(2);
});

test('replays one event by its id, and refuses what names nothing, or two things', async () => {
  const own = await failing(2);
  expect((await run('replay')).code).toBe(2);
  expect((await run('replay', own[0]!, '--provider', 'acme')).code).toBe(2);
  expect((await run('replay', 'nobody')).code).toBe(1);
  expect((await run('replay', own[0]!)).code).toBe(0);
  expect(await listed()).toEqual(own.slice(1));
});

test('replays all that the filters name, after a confirmation', async () => {
  const own = await failing(2);
  await failing(1, 'org-2');
  const unasked = await run('replay', '--organization', 'org-1');
  expect({ code: unasked.code, asks: unasked.stderr.includes('--yes') }).toEqual({ code: 2, asks: true });
  const { code, stdout } = await run('replay', '--organization', 'org-1', '--yes', '--json');
  expect({ code, result: JSON.parse(stdout) as unknown }).toEqual({ code: 0, result: { replayed: 2, complete: true } });
  expect(await listed()).toHaveLength(1);
  expect(await listed('--status', 'received')).toEqual(own);
});

test('discards after a confirmation, and not without', async () => {
  const own = await failing(2);
  const asked = startOnTerminal(['webhooks', 'discard', '--all'], { env: deployment.env(keys) });
  await asked.said('to go on');
  asked.child.stdin.write('no\r');
  expect((await asked.ended).code).toBe(1);
  expect(await listed()).toEqual(own);
  const { code, stdout } = await run('discard', '--all', '--yes');
  expect({ code, told: stdout.trim() }).toEqual({ code: 0, told: '2 events discarded.' });
  expect(await listed()).toEqual([]);
});
