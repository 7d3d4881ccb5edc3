import { describe, expect, it, vi } from 'vitest';

import { encodeUtf8 } from '../src/bytes.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import type { NewInboxEvent } from '../src/store-inbox.ts';
import { checkKeys } from '../src/vault/check-keys.ts';
import { createKey } from '../src/vault/key-bytes.ts';
import type { Vault } from '../src/vault/vault.ts';
import { resealAll } from '../src/connections/reseal.ts';
import { assertRemovable, vaultStatus } from '../src/vault/status.ts';
import { addConnection } from './support/sealed-rows.ts';
import { outcomeOf, testVault } from './support/vault.ts';

const [k1, k2] = [createKey(), createKey()];

describe('checkKeys', () => {
  it('C10 remembers each key, and accepts the same key afterwards', async () => {
    const store = createMemoryStore();
    await checkKeys(testVault({ k1 }), store);
    await checkKeys(testVault({ k2, k1 }), store);
    const remember = vi.spyOn(store, 'remember');
    await checkKeys(testVault({ k2 }), store);
    expect(remember).not.toHaveBeenCalled();
    const values = await testVault({ k1, k2 }).keyCheckValues();
    const remembered = { 'vault-key:k1': values.get('k1'), 'vault-key:k2': values.get('k2') };
    expect(Object.fromEntries(await store.remembered('vault-key:'))).toEqual(remembered);
    expect(Object.fromEntries(await store.remembered('environment'))).toEqual({ environment: 'test' });
  });

  it('C10 refuses other bytes under a known id, and writes nothing', async () => {
    const store = createMemoryStore();
    await checkKeys(testVault({ k1 }), store);
    const remember = vi.spyOn(store, 'remember');
    const changed = createKey();
    const refused = checkKeys(testVault({ k9: createKey(), k1: changed }), store);
    await expect(refused).rejects.toMatchObject({ kind: 'configuration', code: 'key_mismatch' });
    await expect(refused).rejects.toThrow(/The key k1 has other bytes/);
    await expect(refused).rejects.not.toThrow(changed);
    expect(remember).not.toHaveBeenCalled();
    expect((await store.remembered('')).size).toBe(2);
  });

  it('C10 refuses also when another process remembered a key in between', async () => {
    const store = createMemoryStore();
    await checkKeys(testVault({ k2: k1 }), store);
    vi.spyOn(store, 'remembered').mockResolvedValue(new Map());
    expect(await outcomeOf(checkKeys(testVault({ k2 }), store))).toBe('key_mismatch');
  });

  it('C04 refuses the store of another environment, and writes nothing', async () => {
    const store = createMemoryStore();
    await checkKeys(testVault({ k1 }, 'production'), store);
    const refused = checkKeys(testVault({ k1, k2 }, 'staging'), store);
    await expect(refused).rejects.toMatchObject({ kind: 'configuration', code: 'environment_mismatch' });
    await expect(refused).rejects.toThrow(/"production".*"staging"/);
    expect((await store.remembered('')).size).toBe(2);
  });

  it('C17 refuses one key under two ids', async () => {
    const store = createMemoryStore();
    const refused = checkKeys(testVault({ k2: k1, k1 }), store);
    await expect(refused).rejects.toMatchObject({
      code: 'duplicate_keys',
      message: 'The keys k2 and k1 have the same bytes.',
    });
    expect((await store.remembered('')).size).toBe(0);
  });

  it('C16 fails closed while a key source is down, and passes once it is back', async () => {
    const store = createMemoryStore();
    let down = true;
    const source = async () => (down ? Promise.reject(new Error('503')) : new Uint8Array(Buffer.from(k2, 'base64url')));
    const vault = testVault({ k1, k2: source });
    await expect(checkKeys(vault, store)).rejects.toMatchObject({ code: 'key_unavailable', retryable: true });
    expect((await store.remembered('')).size).toBe(0);
    down = false;
    await checkKeys(vault, store);
    expect((await store.remembered('vault-key:')).size).toBe(2);
  });
});

