/** Starts worker processes and waits for what they tell. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import type { Place } from './engines.ts';
import type { BoardPlace, Order, ProbeJob, Told } from './worker.ts';

type What = Told['told'];

export interface WorkerProcess {
  readonly child: ChildProcess;
  /** Everything it told so far. */
  readonly heard: readonly Told[];
  send(order: Order): void;
  /** Resolves at the next message. */
  next(): Promise<void>;
  /** Resolves with the first message that fits, told before or still to come. */
  until<W extends What>(
    told: W,
    fits?: (message: Extract<Told, { told: W }>) => boolean,
  ): Promise<Extract<Told, { told: W }>>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface WorkerOptions {
  readonly place: Place;
  readonly vendor?: BoardPlace;
  readonly probes?: readonly ProbeJob[];
}

export async function startWorker({ place, vendor, probes }: WorkerOptions): Promise<WorkerProcess> {
  const child = fork(new URL('worker.ts', import.meta.url), {
    env: {
      ...process.env,
      NODE_ENV: 'test',
      PLACE: JSON.stringify(place),
      ...(vendor && { VENDOR: JSON.stringify(vendor) }),
      ...(probes && { PROBES: JSON.stringify(probes) }),
    },
    execArgv: ['--conditions=@plugboard/source', '--no-warnings'],
  });
  const heard: Told[] = [];
  const listeners = new Set<() => void>();
  child.on('message', (message: Told) => {
    heard.push(message);
    for (const listener of listeners) listener();
  });
  const worker: WorkerProcess = {
    child,
    heard,
    send: (order) => void child.send(order),
    next: () =>
      new Promise((resolve) => {
        const once = () => {
          listeners.delete(once);
          resolve();
        };
        listeners.add(once);
      }),
    until: (told, fits = () => true) =>
      new Promise((resolve) => {
        const look = () => {
          const found = heard.find((message) => message.told === told && fits(message as never));
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found as never);
        };
        listeners.add(look);
        look();
      }),
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, 'exit');
    },
  };
  const died = once(child, 'exit').then(() => Promise.reject(new Error('A worker could not start.')));
  died.catch(() => undefined);
  await Promise.race([worker.until('started'), died]);
  return worker;
}
