import { createMemoryStore, createPlugboard, handlerWire, silentLog } from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';
import { createFakeClock } from '@plugboard/testing';

import { mailgun } from '../src/index.ts';

export const account = { id: 'mg.example.com', name: 'mg.example.com' };
const credentials = { apiKey: 'key-of-a-tenant', domain: 'mg.example.com' };
export const signingKey = 'signing-key-of-the-app';
export const target = { organizationId: 'org-1' };

export function rig() {
  const clock = createFakeClock();
  const provider = mailgun({ webhookSigningKey: signingKey });
  const vendor = createEmulator(provider, { clock, accounts: [account] });
  const sent: Request[] = [];
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [provider],
    store: createMemoryStore({ clock }),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    wire: handlerWire((request) => {
      sent.push(request.clone());
      return vendor.fetch(request);
    }),
  });
  const connect = (more: object = {}) =>
    board.connect('mailgun', { ...target, credentials: { ...credentials, ...more } });
  return { board, clock, vendor, sent, connect, client: board.client('mailgun', target) };
}
