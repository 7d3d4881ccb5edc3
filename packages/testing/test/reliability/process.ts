/** A worker process as its parent sees it. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Command, Report } from './worker.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Worker {
  readonly child: ChildProcess;
  /** Rejects with the code of an error, and when the process ends without an answer. */
  ask<T>(command: Command): Promise<T>;
  /** The answer is not waited for: the process may die of the command. */
  tell(command: Command): void;
  /** Resolves when the process waits where it was armed to. */
  reached(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<Exit>;
  /** SIGTERM; what it counted, and how it ended. */
  stop(): Promise<{ readonly report: Report | undefined; readonly exit: Exit }>;
}

type Message =
  | 'ready'
  | { readonly id: number; readonly answer?: unknown; readonly error?: string }
  | { readonly reached: string }
  | { readonly report: Report };

const workerPath = 'packages/testing/test/reliability/worker.ts';
/** Spares the next process of a run most of its start-up. */
const compileCache = join(tmpdir(), 'plugboard-reliability-cache');

/** @param release A checkout of another release, whose worker and library are run. Default: this one. */
export async function startWorker(env: Readonly<Record<string, string>>, release?: string): Promise<Worker> {
  const path = release === undefined ? new URL('worker.ts', import.meta.url) : join(release, workerPath);
  const child = fork(path, {
    env: { ...process.env, ...env, NODE_ENV: 'test', NODE_COMPILE_CACHE: compileCache },
    // A rejection that nobody handles ends the process with an error, and that fails the scenario.
    execArgv: ['--conditions=@plugboard/source', '--no-warnings', '--unhandled-rejections=strict'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answers = new Map<number, PromiseWithResolvers<unknown>>();
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  let reached = Promise.withResolvers<void>();
  let report: Report | undefined;
  let asked = 0;
  child.on('message', (message: Message) => {
    if (message === 'ready') return;
    if ('reached' in message) return reached.resolve();
    if ('report' in message) return void (report = message.report);
    const waiting = answers.get(message.id);
    answers.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.answer);
    else waiting?.reject(new Error(message.error));
  });
  void exited.then(() => {
    for (const { reject } of answers.values()) reject(new Error('the process has ended'));
  });
  await Promise.race([
    once(child, 'message'),
    exited.then(({ code }) => Promise.reject(new Error(`a worker ended at once with ${code}`))),
  ]);
  return {
    child,
    ask<T>(command: Command) {
      const waiting = Promise.withResolvers<unknown>();
      const id = ++asked;
      answers.set(id, waiting);
      child.send({ id, command });
      return waiting.promise as Promise<T>;
    },
    tell: (command) => void child.send({ id: 0, command }),
    async reached() {
      await reached.promise;
      reached = Promise.withResolvers<void>();
    },
    kill: (signal) => void child.kill(signal),
    exited,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const exit = await exited;
      return { report, exit };
    },
  };
}
