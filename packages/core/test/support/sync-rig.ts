/** A board around a vendor with three kinds of streams: a paged list, a feed of changes by token, and ad spend. */
import { expect } from 'vitest';
import { z } from 'zod';

import { apiKey } from '../../src/auth/methods.ts';
import { header } from '../../src/auth/sign.ts';
import { createPlugboard } from '../../src/board.ts';
import type { PlugboardOptions } from '../../src/plugboard.ts';
import { defineProvider } from '../../src/define-provider.ts';
import { endpoint } from '../../src/endpoint.ts';
import type { BoardEventName, BoardEvents } from '../../src/events.ts';
import { isPlugboardError } from '../../src/errors.ts';
import { secret } from '../../src/fields.ts';
import { silentLog } from '../../src/log.ts';
import { createMemoryStore } from '../../src/memory-store.ts';
import type { AnyProvider } from '../../src/provider.ts';
import type { Store } from '../../src/store.ts';
import { streamBy, streamOf } from '../../src/sync-stream.ts';
import { handlerWire } from '../../src/transport/handler-wire.ts';
import { createFakeClock } from './fake-clock.ts';
import { key, organizationId } from './rig.ts';

export interface Order {
  readonly id: string;
  readonly at: string;
}

const order = z.looseObject({ id: z.string(), at: z.string() });
const listOrders = endpoint('GET /orders', {
  summary: 'Lists orders.',
  input: z.strictObject({ after: z.string().max(20_000).optional(), since: z.iso.datetime().optional() }),
  output: z.looseObject({ items: z.array(order), next: z.string().nullish() }),
  paging: {
    items: (page) => page.items,
    next: (page, input) => (page.next ? { ...input, after: page.next } : undefined),
  },
  example: { input: {}, answer: { items: [{ id: 'o1', at: '2026-01-01T00:00:00Z' }], next: null } },
});
const changes = endpoint('GET /changes', {
  summary: 'Reads changes.',
  input: z.strictObject({ token: z.string().optional() }),
  output: z.looseObject({ ids: z.array(z.string()), token: z.string(), more: z.boolean() }),
  example: { input: {}, answer: { ids: ['c1'], token: 't1', more: false } },
});
const me = endpoint('GET /me', {
  summary: 'Says who is connected.',
  input: z.strictObject({}),
  output: z.looseObject({ id: z.string(), name: z.string() }),
  example: { input: {}, answer: { id: 'acct-1', name: 'One' } },
});

