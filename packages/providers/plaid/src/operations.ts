/** What the client offers: https://plaid.com/docs/api/ (OpenAPI 2020-09-14, revision 1.697.4). */
import { endpoint, isPlugboardError, stream } from '@plugboard/core';
import type { Api, Output } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

/** Of production; a sandbox allows more. https://plaid.com/docs/errors/rate-limit-exceeded/ (2026-09-23) */
const perMinute = (item: number, client: number) =>
  [
    { requests: item, perMs: 60_000 },
    { requests: client, perMs: 60_000, per: 'app' },
  ] as const;
// Every call is a POST; these only read.
const read = { repeat: 'safe' } as const;

const account = like(
  { account_id: 'vzeNDwK7KQIm4yEog683uElbp9GRLEFXGK98D', name: 'Plaid Checking', type: 'depository' },
  { mask: '9606', official_name: 'Plaid Gold Checking', subtype: 'checking', persistent_account_id: z.string() },
).extend({
  // In major units; any of them may be unknown.
  balances: like(
    {},
    { available: 100, current: 110, limit: 500, iso_currency_code: 'USD', unofficial_currency_code: z.string() },
  ).meta({
    examples: [{ available: 100, current: 110, limit: null, iso_currency_code: 'USD', unofficial_currency_code: null }],
  }),
});
const problem = z.looseObject({
  error_type: z.string(),
  error_code: z.string(),
  display_message: z.string().nullish(),
});
const item = like(
  { item_id: 'DWVAAPWq4RHGlEaNyGKRTAnPLaEmo8Cvq7na6', available_products: ['balance'], billed_products: ['auth'] },
  { institution_id: 'ins_117650', institution_name: 'Royal Bank of Plaid', webhook: z.string() },
)
  .extend({ error: problem.nullish(), consent_expiration_time: z.iso.datetime({ offset: true }).nullish() })
  .meta({
    examples: [
      {
        item_id: 'DWVAAPWq4RHGlEaNyGKRTAnPLaEmo8Cvq7na6',
        institution_id: 'ins_117650',
        institution_name: 'Royal Bank of Plaid',
        available_products: ['balance', 'identity'],
        billed_products: ['auth', 'transactions'],
        products: ['auth', 'transactions'],
        webhook: 'https://www.genericwebhookurl.com/webhook',
        auth_method: 'INSTANT_AUTH',
        error: null,
        consent_expiration_time: null,
        update_type: 'background',
      },
    ],
  });
const request_id = 'm8MDnv9okwxFNBV';
const found = { item, request_id };

/** Which accounts of the Item; default all. */
const some = {
  accountIds: z
    .array(z.string().min(1))
    .min(1)
    .meta({ examples: [['vzeNDwK7KQIm4yEog683uElbp9GRLEFXGK98D']] }),
};
const options = (chosen: object) => (Object.keys(chosen).length === 0 ? {} : { json: { options: chosen } });
const of = ({ accountIds }: { accountIds?: readonly string[] | undefined }) => ({
  ...(accountIds && { account_ids: accountIds }),
});

export const items = {
  get: endpoint('POST /item/get', {
    summary: 'Reads the Item and what is wrong with it.',
    input: given({}),
    output: like({ ...found }),
    limits: perMinute(15, 5_000),
    ...read,
  }),
  updateWebhook: endpoint('POST /item/webhook/update', {
    summary: 'Changes where webhooks about the Item go.',
    input: given({ webhook: z.url({ protocol: /^https$/ }).meta({ examples: ['https://app.example.com/plaid'] }) }),
    output: like({ ...found }),
    ...read,
  }),
};

