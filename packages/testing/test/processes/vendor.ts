/** A provider of the fake OAuth server: the same definition in every process. */
import { createPlugboard, defineProvider, endpoint, oauth2, silentLog, type Store } from '@plugboard/core';
import { z } from 'zod';

export const organizationId = 'org-1';
export const userId = 'user-1';

export function createBoard(origin: string, store: Store, key: string) {
  const me = endpoint('GET /account', {
    summary: 'Says who is connected.',
    input: z.strictObject({}),
    output: z.looseObject({ id: z.string(), name: z.string() }),
    example: { input: {}, answer: { id: 'demo', name: 'Demo account' } },
  });
  const vendor = defineProvider({
    id: 'vendor',
    name: 'Vendor',
    category: 'crm',
    summary: 'The fake OAuth server.',
    docs: { home: origin, keys: origin, reference: origin, checked: '2026-11-20' },
    hosts: ['127.0.0.1'],
    app: {
      clientId: { title: 'Id', env: 'VENDOR_ID' },
      clientSecret: { title: 'Secret', env: 'VENDOR_SECRET', secret: true },
    },
    auth: {
      oauth: oauth2({
        authorize: { url: `${origin}/authorize` },
        token: { url: `${origin}/token` },
        scopes: { ask: [], known: {} },
        pkce: 'required',
        refresh: { rotation: 'strict' },
        revoke: { url: `${origin}/revoke` },
        example: {},
      }),
    },
    api: {
      baseUrl: () => origin,
      errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
    },
    account: async (api) => ({ kind: 'known', account: await api.call(me, {}) }),
    async healthCheck(api) {
      await api.call(me, {});
      return { status: 'healthy' };
    },
    operations: { account: { get: me } },
  });
  return createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [vendor({ clientId: 'client', clientSecret: 'client-secret' })],
    store,
    keys: { k1: key },
    environment: 'processes',
    mode: 'test',
    env: {},
    log: silentLog,
    // Every call reads the row, as callers in different processes do.
    cacheMs: 0,
    egress: { allowOrigins: [origin] },
  });
}
