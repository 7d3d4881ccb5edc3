/** The job engines on their real databases, with real worker processes that are ended in every way. */
import { randomBytes, randomUUID } from 'node:crypto';

import { createMemoryStore, createPlugboard, type Log } from '@plugboard/core';
import { createFakeOAuthServer, createCanaries, findCanaries, type FakeOAuthServerOptions } from '@plugboard/testing';
import { migrate, postgresStore } from '@plugboard/storage-postgres';
import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';

import { createBoard, userId } from '../processes/vendor.ts';
import { everythingKept, failureText, forgetSigns, openEngine, removeEngine, type Place } from './engines.ts';
import type { BoardPlace, ProbeJob } from './worker.ts';
import { startWorker, type WorkerProcess } from './workers.ts';

const postgresUrl = inject('postgresUrl');
const redisUrl = inject('redisUrl');
const hourMs = 3_600_000;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe.each([
  ['pg-boss', postgresUrl],
  ['bullmq', redisUrl],
] as const)('%s', { timeout: 90_000 }, (engine, url) => {
  let place: Place;
  beforeEach((context) => {
    context.skip(postgresUrl === null, 'PostgreSQL is not reachable');
    context.skip(url === null, 'Redis is not reachable');
    place = { engine, url: url ?? '', space: `jobs_${randomUUID().slice(0, 8)}` };
    cleanups.push(() => removeEngine(place));
  });

  async function workers(count: number, given: Omit<Parameters<typeof startWorker>[0], 'place'>) {
    const started = await Promise.all(Array.from({ length: count }, () => startWorker({ place, ...given })));
    cleanups.push(() => Promise.all(started.map((worker) => worker.kill('SIGKILL'))));
    return started;
  }
  const probing = async (...probes: ProbeJob[]) => {
    const [a, b] = await workers(2, { probes });
    return [a!, b!] as const;
  };

  test('B11 two processes refresh every due row once, and no queue holds a secret', async () => {
    const rig = await refreshRig({ rotation: 'strict' }, 130);
    const all = await workers(2, { vendor: rig.vendorPlace });
    for (const worker of all) worker.send({ order: 'start' });
    await rig.whenRefreshed(130);
    expect(rig.vendor.ledger.reuses).toHaveLength(0);
    for (const worker of all) worker.send({ order: 'stop', deadlineMs: 20_000 });
    for (const worker of all) expect(await worker.until('stopped')).toMatchObject({ abandoned: [] });
    // The exchange of each code and one refresh of each row.
    expect(rig.vendor.ledger.tokenCalls).toHaveLength(260);
    expect(
      rig.vendor.ledger.families().every(({ refreshes, revokedAt }) => refreshes === 1 && revokedAt === null),
    ).toBe(true);

    const kept = await everythingKept(place);
    expect(kept).toContain('refresh');
    const tokens = rig.vendor.ledger.snapshot().families.flatMap(({ current, accessToken }) => [current, accessToken]);
    const secrets = [rig.vendorPlace.key, 'client-secret', ...tokens.filter((text) => text !== null)];
    expect(secrets.length).toBeGreaterThan(200);
    expect(secrets.filter((secret) => kept.includes(secret))).toEqual([]);
  });

  test('what a killed process was refreshing is refreshed by another one', async () => {
    const rig = await refreshRig({ rotation: 'stable' }, 20);
    rig.vendor.switches.token.always({ hold: 'before' });
    const [a, b] = (await workers(2, { vendor: rig.vendorPlace })) as [WorkerProcess, WorkerProcess];
    a.send({ order: 'start' });
    await rig.vendor.gate.whenHeld(2);
    await a.kill('SIGKILL');
    rig.vendor.switches.token.clear();
    rig.vendor.gate.release();
    await forgetSigns(place);
    await rig.expireClaims();
    b.send({ order: 'start' });
    await rig.whenRefreshed(20);
    expect(await b.until('ended')).toMatchObject({ processed: 20 });
  });

  test('a job that gains nothing from a second process runs in one at a time, the others go on', async () => {
    const [a, b] = await probing(
      { name: 'health', everyMs: 1_000, parallel: false },
      { name: 'refresh', everyMs: 1_000, parallel: true },
    );
    a.send({ order: 'start' });
    await a.until('began', ({ job }) => job === 'health');
    b.send({ order: 'start' });
    // While the one runs, the other is run four times over: so long it could have been begun again.
    const nextRefresh = runsOf([a, b], 'refresh');
    for (let turn = 0; turn < 4; turn++) {
      const { run, worker } = await nextRefresh();
      worker.send({ order: 'end', run, more: false });
    }
    const nextHealth = runsOf([a, b], 'health');
    const first = await nextHealth();
    expect(begun([a, b], 'health')).toHaveLength(1);
    first.worker.send({ order: 'end', run: first.run, more: false });
    await nextHealth();
    // Two runs at once of the job that is shared, in two processes.
    const sharing = [await nextRefresh(), await nextRefresh()];
    expect(new Set(sharing.map(({ worker }) => worker)).size).toBe(2);
  });

  test('more work is queued at once, long before the interval', async () => {
    const [a, b] = await probing({ name: 'refresh', everyMs: hourMs, parallel: true });
    a.send({ order: 'start' });
    b.send({ order: 'start' });
    const next = runsOf([a, b], 'refresh');
    for (let turn = 0; turn < 5; turn++) {
      const { run, worker } = await next();
      worker.send({ order: 'end', run, more: turn < 4 });
    }
    for (const worker of [a, b]) worker.send({ order: 'stop', deadlineMs: 20_000 });
    await Promise.all([a.until('stopped'), b.until('stopped')]);
    expect(begun([a, b], 'refresh')).toHaveLength(5);
  });

  test('the job of a killed process goes to another one', async () => {
    const [a, b] = await probing({ name: 'health', everyMs: hourMs, parallel: false });
    a.send({ order: 'start' });
    await a.until('began');
    await a.kill('SIGKILL');
    b.send({ order: 'start' });
    await forgetSigns(place);
    const { run } = await b.until('began');
    b.send({ order: 'end', run, more: false });
    b.send({ order: 'stop', deadlineMs: 20_000 });
    expect(await b.until('stopped')).toMatchObject({ abandoned: [] });
  });

  test('stop tells what runs, waits for it, and takes nothing more', async () => {
    const [a, b] = await probing({ name: 'refresh', everyMs: 1_000, parallel: true });
    a.send({ order: 'start' });
    await a.until('began');
    a.send({ order: 'stop', deadlineMs: 20_000 });
    await a.until('aborted');
    expect(await a.until('stopped')).toMatchObject({ abandoned: [] });
    const before = begun([a], 'refresh').length;
    // Another process has work at every interval; this one hears of none.
    b.send({ order: 'start' });
    const next = runsOf([b], 'refresh');
    for (let turn = 0; turn < 3; turn++) {
      const { run } = await next();
      b.send({ order: 'end', run, more: false });
    }
    expect(begun([a], 'refresh')).toHaveLength(before);
  });

  test('stop names what did not end before its deadline, and another process takes it over', async () => {
    const [a, b] = await probing({ name: 'health', everyMs: hourMs, parallel: false, stubborn: true });
    a.send({ order: 'start' });
    await a.until('began');
    a.send({ order: 'stop', deadlineMs: 50 });
    expect(await a.until('stopped')).toMatchObject({ abandoned: ['health'] });
    await a.kill('SIGTERM');
    b.send({ order: 'start' });
    await forgetSigns(place);
    await b.until('began');
  });

  test('a failed run is logged by the board and told to the engine in our words', async () => {
    const canaries = createCanaries('password', 'key');
    const store = createMemoryStore();
    const failing = async () => {
      throw Object.assign(new TypeError(`no ${canaries.password}`), { code: 'E_LOST', detail: canaries.key });
    };
    const lines: string[] = [];
    const failed = Promise.withResolvers<void>();
    const note = (fields: object, message: string) => {
      lines.push(`${message} ${JSON.stringify(fields)}`);
      if (message.startsWith('a job failed')) failed.resolve();
    };
    const log: Log = { info: note, warn: note, error: note };
    const board = createPlugboard({
      url: 'https://app.example.com/integrations',
      providers: [],
      store: { ...store, once: { ...store.once, purge: failing } },
      keys: { k1: randomBytes(32).toString('base64') },
      mode: 'test',
      env: {},
      log,
    });
    const { jobs, close } = await openEngine(place, board);
    await jobs.start();
    await failed.promise;
    await jobs.stop();
    await close();
    await board.stop();
    const told = await failureText(place, 'cleanup');
    expect(told).toContain('The job `cleanup` failed.');
    expect(lines).toEqual(['a job failed and will run again {"job":"cleanup","error":"TypeError (E_LOST)"}']);
    expect(findCanaries(`${lines.join()} ${await everythingKept(place)}`, canaries)).toEqual([]);
  });
});

