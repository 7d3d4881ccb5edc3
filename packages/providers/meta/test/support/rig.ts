import type { JsonObject } from '@plugboard/core';
import { createFakeClock, createTestBoard } from '@plugboard/testing';

import { meta } from '../../src/index.ts';

export const organizationId = 'org-1';
export const appSecret = 'app_secret_1';
export const market = { id: 'act_1102330001', name: "Jasper's Market" };

export const refusal = (code: number, message = 'Refused.', more: JsonObject = {}) =>
  Response.json({ error: { message, type: 'OAuthException', code, ...more } }, { status: 400 });

export function createRig(options: Readonly<Record<string, string>> = {}) {
  const provider = meta({ clientId: '100200300', clientSecret: appSecret, verifyToken: 'verify-me', ...options });
  // A time at which the examples' events are young.
  const clock = createFakeClock({ start: Date.UTC(2026, 10, 20) });
  const made = createTestBoard(provider, { clock, accounts: [market] });
  const { authorize, board, sent } = made;
  return {
    ...made,
    client: () => board.client('meta', { organizationId }),
    connection: () => board.connections.get('meta', { organizationId }),
    connect: (scopes?: readonly string[]) => authorize({ ...(scopes && { scopes }) }),
    async choose() {
      await board.accounts.choose('meta', { organizationId, accountId: market.id });
      sent.length = 0;
    },
    async paste(credentials: { accessToken: string; adAccountId?: string; pixelId?: string; appId?: string }) {
      const connection = await board.connect('meta', { organizationId, method: 'systemUser', credentials });
      sent.length = 0;
      return connection;
    },
  };
}

export const pasted = { accessToken: 'EAATESTTOKEN', adAccountId: market.id, pixelId: '567890123456789' };
