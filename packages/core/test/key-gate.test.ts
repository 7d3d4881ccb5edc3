/** C04, C10: nothing is read of a store before its keys are known to be those of this process. */
import { expect, test, vi } from 'vitest';

import { createMemoryStore } from '../src/memory-store.ts';
import { checkKeys } from '../src/vault/check-keys.ts';
import { createKey } from '../src/vault/key-bytes.ts';
import { createRig, key, organizationId } from './support/rig.ts';
import { outcomeOf, testVault } from './support/vault.ts';

const call = ({ board }: ReturnType<typeof createRig>) =>
  outcomeOf(Promise.resolve(board.client('acme', { organizationId }).orders.list()));

test.each([
  ['key_mismatch', { k1: createKey() }, 'test'],
  ['environment_mismatch', { k1: key }, 'another'],
] as const)('%s: a store of others is left alone, however often somebody calls', async (code, keys, environment) => {
  const store = createMemoryStore();
  await checkKeys(testVault(keys, environment), store);
  const rig = createRig({}, { store });
  const read = vi.spyOn(store.connections, 'find');
  for (let turn = 0; turn < 3; turn++) expect(await call(rig)).toBe(code);
  expect(await outcomeOf(rig.connect())).toBe(code);
  expect(await outcomeOf(rig.board.connections.list({ organizationId }))).toBe(code);
  expect(read).not.toHaveBeenCalled();
});

test('is looked at once; anew after a failure', async () => {
  const store = createMemoryStore();
  const rig = createRig({}, { store, cacheMs: 0 });
  const { remembered } = store;
  const looks = vi.spyOn(store, 'remembered').mockRejectedValueOnce(new Error('the database is away'));
  const read = vi.spyOn(store.connections, 'find');
  await expect(rig.connect()).rejects.toThrow('the database is away');
  expect(read).not.toHaveBeenCalled();
  looks.mockImplementation(remembered);
  const both = await Promise.all([call(rig), call(rig)]);
  expect(both).toEqual(['not_connected', 'not_connected']);
  const { length } = looks.mock.calls;
  await rig.connect();
  expect(await call(rig)).toBe('opened');
  // Two questions, once for those who asked at once.
  expect([length, looks.mock.calls.length]).toEqual([3, 3]);
});
