import { PlugboardError, type Clock } from '@plugboard/core/store-kit';

/** Takes one of a limited number of places; the answer gives it back. */
export type TakeSlot = () => Promise<() => void>;

/** Places are given in the order in which they were asked for; whoever waits too long is refused. */
export function createSlots(count: number, waitMs: number, clock: Clock): TakeSlot {
  const waiting: (() => void)[] = [];
  let taken = 0;

  const giveBack = () => {
    const next = waiting.shift();
    if (next === undefined) taken--;
    else next();
  };

  return async () => {
    if (taken < count) taken++;
    else await turn();
    let held = true;
    return () => {
      if (held) giveBack();
      held = false;
    };
  };

  function turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(waitMs, () => {
        waiting.splice(waiting.indexOf(start), 1);
        reject(busy());
      });
      const start = () => {
        cancel();
        resolve();
      };
      waiting.push(start);
    });
  }
}

function busy(): PlugboardError {
  return new PlugboardError({
    kind: 'unavailable',
    code: 'lock_busy',
    message: 'This process holds as many row locks as it may.',
    hint: 'Try again; raise `lock.max` together with the size of the connection pool if it lasts.',
  });
}
