import { expect, test } from 'vitest';
import { z } from 'zod';

import { text as textField } from '../src/fields.ts';
import { isPlugboardError } from '../src/errors.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { bearer } from '../src/auth/sign.ts';
import { reveal } from '../src/secret.ts';
import { createStepRig, organizationId } from './support/step-rig.ts';

const codeOf = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );

test('a step hands the page what it needs, and its result is exchanged and stored', async () => {
  const { prepare, finish, call } = createStepRig();
  const { page, flow } = await prepare();
  expect(page).toEqual({ linkToken: 'link-user-1' });
  expect(flow).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(await finish(flow)).toMatchObject({ method: 'link', status: 'active', account: { id: 'item-1' } });
  await expect(call()).resolves.toMatchObject({ id: 'item-1' });
});

test('what start keeps reaches complete and nobody else', async () => {
  const inputs: unknown[] = [];
  const rig = createStepRig({
    complete: async ({ input }) => {
      inputs.push(input);
      return { credentials: { accessToken: 'token-1' } };
    },
  });
  const { page, flow } = await rig.prepare();
  const connection = await rig.finish(flow);
  expect(inputs).toEqual([{ mode: 'new', secretId: 'kept-secret-1' }]);
  expect(JSON.stringify([page, connection, await rig.row()])).not.toContain('kept-secret-1');
});

test('a step is finished once; a flow that is used, expired, foreign or made up finishes nothing', async () => {
  const rig = createStepRig();
  expect(await codeOf(rig.finish())).toBe('flow_missing');
  for (const flow of ['', 'x', 'A'.repeat(43)]) expect(await codeOf(rig.finish(flow)), flow).toBe('flow_unknown');

  const { flow } = await rig.prepare();
  expect(await codeOf(rig.finish(flow, { organizationId: 'org-2' }))).toBe('tenant_mismatch');
  expect(await codeOf(rig.finish(flow, { userId: 'user-2' }))).toBe('tenant_mismatch');
  expect(await codeOf(rig.finish(flow, { label: 'second' }))).toBe('flow_mismatch');
  const { items } = await rig.board.audit.list({ organizationId });
  expect(items.filter(({ type }) => type === 'connect.refused').map(({ data }) => data)).toEqual([
    { reason: 'flow_mismatch' },
    { reason: 'tenant_mismatch' },
    { reason: 'tenant_mismatch' },
  ]);
  expect(await rig.row()).toBeNull();
  expect(rig.asked('/token')).toBe(0);

  const results = await Promise.all([codeOf(rig.finish(flow)), codeOf(rig.finish(flow)), codeOf(rig.finish(flow))]);
  expect(results.toSorted()).toEqual(['flow_unknown', 'flow_unknown', 'resolved']);
  expect(rig.asked('/token')).toBe(1);

  const late = await rig.prepare();
  await rig.clock.advance(3_600_000);
  expect(await codeOf(rig.finish(late.flow))).toBe('flow_unknown');
});

test('the time that a step may take is the vendor’s, a minute at least and a day at most', async () => {
  for (const [asked, lives] of [
    [1, 60_000],
    [14_400_000, 14_400_000],
    [1e12, 86_400_000],
  ] as const) {
    const rig = createStepRig({ start: async () => ({ page: {}, expiresInMs: asked }) });
    const [early, late] = [await rig.prepare(), await rig.prepare()];
    await rig.clock.advance(lives - 1000);
    expect(await codeOf(rig.finish(early.flow)), String(asked)).toBe('resolved');
    await rig.clock.advance(2000);
    expect(await codeOf(rig.finish(late.flow)), String(asked)).toBe('flow_unknown');
  }
});

test('the store holds nothing from which a flow could be finished or read', async () => {
  const store = createMemoryStore();
  const written: unknown[] = [];
  const { put } = store.once;
  const spied = { ...store, once: { ...store.once, put: (entry: never) => (written.push(entry), put(entry)) } };
  const { flow } = await createStepRig({}, { store: spied }).prepare();
  expect(written).not.toEqual([]);
  expect(JSON.stringify(written)).not.toMatch(new RegExp(`${flow}|kept-secret-1|org-1`));
});

test('a user may have twenty unfinished steps', async () => {
  let begun = 0;
  const rig = createStepRig({ start: async () => ({ page: { number: ++begun } }) });
  for (let turn = 0; turn < 20; turn++) await rig.prepare();
  expect(await codeOf(rig.prepare())).toBe('too_many_flows');
  expect(begun, 'steps that the vendor hears of').toBe(20);
  expect(await codeOf(rig.board.prepare('bank', { organizationId, userId: 'user-2' }))).toBe('resolved');
});

