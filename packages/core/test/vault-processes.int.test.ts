import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { describe, expect, it } from 'vitest';

function fixture(name: string): URL {
  return new URL(`fixtures/${name}`, import.meta.url);
}

async function answerOfProcess<T>(name: string, execArgv: string[] = []): Promise<T> {
  const child = fork(fixture(name), { execArgv: ['--conditions=@plugboard/source', ...execArgv] });
  const [answer] = (await Promise.race([once(child, 'message'), exitOf(child)])) as [T];
  return answer;
}

async function answerOfThread<T>(name: string): Promise<T> {
  const worker = new Worker(fixture(name));
  const [answer] = (await once(worker, 'message')) as [T];
  return answer;
}

async function exitOf(child: ReturnType<typeof fork>): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`the process ended with ${code} and no answer`);
}

describe('several processes and threads', () => {
  it('C11 draw disjoint nonces', async () => {
    const sets = await Promise.all([
      answerOfProcess<string[]>('vault-nonces.ts'),
      answerOfProcess<string[]>('vault-nonces.ts'),
      answerOfThread<string[]>('vault-nonces.ts'),
      answerOfThread<string[]>('vault-nonces.ts'),
    ]);
    expect(sets.map((nonces) => nonces.length)).toEqual([2000, 2000, 2000, 2000]);
    expect(new Set(sets.flat()).size).toBe(8000);
  });
});

describe('a heap snapshot', () => {
  it('B12 shows no key that came from a source, in no spelling', async () => {
    expect(await answerOfProcess('vault-heap.ts', ['--expose-gc'])).toEqual({ key: 0, keepsake: 1 });
  });
});
