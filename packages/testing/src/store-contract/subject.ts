/** What the cases of the store contract share: the store under test, its clock and the rows they write. */
import type { Clock, ConnectionData, ConnectionRow, NewConnection, Store } from '@plugboard/core/store-kit';

import { createFakeClock, type FakeClock } from '../clock.ts';
import { newConnection } from '../new-connection.ts';

/** Reads what a store holds behind its back: proof of what was written, and of what was not. */
export interface StoreProbe {
  /** The stored credentials and status of a row of any organization; null when there is no such row. */
  connection?(id: string): Promise<{ readonly credentials: Uint8Array | null; readonly status: string } | null>;
  /** Keys of all one-time values, expired ones included. */
  onceKeys?(): Promise<readonly string[]>;
}

export interface StoreUnderTest {
  /** Fresh and empty, on the clock that `create` was given. */
  readonly store: Store;
  readonly probe?: StoreProbe;
  destroy?(): Promise<void>;
}

export interface Subject {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly probe: StoreProbe | undefined;
}

export interface StoreCase {
  readonly name: string;
  run(subject: Subject): Promise<void>;
}

export const second = 1000;
export const minute = 60 * second;

/** 2031, to make a store that asks the system's clock stand out. */
const start = Date.UTC(2031, 4, 6, 7, 8, 9, 123);

/** The clock of one test. */
export function createStoreClock(): FakeClock {
  return createFakeClock({ start });
}

export const organization = 'org_1';
export const stranger = 'org_2';

/** A whole connection, due for refresh in an hour by the clock of the contract. */
export function connection(given: Partial<NewConnection> = {}): NewConnection {
  return newConnection({
    label: 'default',
    tokenExpiresAt: new Date(start + 90 * minute),
    refreshAt: new Date(start + 60 * minute),
    account: { id: 'acct_1', name: 'Example account' },
    scopes: ['read', 'write'],
    metadata: { shop: 'example' },
    settings: { digest: true },
    connectedAt: new Date(start),
    ...given,
  });
}

/** The fields of `connection` whose value is due at the clock's present. */
export function dueNow(clock: Clock): Pick<ConnectionData, 'refreshAt'> {
  return { refreshAt: new Date(clock.now()) };
}

/** Inserts a row and returns it as stored; each call takes a label of its own unless told. */
export async function insert(
  { store }: Subject,
  given: Partial<NewConnection> = {},
  organizationId = organization,
): Promise<ConnectionRow> {
  const id = crypto.randomUUID();
  const row = await store.connections.insert(organizationId, connection({ id, label: `label ${id}`, ...given }));
  if (row === null) throw new Error('The store refused a key that nothing holds.');
  return row;
}

/** The row without the time of its reading. */
export function unread<T extends ConnectionRow>(row: T | null): Omit<T, 'readAt'> | null {
  if (row === null) return null;
  const { readAt: _readAt, ...stored } = row;
  return stored;
}

/** Runs the task `count` times at once. */
export function atOnce<T>(count: number, task: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => task(index)));
}