test('what the tenant gives first is checked, reaches both ends, and is kept for the refresh', async () => {
  const inputs: unknown[] = [];
  const rig = createStepRig({
    input: z.strictObject({ shop: textField('Shop') }) as never,
    start: async ({ input }) => {
      inputs.push(input);
      return { page: {} };
    },
    complete: async (client) => {
      inputs.push(client.input);
      return { credentials: { accessToken: 'token-1', refreshToken: 'r' }, expiresInMs: 3_600_000 };
    },
    refresh: {
      rotation: 'stable',
      run: async ({ input }) => {
        inputs.push(input);
        return { credentials: { accessToken: 'token-2' }, expiresInMs: 3_600_000 };
      },
    },
  });
  const refused = rig.board.prepare('bank', { ...rig.who, input: { shop: 1 } });
  await expect(refused).rejects.toMatchObject({ code: 'invalid_input', fields: [{ path: 'shop' }] });
  const { flow } = await rig.board.prepare('bank', { ...rig.who, input: { shop: 'one' } });
  await rig.finish(flow);
  await rig.clock.advance(3_600_000);
  await rig.call();
  expect(inputs).toEqual([{ shop: 'one' }, { shop: 'one' }, { shop: 'one' }]);
});

test('a grant that expires is refreshed like any other, once for all who wait', async () => {
  const rig = createStepRig();
  await rig.connect();
  expect((await rig.row())?.refreshAt).not.toBeNull();
  for (let turn = 1; turn <= 3; turn++) {
    await rig.clock.advance(3_600_000);
    await Promise.all(Array.from({ length: 10 }, () => rig.call()));
    expect(rig.asked('/token')).toBe(turn + 1);
  }
  expect(rig.vendor.oauth.ledger.reuses).toEqual([]);
  expect(rig.vendor.oauth.ledger.families().map(({ refreshes }) => refreshes)).toEqual([3]);

  await rig.clock.advance(3_600_000);
  rig.vendor.revokeAll();
  expect(await codeOf(rig.call())).toBe('refresh_refused');
  await rig.clock.advance(80_000);
  expect(await codeOf(rig.call())).toBe('reconnect_required');
  expect(await rig.row()).toMatchObject({ status: 'expired', statusReason: 'revoked' });
});

test('a grant without a refresh ends with a call to reconnect', async () => {
  const rig = createStepRig({ refresh: 'none' });
  await rig.connect();
  expect((await rig.row())?.refreshAt).toBeNull();
  await rig.clock.advance(3_600_000);
  expect(await codeOf(rig.call())).toBe('reconnect_required');
});

test('a reconnect sees the credentials that it repairs, and may keep them', async () => {
  const rig = createStepRig();
  const first = await rig.connect();
  const before = await rig.row();
  const { page, flow } = await rig.prepare();
  expect(page).toEqual({ linkToken: 'link-user-1-update' });
  const again = await rig.finish(flow);
  expect(again).toMatchObject({ id: first.id, status: 'active', account: { id: 'item-1' } });
  expect(await rig.row()).toMatchObject({
    credentials: before?.credentials,
    credentialsVersion: before?.credentialsVersion,
    tokenExpiresAt: before?.tokenExpiresAt,
    refreshAt: before?.refreshAt,
  });
  expect(rig.asked('/token'), 'exchanges').toBe(1);
  await expect(rig.call()).resolves.toMatchObject({ id: 'item-1' });
});

test('what becomes known while a step repairs is not overwritten by what was known before', async () => {
  let meanwhile = async () => {};
  const rig = createStepRig({
    complete: async ({ input }) =>
      input['mode'] === 'update'
        ? 'keep'
        : { credentials: { accessToken: 'token-1' }, scopes: ['read'], metadata: { region: 'eu' } },
    sign: {
      places: ['header:authorization'],
      async apply(request, context) {
        await meanwhile();
        await bearer().apply(request, context);
      },
    },
  });
  const { id } = await rig.connect();
  const { flow } = await rig.prepare();
  const told = { scopes: ['read', 'write'], metadata: { region: 'eu', channels: [] } };
  meanwhile = async () => {
    meanwhile = async () => {};
    await rig.store.connections.update(organizationId, id, {}, told);
  };
  await rig.finish(flow);
  expect(await rig.row()).toMatchObject(told);
});

test('an expired connection whose credentials were repaired lives and is refreshed again', async () => {
  const rig = createStepRig();
  const { id } = await rig.connect();
  const { version } = (await rig.row())!;
  const ended = { status: 'expired', statusReason: 'login_required', refreshAt: null } as const;
  await rig.store.connections.update(organizationId, id, { version }, ended);
  expect(await codeOf(rig.call())).toBe('reconnect_required');
  const { flow } = await rig.prepare();
  expect(await rig.finish(flow)).toMatchObject({ id, status: 'active', reason: null });
  expect((await rig.row())?.refreshAt).not.toBeNull();
  await expect(rig.call()).resolves.toMatchObject({ id: 'item-1' });
});

