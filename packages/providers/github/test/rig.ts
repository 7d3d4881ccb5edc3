/** A board with GitHub behind it, and everything that was sent there. */
import { createMemoryStore, createPlugboard, handlerWire, silentLog } from '@plugboard/core';
import { createEmulator, type Consent } from '@plugboard/core/emulator';
import { createFakeClock } from '@plugboard/testing';

import { github } from '../src/index.ts';

export const who = { organizationId: 'org-1', userId: 'ada' };
export const oauthApp = { clientId: 'Iv1.client', clientSecret: 'client-secret', webhookSecret: 'hook-secret' };

type Login = 'oauth' | 'installation';
type Options = NonNullable<Parameters<typeof github>[0]>;

export interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly text: string;
}

export function createRig(options: Options = {}) {
  const clock = createFakeClock();
  const provider = github({ ...oauthApp, ...options });
  const accounts = [{ id: '1', name: 'octocat' }];
  const vendor = createEmulator(provider, { clock, accounts });
  const sent: Sent[] = [];
  let instead: ((request: Sent) => Response | undefined) | undefined;
  const store = createMemoryStore({ clock });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [provider],
    store,
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    cacheMs: 0,
    wire: handlerWire(async (request) => {
      const { method, headers } = request;
      const seen = { method, url: new URL(request.url), headers, text: await request.clone().text() };
      sent.push(seen);
      return instead?.(seen) ?? vendor.fetch(request);
    }),
  });

  async function begin(method: Login, consent?: Consent) {
    const { url, cookie } = await board.authorize('github', { ...who, method });
    const back = await vendor.oauth.approve(url, consent);
    return { url: new URL(url), back, cookies: `${cookie.name}=${cookie.value}` };
  }
  const finish = ({ back, cookies }: { back: URL; cookies: string }) =>
    board.callback('github', { ...who, params: back, cookies });

  return {
    board,
    client: board.client('github', who),
    clock,
    vendor,
    sent,
    store,
    begin,
    finish,
    connect: async (method: Login) => finish(await begin(method)),
    /** Answers instead of the emulator; undefined leaves a request to it. */
    answer: (next: typeof instead) => void (instead = next),
    to: (path: string) => sent.filter(({ url }) => url.pathname === path),
    connection: () => board.connections.get('github', who),
  };
}
