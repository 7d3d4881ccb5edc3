/** The vendor of the benchmarks: OAuth tokens that end, one endpoint, and an operation that does nothing but get access. */
import { defineProvider, endpoint, oauth2, operation, type Rotation, type Schema } from '@plugboard/core';
import { z } from 'zod';

/** Takes anything: what a schema library costs is not what is measured. */
const nothing: Schema<unknown> = { '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value }) } };
const credentials = z.object({ accessToken: z.string() });
const page = 'https://vendor.example/docs';

/** @param origin where its token endpoint and its API are */
export function benchProvider(origin: string, scopes: readonly string[] = ['read'], rotation: Rotation = 'stable') {
  return defineProvider({
    id: 'bench',
    name: 'Bench',
    category: 'developer',
    summary: 'Stands in for a vendor.',
    docs: { home: page, keys: page, reference: page, checked: '2026-11-20' },
    hosts: [new URL(origin).hostname],
    app: {
      clientId: { title: 'Client id', env: 'BENCH_CLIENT_ID' },
      clientSecret: { title: 'Client secret', env: 'BENCH_CLIENT_SECRET', secret: true },
    },
    auth: {
      oauth: oauth2({
        authorize: { url: `${origin}/oauth/authorize` },
        token: { url: `${origin}/token` },
        scopes: { ask: scopes, known: Object.fromEntries(scopes.map((scope) => [scope, 'Needed by the benchmark.'])) },
        pkce: 'required',
        refresh: { rotation },
        example: { access_token: 'at_1', refresh_token: 'rt_1', expires_in: 3600, token_type: 'Bearer' },
      }),
    },
    api: {
      baseUrl: () => origin,
      errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
    },
    account: async () => ({ kind: 'derived', name: 'Bench' }),
    healthCheck: async () => ({ status: 'unknown' }),
    operations: {
      things: {
        list: endpoint('GET /v1/things', {
          summary: 'Lists things.',
          input: z.object({}),
          output: z.object({ object: z.string() }),
        }),
        access: operation({ summary: 'Gets access and leaves.', input: nothing, run: async () => undefined }),
        token: operation({
          summary: 'Hands out the bare token.',
          input: nothing,
          run: async (api) => api.credentials(credentials).accessToken,
        }),
      },
    },
  });
}
