import { createMemoryStore, createPlugboard, handlerWire, silentLog } from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';
import { createFakeClock } from '@plugboard/testing';
import { parseEnvelope, type Envelope } from '@sentry/core';

import { sentry } from '../src/index.ts';

export const key = '60120449b6b1d5e45f75561e6dabd80b';
export const dsn = `https://${key}@o42.ingest.us.sentry.io/4507`;
export const authToken = `sntryu_${'0123456789abcdef'.repeat(4)}`;
export const slug = 'the-interstellar-jurisdiction';
export const installationId = '7a485448-a9e2-4c85-8a3c-4f44175783c9';
export const organizationId = 'org-1';
export const who = { organizationId, userId: 'user-1' };
export const app = {
  clientId: 'oauth-client',
  clientSecret: 'oauth-secret',
  appSlug: 'plugboard',
  integrationClientId: 'app-client',
  integrationClientSecret: 'app-secret',
};

export interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly text: string;
}

type Answer = (request: Sent) => Response | Promise<Response> | undefined;

/** A board whose vendor answers as the emulator does, or as the test says. */
export function rig(options: Partial<typeof app> = app) {
  const clock = createFakeClock();
  const provider = sentry({ stub: false, ...options });
  const vendor = createEmulator(provider, { clock });
  const sent: Sent[] = [];
  const losses: { count: number; reason: string }[] = [];
  let answer: Answer = () => undefined;
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [provider],
    store: createMemoryStore({ clock }),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    cacheMs: 0,
    wire: handlerWire(async (request) => {
      const { method, url, headers } = request;
      const seen = { method, url: new URL(url), headers, text: await request.clone().text() };
      sent.push(seen);
      return (await answer(seen)) ?? vendor.fetch(request);
    }),
  });
  board.on('provider.loss', ({ count, reason }) => void losses.push({ count, reason }));
  return {
    board,
    clock,
    vendor,
    sent,
    losses,
    client: board.client('sentry', { organizationId }),
    answer: (next: Answer) => void (answer = next),
    async connect(credentials: object, method?: string) {
      const named = method === undefined ? {} : { method };
      const connection = await board.connect('sentry', { organizationId, ...named, credentials } as never);
      sent.length = 0;
      return connection;
    },
    envelopes: () => sent.filter(({ url }) => url.pathname.endsWith('/envelope/')).map(({ text }) => read(text)),
  };
}

function read(text: string) {
  const [header, items] = parseEnvelope(text) as Envelope;
  return { header: header as Record<string, unknown>, items: items as readonly [{ type: string }, Event][] };
}

/** What the tests look at. */
export interface Event {
  readonly event_id: string;
  readonly level?: string;
  readonly message?: string;
  readonly tags?: Record<string, string>;
  readonly user?: Record<string, string>;
  readonly exception?: { readonly values: readonly { readonly type: string; readonly value: string }[] };
}
