/** A place where requests wait until the test lets them go on. */
export interface Gate {
  /** Requests that wait now. */
  readonly held: number;
  /** Resolves as soon as at least that many requests wait. */
  whenHeld(count?: number): Promise<void>;
  /** Lets the longest waiting requests go on; all of them by default. */
  release(count?: number): void;
}

export interface GateKeeper extends Gate {
  wait(): Promise<void>;
}

export function createGate(): GateKeeper {
  const waiting: (() => void)[] = [];
  const watchers: { readonly count: number; readonly notify: () => void }[] = [];
  return {
    get held() {
      return waiting.length;
    },
    whenHeld(count = 1) {
      if (waiting.length >= count) return Promise.resolve();
      return new Promise((notify) => watchers.push({ count, notify }));
    },
    release(count = waiting.length) {
      for (const goOn of waiting.splice(0, count)) goOn();
    },
    wait() {
      return new Promise((resolve) => {
        waiting.push(resolve);
        for (const watcher of watchers.splice(0)) {
          if (waiting.length >= watcher.count) watcher.notify();
          else watchers.push(watcher);
        }
      });
    },
  };
}
