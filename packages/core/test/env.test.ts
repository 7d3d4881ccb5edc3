import { expect, test } from 'vitest';

import { addListeners } from '../src/env.ts';

test('listeners that were added are taken off, and no others', () => {
  const count = () => process.listenerCount('SIGUSR2');
  const mine = () => undefined;
  process.on('SIGUSR2', mine);
  const before = count();
  const { result, takeOff } = addListeners(['SIGUSR2', 'beforeExit'], () => {
    process.on('SIGUSR2', () => undefined);
    process.on('SIGUSR2', () => undefined);
    return 'made';
  });
  expect([result, count()]).toEqual(['made', before + 2]);
  takeOff();
  takeOff();
  expect(count()).toBe(before);
  expect(process.listeners('SIGUSR2')).toContain(mine);
  process.off('SIGUSR2', mine);
});