export const accounts = {
  list: endpoint('POST /accounts/get', {
    summary: 'Lists the accounts of the Item with balances as last known.',
    input: given({}, some),
    encode: (input) => options(of(input)),
    output: like({ accounts: [account], ...found }),
    limits: perMinute(15, 15_000),
    ...read,
  }),
  balances: endpoint('POST /accounts/balance/get', {
    summary: 'Asks the bank for balances now, which may take half a minute.',
    input: given({}, { ...some, minLastUpdated: z.iso.datetime() }),
    encode: ({ minLastUpdated, ...input }) =>
      options({ ...of(input), ...(minLastUpdated !== undefined && { min_last_updated_datetime: minLastUpdated }) }),
    output: like({ accounts: [account], ...found }),
    limits: perMinute(5, 1_200),
    deadlineMs: 90_000,
    ...read,
  }),
  numbers: endpoint('POST /auth/get', {
    summary: 'Reads account and routing numbers, which are as good as cash.',
    input: given({}, some),
    encode: (input) => options(of(input)),
    output: like({
      accounts: [account],
      numbers: like({
        ach: [
          like(
            { account: '9900009606', account_id: 'vzeNDwK7KQIm4yEog683uElbp9GRLEFXGK98D', routing: '011401533' },
            { wire_routing: '021000021', is_tokenized_account_number: false },
          ),
        ],
        eft: z.array(z.looseObject({ account: z.string(), account_id: z.string() })).meta({ examples: [[]] }),
        international: z.array(z.looseObject({ account_id: z.string(), iban: z.string() })).meta({ examples: [[]] }),
        bacs: z.array(z.looseObject({ account: z.string(), account_id: z.string() })).meta({ examples: [[]] }),
      }),
      ...found,
    }),
    limits: perMinute(15, 12_000),
    ...read,
  }),
  owners: endpoint('POST /identity/get', {
    summary: 'Reads what the bank knows of the owners: names, addresses, emails and phones.',
    input: given({}, some),
    encode: (input) => options(of(input)),
    output: like({
      accounts: [
        account.extend({
          owners: z.array(
            like({
              names: ['Alberta Bobbeth Charleson'],
              emails: [like({ data: 'accountholder0@example.com', primary: true, type: 'primary' })],
              phone_numbers: [like({ data: '2025550123', primary: false, type: 'home' })],
              addresses: [
                like({
                  data: like(
                    { street: '2992 Cameron Road', city: 'Malakoff' },
                    { region: 'NY', postal_code: '14236', country: 'US' },
                  ),
                }),
              ],
            }),
          ),
        }),
      ],
      ...found,
    }),
    limits: perMinute(15, 2_000),
    ...read,
  }),
};

const nulls = (names: string) => Object.fromEntries(names.split(' ').map((name) => [name, null]));
const place = { city: 'Poway', region: 'CA', ...nulls('address postal_code country lat lon store_number') };
const payment = nulls('reference_number ppd_id payee by_order_of payer payment_method payment_processor reason');
const category = { primary: 'GENERAL_MERCHANDISE', detailed: 'GENERAL_MERCHANDISE_SUPERSTORES' };
const purchase = {
  transaction_id: 'lPNjeW1nR6CDn5okmGQ6hEpMo4lLNoSrzqDje',
  account_id: 'BxBXxLj1m4HMXBm9WZZmCWVbPjX16EHwv99vp',
  // Money that leaves the account is positive.
  amount: 72.1,
  date: '2023-09-24',
  name: 'PURCHASE WM SUPERCENTER #1700',
  pending: false,
};
const often = { iso_currency_code: 'USD', merchant_name: 'Walmart', authorized_date: '2023-09-22' };
const rarely = nulls(
  'unofficial_currency_code pending_transaction_id account_owner authorized_datetime datetime transaction_code',
);
const context = { payment_channel: 'in store', location: place, payment_meta: payment };
const transaction = like(purchase, {
  ...often,
  pending_transaction_id: z.string(),
  personal_finance_category: like(category),
}).meta({ examples: [{ ...purchase, ...often, ...rarely, ...context, personal_finance_category: category }] });
const removed = like({
  transaction_id: 'CmdQTNgems8BT1B7ibkoUXVPyAeehT3Tmzk0l',
  account_id: 'BxBXxLj1m4HMXBm9WZZmCWVbPjX16EHwv99vp',
});

