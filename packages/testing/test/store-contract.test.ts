import { createMemoryStore } from '@plugboard/core/store-kit';
import { describe, expect, test } from 'vitest';

import { runStoreCase, storeCases, storeContract, type StoreContractOptions } from '../src/store-contract.ts';
import { claimFaults } from './store-faults/claim-faults.ts';
import type { Fault } from './store-faults/fault.ts';
import { inboxFaults } from './store-faults/inbox-faults.ts';
import { keyFaults } from './store-faults/key-faults.ts';
import { leaseFaults } from './store-faults/lease-faults.ts';
import { lockFaults } from './store-faults/lock-faults.ts';
import { onceFaults } from './store-faults/once-faults.ts';
import { pagingFaults } from './store-faults/paging-faults.ts';
import { recordFaults } from './store-faults/record-faults.ts';
import { syncFaults } from './store-faults/sync-faults.ts';
import { syncQueueFaults } from './store-faults/sync-queue-faults.ts';
import { valueFaults } from './store-faults/value-faults.ts';
import { writeFaults } from './store-faults/write-faults.ts';

const cases = Object.values(storeCases).flat();
const faults = [
  ...keyFaults,
  ...writeFaults,
  ...pagingFaults,
  ...leaseFaults,
  ...claimFaults,
  ...lockFaults,
  ...syncFaults,
  ...syncQueueFaults,
  ...inboxFaults,
  ...onceFaults,
  ...recordFaults,
  ...valueFaults,
];

describe('each broken store fails the cases that name its fault, and no others', () => {
  test.each(faults)('$name', async (fault) => {
    expect(await failuresOf(fault)).toEqual(expectedFailures(fault));
  });
});

test('every case is failed by some broken store', () => {
  const failed = new Set(faults.flatMap(expectedFailures));
  expect(cases.map(({ name }) => name).filter((name) => !failed.has(name))).toEqual([]);
});

test('a group is switched off only with a reason', () => {
  const create: StoreContractOptions['create'] = async () => ({ store: createMemoryStore() });
  const register = () => storeContract({ name: 'example', create, skip: { lock: ' ' } });
  expect(register).toThrow(expect.objectContaining({ kind: 'configuration', code: 'skip_without_reason' }));
});

async function failuresOf(fault: Fault): Promise<string[]> {
  const create: StoreContractOptions['create'] = async (clock) => {
    const sound = createMemoryStore({ clock });
    const { connections, once, sync, inbox, audit, store, probe } = fault.parts(sound, clock);
    const broken = {
      ...sound,
      ...store,
      connections: { ...sound.connections, ...connections },
      once: { ...sound.once, ...once },
      sync: { ...sound.sync, ...sync },
      ...(sound.inbox && { inbox: { ...sound.inbox, ...inbox } }),
      audit: { ...sound.audit, ...audit },
    };
    return { store: broken, ...(probe && { probe }) };
  };
  const failed: string[] = [];
  for (const one of cases) await runStoreCase(one, create).catch(() => failed.push(one.name));
  return failed;
}

/** Faults name cases by how they begin, each exactly one. */
function expectedFailures({ fails }: Fault): string[] {
  const names = cases.map(({ name }) => name);
  for (const start of fails)
    expect(
      names.filter((name) => name.startsWith(start)),
      start,
    ).toHaveLength(1);
  return names.filter((name) => fails.some((start) => name.startsWith(start)));
}
