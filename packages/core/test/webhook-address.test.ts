import { describe, expect, test, vi } from 'vitest';

import { encodeBase64url, encodeUtf8 } from '../src/bytes.ts';
import { webhookKeysOf } from '../src/connections/webhook-keys.ts';
import { defineProvider } from '../src/define-provider.ts';
import type { ConnectionRow } from '../src/store.ts';
import { hmacSigner } from '../src/webhooks/hmac-signature.ts';
import { acmeProvider, createRig, organizationId } from './support/rig.ts';

const sign = hmacSigner({ header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' });
const order = (id: string, account = 'acct-1') => JSON.stringify({ type: 'order.created', id, account, total: 5 });
const dayMs = 86_400_000;

type Rig = ReturnType<typeof createRig>;

function keyOf(address: string): string {
  return address.slice(address.lastIndexOf('/') + 1);
}

async function deliver({ board }: Rig, address: string, id: string, body = order(id)) {
  const headers = await sign({ body, url: address, at: new Date(0) }, 'signing-secret');
  const request = new Request(address, { method: 'POST', body, headers });
  const answer = await board.webhooks.receive('acme', request, { key: keyOf(address) });
  return [answer.status, ((await answer.json().catch(() => ({}))) as { code?: string }).code ?? null];
}

function listen(rig: Rig) {
  const heard: unknown[] = [];
  rig.board.on('acme', '*', (_data, { connection, id }) => void heard.push([connection?.label, id]));
  return heard;
}

describe('the webhook address of a connection', () => {
  test('leads to that connection alone, and its key is unguessable', async () => {
    const rig = createRig();
    await rig.connect();
    await rig.connect('second');
    const heard = listen(rig);
    const address = await rig.board.webhooks.address('acme', { organizationId, label: 'second' });
    expect(address).toMatch(/^https:\/\/app\.example\.com\/integrations\/webhooks\/acme\/[\w-]+\.[\w-]{43}$/);
    expect(await deliver(rig, address, 'e1')).toEqual([200, null]);
    expect(heard).toEqual([['second', 'e1']]);
    const again = await rig.board.webhooks.address('acme', { organizationId, label: 'second' });
    expect(keyOf(again).split('.')[1]).not.toBe(keyOf(address).split('.')[1]);
  });

  test('E10 takes no event of another account, whatever signed it', async () => {
    const rig = createRig();
    await rig.connect();
    const heard = listen(rig);
    const address = await rig.board.webhooks.address('acme', { organizationId });
    expect(await deliver(rig, address, 'e1', order('e1', 'acct-2'))).toEqual([403, 'foreign_account']);
    expect(heard).toEqual([]);
  });

  test('is known to the store as a hash only, and to the audit trail not at all', async () => {
    const rig = createRig();
    await rig.connect();
    const address = await rig.board.webhooks.address('acme', { organizationId, userId: 'ada' });
    const [, secret = ''] = keyOf(address).split('.');
    const row = await rig.store.connections.find(organizationId, { provider: 'acme', label: 'default' });
    const trail = await rig.board.audit.list({ organizationId });
    expect(JSON.stringify([row, trail])).not.toContain(secret);
    expect(trail.items[0]).toMatchObject({ type: 'connection.webhook_address_made', actor: 'ada', data: {} });
  });

  test('E01 answers every key that is none with the same 404, before it looks at body or signature', async () => {
    const rig = createRig();
    await rig.connect();
    const heard = listen(rig);
    const address = await rig.board.webhooks.address('acme', { organizationId });
    const [named = '', secret = ''] = keyOf(address).split('.');
    const naming = (value: unknown) => encodeBase64url(encodeUtf8(JSON.stringify(value)));
    const { id } = (await rig.board.connections.get('acme', { organizationId }))!;
    const wrong = [
      '',
      'x',
      named,
      `${named}.`,
      `.${secret}`,
      `x.${named}.${secret}`,
      ` ${named}.${secret}`,
      `${named}.${secret.slice(1)}`,
      `${named}.${secret}x`,
      `${named}.${secret.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`,
      `${named}.${'A'.repeat(43)}`,
      `${naming(['org-2', id])}.${secret}`,
      `${naming([organizationId, crypto.randomUUID()])}.${secret}`,
      `${naming([organizationId, 'default'])}.${secret}`,
      `${naming([organizationId, id, 1])}.${secret}`,
      `${naming([organizationId, null])}.${secret}`,
      `${naming([1, id])}.${secret}`,
      `${naming([[organizationId], id])}.${secret}`,
      `${naming(['o'.repeat(257), id])}.${secret}`,
      `${naming({ 0: organizationId, 1: id, length: 2 })}.${secret}`,
      `${naming(['', id])}.${secret}`,
      `${naming(['a\0', id])}.${secret}`,
      `${naming(['\ud800', id])}.${secret}`,
      `${naming('['.repeat(200))}.${secret}`,
      `${encodeBase64url(encodeUtf8(`[ ${JSON.stringify(organizationId)},${JSON.stringify(id)}]`))}.${secret}`,
      `${encodeBase64url(new Uint8Array([0xff, 0xfe, 0xfd]))}.${secret}`,
      `${'A'.repeat(5000)}.${secret}`,
      organizationId,
    ];
    const answers = new Set<string>();
    const asked = vi.spyOn(rig.store.connections, 'get');
    for (const key of wrong) {
      // A body that nobody may read: it would say so.
      const body = new ReadableStream({ pull: () => expect.unreachable('the body was read') }, { highWaterMark: 0 });
      const request = new Request(`${address}x`, { method: 'POST', body, duplex: 'half' });
      const answer = await rig.board.webhooks.receive('acme', request, { key });
      answers.add(`${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`);
    }
    expect([...answers]).toEqual([expect.stringMatching(/^404 .*"code":"unknown_address"}$/)]);
    expect(heard).toEqual([]);
    // What no store could hold is asked of none: some throw, and others take what they are given for a text.
    const names = asked.mock.calls.flat();
    expect(names.filter((name) => typeof name !== 'string' || name.length > 256)).toEqual([]);
    expect(await deliver(rig, address, 'e1')).toEqual([200, null]);
  });

  test('may be of an organization whose id has 256 characters', async () => {
    const rig = createRig();
    const own = 'o'.repeat(256);
    await rig.board.connect('acme', { organizationId: own, userId: 'ada', credentials: { apiKey: 'acme-key' } });
    expect(await deliver(rig, await rig.board.webhooks.address('acme', { organizationId: own }), 'e1')).toEqual([
      200,
      null,
    ]);
  });

  test.each<[string, Partial<ConnectionRow>]>([
    ['has ended', { status: 'disconnected' }],
    ['a stub made, where the vendor is real', { stub: true }],
  ])('leads to no connection that %s', async (_what, change) => {
    const rig = createRig();
    await rig.connect();
    const address = await rig.board.webhooks.address('acme', { organizationId });
    const { id } = (await rig.row())!;
    await rig.store.connections.update(organizationId, id, {}, change);
    expect(await deliver(rig, address, 'e1')).toEqual([404, 'unknown_address']);
    await rig.store.connections.update(organizationId, id, {}, { status: 'active', stub: false });
    expect(await deliver(rig, address, 'e2')).toEqual([200, null]);
  });

  test('serves no other provider, and is made for none without webhooks', async () => {
    const { definition } = acmeProvider();
    const app = { clientId: 'c', clientSecret: 's', signingSecret: 'signing-secret' };
    const other = defineProvider({ ...definition, id: 'other' })(app);
    const { webhooks: _none, ...silent } = definition;
    const rig = createRig({}, { more: [other, defineProvider({ ...silent, id: 'silent' })(app)] });
    await rig.connect();
    const heard = listen(rig);
    const address = await rig.board.webhooks.address('acme', { organizationId });
    const elsewhere = address.replace('/acme/', '/other/');
    const headers = await sign({ body: order('e1'), url: elsewhere, at: new Date(0) }, 'signing-secret');
    const request = new Request(elsewhere, { method: 'POST', body: order('e1'), headers });
    const answer = await rig.board.webhooks.receive('other' as 'acme', request, { key: keyOf(address) });
    expect([answer.status, heard]).toEqual([404, []]);
    const credentials = { apiKey: 'acme-key' };
    await rig.board.connect('silent' as 'acme', { organizationId, userId: 'ada', credentials });
    await expect(rig.board.webhooks.address('silent' as 'acme', { organizationId })).rejects.toMatchObject({
      kind: 'configuration',
      code: 'no_webhooks',
    });
  });

  test.each(['ended', 'gone'] as const)('is not made for a connection that is %s by then', async (what) => {
    const rig = createRig();
    await rig.connect();
    const row = (await rig.row())!;
    const { update, get } = rig.store.connections;
    Object.assign(rig.store.connections, {
      async update(...[organization, id]: Parameters<typeof update>) {
        await update(organization, id, {}, { status: 'disconnected' });
        return null;
      },
      get: (...args: Parameters<typeof get>) => (what === 'gone' ? Promise.resolve(null) : get(...args)),
    });
    await expect(rig.board.webhooks.address('acme', { organizationId })).rejects.toMatchObject({
      code: 'not_connected',
    });
    expect((await rig.store.connections.find(organizationId, row))?.metadata).not.toHaveProperty('webhookKeys');
  });

  test('is known beside what is no key in the list', async () => {
    const rig = createRig();
    await rig.connect();
    expect((await rig.row())?.metadata).not.toHaveProperty('webhookKeys');
    const address = await rig.board.webhooks.address('acme', { organizationId });
    const { id, metadata } = (await rig.row())!;
    const webhookKeys = [null, 'x', 7, [], { until: null }, { hash: 7, until: null }, ...webhookKeysOf({ metadata })];
    await rig.store.connections.update(organizationId, id, {}, { metadata: { ...metadata, webhookKeys } });
    expect(await deliver(rig, address, 'e1')).toEqual([200, null]);
    await rig.connect();
    expect(await deliver(rig, address, 'e2')).toEqual([200, null]);
    expect(webhookKeysOf((await rig.row())!)).toHaveLength(1);
    expect((await rig.row())?.metadata['webhookKeys']).toHaveLength(1);
  });

  test('makes way for a new one, and goes on for a week', async () => {
    const rig = createRig();
    await rig.connect();
    const first = await rig.board.webhooks.address('acme', { organizationId });
    const second = await rig.board.webhooks.address('acme', { organizationId });
    expect([await deliver(rig, first, 'e1'), await deliver(rig, second, 'e2')]).toEqual([
      [200, null],
      [200, null],
    ]);
    // A third one takes nothing of the week that the first has.
    const last = await rig.board.webhooks.address('acme', { organizationId });
    expect([await deliver(rig, first, 'f1'), await deliver(rig, last, 'f2')]).toEqual([
      [200, null],
      [200, null],
    ]);
    await rig.clock.advance(7 * dayMs - 1000);
    expect(await deliver(rig, first, 'e3')).toEqual([200, null]);
    await rig.clock.advance(1000);
    expect([await deliver(rig, first, 'e4'), await deliver(rig, last, 'e5')]).toEqual([
      [404, 'unknown_address'],
      [200, null],
    ]);
  });

  test('is made for each who asks at once, and a handful lives', async () => {
    const rig = createRig();
    await rig.connect();
    const make = () => rig.board.webhooks.address('acme', { organizationId });
    const [one, other] = await Promise.all([make(), make()]);
    expect([await deliver(rig, one, 'e1'), await deliver(rig, other, 'e2')]).toEqual([
      [200, null],
      [200, null],
    ]);
    for (let count = 0; count < 5; count++) await make();
    expect(await deliver(rig, one, 'e3')).toEqual([404, 'unknown_address']);
  });

  test('stays through a reconnect and ends with the connection', async () => {
    const rig = createRig();
    await rig.connect();
    const address = await rig.board.webhooks.address('acme', { organizationId });
    await rig.connect();
    expect(await deliver(rig, address, 'e1')).toEqual([200, null]);
    await rig.board.disconnect('acme', { organizationId });
    expect(await deliver(rig, address, 'e2')).toEqual([404, 'unknown_address']);
    await rig.connect();
    expect(await deliver(rig, address, 'e3')).toEqual([404, 'unknown_address']);
  });

  test('G01 is made for nobody without a connection of their own', async () => {
    const rig = createRig();
    await rig.connect();
    const refusal = { kind: 'auth', code: 'not_connected' };
    await expect(rig.board.webhooks.address('acme', { organizationId: 'org-2' })).rejects.toMatchObject(refusal);
    const { id } = (await rig.row())!;
    for (const change of [{ stub: true }, { stub: false, status: 'disconnected' }] as const) {
      await rig.store.connections.update(organizationId, id, {}, change);
      await expect(rig.board.webhooks.address('acme', { organizationId })).rejects.toMatchObject(refusal);
    }
    for (const target of [{ organizationId: '' }, { organizationId, label: '' }]) {
      const path = target.organizationId === '' ? 'organizationId' : 'label';
      await expect(rig.board.webhooks.address('acme', target)).rejects.toMatchObject({ fields: [{ path }] });
    }
    await expect(rig.board.webhooks.address('nobody' as 'acme', { organizationId })).rejects.toMatchObject({
      code: 'unknown_provider',
    });
  });
});
