/**
 * What Plaid's codes mean: the status tells too little, most failures are 400.
 * @see https://plaid.com/docs/errors/ (2026-11-20)
 */
import { at, snakeCase, text, vendorErrors } from '@plugboard/core';
import type { Classify, ErrorExample, Meaning } from '@plugboard/core';

const updateMode = 'Let the user repair the bank login: board.prepare() begins Link in update mode.';
const repair: Meaning = { kind: 'auth', hint: updateMode };

/** Codes after which only the user can help; the Item and its access token stay. */
const userCodes: Readonly<Record<string, Meaning>> = {
  ITEM_LOGIN_REQUIRED: repair,
  ITEM_LOCKED: repair,
  INVALID_CREDENTIALS: repair,
  INVALID_MFA: repair,
  INSUFFICIENT_CREDENTIALS: repair,
  MFA_NOT_SUPPORTED: repair,
  USER_SETUP_REQUIRED: { kind: 'auth', hint: 'The user must log in at the bank and finish something there.' },
  USER_INPUT_TIMEOUT: repair,
  ACCESS_NOT_GRANTED: { kind: 'permission', hint: updateMode },
};

const keys: Meaning = {
  kind: 'configuration',
  hint: 'Check PLAID_CLIENT_ID and PLAID_SECRET: each environment has a secret of its own.',
};
const product: Meaning = {
  kind: 'permission',
  hint: 'Enable the product for the app, or ask for it in PLAID_PRODUCTS.',
};
const later: Meaning = { kind: 'unavailable', retryable: true };

const codes: Readonly<Record<string, Meaning>> = {
  ...userCodes,
  INVALID_API_KEYS: keys,
  UNAUTHORIZED_ENVIRONMENT: { kind: 'configuration', hint: 'The app is not enabled for this environment.' },
  INVALID_ACCESS_TOKEN: 'auth',
  ITEM_NOT_FOUND: 'auth',
  PRODUCTS_NOT_SUPPORTED: product,
  PRODUCT_NOT_ENABLED: product,
  NO_ACCOUNTS: 'not_found',
  // The first import takes a while; a webhook tells when it is done.
  PRODUCT_NOT_READY: later,
  TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION: {
    kind: 'conflict',
    hint: 'Begin again with the cursor of the first page; `transactions.changes` does so.',
  },
  INSTITUTION_NO_LONGER_SUPPORTED: { kind: 'unavailable', retryable: false },
};

/** Families of codes that grow: the type says enough. */
const types: Readonly<Record<string, Meaning>> = {
  INSTITUTION_ERROR: later,
  API_ERROR: later,
  RATE_LIMIT_EXCEEDED: { kind: 'rate_limited', retryable: true },
};

const classifyType: Classify = (answer) => {
  const body = answer.tryJson();
  const [type = '', code = ''] = [text(at(body, 'error_type')), text(at(body, 'error_code'))];
  const meaning = Object.hasOwn(types, type) && !Object.hasOwn(codes, code) ? types[type] : undefined;
  if (meaning === undefined || typeof meaning === 'string') return undefined;
  const message = text(at(body, 'error_message'));
  return { code: snakeCase(code || type), ...meaning, vendor: { code, ...(message !== undefined && { message }) } };
};

/** By type, code and what it means; most of them come with status 400. */
function example(code: string, is: Partial<ErrorExample['is']> & Pick<ErrorExample['is'], 'kind'>, status = 400) {
  const [error_type = '', error_code = ''] = code.split(' ');
  const body = {
    error_type,
    error_code,
    error_message: 'see the code',
    display_message: null,
    request_id: 'HNTDNrA8F1',
  };
  return { status, body, is: { code: snakeCase(error_code), ...is } };
}
const retried = { kind: 'unavailable', retryable: true } as const;

export const errors = vendorErrors({
  code: ['error_code'],
  message: ['error_message'],
  codes,
  classify: classifyType,
  examples: {
    invalidCredentials: example('INVALID_INPUT INVALID_ACCESS_TOKEN', { kind: 'auth' }),
    loginRequired: example('ITEM_ERROR ITEM_LOGIN_REQUIRED', { kind: 'auth' }),
    itemRemoved: example('ITEM_ERROR ITEM_NOT_FOUND', { kind: 'auth' }),
    wrongKeys: example('INVALID_INPUT INVALID_API_KEYS', { kind: 'configuration' }),
    wrongEnvironment: example('INVALID_INPUT UNAUTHORIZED_ENVIRONMENT', { kind: 'configuration' }),
    productMissing: example('INVALID_INPUT PRODUCTS_NOT_SUPPORTED', { kind: 'permission' }),
    consentMissing: example('ITEM_ERROR ACCESS_NOT_GRANTED', { kind: 'permission' }),
    notReady: example('ITEM_ERROR PRODUCT_NOT_READY', retried),
    bankDown: example('INSTITUTION_ERROR INSTITUTION_DOWN', retried),
    outage: example('API_ERROR INTERNAL_SERVER_ERROR', retried, 500),
    throttled: example('RATE_LIMIT_EXCEEDED ACCOUNTS_LIMIT', { kind: 'rate_limited', retryable: true }, 429),
    changedMeanwhile: example('TRANSACTIONS_ERROR TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION', { kind: 'conflict' }),
    invalidField: example('INVALID_REQUEST INVALID_FIELD', { kind: 'invalid_request', code: 'bad_request' }),
  },
});
