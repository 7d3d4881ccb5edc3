/** A small vendor for the tests of the kit. */
import { apiKey, defineProvider, endpoint, header, member, oauth2, text } from '@plugboard/core';
import { secret } from '@plugboard/core/fields';
import { z } from 'zod';

export const acme = defineProvider({
  id: 'acme',
  name: 'Acme',
  category: 'commerce',
  summary: 'A vendor for tests.',
  docs: {
    home: 'https://acme.example',
    keys: 'https://acme.example',
    reference: 'https://acme.example',
    checked: '2026-01-01',
  },
  hosts: ['api.acme.example', 'auth.acme.example'],
  app: {
    clientId: { title: 'Id', env: 'ACME_ID' },
    clientSecret: { title: 'Secret', env: 'ACME_SECRET', secret: true },
  },
  auth: {
    key: apiKey({
      credentials: z.strictObject({ apiKey: secret('API key', { pattern: /^key_\w+$/ }) }),
      sign: header('x-api-key', 'apiKey'),
      example: { apiKey: 'key_example' },
    }),
    oauth: oauth2({
      authorize: { url: 'https://auth.acme.example/authorize' },
      token: { url: 'https://auth.acme.example/token' },
      scopes: { ask: ['orders'], known: { orders: 'Create orders.' } },
      pkce: 'required',
      refresh: { rotation: 'strict' },
      example: { access_token: 'at-1', refresh_token: 'rt-1', expires_in: 3600, scope: 'orders' },
    }),
  },
  api: {
    baseUrl: 'https://api.acme.example',
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  async account(api) {
    const me = (await api.request({ method: 'GET', url: '/me' })).json();
    return { kind: 'known', account: { id: text(member(me, 'id')) ?? '', name: text(member(me, 'name')) ?? '' } };
  },
  async healthCheck(api) {
    await api.request({ method: 'GET', url: '/me' });
    return { status: 'healthy' };
  },
  operations: {
    orders: {
      create: endpoint('POST /orders', {
        summary: 'Creates an order.',
        input: z.strictObject({ total: z.number() }),
        output: z.strictObject({ id: z.string() }),
        example: { input: { total: 1 }, answer: { id: 'o1' } },
      }),
    },
  },
  emulator: () => ({ 'GET /me': () => ({ json: { id: 'a1', name: 'Acme One' } }) }),
});
