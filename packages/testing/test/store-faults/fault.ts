/** A store with one fault, and the cases of the contract that must fail because of it. */
import {
  isPlugboardError,
  type AuditStore,
  type ConnectionData,
  type ConnectionRow,
  type ConnectionStore,
  type InboxStore,
  type OnceStore,
  type Store,
  type SyncStore,
} from '@plugboard/core/store-kit';

import type { FakeClock } from '../../src/clock.ts';
import type { StoreProbe } from '../../src/store-contract.ts';

export interface Fault {
  readonly name: string;
  /** Parts of a store that replace those of a sound one. */
  readonly parts: (sound: Store, clock: FakeClock) => Parts;
  readonly fails: readonly string[];
}

export interface Parts {
  readonly connections?: Partial<ConnectionStore>;
  readonly once?: Partial<OnceStore>;
  readonly sync?: Partial<SyncStore>;
  readonly inbox?: Partial<InboxStore>;
  readonly audit?: Partial<AuditStore>;
  readonly store?: Partial<Pick<Store, 'now' | 'remember' | 'remembered'>>;
  readonly probe?: StoreProbe;
}

export const tick = () => Promise.resolve();

/** Who owns an id, whatever organization asks. */
export async function ownerOf(sound: Store, id: string): Promise<string> {
  const rows = await sound.connections.scan(null, 10_000);
  return rows.find((row) => row.id === id)?.organizationId ?? 'nobody';
}

/** Every answer of the connection store with its rows altered. */
export function altered(
  sound: ConnectionStore,
  alter: (row: ConnectionRow) => ConnectionRow,
): Partial<ConnectionStore> {
  const one = (row: ConnectionRow | null) => (row === null ? null : alter(row));
  return {
    get: async (...args) => one(await sound.get(...args)),
    find: async (...args) => one(await sound.find(...args)),
    insert: async (...args) => one(await sound.insert(...args)),
    update: async (...args) => one(await sound.update(...args)),
    lease: async (...args) => one(await sound.lease(...args)),
    list: async (...args) => {
      const page = await sound.list(...args);
      return { ...page, items: page.items.map(alter) };
    },
    claimDue: async (request) => (await sound.claimDue(request)).map(alter),
    findByAccount: async (...args) => (await sound.findByAccount(...args)).map(alter),
    scan: async (...args) => (await sound.scan(...args)).map(alter),
  };
}

/** What an adapter without a check of the field might do: answer as if the input had been good. */
export async function forgiving<T>(field: string, call: () => Promise<T>, instead: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const forgiven = isPlugboardError(error) && error.fields?.some(({ path }) => path === field) === true;
    if (forgiven) return instead();
    throw error;
  }
}

export function without(change: Partial<ConnectionData>, drop: (value: unknown) => boolean): Partial<ConnectionData> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => !drop(value)));
}
