/** A vendor whose page opens a widget: a link token before, a public token after, and grants of an hour. */
import { z } from 'zod';

import type { BrowserOptions } from '../../src/auth/auth.ts';
import { browserStep } from '../../src/auth/methods.ts';
import { bearer } from '../../src/auth/sign.ts';
import { createPlugboard } from '../../src/board.ts';
import { defineProvider } from '../../src/define-provider.ts';
import { createEmulator } from '../../src/emulator/create-emulator.ts';
import { endpoint } from '../../src/endpoint.ts';
import { like, secret } from '../../src/fields.ts';
import type { JsonObject } from '../../src/json.ts';
import { silentLog } from '../../src/log.ts';
import { createMemoryStore } from '../../src/memory-store.ts';
import { reveal } from '../../src/secret.ts';
import type { Store } from '../../src/store.ts';
import { handlerWire } from '../../src/transport/handler-wire.ts';
import { createFakeClock } from './fake-clock.ts';
import { key } from './rig.ts';

const api = 'https://api.bank.example.com';
export const organizationId = 'org-1';
export const userId = 'user-1';

const item = endpoint('GET /item', {
  summary: 'Reads the item.',
  input: z.strictObject({}),
  output: like({ id: 'item-1', name: 'First Bank' }),
});

export type StepChange = Partial<BrowserOptions<z.ZodObject>>;

/** @param change What another vendor declares. */
function bankProvider(change: StepChange, facts: () => JsonObject) {
  return defineProvider({
    id: 'bank',
    name: 'Bank',
    category: 'payments',
    summary: 'A vendor for tests.',
    docs: {
      home: 'https://b.example',
      keys: 'https://b.example',
      reference: 'https://b.example',
      checked: '2026-01-01',
    },
    hosts: ['api.bank.example.com'],
    app: {
      clientId: { title: 'Client id', env: 'BANK_CLIENT_ID' },
      clientSecret: { title: 'Client secret', env: 'BANK_CLIENT_SECRET', secret: true },
    },
    auth: {
      link: browserStep({
        credentials: z.strictObject({ publicToken: secret('Public token') }),
        start: async ({ credentials }, caller) => {
          const update = credentials['accessToken'] !== undefined;
          const page = { linkToken: `link-${caller.userId}${update ? '-update' : ''}` };
          return { page, keep: { mode: update ? 'update' : 'new', secretId: 'kept-secret-1' } };
        },
        complete: async (client) =>
          client.input['mode'] === 'update'
            ? 'keep'
            : client.token({
                grant_type: 'public_token',
                public_token: reveal(client.credentials['publicToken'] ?? ''),
              }),
        token: { url: `${api}/token` },
        refresh: { rotation: 'strict' },
        revoke: async (client) => {
          await client.request({ method: 'POST', url: `${api}/remove`, form: { token: 'x' } });
        },
        sign: bearer(),
        example: { publicToken: 'public-1' },
        ...(change as object),
      }),
    },
    api: {
      baseUrl: api,
      errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
    },
    async account(view) {
      const { id, name } = await view.call(item, {});
      return { kind: 'known', account: { id, name }, metadata: facts() };
    },
    async healthCheck(view) {
      await view.call(item, {});
      return { status: 'healthy' };
    },
    operations: { items: { item } },
    emulator: () => ({ 'POST /remove': { open: true, reply: () => ({ json: { removed: true } }) } }),
  });
}

export function createStepRig(
  change: StepChange = {},
  { store, facts = () => ({}) }: { readonly store?: Store; readonly facts?: () => JsonObject } = {},
) {
  const clock = createFakeClock();
  const bank = bankProvider(change, facts)({ clientId: 'client', clientSecret: 'client-secret' });
  const accounts = [
    { id: 'item-1', name: 'First Bank' },
    { id: 'item-2', name: 'Second Bank' },
  ];
  const vendor = createEmulator(bank, { clock, accounts });
  const rows = store ?? createMemoryStore({ clock });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [bank],
    store: rows,
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    cacheMs: 0,
    wire: handlerWire(vendor.fetch),
  });
  const who = { organizationId, userId };
  return {
    clock,
    vendor,
    board,
    who,
    store: rows,
    prepare: () => board.prepare('bank', who),
    finish: (flow?: string, more: object = {}) =>
      board.connect('bank', {
        ...who,
        credentials: { publicToken: 'public-1' },
        ...(flow !== undefined && { flow }),
        ...more,
      } as never),
    async connect() {
      const { flow } = await board.prepare('bank', who);
      return board.connect('bank', { ...who, credentials: { publicToken: 'public-1' }, flow } as never);
    },
    call: () => board.client('bank', { organizationId }).items.item(),
    row: () => rows.connections.find(organizationId, { provider: 'bank', label: 'default' }),
    /** How often the vendor was asked at a path. */
    asked: (path: string) => vendor.requests.filter((request) => request.path === path).length,
  };
}
