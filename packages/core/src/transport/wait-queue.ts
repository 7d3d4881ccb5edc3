// oxlint-disable-next-line triple-slash-reference -- compiled from another package, it needs this ambient declaration too
/// <reference path="./bottleneck-light.d.ts" />
import { loaded } from '../missing-package.ts';

/** Calls that wait for a limit: one at a time finds its turn, the highest priority first. */
export interface WaitQueue {
  /** Runs `turn` when everything before it had its turn. Rejects with the overflow error when it is pushed out. */
  run(priority: number, turn: () => Promise<void>): Promise<void>;
}

/** Priorities of ours go from 0 to 9 upwards, those of the queue downwards. */
const highestPriority = 9;

/**
 * @param maxWaiting most calls that may wait at once; then the least important one is pushed out
 * @param overflow makes the error for a call that is pushed out
 */
export async function openWaitQueue(maxWaiting: number, overflow: () => Error): Promise<WaitQueue> {
  const { default: Bottleneck } = await loaded(import('bottleneck/light.js'));
  const queue = new Bottleneck({
    maxConcurrent: 1,
    highWater: maxWaiting,
    strategy: Bottleneck.strategy.OVERFLOW_PRIORITY,
  });
  return {
    async run(priority, turn) {
      const level = highestPriority - Math.min(Math.max(Math.round(priority), 0), highestPriority);
      try {
        await queue.schedule({ priority: level }, turn);
      } catch (error) {
        throw error instanceof Bottleneck.BottleneckError ? overflow() : error;
      }
    },
  };
}
