/** A vendor that signs and sends events, and a board that hears them: in each process its own and all alike. */
import {
  apiKey,
  createPlugboard,
  defineProvider,
  handlerWire,
  header,
  hmacSignature,
  hmacSigner,
  silentLog,
  systemClock,
  type Store,
  type WebhookOptions,
} from '@plugboard/core';
import { secret } from '@plugboard/core/fields';
import { parseJson } from '@plugboard/core/store-kit';
import { postgresStore } from '@plugboard/storage-postgres';
import type { Pool } from 'pg';
import { z } from 'zod';

const scheme = { header: 'x-signature', algorithm: 'sha256', encoding: 'hex' } as const;
const address = 'https://app.example.com/integrations/webhooks/sender';
const signingSecret = 'signing-secret';
const docs = 'https://sender.example';
const sign = hmacSigner(scheme);

const event = z.strictObject({ id: z.string(), account: z.string() });

const sender = defineProvider({
  id: 'sender',
  name: 'Sender',
  category: 'commerce',
  summary: 'A vendor of events.',
  docs: { home: docs, keys: docs, reference: docs, checked: '2026-11-20' },
  hosts: ['sender.example'],
  app: { signingSecret: { title: 'Signing secret', env: 'SENDER_SECRET', secret: true, set: 'webhooks' } },
  auth: {
    key: apiKey({
      credentials: z.strictObject({ account: z.string(), key: secret('Key') }),
      sign: header('x-key', 'key'),
      example: { account: 'acct-1', key: 'k' },
    }),
  },
  api: {
    baseUrl: docs,
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  account: async () => ({ kind: 'known', account: { id: 'acct-1', name: 'One' } }),
  healthCheck: async () => ({ status: 'unknown' }),
  operations: {},
  webhooks: {
    docs,
    secrets: ({ app }) => [app['signingSecret']],
    verify: hmacSignature(scheme),
    parse({ body }) {
      const data = parseJson(new TextDecoder().decode(body)) as { id: string; account: string };
      return [{ type: 'thing.happened', id: data.id, accountId: data.account, data }];
    },
    events: { 'thing.happened': event },
    vectors: [],
    sign,
  },
});

export interface BoardInput {
  readonly schema: string;
  readonly key: string;
  /** How far this board's time, and that of its store, is ahead of everybody's. */
  readonly aheadMs?: number;
  readonly webhooks?: WebhookOptions;
}

/** @param wrap Gets between the board and its store. */
export function createSenderBoard(
  pool: Pool,
  { schema, key, aheadMs = 0, webhooks }: BoardInput,
  wrap = (store: Store): Store => store,
) {
  const clock = { ...systemClock, now: () => Date.now() + aheadMs };
  return createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [sender({ signingSecret })],
    store: wrap(postgresStore(pool, { schema, clock })),
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    wire: handlerWire(async () => Response.json({})),
    ...(webhooks && { webhooks }),
  });
}

/** One event as it is posted, signed by the vendor or by somebody who does not know the secret. */
export async function signedPost(id: string, { forged = false } = {}) {
  const body = JSON.stringify({ id, account: 'acct-1' });
  const headers = await sign({ body, url: address, at: new Date(0) }, forged ? 'a guess' : signingSecret);
  return { body, headers };
}

export async function delivery(id: string): Promise<Request> {
  return new Request(address, { method: 'POST', ...(await signedPost(id)) });
}
