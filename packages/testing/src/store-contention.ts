/** Several real processes want the same rows and values at the same time. */
import { fork, type ChildProcess } from 'node:child_process';
import { once as event } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Store } from '@plugboard/core/store-kit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { ContentionJob, HeldLease } from './contention-worker.ts';
import { newConnection } from './new-connection.ts';

export interface ContendedStore {
  /** On the data that the workers use too. */
  readonly store: Store;
  /** What the workers are told on their command line, to find that data. */
  readonly args: readonly string[];
  /** Deletes all connections and one-time values. */
  clear(): Promise<unknown>;
  /** Deletes everything, and disconnects. */
  close(): Promise<unknown>;
}

export interface StoreContentionOptions {
  /** What the report calls the store. */
  readonly name: string;
  /** A module that calls `serveContention` of @plugboard/testing/contention-worker. */
  readonly worker: URL;
  /** Called once; null when there is nothing to connect to, in which case the tests must be skipped by the caller. */
  readonly open: () => Promise<ContendedStore | null>;
  /** Options of Node for the workers. */
  readonly execArgv?: readonly string[];
}

const processes = 8;

/**
 * Registers tests in which eight processes use one store at once: no row goes to two claimers, no lease to two holders,
 * no write is lost. Call it at the top level of a vitest file.
 * @example storeContention({ name: 'postgres', worker: new URL('./worker.ts', import.meta.url), open })
 */
export function storeContention({ name, worker, open, execArgv = [] }: StoreContentionOptions): void {
  describe(`store contention: ${name}`, () => {
    let opened: ContendedStore | null = null;
    let children: readonly ChildProcess[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'plugboard-'));

    beforeAll(async () => {
      opened = await open();
      if (opened === null) return;
      const { args } = opened;
      children = Array.from({ length: processes }, () => fork(worker, [...args], { execArgv: [...execArgv] }));
      await Promise.all(children.map((child) => event(child, 'message')));
    });
    beforeEach(() => contended().clear());
    afterAll(async () => {
      rmSync(folder, { recursive: true });
      await Promise.all(children.map((child) => (child.kill(), event(child, 'exit'))));
      await opened?.close();
    });

    test.each(['claim', 'claimFairly'])('%s: every due row goes to exactly one process', async (task) => {
      const ids: string[] = [];
      for (let index = 0; index < 1200; index++) ids.push(await insert(`org_${index % 10}`, new Date(index)));
      const claimed = await inProcesses<string[]>(task);
      expect(claimed.filter((list) => list.length > 0).length).toBeGreaterThan(1);
      expect(claimed.flat().toSorted()).toEqual(ids.toSorted());
    });

    test('A03 every one-time value goes to exactly one process', async () => {
      const { once } = contended().store;
      const keys = Array.from({ length: 300 }, (_, index) => `key ${index}`);
      for (const key of keys) await once.put({ key, value: 'value', ttlMs: 600_000 });
      const taken = await inProcesses<string[]>('take');
      expect(taken.flat().toSorted()).toEqual(keys.toSorted());
    });

    test('A27 a group never grows beyond its cap', async () => {
      const stored = await inProcesses<number>('put');
      expect(sumOf(stored)).toBe(20);
    });

    test('no compare-and-set is lost, and none succeeds twice', async () => {
      const id = await insert();
      const conflicts = await inProcesses<number>('add', id);
      expect(conflicts.some((count) => count > 0)).toBe(true);
      expect(await read(id)).toMatchObject({ failCount: processes * 50, version: processes * 50 + 1 });
    });

    test('no write under the row lock is lost, without any compare-and-set', async (context) => {
      context.skip(contended().store.connections.lock === undefined, 'The store has no row locks.');
      const id = await insert();
      await inProcesses('addLocked', id);
      expect(await read(id)).toMatchObject({ failCount: processes * 50, version: processes * 50 + 1 });
    });

    test('no two leases live at once, and their fences count up in the order of time', async () => {
      const id = await insert();
      const log = join(folder, 'leases');
      await inProcesses('lease', id, log);
      const lines = readFileSync(log, 'utf8').trim().split('\n');
      const held = lines.map((line) => JSON.parse(line) as HeldLease).toSorted((a, b) => a.fence - b.fence);
      expect(held.map(({ fence }) => fence)).toEqual(Array.from({ length: processes * 20 }, (_, index) => index + 1));
      for (const [index, { to }] of held.entries()) expect(held[index + 1]?.from ?? to).toBeGreaterThanOrEqual(to);
    });

    test('every key is inserted once', async () => {
      expect(sumOf(await inProcesses<number>('insert'))).toBe(40);
      expect(await contended().store.connections.scan(null, 100)).toHaveLength(40);
    });

    test('batches over the same rows end well and lose no write', async () => {
      for (let index = 0; index < 30; index++) await insert();
      const written = await inProcesses<number>('updateMany');
      const rows = await contended().store.connections.scan(null, 100);
      expect(sumOf(rows.map((row) => row.failCount))).toBe(sumOf(written));
      expect(rows.every((row) => row.version === row.failCount + 1)).toBe(true);
    });

    function contended(): ContendedStore {
      if (opened === null) throw new Error('There is no store: skip these tests when it cannot be reached.');
      return opened;
    }

    async function insert(organizationId = 'org_1', refreshAt: Date | null = null): Promise<string> {
      const row = await contended().store.connections.insert(organizationId, newConnection({ refreshAt }));
      return row?.id ?? '';
    }

    async function read(id: string): Promise<unknown> {
      return contended().store.connections.get('org_1', id);
    }

    /** What each process answered. */
    async function inProcesses<T>(task: string, id = '', log = ''): Promise<T[]> {
      return Promise.all(
        children.map(async (child) => {
          child.send({ task, id, log } satisfies ContentionJob);
          const [answer] = (await event(child, 'message')) as [{ readonly result: T }];
          expect(answer).not.toHaveProperty('failed');
          return answer.result;
        }),
      );
    }
  });
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
