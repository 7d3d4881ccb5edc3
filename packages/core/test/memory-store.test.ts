import { expect, test } from 'vitest';

// By path: @plugboard/testing depends on this package, so this package does not depend on it.
import { storeContract } from '../../testing/src/store-contract.ts';
import { createMemoryStore } from '../src/memory-store.ts';

storeContract({ name: 'memory', create: async (clock) => ({ store: createMemoryStore({ clock }) }) });

test('says that no other process sees it', () => {
  expect(createMemoryStore()).toMatchObject({ name: 'memory', shared: false });
});

test('tells the time of the system unless given a clock', async () => {
  const before = Date.now();
  const told = (await createMemoryStore().now()).getTime();
  expect(told).toBeGreaterThanOrEqual(before);
  expect(told).toBeLessThanOrEqual(Date.now());
});

test('shares nothing with another memory store', async () => {
  const [one, other] = [createMemoryStore(), createMemoryStore()];
  await one.once.put({ key: 'key', value: 'value', ttlMs: 60_000 });
  await one.remember('name', 'value');
  expect(await other.once.peek('key')).toBeNull();
  expect(await other.remembered('')).toEqual(new Map());
});
