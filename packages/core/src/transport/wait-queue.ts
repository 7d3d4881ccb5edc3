/** Calls that wait for a limit: one at a time finds its turn, the highest priority first, then who came first. */
export interface WaitQueue {
  /** Runs `turn` when everything before it had its turn. Rejects with the overflow error when it is pushed out. */
  run(priority: number, turn: () => Promise<void>): Promise<void>;
}

interface Waiting {
  readonly turn: () => Promise<void>;
  readonly resolve: (ended: Promise<void>) => void;
  readonly reject: (error: Error) => void;
}

const highestPriority = 9;

/**
 * @param maxWaiting most calls that may wait at once; then the newest of the least important ones is pushed out
 * @param overflow makes the error for a call that is pushed out
 */
export function createWaitQueue(maxWaiting: number, overflow: () => Error): WaitQueue {
  /** By priority; those of one priority in the order in which they came. */
  const levels: Waiting[][] = Array.from({ length: highestPriority + 1 }, () => []);
  let waiting = 0;
  let isBusy = false;

  async function start(turn: () => Promise<void>): Promise<void> {
    isBusy = true;
    try {
      await turn();
    } finally {
      isBusy = false;
      const next = levels.findLast((level) => level.length > 0)?.shift();
      if (next !== undefined) {
        waiting--;
        next.resolve(start(next.turn));
      }
    }
  }

  /** Makes room at the cost of a call that is less important; false where there is none. */
  function pushOut(priority: number): boolean {
    const pushed = levels
      .slice(0, priority)
      .find((level) => level.length > 0)
      ?.pop();
    if (pushed === undefined) return false;
    waiting--;
    pushed.reject(overflow());
    return true;
  }

  return {
    run(priority, turn) {
      if (!isBusy) return start(turn);
      const level = Math.min(Math.max(Math.round(priority), 0), highestPriority);
      return new Promise((resolve, reject) => {
        if (waiting >= maxWaiting && !pushOut(level)) return reject(overflow());
        levels[level]!.push({ turn, resolve, reject });
        waiting++;
      });
    },
  };
}