describe('C15 the removal of a key', () => {
  const vault = testVault({ k2, k1 });

  it('is refused with the number of rows that need it', async () => {
    const store = createMemoryStore();
    await addConnection(store, testVault({ k1 }), 'secret');
    await addConnection(store, vault, 'secret');
    expect((await vaultStatus({ store, vault })).byKey).toEqual(
      new Map([
        ['k2', 1],
        ['k1', 1],
      ]),
    );
    const refused = assertRemovable('k1', { store, vault });
    await expect(refused).rejects.toMatchObject({ kind: 'configuration', code: 'key_in_use' });
    await expect(refused).rejects.toThrow('still needed by 1 stored connection.');
    await resealAll({ store, vault });
    await expect(assertRemovable('k1', { store, vault })).resolves.toBeUndefined();
  });

  it('is refused for the key that seals, also in an empty store', async () => {
    expect(await outcomeOf(assertRemovable('k2', { store: createMemoryStore(), vault }))).toBe('key_in_use');
    expect(await outcomeOf(assertRemovable('k1', { store: createMemoryStore(), vault }))).toBe('opened');
  });

  it.each([
    [1, '1 webhook event that'],
    [201, '201 webhook events that'],
  ])('is refused while %i stored events need it, however they ended', async (count, words) => {
    const { inbox, ...withoutInbox } = createMemoryStore();
    const store = { ...withoutInbox, inbox: inbox! };
    const seal = async (id: string, under: Vault): Promise<NewInboxEvent> => {
      const own = { id, provider: 'acme', organizationId: 'org', connectionId: null };
      const context = { ...own, connectionId: id, purpose: 'webhook.event' } as const;
      return { ...own, type: 'ping', lane: null, payload: await under.seal(context, encodeUtf8('{}')) };
    };
    const keepMs = 60_000;
    const ids = Array.from({ length: count }, (_, index) => `event ${index}`);
    const old = testVault({ k1 });
    await store.inbox.add(await Promise.all(ids.map((id) => seal(id, old))), { leaseMs: null, keepMs });
    // Of other keys as well.
    const answers = await store.inbox.add([await seal('failed', vault), await seal('dead', vault)], {
      leaseMs: 1_000,
      keepMs,
    });
    for (const [index, status] of (['failed', 'dead'] as const).entries()) {
      const hold = { id: status, leaseFence: answers[index]!.leaseFence };
      await store.inbox.settle(hold, { status, error: 'x', dueInMs: null, keepMs });
    }
    const refused = assertRemovable('k1', { store, vault });
    await expect(refused).rejects.toMatchObject({ kind: 'configuration', code: 'key_in_use' });
    await expect(refused).rejects.toThrow(`still needed by ${words} nobody has handled`);
    await expect(assertRemovable('k3', { store, vault })).resolves.toBeUndefined();
    await expect(assertRemovable('k1', { store: withoutInbox, vault })).resolves.toBeUndefined();
  });

  it('counts disconnected and stub rows, strangers and what is no sealed value', async () => {
    const store = createMemoryStore();
    const disconnected = await addConnection(store, testVault({ k1 }), 'secret');
    await store.connections.update(disconnected.organizationId, disconnected.id, {}, { status: 'disconnected' });
    const stub = await addConnection(store, testVault({ k1 }), 'secret');
    await store.connections.update(stub.organizationId, stub.id, {}, { stub: true });
    await addConnection(store, testVault({ lost: createKey() }), 'secret');
    const plain = await addConnection(store, vault, 'secret');
    await store.connections.update(plain.organizationId, plain.id, {}, { credentials: encodeUtf8('bare') });
    await addConnection(store, vault, null);
    const status = await vaultStatus({ store, vault, batch: 1 });
    expect(status).toEqual({
      rows: 4,
      byKey: new Map([
        ['k2', 0],
        ['k1', 2],
        ['lost', 1],
      ]),
      missingKey: 1,
      malformed: 1,
    });
    await expect(assertRemovable('k1', { store, vault })).rejects.toThrow('by 2 stored connections');
  });
});
