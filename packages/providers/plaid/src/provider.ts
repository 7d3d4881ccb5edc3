/** Plaid: bank accounts, balances, account numbers, owners and transactions. */
import { defineProvider, PlugboardError, snakeCase } from '@plugboard/core';
import type { Api, Output } from '@plugboard/core';
import { z } from '@plugboard/core/fields';

import { app, baseUrl, headersOf } from './app.ts';
import { emulator } from './emulator.ts';
import { errors } from './errors.ts';
import { link } from './link.ts';
import { accounts, items, sandbox, transactions } from './operations.ts';
import { webhooks } from './webhooks.ts';

const weekMs = 7 * 86_400_000;

export const plaid = defineProvider({
  id: 'plaid',
  name: 'Plaid',
  category: 'payments',
  summary: 'Bank accounts, balances, account numbers, owners and transactions.',
  docs: {
    home: 'https://plaid.com',
    keys: 'https://dashboard.plaid.com/developers/keys',
    reference: 'https://plaid.com/docs/api/',
    checked: '2026-11-20',
  },
  hosts: ['sandbox.plaid.com', 'production.plaid.com'],
  app,
  auth: { link },

  api: {
    baseUrl: ({ app: own }) => baseUrl(own),
    headers: ({ app: own }) => headersOf(own),
    errors,
  },

  async account(api) {
    const { item } = await api.call(items.get, {});
    const problem = problemOf(item);
    // A repair that was not finished repairs nothing.
    if (problem !== undefined) {
      throw new PlugboardError({
        kind: 'auth',
        code: problem.reason,
        message: 'The bank login is broken.',
        hint: 'Open Link once more.',
      });
    }
    const institutionId = item.institution_id ?? null;
    const name = item.institution_name ?? institutionId ?? 'Bank';
    return { kind: 'known', account: { id: item.item_id, name }, metadata: { institutionId } };
  },

  // Answers 200 for an Item that is broken.
  async healthCheck(api) {
    const { item } = await api.call(items.get, {});
    const problem = problemOf(item);
    if (problem !== undefined) return { status: 'degraded', ...problem };
    // In Europe consent ends by itself.
    const ends = Date.parse(item.consent_expiration_time ?? '');
    if (ends - api.clock.now() < weekMs) return { status: 'degraded', reason: 'consent_expiring', attention: true };
    return { status: 'healthy' };
  },

  settings: {
    schema: z.strictObject({
      accountIds: z.array(z.string().min(1)).max(100).optional().meta({ title: 'Accounts that may be used' }),
    }),
    choices: {
      async accountIds(api: Api) {
        const { accounts: found } = await api.call(accounts.list, {});
        return found.map(({ account_id: value, name, mask }) => ({ value, label: mask ? `${name} ••${mask}` : name }));
      },
    },
  },

  webhooks,
  operations: { items, accounts, transactions, sandbox },
  emulator,
});

/** What is wrong with an Item, and whether only its user can help. */
function problemOf({ error }: Output<typeof items.get.output>['item']) {
  if (error === null || error === undefined) return undefined;
  const detail = error.display_message;
  return {
    reason: snakeCase(error.error_code),
    ...(typeof detail === 'string' && { detail }),
    attention: error.error_type === 'ITEM_ERROR',
  };
}
