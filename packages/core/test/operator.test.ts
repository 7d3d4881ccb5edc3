import { expect, test } from 'vitest';

import { encodeBase64 } from '../src/bytes.ts';
import { environmentNames } from '../src/environment-names.ts';
import { isPlugboardError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { inspectProviders } from '../src/operator/inspect-providers.ts';
import type { OperatorConnection, OperatorFilter } from '../src/operator/operator.ts';
import { randomBytes } from '../src/random.ts';
import { version } from '../src/version.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { acmeProvider, createRig, key, organizationId } from './support/rig.ts';

const second = 1000;
const newKey = encodeBase64(randomBytes(32));
const apiKey = { organizationId, credentials: { apiKey: 'acme-key' }, method: 'apiKey' } as const;

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : String(error)),
  );
}

async function all(board: ReturnType<typeof createRig>['board'], filter?: OperatorFilter) {
  const found: OperatorConnection[] = [];
  for await (const connection of board.operator.connections(filter)) found.push(connection);
  return found;
}

test('a started board is on the list of live processes, and off it when it stops', async () => {
  const rig = createRig({}, { processLabel: 'web-1', environment: 'blue' });
  expect(await rig.board.operator.processes()).toEqual([]);
  rig.board.start({ jobs: [] });
  rig.board.start({ jobs: [] });
  await rig.clock.advance(0);
  const startedAt = await rig.store.now();
  const about = { label: 'web-1', version, mode: 'test', environment: 'blue', keyIds: ['k1'], startedAt };
  expect(await rig.board.operator.processes()).toMatchObject([{ lastSeenAt: startedAt, ...about }]);
  await rig.clock.advance(300 * second);
  const [later] = await rig.board.operator.processes();
  expect(later).toMatchObject(about);
  expect(later?.lastSeenAt?.getTime()).toBeGreaterThan(startedAt.getTime() + 260 * second);
  await rig.board.stop();
  expect(await rig.board.operator.processes()).toEqual([]);
  await rig.clock.advance(60 * second);
  expect(await rig.board.operator.processes()).toEqual([]);
});

test('a process that runs jobs of a job engine is on the list without a start, until it got none for an hour', async () => {
  const rig = createRig();
  await rig.board.jobs.find(({ name }) => name === 'cleanup')?.run();
  expect(await rig.board.operator.processes()).toMatchObject([{ label: null, keyIds: ['k1'] }]);
  await rig.clock.advance(3_500 * second);
  await rig.board.jobs.find(({ name }) => name === 'cleanup')?.run();
  await rig.clock.advance(3_500 * second);
  expect(await rig.board.operator.processes()).toHaveLength(1);
  await rig.clock.advance(300 * second);
  expect(await rig.board.operator.processes()).toEqual([]);
  expect(rig.clock.pending).toBe(0);
  await rig.board.jobs.find(({ name }) => name === 'cleanup')?.run();
  expect(await rig.board.operator.processes()).toHaveLength(1);
  await rig.board.stop();
});

test('a process that was killed is forgotten after 100 seconds', async () => {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  // Its own clock stands still: it never tells again that it lives.
  const killed = createRig({}, { store, processLabel: 'killed' });
  killed.board.start({ jobs: [] });
  await killed.clock.advance(0);
  await clock.advance(99 * second);
  expect(await killed.board.operator.processes()).toHaveLength(1);
  await clock.advance(1 * second);
  expect(await killed.board.operator.processes()).toEqual([]);
});

test('an outage of the store is told once, and the process is back on the list after it', async () => {
  const lines: string[] = [];
  const log: Log = { info: () => undefined, warn: (_fields, message) => lines.push(message), error: () => undefined };
  const clock = createFakeClock();
  const sound = createMemoryStore({ clock });
  let down = false;
  const now = () => (down ? Promise.reject(new Error('secret-of-the-driver')) : sound.now());
  const rig = createRig({}, { store: { ...sound, now }, clock, log });
  rig.board.start({ jobs: [] });
  await clock.advance(0);
  down = true;
  await clock.advance(200 * second);
  expect(lines).toEqual(['this process could not tell that it lives']);
  expect(await rig.board.operator.processes()).toEqual([]);
  down = false;
  await clock.advance(40 * second);
  expect(await rig.board.operator.processes()).toHaveLength(1);
  await rig.board.stop();
});

test('C15 a key is removable only when no live process is behind in its rotation', async () => {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  const ring = (keys: Record<string, string>, processLabel: string) =>
    createRig({}, { store, clock, keys, processLabel }).board;
  const operator = ring({ k2: newKey, k1: key }, 'operator');
  const behind = [ring({ k1: key }, 'old'), ring({ k1: key, k2: newKey }, 'half-way')];
  for (const board of behind) board.start({ jobs: [] });
  await clock.advance(0);
  await expect(operator.vault.assertRemovable('k1')).rejects.toMatchObject({
    code: 'key_in_use',
    message: '2 live processes do not seal with a newer key than k1: old, half-way.',
  });
  await behind[0]?.stop();
  await expect(operator.vault.assertRemovable('k1')).rejects.toMatchObject({
    message: '1 live process does not seal with a newer key than k1: half-way.',
  });
  await behind[1]?.stop();
  await operator.vault.assertRemovable('k1');
  expect(await codeOf(operator.vault.assertRemovable('k2'))).toBe('key_in_use');
});

