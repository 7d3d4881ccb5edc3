import { createMemoryStore, createPlugboard, defineProvider, handlerWire, silentLog } from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';
import { createFakeClock } from '@plugboard/testing';
import { z } from 'zod';

import { exampleKeyFile, googleAccount, googleApp, googleErrors, googleHosts, googleOAuth } from '../src/index.ts';
import { googleScope, googleServiceAccount, identity, identityHost, identityScopes } from '../src/index.ts';
import { keyFile, scopesField, subject } from '../src/index.ts';

export const scopes = { more: googleScope('userinfo.more'), less: googleScope('userinfo.less') };
const known = { ...identityScopes, [scopes.more]: 'Do more.', [scopes.less]: 'Do less.' };

/** As small as a Google provider can be: what the package offers, and nothing of an API. */
const facts = {
  name: 'Google',
  category: 'identity',
  summary: 'Knows who signed in.',
  docs: {
    home: 'https://www.google.com',
    keys: 'https://console.cloud.google.com/apis/credentials',
    reference: 'https://developers.google.com/identity',
    checked: '2026-11-20',
  },
  hosts: [...googleHosts, identityHost],
  app: googleApp,
  auth: {
    oauth: googleOAuth({
      ask: identityScopes,
      more: { [scopes.more]: 'Do more.', [scopes.less]: 'Do less.' },
      implies: { [scopes.more]: [scopes.less] },
    }),
    serviceAccount: googleServiceAccount({
      credentials: z.strictObject({
        keyFile,
        subject: subject.optional(),
        scopes: scopesField(known).optional(),
      }),
      scopes: Object.keys(identityScopes),
      example: { keyFile: exampleKeyFile, subject: 'user@example.com' },
    }),
  },
  api: { baseUrl: `https://${identityHost}`, errors: googleErrors({}, {}) },
  operations: { identity },
} as const;

export const sample = defineProvider({
  ...facts,
  id: 'google-oauth',
  async account(api) {
    const { id, name } = (await googleAccount(api)) ?? { id: 'unknown', name: 'unknown' };
    // A key names itself: that it is believed takes a call.
    if (api.method === 'serviceAccount') await api.call(identity.me, {});
    return { kind: 'known', account: { id, name } };
  },
  async healthCheck(api) {
    await api.call(identity.me, {});
    return { status: 'healthy' };
  },
});

const organizationId = 'org-1';
const userId = 'user-1';
export const target = { organizationId };

export interface SentRequest {
  readonly url: URL;
  readonly text: string;
}

/** A board whose vendor is the emulator, and what was sent to it. */
export function createRig() {
  const clock = createFakeClock();
  const provider = sample({ clientId: 'cid.apps.googleusercontent.com', clientSecret: 'client-secret-0123456789' });
  const vendor = createEmulator(provider, { clock });
  const sent: SentRequest[] = [];
  let answer: ((url: URL) => Response | undefined) | undefined;
  const board = createPlugboard({
    url: 'https://app.example/integrations',
    providers: [provider],
    store: createMemoryStore({ clock }),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    wire: handlerWire(async (request) => {
      const url = new URL(request.url);
      sent.push({ url, text: await request.clone().text() });
      return answer?.(url) ?? vendor.fetch(request);
    }),
  });
  return {
    board,
    vendor,
    sent,
    /** Answers instead of the emulator; undefined leaves the request to it. */
    respond: (next: (url: URL) => Response | undefined) => void (answer = next),
    async authorize(asked?: readonly string[]) {
      const { url, cookie } = await board.authorize('google-oauth', {
        ...target,
        userId,
        ...(asked && { scopes: asked }),
      });
      const { searchParams: params } = await vendor.oauth.approve(url);
      return board.callback('google-oauth', { params, cookies: `${cookie.name}=${cookie.value}`, ...target, userId });
    },
    connect: (credentials: { keyFile: string; subject?: string; scopes?: string }) =>
      board.connect('google-oauth', { ...target, method: 'serviceAccount', credentials }),
  };
}
