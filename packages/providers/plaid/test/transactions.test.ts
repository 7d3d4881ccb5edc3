import type { JsonObject } from '@plugboard/core';
import { createTestBoard } from '@plugboard/testing';
import { expect, test } from 'vitest';

import { plaid } from '../src/index.ts';

const app = { clientId: 'c', secret: 's', environment: 'sandbox', appName: 'Books' };
const who = { organizationId: 'org-1', userId: 'ada' };
const transaction = (id: string) => ({
  transaction_id: id,
  account_id: 'a',
  amount: 1,
  date: '2026-01-01',
  name: id,
  pending: false,
});
const page = (
  next_cursor: string,
  has_more: boolean,
  ids: Partial<Record<'added' | 'modified' | 'removed', string[]>>,
) => ({
  accounts: [],
  added: (ids.added ?? []).map(transaction),
  modified: (ids.modified ?? []).map(transaction),
  removed: (ids.removed ?? []).map((id) => ({ transaction_id: id, account_id: 'a' })),
  next_cursor,
  has_more,
  transactions_update_status: 'HISTORICAL_UPDATE_COMPLETE',
  request_id: 'r',
});
const changed = {
  error_type: 'TRANSACTIONS_ERROR',
  error_code: 'TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION',
  error_message: 'changed',
};

/** A Plaid that answers one sync after the other. */
async function createRig(answers: readonly object[]) {
  const left = [...answers];
  const asked: JsonObject[] = [];
  const fixed: Record<string, object> = {
    '/link/token/create': { link_token: 'link-sandbox-1', expiration: '2099-01-01T00:00:00Z', request_id: 'r' },
    '/item/public_token/exchange': { access_token: 'access-sandbox-1', item_id: 'i', request_id: 'r' },
    '/item/get': { item: { item_id: 'i', available_products: [], billed_products: [] }, request_id: 'r' },
  };
  const { board } = createTestBoard(plaid(app), {
    answer({ url, json }) {
      const known = fixed[url.pathname];
      if (known !== undefined) return Response.json(known);
      const { access_token: _token, ...body } = json as JsonObject;
      asked.push(body);
      const answer = left.shift() ?? {};
      return Response.json(answer, { status: 'error_code' in answer ? 400 : 200 });
    },
  });
  const { flow } = await board.prepare('plaid', who);
  await board.connect('plaid', { ...who, flow, credentials: { publicToken: 'public-sandbox-1' } });
  const { transactions } = board.client('plaid', who);
  return { asked, changes: (input = {}) => transactions.changes(input) };
}

async function read(
  changes: AsyncIterable<{ kind: string; cursor?: string; transaction?: { transaction_id: string } }>,
) {
  const seen: string[] = [];
  for await (const change of changes)
    seen.push(`${change.kind} ${change.cursor ?? change.transaction?.transaction_id}`);
  return seen;
}

test('an update is read to its end, and the cursor to store comes last', async () => {
  const { asked, changes } = await createRig([
    page('c1', true, { added: ['t1', 't2'] }),
    page('c2', false, { modified: ['t3'], removed: ['t4'] }),
  ]);
  expect(await read(changes({ cursor: 'c0' }))).toEqual([
    'added t1',
    'added t2',
    'modified t3',
    'removed t4',
    'cursor c2',
  ]);
  expect(asked).toEqual([
    { count: 500, cursor: 'c0' },
    { count: 500, cursor: 'c1' },
  ]);
});

test('without changes only the cursor comes, and the first update has none to begin with', async () => {
  const { asked, changes } = await createRig([page('c1', false, {})]);
  expect(await read(changes())).toEqual(['cursor c1']);
  expect(asked).toEqual([{ count: 500 }]);
});

test('an update that changes while it is read begins again, and what was read before is not told', async () => {
  const { asked, changes } = await createRig([
    page('c1', true, { added: ['gone'] }),
    changed,
    page('c1', true, { added: ['t1'] }),
    page('c2', false, { added: ['t2'] }),
  ]);
  expect(await read(changes({ cursor: 'c0' }))).toEqual(['added t1', 'added t2', 'cursor c2']);
  expect(asked.map(({ cursor }) => cursor)).toEqual(['c0', 'c1', 'c0', 'c1']);
});

test('an update that never holds still ends in the vendor’s error, without a cursor', async () => {
  const { asked, changes } = await createRig(Array.from({ length: 10 }, () => changed));
  await expect(read(changes())).rejects.toMatchObject({
    kind: 'conflict',
    code: 'transactions_sync_mutation_during_pagination',
  });
  expect(asked).toHaveLength(5);
});

test('whoever stops early has seen no cursor', async () => {
  const { changes } = await createRig([page('c1', true, { added: ['t1'] }), page('c2', false, { added: ['t2'] })]);
  const seen: string[] = [];
  for await (const change of changes()) {
    seen.push(change.kind);
    if (seen.length === 2) break;
  }
  expect(seen).toEqual(['added', 'added']);
});