interface Begun {
  readonly worker: WorkerProcess;
  readonly run: number;
}

function begun(workers: readonly WorkerProcess[], job: string): readonly Begun[] {
  return workers.flatMap((worker) =>
    worker.heard.flatMap((message) =>
      message.told === 'began' && message.job === job ? [{ worker, run: message.run }] : [],
    ),
  );
}

/** Answers, call by call, each run of the job that the processes begin. */
function runsOf(workers: readonly WorkerProcess[], job: string): () => Promise<Begun> {
  const seen = new Set<string>();
  return async () => {
    for (;;) {
      for (const { worker, run } of begun(workers, job)) {
        const key = `${worker.child.pid} ${run}`;
        if (seen.has(key)) continue;
        seen.add(key);
        return { worker, run };
      }
      await Promise.race(workers.map((worker) => worker.next()));
    }
  };
}

/** So many organizations connected to a fake vendor, all of them due. */
async function refreshRig(options: FakeOAuthServerOptions, count: number) {
  const database = postgresUrl ?? '';
  const schema = `jobs_board_${randomUUID().slice(0, 8)}`;
  const key = randomBytes(32).toString('base64');
  const pool = new Pool({ connectionString: database, max: 4 });
  cleanups.push(() => pool.end());
  await pool.query(`create schema ${schema}`);
  cleanups.push(() => pool.query(`drop schema ${schema} cascade`));
  await migrate(pool, { schema });
  const vendor = await createFakeOAuthServer({ pkce: 'required', ...options });
  cleanups.push(() => vendor.close());
  const board = createBoard(vendor.origin, postgresStore(pool, { schema }), key);
  cleanups.push(() => board.stop());
  for (let index = 0; index < count; index++) {
    const organizationId = `org-${index}`;
    const { url, cookie } = await board.authorize('vendor', { organizationId, userId });
    const params = await vendor.approve(url);
    await board.callback('vendor', { params, cookies: `${cookie.name}=${cookie.value}`, organizationId, userId });
  }
  const table = `${schema}.integration_connections`;
  await pool.query(`update ${table} set refresh_at = clock_timestamp()`);
  const vendorPlace: BoardPlace = { origin: vendor.origin, database, schema, key };
  return {
    vendor,
    vendorPlace,
    /** As if the lease of every claimed row had run out. */
    expireClaims: () =>
      pool.query(
        `update ${table} set refresh_at = clock_timestamp(), lease_until = null where credentials_version = 1`,
      ),
    /** Resolves as soon as so many rows hold what a refresh brought. */
    async whenRefreshed(rows: number) {
      for (;;) {
        const { rows: found } = await pool.query<{ count: number }>(
          `select count(*)::int as count from ${table} where credentials_version > 1`,
        );
        if ((found[0]?.count ?? 0) >= rows) return;
      }
    },
  };
}
