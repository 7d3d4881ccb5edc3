import type { JsonObject } from '@plugboard/core';
import { createTestBoard } from '@plugboard/testing';
import { SignJWT } from 'jose';

import { shopify } from '../src/index.ts';

export const shop = 'snowdevil.myshopify.com';
export const account = { id: shop, name: 'Snowdevil' };
export const app = { clientId: 'client-id', clientSecret: 'testApiSecretKey' };
export const accessToken = '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';
export const who = { organizationId: 'org-1', userId: 'user-1' };
export const webhookUrl = 'https://app.example.com/integrations/webhooks/shopify';

/** What App Bridge hands to the page: https://shopify.dev/docs/apps/build/authentication-authorization/session-tokens */
export function sessionToken(claims: object = {}, secret = app.clientSecret, alg = 'HS256'): Promise<string> {
  const [nbf, exp] = [Date.UTC(2026, 0, 1) / 1000 - 5, Date.UTC(2027, 0, 1) / 1000];
  const payload = { iss: `https://${shop}/admin`, dest: `https://${shop}`, aud: app.clientId, sub: '42', nbf, exp };
  return new SignJWT({ ...payload, ...claims }).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
}

export function rig(options: object = app) {
  const made = createTestBoard(shopify({ stub: false, ...options }), { accounts: [account] });
  const { board, sent } = made;
  const oauth = (input: JsonObject) => ({ method: 'oauth', input });
  return {
    ...made,
    client: board.client('shopify', who),
    begin: (input: JsonObject = { shop }) => made.begin(oauth(input)),
    authorize: () => made.authorize(oauth({ shop })),
    status: async () => (await board.connections.get('shopify', who))?.status,
    async connect(method: 'customApp' | 'ownShop' = 'customApp') {
      const credentials = method === 'customApp' ? { shop, accessToken } : { shop };
      const connection = await board.connect('shopify', { ...who, method, credentials } as never);
      sent.length = 0;
      return connection;
    },
    async embed(token: string) {
      const { flow } = await board.prepare('shopify', { ...who, method: 'embedded' });
      const credentials = { sessionToken: token };
      return board.connect('shopify', { ...who, method: 'embedded', credentials, flow });
    },
  };
}
