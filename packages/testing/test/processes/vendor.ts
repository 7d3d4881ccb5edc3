/** A provider of the fake OAuth server: the same definition in every process. */
import {
  createPlugboard,
  defineProvider,
  endpoint,
  oauth2,
  silentLog,
  type Clock,
  type KeyRing,
  type Store,
  type Wire,
} from '@plugboard/core';
import type { FakeOAuthServerOptions } from '@plugboard/testing';
import { z } from 'zod';

export const organizationId = 'org-1';
export const userId = 'user-1';

/** What becomes of a refresh token that is used. */
export type Rotation = Exclude<NonNullable<FakeOAuthServerOptions['rotation']>, 'none'>;

export interface BoardOptions {
  /** What the vendor is declared to do with refresh tokens. Default `strict`. */
  readonly rotation?: Rotation;
  readonly clock?: Clock;
  /** Instead of the one key: a ring in rotation. */
  readonly keys?: KeyRing;
  /** Instead of the network. */
  readonly wire?: Wire;
  /** Default 0: every call reads the row, as callers in different processes do. */
  readonly cacheMs?: number;
}

export type Board = ReturnType<typeof createBoard>;

/** The fake OAuth server as a provider, under any name. */
export function createVendor<const Id extends string = 'vendor'>(
  origin: string,
  rotation: Rotation,
  id: Id = 'vendor' as Id,
) {
  const me = endpoint('GET /account', {
    summary: 'Says who is connected.',
    input: z.strictObject({}),
    output: z.looseObject({ id: z.string(), name: z.string() }),
    example: { input: {}, answer: { id: 'demo', name: 'Demo account' } },
  });
  return defineProvider({
    id,
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
        refresh: { rotation },
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
}

export function createBoard(origin: string, store: Store, key: string, options: BoardOptions = {}) {
  const { rotation = 'strict', clock, keys = { k1: key }, wire, cacheMs = 0 } = options;
  const vendor = createVendor(origin, rotation);
  return createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [vendor({ clientId: 'client', clientSecret: 'client-secret' })],
    store,
    keys,
    environment: 'processes',
    mode: 'test',
    env: {},
    log: silentLog,
    cacheMs,
    ...(clock && { clock }),
    ...(wire && { wire }),
    egress: { allowOrigins: [origin] },
  });
}
