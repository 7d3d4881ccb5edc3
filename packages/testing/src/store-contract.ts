import { configurationError } from '@plugboard/core/store-kit';
import { describe, expect, test } from 'vitest';

import type { FakeClock } from './clock.ts';
import { claimCases } from './store-contract/claims.ts';
import { fidelityCases } from './store-contract/fidelity.ts';
import { inboxQueueCases } from './store-contract/inbox-queue.ts';
import { inboxCases } from './store-contract/inbox.ts';
import { inputCases } from './store-contract/input.ts';
import { keyCases } from './store-contract/keys.ts';
import { leaseCases } from './store-contract/leases.ts';
import { lockCases } from './store-contract/lock.ts';
import { onceCases } from './store-contract/once.ts';
import { pagingCases } from './store-contract/paging.ts';
import { auditCases, clockCases, markerCases } from './store-contract/records.ts';
import { createStoreClock, type StoreCase, type StoreUnderTest } from './store-contract/subject.ts';
import { syncInputCases } from './store-contract/sync-input.ts';
import { syncQueueCases } from './store-contract/sync-queue.ts';
import { syncCases } from './store-contract/sync.ts';
import { writeCases } from './store-contract/writes.ts';

export type { StoreProbe, StoreUnderTest } from './store-contract/subject.ts';

export type StoreGroup =
  | 'keys'
  | 'writes'
  | 'paging'
  | 'leases'
  | 'claims'
  | 'lock'
  | 'sync'
  | 'inbox'
  | 'once'
  | 'audit'
  | 'markers'
  | 'clock'
  | 'fidelity'
  | 'input';

/** Every case of the contract, by group. */
export const storeCases: Readonly<Record<StoreGroup, readonly StoreCase[]>> = {
  keys: keyCases,
  writes: writeCases,
  paging: pagingCases,
  leases: leaseCases,
  claims: claimCases,
  lock: lockCases,
  sync: [...syncCases, ...syncQueueCases, ...syncInputCases],
  inbox: [...inboxCases, ...inboxQueueCases],
  once: onceCases,
  audit: auditCases,
  markers: markerCases,
  clock: clockCases,
  fidelity: fidelityCases,
  input: inputCases,
};

export interface StoreContractOptions {
  /** What the report calls the store: `memory`, `postgres with pg`. */
  readonly name: string;
  /** Makes a fresh, empty store whose time is the given clock's; called once for each test. */
  readonly create: (clock: FakeClock) => Promise<StoreUnderTest>;
  /** Groups that do not apply, each with the reason, which the test report shows. */
  readonly skip?: Partial<Readonly<Record<StoreGroup, string>>>;
}

/**
 * Registers the tests that every store adapter passes. Call it at the top level of a vitest file.
 * @throws PlugboardError code `skip_without_reason` when a group is switched off without saying why.
 * @example storeContract({ name: 'memory', create: async (clock) => ({ store: createMemoryStore({ clock }) }) })
 */
export function storeContract(options: StoreContractOptions): void {
  const { name, create, skip = {} } = options;
  for (const [group, reason] of Object.entries(skip)) {
    if (typeof reason === 'string' && reason.trim() !== '') continue;
    throw configurationError(
      'skip_without_reason',
      `storeContract(${name}) switches off \`${group}\` without a reason.`,
      'Write why the group does not apply to this store; the test report shows it.',
    );
  }
  describe(`store contract: ${name}`, () => {
    for (const [group, cases] of Object.entries(storeCases)) {
      describe(group, () => {
        const reason = skip[group as StoreGroup];
        for (const one of cases) {
          test(one.name, async (context) => {
            context.skip(reason !== undefined, reason);
            await runStoreCase(one, create);
          });
        }
        if (group === 'lock' && reason !== undefined) {
          test('is absent, as the skip says', () => runStoreCase(lockIsAbsent, create));
        }
      });
    }
  });
}

/** Runs one case on a store of its own. */
export async function runStoreCase(one: StoreCase, create: StoreContractOptions['create']): Promise<void> {
  const clock = createStoreClock();
  const { store, probe, destroy } = await create(clock);
  try {
    await one.run({ store, clock, probe });
  } finally {
    await destroy?.();
  }
}

const lockIsAbsent: StoreCase = {
  name: 'is absent',
  async run({ store }) {
    expect(store.connections.lock).toBeUndefined();
  },
};
