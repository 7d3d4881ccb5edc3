import { expect, test } from 'vitest';
import { z } from 'zod';

import { apiKey } from '../src/auth/methods.ts';
import { unsigned } from '../src/auth/sign.ts';
import { createPlugboard } from '../src/board.ts';
import { defineProvider } from '../src/define-provider.ts';
import { secret } from '../src/fields.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { acmeProvider, key, organizationId } from './support/rig.ts';

const sends = secret('Sending key');
const reads = secret('Reading key');
/** Either way may hold both keys; each needs another one. */
const provider = defineProvider({
  ...acmeProvider().definition,
  app: {},
  auth: {
    sending: apiKey({
      credentials: z.strictObject({ sends, reads: reads.optional() }),
      sign: unsigned,
      example: { sends: 's' },
    }),
    reading: apiKey({
      credentials: z.strictObject({ reads, sends: sends.optional() }),
      sign: unsigned,
      example: { reads: 'r' },
    }),
  },
});

test.each([
  [{ sends: 's' }, 'sending'],
  [{ reads: 'r' }, 'reading'],
  [{ sends: 's', reads: 'r' }, 'sending'],
])('%j connects by the method that needs no other field: %s', async (credentials, method) => {
  const board = createPlugboard({
    url: 'https://app.example.com',
    providers: [provider({ stub: false })],
    store: createMemoryStore(),
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    wire: handlerWire(async () => Response.json({ id: 'a', name: 'A' })),
  });
  const connection = await board.connect('acme', { organizationId, credentials: credentials as { sends: string } });
  expect(connection.method).toBe(method);
});
