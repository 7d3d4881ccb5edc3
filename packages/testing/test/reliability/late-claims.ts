/** Counts the turns that begin after a process was told to stop, seen from its store. */
import type { Store } from '@plugboard/core/store-kit';

/** @param late Called for each: a lease or rows asked for, or a lock in which an answer was stored that was had too late. */
export function watchClaims(store: Store, stopping: () => boolean, late: () => void): Store {
  const { connections } = store;
  const { lock } = connections;
  const watched: Store['connections'] = {
    ...connections,
    lease(...args) {
      if (stopping()) late();
      return connections.lease(...args);
    },
    claimDue(request) {
      if (stopping()) late();
      return connections.claimDue(request);
    },
  };
  if (lock === undefined) return { ...store, connections: watched };
  const watchedLock: typeof lock = (organizationId, id, work) =>
    lock(organizationId, id, (row, update) => {
      const isLate = stopping();
      return work(row, (change) => {
        if (isLate && change.writeId !== undefined) late();
        return update(change);
      });
    });
  return { ...store, connections: { ...watched, lock: watchedLock } };
}