export const ledger = defineProvider({
  id: 'ledger',
  name: 'Ledger',
  category: 'commerce',
  summary: 'A vendor for tests.',
  docs: {
    home: 'https://ledger.example.com',
    keys: 'https://ledger.example.com',
    reference: 'https://ledger.example.com',
    checked: '2026-01-01',
  },
  hosts: ['api.ledger.example.com'],
  auth: {
    apiKey: apiKey({
      credentials: z.strictObject({ apiKey: secret('API key') }),
      env: { apiKey: 'LEDGER_API_KEY' },
      sign: header('x-api-key', 'apiKey'),
      example: { apiKey: 'acct-1' },
    }),
  },
  api: {
    baseUrl: 'https://api.ledger.example.com',
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  async account(api) {
    return { kind: 'known', account: await api.call(me, {}), metadata: { timezone: 'Pacific/Auckland' } };
  },
  healthCheck: async () => ({ status: 'healthy' }),
  operations: { orders: { list: listOrders }, changes: { list: changes } },
  streams: {
    orders: streamOf(listOrders, { summary: 'Orders.', since: (since) => ({ since }) }),
    everything: streamOf(listOrders, { summary: 'Orders, all of them each time.' }),
    changes: streamBy({
      summary: 'Changes.',
      cursor: z.strictObject({ token: z.string() }),
      async *read(api, { cursor }) {
        for (let input: { token?: string } = cursor ?? {}; ;) {
          const { ids, token, more } = await api.call(changes, input);
          yield { records: ids, cursor: { token }, complete: !more };
          input = { token };
        }
      },
    }),
  },
  capabilities: {
    adSpend: () =>
      async function* ({ since, until }) {
        const figures = { spend: 1.5, currency: 'USD', impressions: 1, clicks: 1, conversions: null };
        for (const campaignId of ['c1', 'c2'])
          yield { date: since, campaignId, campaignName: until, ...figures, conversionValue: null };
      },
  },
});

export interface Vendor {
  /** Of every account alike. */
  orders: Order[];
  pageSize: number;
  changes: string[];
  /** Paths and queries, as they came. */
  readonly requests: string[];
  /** Answers instead; undefined falls through. */
  answer: (url: URL) => Response | undefined | Promise<Response | undefined>;
}

export function createVendor(): Vendor & { handle(request: Request): Promise<Response> } {
  const vendor: Vendor = { orders: [], pageSize: 2, changes: [], requests: [], answer: () => undefined };
  return Object.assign(vendor, {
    async handle(request: Request): Promise<Response> {
      const url = new URL(request.url);
      const account = request.headers.get('x-api-key') ?? '';
      if (!account.startsWith('acct-')) return Response.json({}, { status: 401 });
      if (url.pathname === '/me') return Response.json({ id: account, name: account });
      vendor.requests.push(decodeURIComponent(url.pathname + url.search));
      const custom = await vendor.answer(url);
      if (custom !== undefined) return custom;
      const since = url.searchParams.get('since') ?? '';
      const start = Number(url.searchParams.get('after') ?? url.searchParams.get('token') ?? 0);
      if (url.pathname === '/changes') {
        const end = Math.min(start + vendor.pageSize, vendor.changes.length);
        const ids = vendor.changes.slice(start, end);
        return Response.json({ ids, token: String(end), more: end < vendor.changes.length });
      }
      const found = vendor.orders.filter(({ at }) => since === '' || at >= since);
      const end = start + vendor.pageSize;
      return Response.json({ items: found.slice(start, end), next: end < found.length ? String(end) : null });
    },
  });
}

/** Orders `o1` to `o<count>`, a minute apart, the first at the given time. */
export function ordersFrom(count: number, start = Date.UTC(2025, 0, 1)): Order[] {
  return Array.from({ length: count }, (_, index) => {
    return { id: `o${index + 1}`, at: new Date(start + index * 60_000).toISOString() };
  });
}

type BoardOptions = Partial<Omit<PlugboardOptions<readonly AnyProvider[]>, 'providers' | 'clock'>>;

export interface SyncRigOptions extends BoardOptions {
  readonly vendor?: ReturnType<typeof createVendor>;
  readonly clock?: ReturnType<typeof createFakeClock>;
}

export function createSyncRig(options: SyncRigOptions = {}) {
  const { vendor = createVendor(), clock = createFakeClock(), ...rest } = options;
  const store: Store = rest.store ?? createMemoryStore({ clock });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    // With its key neither here nor there it would be a stub.
    providers: [ledger({ stub: false })],
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    wire: handlerWire(vendor.handle),
    ...rest,
    store,
  });
  const heard: [BoardEventName, unknown][] = [];
  for (const name of ['sync.progress', 'sync.finished', 'sync.failed', 'sync.restarted'] as const)
    board.on(name, (payload: BoardEvents[typeof name]) => void heard.push([name, payload]));
  const seen: string[] = [];
  const job = board.jobs.find(({ name }) => name === 'sync');
  if (job === undefined) throw new Error('There is no job `sync`.');

  return {
    vendor,
    clock,
    store,
    board,
    job,
    /** Events of streams, as they came. */
    heard,
    names: () => heard.map(([name]) => name),
    /** Ids of orders that `keep` was given. */
    seen,
    keep: (records: readonly { readonly id: string }[]) => void seen.push(...records.map(({ id }) => id)),
    connect: (owner = organizationId, account = 'acct-1') =>
      board.connect('ledger', { organizationId: owner, credentials: { apiKey: account } }),
    async row(stream = 'orders', owner = organizationId) {
      const connection = await store.connections.find(owner, { provider: 'ledger', label: 'default' });
      return store.sync.get(owner, { connectionId: connection?.id ?? '', stream });
    },
  };
}

/** Ids of orders as `ordersFrom` makes them. */
export const idsOf = (count: number) => ordersFrom(count).map(({ id }) => id);

/** A rig with one connection, and a run over its orders. */
export async function connected(...args: Parameters<typeof createSyncRig>) {
  const rig = createSyncRig(...args);
  const connection = await rig.connect();
  const sync = (more: object = {}) =>
    rig.board.sync('ledger', { organizationId, stream: 'orders', handle: rig.keep, ...more });
  return { ...rig, connection, sync };
}

/** Fails at the page that begins with this order, and keeps nothing. */
export const failingAt = (id: string) => (page: readonly { readonly id: string }[]) => {
  if (page[0]?.id === id) throw new Error('x');
};

export async function refusalOf(promise: Promise<unknown>) {
  const error: unknown = await promise.then(
    () => expect.unreachable('it went well'),
    (reason: unknown) => reason,
  );
  if (!isPlugboardError(error)) throw error;
  return error;
}
