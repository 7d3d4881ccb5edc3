/**
 * The places in a refresh where a process can die, seen from its store: no line of the engine knows of them.
 *
 * `claim`: about to take the turn. `claimed`: the turn is taken, nothing is sent. `answered`: the vendor has answered,
 * nothing is stored. `stored`: the answer is stored, the caller does not know.
 */
import type { ConnectionData, ConnectionRow, Store } from '@plugboard/core/store-kit';

export type Point = 'claim' | 'claimed' | 'answered' | 'stored';

/** Called with how many refreshes are at the point; it may never come back. */
export type Reach = (point: Point, refreshes: number) => Promise<void>;

type Change = Partial<ConnectionData>;

const marks = ({ attemptHash }: Change) => typeof attemptHash === 'string';
const holdsTokens = ({ credentials }: Change) => credentials !== undefined && credentials !== null;

/** @param marked Whether the engine notes what it spends before it sends it: then the turn is taken with the note. */
export function watchPoints(store: Store, marked: boolean, reach: Reach): Store {
  const { connections } = store;
  const { lock } = connections;

  async function write(change: Change, run: () => Promise<ConnectionRow | null>): Promise<ConnectionRow | null> {
    if (marks(change)) await reach('claim', 1);
    if (!holdsTokens(change)) return run();
    await reach('answered', 1);
    const row = await run();
    if (row !== null) await reach('stored', 1);
    return row;
  }

  const watched: Store['connections'] = {
    ...connections,
    update: (organizationId, id, guard, change) =>
      write(change, () => connections.update(organizationId, id, guard, change)),
    async updateMany(writes, options) {
      const tokens = writes.filter(({ change }) => holdsTokens(change)).length;
      const notes = writes.filter(({ change }) => marks(change)).length;
      if (tokens > 0) await reach('answered', tokens);
      const written = await connections.updateMany(writes, options);
      if (notes > 0) await reach('claimed', notes);
      if (tokens > 0) await reach('stored', tokens);
      return written;
    },
    async lease(organizationId, id, request) {
      await reach('claim', 1);
      const row = await connections.lease(organizationId, id, request);
      if (row !== null) await reach('claimed', 1);
      return row;
    },
    async claimDue(request) {
      await reach('claim', Number.POSITIVE_INFINITY);
      const rows = await connections.claimDue(request);
      if (!marked && rows.length > 0) await reach('claimed', rows.length);
      return rows;
    },
  };
  if (lock === undefined) return { ...store, connections: watched };
  const watchedLock: typeof lock = (organizationId, id, work) =>
    lock(organizationId, id, async (row, update) => {
      await reach('claimed', 1);
      return work(row, (change) => write(change, () => update(change)));
    });
  return { ...store, connections: { ...watched, lock: watchedLock } };
}
