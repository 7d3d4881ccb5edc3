/** A store that reads the part of a row that a call needs: what is enough for a call, and what all of the row decides. */
import { expect, test } from 'vitest';

import type { CallRow, ConnectionRow, Store } from '../src/store.ts';
import { createRig, drive, organizationId } from './support/rig.ts';

/** Exactly the members of `CallRow`: whoever reads another one finds nothing there. */
function partOf(row: ConnectionRow): CallRow {
  const { id, provider, method, status, statusReason, credentials, credentialsVersion } = row;
  const { tokenExpiresAt, refreshAt, account, scopes, metadata, settings, stub, readAt } = row;
  const lives = { credentials, credentialsVersion, tokenExpiresAt, refreshAt, readAt };
  const facts = { account, scopes, metadata, settings, stub };
  return { id, organizationId: row.organizationId, provider, method, status, statusReason, ...lives, ...facts };
}

function createPartRig() {
  const reads: string[] = [];
  const wrap = (inner: Store): Store => ({
    ...inner,
    connections: {
      ...inner.connections,
      find(...args) {
        reads.push('whole');
        return inner.connections.find(...args);
      },
      async findForCall(...args) {
        reads.push('part');
        const row = await inner.connections.find(...args);
        return row === null ? null : partOf(row);
      },
    },
  });
  const rig = createRig({ rotation: 'stable' }, { cacheMs: 0 }, wrap);
  const call = () => drive(rig, rig.board.client('acme', { organizationId }).orders.list({}));
  return {
    ...rig,
    async connectedId() {
      await rig.connect();
      return (await rig.row())?.id ?? '';
    },
    /** What a call reads of the store. */
    async readsOfCall() {
      reads.length = 0;
      const outcome = await call().then(
        () => 'called',
        (error: { code?: string }) => error.code,
      );
      return [outcome, ...reads];
    },
  };
}

test('a part is all that a call reads while there is nothing to refresh', async () => {
  const rig = createPartRig();
  await rig.connect();
  expect(await rig.readsOfCall()).toEqual(['called', 'part']);
  expect(rig.calls.at(-1)?.authorization).toMatch(/^Bearer /);
});

test('a token that has ended is refreshed by all of the row', async () => {
  const rig = createPartRig();
  await rig.connect();
  const { length } = rig.tokenCalls();
  await rig.clock.advance(3_600_000);
  expect((await rig.readsOfCall()).slice(0, 3)).toEqual(['called', 'part', 'whole']);
  expect(rig.tokenCalls()).toHaveLength(length + 1);
  expect(await rig.readsOfCall()).toEqual(['called', 'part']);
});

test('nothing is connected where the store has no row, or one that has ended', async () => {
  const rig = createPartRig();
  expect(await rig.readsOfCall()).toEqual(['not_connected', 'part']);
  await rig.connect();
  await drive(rig, rig.board.disconnect('acme', { organizationId }));
  expect((await rig.readsOfCall())[0]).toBe('not_connected');
  const setting = rig.board.settings.update('acme', { organizationId, settings: { channel: 'c1' } });
  await expect(setting).rejects.toMatchObject({ code: 'not_connected' });
});

test('a part whose credentials no longer serve says so', async () => {
  const rig = createPartRig();
  const id = await rig.connectedId();
  await rig.store.connections.update(organizationId, id, {}, { status: 'expired', statusReason: 'revoked' });
  expect(await rig.readsOfCall()).toEqual(['reconnect_required', 'part']);
  await rig.store.connections.update(organizationId, id, {}, { status: 'pending', statusReason: 'account_choice' });
  expect(await rig.readsOfCall()).toEqual(['account_choice', 'part']);
  await rig.store.connections.update(organizationId, id, {}, { status: 'active', method: 'telepathy' });
  expect(await rig.readsOfCall()).toEqual(['unknown_method', 'part']);
});

test('what a stub connected is nothing to a board whose vendor is real', async () => {
  const rig = createPartRig();
  const id = await rig.connectedId();
  await rig.store.connections.update(organizationId, id, {}, { stub: true });
  expect((await rig.readsOfCall())[0]).toBe('not_connected');
});

test('facts that were altered in the database are noticed in a part as well', async () => {
  const rig = createPartRig();
  const id = await rig.connectedId();
  await rig.store.connections.update(organizationId, id, {}, { metadata: { shop: 'evil.example' } });
  expect((await rig.readsOfCall())[0]).toBe('facts_altered');
  expect(await rig.row()).toMatchObject({ status: 'error', statusReason: 'credentials_altered' });
});

test('a key that is not at hand is told of from a part as well', async () => {
  const rig = createPartRig();
  const id = await rig.connectedId();
  const heard: string[] = [];
  rig.board.on('vault.attention', ({ keyId }) => void heard.push(keyId));
  const credentials = Uint8Array.from((await rig.row())!.credentials!);
  credentials.set(new TextEncoder().encode('k9'), 2);
  await rig.store.connections.update(organizationId, id, {}, { credentials });
  expect((await rig.readsOfCall())[0]).toBe('key_unavailable');
  expect(heard).toEqual(['k9']);
});
