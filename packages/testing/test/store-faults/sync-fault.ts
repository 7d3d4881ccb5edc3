/** What broken stores of streams share, and how the cases begin that they fail. */
import type { StreamRow, SyncStore } from '@plugboard/core/store-kit';

export const streamCases = {
  first: 'makes a stream with its first lease',
  one: 'gives a stream to one of many',
  second: 'refuses a second lease of a stream',
  saves: 'keeps what is saved of a stream',
  fenced: 'D05 refuses the save of a reader',
  moves: 'moves the time at which a stream',
  schedules: 'schedules streams that nobody knows',
  claims: 'claims the due streams of one name',
  excepts: 'D23 passes over organizations that',
  once: 'gives no stream to two of many',
  lists: 'lists the streams of one connection',
  owned: 'G01 knows no stream of another',
  removes: 'removes the streams of a connection',
  input: 'G08 refuses bad names, cursors',
} as const;

/** Every answer with a row altered; what is stored stays. */
export function answering(sync: SyncStore, alter: (row: StreamRow) => StreamRow): Partial<SyncStore> {
  return {
    get: async (...args) => mapped(await sync.get(...args), alter),
    lease: async (...args) => mapped(await sync.lease(...args), alter),
    save: async (...args) => mapped(await sync.save(...args), alter),
    list: async (...args) => (await sync.list(...args)).map(alter),
    claimDue: async (request) => (await sync.claimDue(request)).map(alter),
  };
}

export function mapped(row: StreamRow | null, alter: (row: StreamRow) => StreamRow): StreamRow | null {
  return row && alter(row);
}

/** Finds the owner of a stream among those that the contract uses. */
export async function ownerOf(sync: SyncStore, connectionId: string): Promise<string> {
  for (const owner of ['org_1', 'org_2']) if ((await sync.list(owner, connectionId)).length > 0) return owner;
  return 'nobody';
}
