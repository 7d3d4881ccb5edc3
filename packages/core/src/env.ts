/** The process around the library: its environment, read only when a board is created, and its events. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The process environment where the runtime has one. */
export function processEnvironment(): Environment {
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {};
}

type Listener = (...args: unknown[]) => void;

interface ProcessEvents {
  listeners(event: string): readonly Listener[];
  off(event: string, listener: Listener): unknown;
}

/**
 * Runs what adds listeners to the process; `takeOff` removes those that it added. SDKs add them for good, and for each of
 * their clients. Where there is no such process, nothing is removed.
 */
export function addListeners<T>(events: readonly string[], add: () => T): { readonly result: T; takeOff(): void } {
  const { process } = globalThis as { process?: Partial<ProcessEvents> };
  const all = () =>
    events.flatMap((event) => (process?.listeners?.(event) ?? []).map((listener) => ({ event, listener })));
  const before = new Set(all().map(({ listener }) => listener));
  const result = add();
  const added = all().filter(({ listener }) => !before.has(listener));
  return {
    result,
    takeOff() {
      for (const { event, listener } of added) process?.off?.(event, listener);
    },
  };
}