test('nothing is kept of a connection that ended while the step ran', async () => {
  const rig = createStepRig();
  await rig.connect();
  const { flow } = await rig.prepare();
  await rig.board.disconnect('bank', { organizationId });
  expect(await codeOf(rig.finish(flow))).toBe('nothing_to_keep');
  expect(await rig.row()).toMatchObject({ status: 'disconnected', credentials: null });
  const fresh = await rig.prepare();
  expect(fresh.page).toEqual({ linkToken: 'link-user-1' });
});

test('a grant that is not stored is given back; kept credentials are not', async () => {
  const rig = createStepRig();
  await rig.connect();
  await rig.board.disconnect('bank', { organizationId });
  const removed = rig.asked('/remove');
  const { flow } = await rig.prepare();
  rig.vendor.failNext('invalidCredentials');
  expect(await codeOf(rig.finish(flow))).toBe('credentials_refused');
  expect(rig.asked('/remove')).toBe(removed + 1);

  await rig.connect();
  const repair = await rig.prepare();
  rig.vendor.failNext('invalidCredentials');
  expect(await codeOf(rig.finish(repair.flow))).toBe('credentials_refused');
  expect(rig.asked('/remove')).toBe(removed + 1);
  expect(await rig.row()).toMatchObject({ status: 'active' });
});

test('disconnecting ends the grant by the method’s own way', async () => {
  const rig = createStepRig();
  await rig.connect();
  const { revoked } = await rig.board.disconnect('bank', { organizationId });
  expect([revoked, rig.asked('/remove')]).toEqual(['revoked', 1]);
});

test('a step without a start is prepared as well, so that it has an end', async () => {
  const rig = createStepRig({ start: undefined as never });
  const { page, flow } = await rig.prepare();
  expect(page).toEqual({});
  expect(await rig.finish(flow)).toMatchObject({ status: 'active' });
});

test('a step that cannot begin takes the place of another for a minute', async () => {
  const failing = createStepRig({ start: () => Promise.reject(new Error('no')) });
  for (let turn = 0; turn < 20; turn++) expect(await codeOf(failing.prepare())).toMatch(/^foreign/);
  expect(await codeOf(failing.prepare())).toBe('too_many_flows');
  await failing.clock.advance(61_000);
  expect(await codeOf(failing.prepare())).toMatch(/^foreign/);
});

test('no text of the step shows in an error', async () => {
  const rig = createStepRig({
    complete: async (client) => {
      const json = { public_token: reveal(client.credentials['publicToken'] ?? '') };
      await client.request({ method: 'POST', url: 'https://api.bank.example.com/remove', json });
      return 'keep';
    },
  });
  const { flow } = await rig.prepare();
  rig.vendor.failNext({ status: 400, json: { error: 'invalid_grant', error_description: 'public-secret-1 is spent' } });
  const credentials = { publicToken: 'public-secret-1' };
  const error: unknown = await rig.finish(flow, { credentials }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'credentials_refused' });
  expect(JSON.stringify(error)).not.toContain('public-secret-1');
});

test('no text of the step shows in an error, however deep it was sent', async () => {
  const rig = createStepRig({
    start: async () => ({ page: {}, keep: { link: { linkToken: 'link-secret-1' } } }),
    complete: async (client) => {
      const json = { item: [client.input] };
      await client.request({ method: 'POST', url: 'https://api.bank.example.com/remove', json });
      return 'keep';
    },
  });
  const { flow } = await rig.prepare();
  rig.vendor.failNext({ status: 400, json: { error: 'invalid_request', error_description: 'link-secret-1 is old' } });
  const error: unknown = await rig.finish(flow).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'invalid_request', vendor: { message: '[secret] is old' } });
});

test('what is the engine’s own to know, no vendor can tell', async () => {
  const told = { channels: ['x'], alsoKnownAs: ['item-2'], input: { shop: 'evil.example' }, region: 'eu' };
  const rig = createStepRig({
    complete: async () => ({
      credentials: { accessToken: 'token-1', refreshToken: 'r' },
      expiresInMs: 3_600_000,
      metadata: told,
    }),
    refresh: {
      rotation: 'stable',
      run: async () => ({ credentials: { accessToken: 'token-2' }, expiresInMs: 3_600_000, metadata: told }),
    },
  });
  const { flow } = await rig.prepare();
  await rig.finish(flow);
  expect((await rig.row())?.metadata).toEqual({ region: 'eu' });
  await rig.clock.advance(3_600_000);
  await rig.call();
  expect((await rig.row())?.metadata).toEqual({ region: 'eu' });
});
