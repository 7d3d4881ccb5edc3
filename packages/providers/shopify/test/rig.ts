import { createMemoryStore, createPlugboard, handlerWire, silentLog } from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';
import { createFakeClock } from '@plugboard/testing';
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

export interface Sent {
  readonly url: URL;
  readonly token: string | null;
  readonly text: string;
  readonly json: { readonly query?: string; readonly variables?: Record<string, unknown> } & Record<string, unknown>;
}

type Answer = (request: Sent) => Response | Promise<Response> | undefined;

/** A board whose vendor answers as the emulator does, or as the test says. */
export function rig(options: object = app) {
  const clock = createFakeClock();
  const provider = shopify({ stub: false, ...options });
  const vendor = createEmulator(provider, { clock, accounts: [account] });
  const sent: Sent[] = [];
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
      const text = await request.clone().text();
      const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Sent['json'];
      const seen = { url: new URL(request.url), token: request.headers.get('x-shopify-access-token'), text, json };
      sent.push(seen);
      return (await answer(seen)) ?? vendor.fetch(request);
    }),
  });
  return {
    board,
    clock,
    vendor,
    sent,
    client: board.client('shopify', who),
    answer: (next: Answer) => void (answer = next),
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
    /** Up to the callback, whose parameters a test may change. */
    async authorize(input: object = { shop }) {
      const { url, cookie } = await board.authorize('shopify', { ...who, method: 'oauth', input: input as never });
      const params = await vendor.oauth.approve(url);
      const finish = (changed: URL | URLSearchParams = params) =>
        board.callback('shopify', { ...who, params: changed, cookies: `${cookie.name}=${cookie.value}` });
      return { url: new URL(url), params, finish };
    },
  };
}
