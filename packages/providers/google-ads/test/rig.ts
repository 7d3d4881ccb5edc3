import { createMemoryStore, createPlugboard, handlerWire, silentLog } from '@plugboard/core';
import { createEmulator, type Consent } from '@plugboard/core/emulator';
import { createFakeClock } from '@plugboard/testing';
import { expect } from 'vitest';

import { googleAds } from '../src/index.ts';

/** A text somewhere in a value; vitest's own matchers are untyped. */
export const textLike = (pattern: RegExp): unknown => expect.stringMatching(pattern);

export const organizationId = 'org-1';
const userId = 'user-1';
export const target = { organizationId };
const app = { clientId: 'cid.apps.googleusercontent.com', clientSecret: 'client-secret-0123456789' };

export interface SentRequest {
  readonly url: URL;
  readonly headers: Headers;
  readonly text: string;
}

interface RigOptions {
  readonly developerToken?: string;
  readonly apiVersion?: string;
  readonly env?: Record<string, string>;
}

/** A board whose vendor is the emulator, and what was sent to it. */
export function createRig(options: RigOptions = {}) {
  const { env = {}, ...more } = options;
  const clock = createFakeClock();
  const provider = googleAds({ ...app, ...more });
  const vendor = createEmulator(provider, { clock });
  const sent: SentRequest[] = [];
  let answer: ((url: URL, body: string) => Response | undefined) | undefined;
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [provider],
    store: createMemoryStore({ clock }),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env,
    log: silentLog,
    clock,
    wire: handlerWire(async (request) => {
      const url = new URL(request.url);
      const text = await request.clone().text();
      sent.push({ url, headers: request.headers, text });
      return answer?.(url, text) ?? vendor.fetch(request);
    }),
  });

  /** Through the consent page, up to the choice of an account where there are several. */
  async function authorize(consent?: Consent) {
    const { url, cookie } = await board.authorize('google-ads', { organizationId, userId });
    const params = await vendor.oauth.approve(url, consent);
    const cookies = `${cookie.name}=${cookie.value}`;
    return board.callback('google-ads', {
      params: params.searchParams,
      cookies,
      organizationId,
      userId,
    });
  }

  async function connect(accountId = '1234567890') {
    const { status } = await authorize();
    if (status === 'choose_account') await board.accounts.choose('google-ads', { ...target, accountId });
    sent.length = 0;
    return board.connections.get('google-ads', target);
  }

  return {
    board,
    clock,
    vendor,
    sent,
    authorize,
    connect,
    client: () => board.client('google-ads', target),
    configure: (settings: Record<string, string | boolean | Record<string, string>>) =>
      board.settings.update('google-ads', { ...target, settings }),
    /** Answers instead of the emulator; undefined leaves the request to it. */
    respond: (next: (url: URL, body: string) => Response | undefined) => void (answer = next),
  };
}