test('a ring that cannot be read knows no key', async () => {
  const rig = createRig({}, { keys: { k2: newKey, k1: key } });
  await rig.store.once.set('process:later', '{"keyIds":"k2","startedAt":7}', 1000);
  expect(await rig.board.operator.processes()).toMatchObject([{ id: 'later', keyIds: [], startedAt: null }]);
  expect(await codeOf(rig.board.vault.assertRemovable('k1'))).toBe('key_in_use');
});

test('operators see the connections of all organizations, and which key seals them', async () => {
  const rig = createRig();
  const places = Array.from({ length: 450 }, (_, place) => ({
    organizationId: `org-${place % 2}`,
    label: `l${place}`,
  }));
  for (const place of places) await rig.board.connect('acme', { ...apiKey, ...place });
  await rig.board.disconnect('acme', { organizationId: 'org-0', label: 'l0' });
  expect(await all(rig.board)).toHaveLength(450);
  expect(new Set((await all(rig.board)).map(({ id }) => id)).size).toBe(450);
  expect(await all(rig.board, { organizationId: 'org-1' })).toHaveLength(225);
  expect(await all(rig.board, { label: 'l7' })).toMatchObject([{ keyId: 'k1', credentials: 'sealed', usable: true }]);
  expect(await all(rig.board, { status: 'disconnected' })).toMatchObject([{ keyId: null, credentials: 'none' }]);
  expect(await all(rig.board, { organizationId: 'org-0', status: 'disconnected' })).toHaveLength(1);
  expect(await all(rig.board, { provider: 'other' })).toEqual([]);
  expect(await all(rig.board, { organizationId: 'org-1', provider: 'acme', label: 'l7' })).toHaveLength(1);
  expect(await codeOf(all(rig.board, { organizationId: '' }))).toBe('invalid_input');
});

test('G10 what a stub made is shown to operators as unusable in production', async () => {
  const store = { ...createMemoryStore(), shared: true };
  const stubbed = createRig({}, { store, providers: [acmeProvider()({})] } as never);
  await stubbed.board.connect('acme', { ...apiKey });
  const { board } = createRig({}, { store, mode: 'production', environment: 'test' });
  expect(await all(board)).toMatchObject([{ stub: true, usable: false }]);
  expect((await board.connections.list({ organizationId })).items).toEqual([]);
});

test('only a job that exists can be started', () => {
  const rig = createRig();
  const start = () => rig.board.start({ jobs: ['sweep' as 'health'] });
  expect(start).toThrow(expect.objectContaining({ code: 'unknown_job' }));
});

test('webhooks are ready when the deployment has a secret, and the names that make one are known', () => {
  const names = ['ACME_SIGNING_SECRET'];
  const { operator } = createRig().board;
  expect(operator.providers).toEqual([
    { id: 'acme', stub: false, platform: false, missing: [], webhooks: { ready: true, names, perConnection: false } },
  ]);
  const bare = (options: Parameters<typeof acmeProvider>[0]) =>
    createRig({}, { providers: [acmeProvider(options)({ clientId: 'c', clientSecret: 's' })] } as never).board.operator
      .providers[0]?.webhooks;
  expect(bare({})).toEqual({ ready: false, names, perConnection: false });
  const own = {
    webhooks: {
      secrets: ({ credentials }: { credentials: object }) => [(credentials as Record<string, undefined>)['key']],
    },
  };
  expect(bare(own as never)).toEqual({ ready: false, names: [], perConnection: true });
});

test('all gaps of an environment show at once, and no board is needed for it', () => {
  const [half, bare, whole] = inspectProviders(
    [acmeProvider()({ clientId: 'client' }), acmeProvider()({}), acmeProvider()({ clientId: 'c', clientSecret: 's' })],
    {},
    'production',
  );
  expect(half).toMatchObject({ setup: null, error: { code: 'half_configured' } });
  expect(bare).toMatchObject({ setup: { missing: ['ACME_CLIENT_ID', 'ACME_CLIENT_SECRET'] }, error: null });
  expect(whole).toMatchObject({ setup: { missing: [] }, error: null });
});

test('the names of the environment come with what they are', () => {
  expect(environmentNames(acmeProvider().definition)).toEqual([
    { name: 'ACME_CLIENT_ID', title: 'Client id', optional: false },
    { name: 'ACME_CLIENT_SECRET', title: 'Client secret', optional: false },
    { name: 'ACME_SIGNING_SECRET', title: 'Signing secret', optional: false },
    { name: 'ACME_API_KEY', title: 'API key', optional: false },
  ]);
});

test('looking lays nothing down: neither the environment of a new database nor a new key', async () => {
  const store = createMemoryStore();
  const ring = (keys: Record<string, string>, environment: string) => createRig({}, { store, keys, environment }).board;
  const first = ring({ k1: key }, 'blue');
  expect(await first.operator.checkKeys()).toEqual({ owner: null, newKeyIds: ['k1'] });
  expect(await all(first)).toEqual([]);
  expect(await first.operator.processes()).toEqual([]);
  expect(await first.vault.status()).toMatchObject({ rows: 0 });
  expect((await store.remembered('')).size).toBe(0);
  await first.ready();
  const second = ring({ k1: key, k2: newKey }, 'blue');
  expect(await second.operator.checkKeys()).toEqual({ owner: 'blue', newKeyIds: ['k2'] });
  expect((await store.remembered('')).size).toBe(2);
  expect(await codeOf(ring({ k1: key }, 'green').operator.checkKeys())).toBe('environment_mismatch');
  expect(await codeOf(all(ring({ k1: newKey }, 'blue')))).toBe('key_mismatch');
});
