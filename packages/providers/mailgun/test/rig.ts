import { createTestBoard } from '@plugboard/testing';

import { mailgun } from '../src/index.ts';

export const account = { id: 'mg.example.com', name: 'mg.example.com' };
const credentials = { apiKey: 'key-of-a-tenant', domain: 'mg.example.com' };
export const signingKey = 'signing-key-of-the-app';
export const target = { organizationId: 'org-1' };

export function rig() {
  const made = createTestBoard(mailgun({ webhookSigningKey: signingKey }), { accounts: [account] });
  const { board } = made;
  const connect = (more: object = {}) =>
    board.connect('mailgun', { ...target, credentials: { ...credentials, ...more } });
  return { ...made, connect, client: board.client('mailgun', target) };
}
