import { expect, test } from 'vitest';

import { createWaitQueue } from '../src/transport/wait-queue.ts';

/** A line whose turns end when the test says so. */
function createLine(maxWaiting = 100) {
  const queue = createWaitQueue(maxWaiting, () => new Error('pushed out'));
  const begun: string[] = [];
  const ends = new Map<string, { end(): void; fail(): void }>();
  const outcomes: string[] = [];
  const join = (name: string, priority: number) => {
    const turn = () =>
      new Promise<void>((resolve, reject) => {
        begun.push(name);
        ends.set(name, { end: resolve, fail: () => reject(new Error(`${name} failed`)) });
      });
    queue.run(priority, turn).then(
      () => outcomes.push(name),
      (error: unknown) => outcomes.push(`${name}: ${(error as Error).message}`),
    );
  };
  const settle = async () => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  const end = async (name: string) => {
    ends.get(name)?.end();
    await settle();
  };
  const fail = async (name: string) => {
    ends.get(name)?.fail();
    await settle();
  };
  return { join, end, fail, settle, begun, outcomes };
}

test('one has its turn at a time, the most important first, and of two alike who came first', async () => {
  const { join, end, begun, outcomes } = createLine();
  join('head', 0);
  join('low', 1);
  join('usual', 5);
  join('usual too', 5);
  join('high', 9);
  expect(begun).toEqual(['head']);
  await end('head');
  expect(begun).toEqual(['head', 'high']);
  for (const name of ['high', 'usual', 'usual too', 'low']) await end(name);
  expect(begun).toEqual(['head', 'high', 'usual', 'usual too', 'low']);
  expect(outcomes).toEqual(begun);
});

test('whoever comes once the line is empty has its turn at once', async () => {
  const { join, end, begun } = createLine();
  join('first', 5);
  await end('first');
  join('second', 5);
  expect(begun).toEqual(['first', 'second']);
});

test('a turn that fails fails its call alone', async () => {
  const { join, end, fail, begun, outcomes } = createLine();
  join('first', 5);
  join('second', 5);
  await fail('first');
  await end('second');
  expect(begun).toEqual(['first', 'second']);
  expect(outcomes).toEqual(['first: first failed', 'second']);
});

test('of too many the newest of the least important is pushed out, and nobody for one as little important', async () => {
  const { join, end, settle, outcomes } = createLine(3);
  join('head', 5);
  join('low', 2);
  join('lowest', 1);
  join('lowest too', 1);
  join('another', 1);
  await settle();
  expect(outcomes).toEqual(['another: pushed out']);
  join('high', 9);
  await settle();
  expect(outcomes).toEqual(['another: pushed out', 'lowest too: pushed out']);
  outcomes.length = 0;
  for (const name of ['head', 'high', 'low', 'lowest']) await end(name);
  expect(outcomes).toEqual(['head', 'high', 'low', 'lowest']);
});

test('a priority out of range is the nearest one, and a fraction is rounded', async () => {
  const { join, end, begun } = createLine();
  join('head', 5);
  join('below', -3);
  join('half', 0.6);
  join('above', 40);
  join('top', 9);
  for (const name of ['head', 'above', 'top', 'half', 'below']) await end(name);
  expect(begun).toEqual(['head', 'above', 'top', 'half', 'below']);
});
