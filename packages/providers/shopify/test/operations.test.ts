import { at, member } from '@plugboard/core';
import { describe, expect, test } from 'vitest';

import { rig, shop, who } from './rig.ts';

const cost = (requestedQueryCost: number, currentlyAvailable: number, restoreRate = 50) => ({
  cost: { requestedQueryCost, throttleStatus: { maximumAvailable: 1000, currentlyAvailable, restoreRate } },
});
const throttled = (extensions: object) => ({
  errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
  extensions,
});

describe('what the vendor hides in a success', () => {
  test('a throttled query waits until the bucket holds what it costs, and is asked again', async () => {
    const { answer, client, clock, connect, sent } = rig();
    await connect();
    let turns = 0;
    answer(() => (turns++ === 0 ? Response.json(throttled(cost(202, 118))) : undefined));
    const before = clock.now();
    const asked = client.shop.get();
    await clock.advance(1_679);
    expect(sent).toHaveLength(1);
    await clock.advance(600);
    expect(await asked).toMatchObject({ name: 'Snowdevil' });
    expect(sent).toHaveLength(2);
    expect(clock.now() - before).toBeGreaterThanOrEqual(1_680);
  });

  test.each([
    ['enough is there by now', cost(50, 118), 1000],
    ['nothing is told', {}, 1000],
    ['it never fills', cost(50, 0, 0), 1000],
    ['it fills slowly', cost(1000, 0, 100), 10_000],
  ])('a throttled mutation is not repeated, and tells how long to wait where %s', async (_what, extensions, ms) => {
    const { answer, client, connect, sent } = rig();
    await connect();
    answer(() => Response.json(throttled(extensions)));
    await expect(client.products.create({ product: { title: 'Board' } })).rejects.toMatchObject({
      kind: 'rate_limited',
      code: 'throttled',
      retryable: true,
      retryAfterMs: ms,
    });
    expect(sent).toHaveLength(1);
  });

  test('what a mutation refuses fails with its field, and with the vendor’s code where there is one', async () => {
    const { answer, client, connect } = rig();
    await connect();
    const error = { field: ['input', 'email'], message: 'Email is taken', code: 'TAKEN' };
    answer(() => Response.json({ data: { customerCreate: { customer: null, userErrors: [error] } } }));
    await expect(client.customers.create({ input: { email: 'a@example.com' } })).rejects.toMatchObject({
      kind: 'invalid_request',
      code: 'user_error',
      retryable: false,
      vendor: { code: 'TAKEN', message: 'input.email: Email is taken' },
    });
  });

  test('what an id does not find is not_found, and half an answer is none', async () => {
    const { answer, client, connect } = rig();
    await connect();
    answer(() => Response.json({ data: { order: null } }));
    await expect(client.orders.get({ id: 'gid://shopify/Order/1' })).rejects.toMatchObject({ kind: 'not_found' });
    const denied = { message: 'Access denied for customer field.', extensions: { code: 'ACCESS_DENIED' } };
    answer(() => Response.json({ data: { order: { id: 'x', customer: null } }, errors: [denied] }));
    await expect(client.orders.get({ id: 'gid://shopify/Order/1' })).rejects.toMatchObject({
      kind: 'permission',
      code: 'access_denied',
    });
  });
});

test('a sync asks for what changed since, oldest first, page by page with the same question', async () => {
  const { answer, client, connect, sent } = rig();
  await connect();
  const node = (id: number) => ({
    id: `gid://shopify/Product/${id}`,
    title: 't',
    handle: 'h',
    status: 'ACTIVE',
    createdAt: '2026-11-20T10:00:00Z',
    updatedAt: '2026-11-20T10:05:00Z',
  });
  answer(({ json }) => {
    const more = at(json, 'variables', 'after') === undefined;
    const pageInfo = { hasNextPage: more, endCursor: more ? 'c1' : 'c2' };
    return Response.json({ data: { products: { nodes: [node(more ? 1 : 2)], pageInfo } } });
  });
  const found: string[] = [];
  const input = { updatedAfter: '2026-11-01T00:00:00Z', query: 'vendor:Acme OR tag:new', first: 1 };
  for await (const { id } of client.products.list(input)) found.push(id);
  expect(found).toEqual(['gid://shopify/Product/1', 'gid://shopify/Product/2']);
  const asked = {
    first: 1,
    query: "updated_at:>'2026-11-01T00:00:00Z' AND (vendor:Acme OR tag:new)",
    sortKey: 'UPDATED_AT',
  };
  expect(sent.map(({ json }) => member(json, 'variables'))).toEqual([asked, { ...asked, after: 'c1' }]);
  await expect(client.products.list({ updatedAfter: "2026' OR 1" })).rejects.toMatchObject({ code: 'invalid_input' });
});

describe('stock', () => {
  const idempotencyKey = '0190a5f2-7c1e-7d3a-9b4f-2f6d8c1e5a70';
  const location = 'gid://shopify/Location/9101';
  const set = (quantities: readonly object[]) => ({
    idempotencyKey,
    input: { name: 'available' as const, reason: 'correction', quantities: quantities as never },
  });
  const item = { inventoryItemId: 'gid://shopify/InventoryItem/9001', quantity: 3 };

  test('that names no place is kept at the location of the settings', async () => {
    const { board, client, connect, sent } = rig();
    await connect();
    await expect(client.inventory.set(set([item]))).rejects.toMatchObject({
      kind: 'invalid_request',
      fields: [{ path: 'input.quantities.0.locationId' }],
    });
    expect(sent).toEqual([]);
    expect(await board.settings.choices('shopify', { ...who, field: 'location' })).toEqual([
      { value: location, label: 'Ottawa Store' },
    ]);
    await board.settings.update('shopify', { ...who, settings: { location } });
    const other = 'gid://shopify/Location/2';
    await client.inventory.set(set([item, { ...item, locationId: other }]));
    const { json } = sent.at(-1)!;
    expect(member(json, 'query')).toContain('@idempotent(key: $idempotencyKey)');
    expect(member(json, 'variables')).toMatchObject({
      idempotencyKey,
      input: {
        quantities: [
          { ...item, locationId: location },
          { ...item, locationId: other },
        ],
      },
    });
  });
});

test('ids of another type are refused before anything is sent', async () => {
  const { client, connect, sent } = rig();
  await connect();
  await expect(client.orders.get({ id: 'gid://shopify/Product/1' })).rejects.toMatchObject({
    fields: [{ path: 'id' }],
  });
  await expect(client.orders.get({ id: '1' })).rejects.toMatchObject({ fields: [{ path: 'id' }] });
  expect(sent).toEqual([]);
});

test('a shop that is frozen or whose app lacks something is degraded, and a dead token is an error', async () => {
  const { board, connect, vendor } = rig();
  await connect();
  const health = async () => {
    const { status, reason } = await board.health('shopify', who);
    return [status, reason];
  };
  expect(await health()).toEqual(['healthy', null]);
  for (const [name, ...expected] of [
    ['frozen', 'degraded', 'shop_frozen'],
    ['locked', 'degraded', 'shop_locked'],
    ['missingScope', 'degraded', 'access_denied'],
    ['invalidCredentials', 'error', 'unauthorized'],
  ] as const) {
    vendor.failNext(name);
    expect(await health(), name).toEqual(expected);
  }
  expect((await board.connections.get('shopify', who))?.account?.id).toBe(shop);
});
