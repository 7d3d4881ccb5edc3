import { createMemoryStore, createPlugboard, handlerWire, silentLog } from '@plugboard/core';
import type { AnyDefinition, ProviderFactory } from '@plugboard/core';
import { createEmulator, type Consent } from '@plugboard/core/emulator';
import { createFakeClock } from '@plugboard/testing';
import { expect } from 'vitest';

/** A text somewhere in a value; vitest's own matchers are untyped. */
export const textLike = (pattern: RegExp): unknown => expect.stringMatching(pattern);

export const organizationId = 'org-1';
export const userId = 'user-1';
export const target = { organizationId };
const client = { clientId: 'cid.apps.googleusercontent.com', clientSecret: 'client-secret-0123456789' };

export interface SentRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Answers instead of the emulator; undefined leaves the request to it. */
export type Respond = (request: SentRequest) => Response | undefined;

/** A board with one of Google's providers, whose vendor is its emulator, and what was sent to it. */
export function createGoogleRig<D extends AnyDefinition>(
  factory: ProviderFactory<D>,
  app: Readonly<Record<string, string>> = {},
  options: { readonly platform?: Readonly<Record<string, string>>; readonly env?: Record<string, string> } = {},
) {
  const clock = createFakeClock();
  const { env = {}, ...more } = options;
  const provider = factory({ ...client, ...app, ...more } as Parameters<typeof factory>[0]);
  const { definition } = provider;
  const vendor = createEmulator(provider, { clock });
  const sent: SentRequest[] = [];
  let respond: Respond = () => undefined;
  const board = createPlugboard({
    url: 'https://app.example/integrations',
    providers: [provider],
    store: createMemoryStore({ clock }),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env,
    log: silentLog,
    clock,
    wire: handlerWire(async (request) => {
      const bytes = new Uint8Array(await request.clone().arrayBuffer());
      const { method, url, headers } = request;
      const one = { method, url: new URL(url), headers, bytes, text: new TextDecoder().decode(bytes) };
      sent.push(one);
      return respond(one) ?? vendor.fetch(request);
    }),
  });
  const id = definition.id as D['id'];

  async function authorize(scopes?: readonly string[], consent?: Consent) {
    const { url, cookie } = await board.authorize(id, { ...target, userId, ...(scopes && { scopes }) });
    const { searchParams: params } = await vendor.oauth.approve(url, consent);
    return board.callback(id, { params, cookies: `${cookie.name}=${cookie.value}`, ...target, userId });
  }

  return {
    board,
    clock,
    vendor,
    sent,
    authorize,
    client: () => board.client(id, target),
    respond: (next: Respond) => void (respond = next),
    /** Lets time pass until the work is done. */
    async settle<T>(work: Promise<T>): Promise<T> {
      const state = { isDone: false };
      const ended = () => void (state.isDone = true);
      work.then(ended, ended);
      for (let turn = 0; !state.isDone && turn < 1000; turn++) await clock.advance(1000);
      return work;
    },
    /** Connects with every scope that the provider knows, unless some are named. */
    async connect(scopes?: readonly string[]) {
      const oauth = definition.auth['oauth'] as {
        readonly scopes: { readonly known: Readonly<Record<string, string>> };
      };
      await authorize(scopes ?? Object.keys(oauth.scopes.known));
      sent.length = 0;
      return board.connections.get(id, target);
    },
  };
}
