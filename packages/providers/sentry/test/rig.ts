import { createTestBoard } from '@plugboard/testing';
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

/** A board whose vendor answers as the emulator does, or as the test says; losses and envelopes are kept. */
export function rig(options: Partial<typeof app> = app) {
  const made = createTestBoard(sentry({ stub: false, ...options }));
  const { board, sent } = made;
  const losses: { count: number; reason: string }[] = [];
  board.on('provider.loss', ({ count, reason }) => void losses.push({ count, reason }));
  return {
    ...made,
    losses,
    client: board.client('sentry', { organizationId }),
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