const sync = endpoint('POST /transactions/sync', {
  summary: 'Reads one page of what changed since a cursor.',
  input: given({}, { cursor: z.string().min(1).max(256), count: z.int().min(1).max(500) }),
  output: like({
    accounts: [account],
    added: [transaction],
    modified: z.array(transaction).meta({ examples: [[]] }),
    removed: [removed],
    next_cursor:
      'tVUUL15lYQN5rBnfDIc1I8xudpGdIlw9nsgeXWvhOfkECvUeR663i3Dt1uf/94S8ASkitgLcIiOSqNwzzp+bh89kirazha5vuZHBb2ZA5NtCDkkV',
    has_more: false,
    transactions_update_status: 'HISTORICAL_UPDATE_COMPLETE',
    request_id,
  }),
  limits: perMinute(50, 2_500),
  ...read,
});

type Page = Output<typeof sync.output>;
/** `cursor` comes last and once: whoever stores it has seen everything before it. */
export type TransactionChange =
  | { readonly kind: 'added' | 'modified'; readonly transaction: Page['added'][number] }
  | { readonly kind: 'removed'; readonly transaction: Page['removed'][number] }
  | { readonly kind: 'cursor'; readonly cursor: string };

const longestTries = 5;

/**
 * All pages of one update, or none: when the data changes while it is read, Plaid wants the whole update read again from
 * its first cursor, and what was read before no longer counts.
 */
async function readUpdate(api: Api, cursor: string | undefined, signal: AbortSignal | undefined): Promise<Page[]> {
  const given = signal === undefined ? {} : { signal };
  for (let attempt = 1; ; attempt++) {
    const pages: Page[] = [];
    try {
      for (let next = cursor; pages.at(-1)?.has_more !== false; next = pages.at(-1)?.next_cursor) {
        pages.push(await api.call(sync, { count: 500, ...(next !== undefined && { cursor: next }) }, given));
      }
      return pages;
    } catch (error) {
      const changed = isPlugboardError(error) && error.code === 'transactions_sync_mutation_during_pagination';
      if (!changed || attempt === longestTries) throw error;
    }
  }
}

const changes = stream({
  summary: 'Reads everything that changed since a cursor, and at its end the cursor to store.',
  docs: 'https://plaid.com/docs/api/products/transactions/#transactionssync',
  input: given({}, { cursor: z.string().min(1).max(256) }),
  async *run(api, { cursor }, { signal }): AsyncGenerator<TransactionChange> {
    const pages = await readUpdate(api, cursor, signal);
    for (const page of pages) {
      for (const added of page.added) yield { kind: 'added', transaction: added };
      for (const modified of page.modified) yield { kind: 'modified', transaction: modified };
      for (const gone of page.removed) yield { kind: 'removed', transaction: gone };
    }
    yield { kind: 'cursor', cursor: pages.at(-1)!.next_cursor };
  },
  example: { input: {} },
});

export const transactions = { sync, changes };

/** Exist in the sandbox alone. */
export const sandbox = {
  fireWebhook: endpoint('POST /sandbox/item/fire_webhook', {
    summary: 'Sends a webhook about the Item.',
    input: given(
      {
        webhookCode: z
          .enum([
            'SYNC_UPDATES_AVAILABLE',
            'ERROR',
            'LOGIN_REPAIRED',
            'PENDING_DISCONNECT',
            'NEW_ACCOUNTS_AVAILABLE',
            'USER_PERMISSION_REVOKED',
            'USER_ACCOUNT_REVOKED',
            'DEFAULT_UPDATE',
          ]) // prettier-ignore
          .meta({ examples: ['SYNC_UPDATES_AVAILABLE'] }),
      },
      { webhookType: z.enum(['ITEM', 'TRANSACTIONS', 'AUTH']).meta({ examples: ['TRANSACTIONS'] }) },
    ),
    encode: ({ webhookCode, webhookType }) => ({ json: { webhook_code: webhookCode, webhook_type: webhookType } }),
    output: like({ webhook_fired: true, request_id }),
  }),
  resetLogin: endpoint('POST /sandbox/item/reset_login', {
    summary: 'Breaks the login, as a changed password at the bank does.',
    input: given({}),
    output: like({ reset_login: true, request_id }),
    ...read,
  }),
};
