/** Plaid's double: Items that are made, break, are repaired and removed, and the keys of its webhooks. */
import { exampleEcJwk, member, text } from '@plugboard/core';
import type { EmulatedRequest, EmulatorExtension, EmulatorRoute, JsonObject } from '@plugboard/core';

import { emulatedKeyId } from './webhooks.ts';

const requestId = { request_id: 'emulated' };
/** Public halves by key id; the other one belongs to a delivery that was signed elsewhere. */
const keys: Readonly<Record<string, JsonObject>> = {
  [emulatedKeyId]: exampleEcJwk,
  'test-kid-1': {
    kty: 'EC',
    crv: 'P-256',
    x: 'xBDqwdo2Kyti_6EjrNZf1Wq3ecK2fReIaOk0EjHruVI',
    y: 't-UELiJ7BJ98V5yiaY_THUq2jHauBR41e8ZHGSUDcuI',
  },
};

export const emulator: EmulatorExtension = (vendor) => {
  /** Items whose login is broken, by account. */
  const broken = vendor.table('broken');
  const open = (reply: EmulatorRoute) => ({ open: true, reply }) as const;
  const publicTokens = vendor.table('public tokens');
  const usable = ({ account }: EmulatedRequest) =>
    broken.has(account.id) ? vendor.failure('loginRequired') : undefined;

  return {
    'POST /link/token/create': open(({ json }) => {
      const repaired = text(member(json, 'access_token'));
      const token = repaired === undefined ? undefined : vendor.oauth.use(repaired);
      if (repaired !== undefined && token?.state !== 'live') return vendor.failure('invalidCredentials');
      // The user logs in again as soon as Link is opened.
      if (token !== undefined) broken.delete(token.account.id);
      const expiration = new Date(vendor.now() + 4 * 3_600_000).toISOString();
      const hosted =
        member(json, 'hosted_link') === undefined ? {} : { hosted_link_url: 'https://secure.plaid.com/hl/emulated' };
      return { json: { link_token: vendor.id('link-sandbox-'), expiration, ...hosted, ...requestId } };
    }),
    'POST /link/token/get': open(({ json }) => {
      const public_token = vendor.id('public-sandbox-');
      const results = { item_add_results: [{ public_token }] };
      return { json: { link_token: member(json, 'link_token') ?? '', link_sessions: [{ results }], ...requestId } };
    }),
    'POST /item/public_token/exchange': open(({ json }) => {
      const publicToken = text(member(json, 'public_token')) ?? '';
      // Good for one use.
      if (publicToken === '' || publicTokens.has(publicToken)) return vendor.failure('invalidField');
      publicTokens.set(publicToken, true);
      const { access_token = '' } = vendor.oauth.issue({ profile: 'link' });
      return { json: { access_token, item_id: 'emulated', ...requestId } };
    }),
    'POST /item/remove': open(({ json }) => {
      const accessToken = text(member(json, 'access_token')) ?? '';
      if (vendor.oauth.use(accessToken)?.state !== 'live') return vendor.failure('itemRemoved');
      vendor.oauth.revoke(accessToken);
      return { json: requestId };
    }),
    'POST /webhook_verification_key/get': open(({ json }) => {
      const kid = text(member(json, 'key_id')) ?? '';
      const key = Object.hasOwn(keys, kid) ? keys[kid] : undefined;
      if (key === undefined) return vendor.failure('invalidField');
      const facts = { alg: 'ES256', use: 'sig', kid, created_at: 1_560_466_150, expired_at: null };
      return { json: { key: { ...key, ...facts }, ...requestId } };
    }),
    'POST /item/get'({ account }) {
      const { json } = vendor.example('items.get');
      if (!broken.has(account.id)) return undefined;
      const error = {
        error_type: 'ITEM_ERROR',
        error_code: 'ITEM_LOGIN_REQUIRED',
        error_message: 'broken',
        display_message: null,
      };
      return { json: { ...(json as JsonObject), item: { ...(member(json, 'item') as JsonObject), error } } };
    },
    'POST /sandbox/item/reset_login'({ account }) {
      broken.set(account.id, true);
      return undefined;
    },
    'POST /accounts/get': usable,
    'POST /accounts/balance/get': usable,
    'POST /auth/get': usable,
    'POST /identity/get': usable,
    'POST /transactions/sync': usable,
  };
};
