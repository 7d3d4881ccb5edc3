/** A board of one provider for tests: its vendor is the emulator, its time stands still, and what it sends is kept. */
import { createMemoryStore, createPlugboard, handlerWire, parseJson, silentLog, type Json } from '@plugboard/core';
import type { AnyProvider, AuthorizeInput, CallbackResult, Plugboard, PlugboardOptions, Store } from '@plugboard/core';
import { createEmulator, type Consent, type Emulator, type EmulatorOptions } from '@plugboard/core/emulator';

import { createFakeClock, type FakeClock } from './clock.ts';

/** A request as it left for the vendor. */
export interface SentRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The bytes as UTF-8. */
  readonly text: string;
  /** The text as a form. */
  readonly form: URLSearchParams;
  /** The text as JSON; undefined when it is none. */
  readonly json: Json | undefined;
}

/**
 * Answers instead of the emulator; undefined leaves a request to it.
 * @param request The same request, unread: to pass it on in another form, `vendor.fetch(new Request(url, request))`.
 */
export type AnswerInstead = (
  sent: SentRequest,
  request: Request,
) => Response | undefined | Promise<Response | undefined>;

/** An OAuth flow at the vendor's consent page. */
export interface ConsentFlow {
  /** The consent page, with everything that it was asked for. */
  readonly url: URL;
  /** Decides on the consent page, and gives the address that the browser is sent back to. */
  approve(consent?: Consent): Promise<URL>;
  /**
   * What the callback does with such an address; a test may have changed it.
   * @throws PlugboardError what `board.callback` throws.
   */
  finish(back: URL | URLSearchParams): Promise<CallbackResult>;
}

/** Options of the board itself, of the emulator, and who answers. */
export interface TestBoardOptions
  extends
    Partial<Omit<PlugboardOptions<readonly AnyProvider[]>, 'providers' | 'clock' | 'wire'>>,
    Pick<EmulatorOptions, 'accounts' | 'redirectUris'> {
  /** Default: one that stands at 2026-01-01T00:00:00Z. */
  readonly clock?: FakeClock;
  readonly answer?: AnswerInstead;
}

export interface TestBoard<P extends AnyProvider> {
  readonly board: Plugboard<readonly [P]>;
  readonly vendor: Emulator;
  readonly clock: FakeClock;
  readonly store: Store;
  /** What was sent so far, oldest first; a test may empty it. */
  readonly sent: SentRequest[];
  /** From now on this answers first. */
  answer(next: AnswerInstead): void;
  /**
   * Begins to connect by OAuth. Default: organization `org-1`, user `user-1`.
   * @throws PlugboardError what `board.authorize` throws.
   */
  begin(input?: Partial<AuthorizeInput>): Promise<ConsentFlow>;
  /**
   * The whole flow: through the vendor's consent page and back.
   * @throws PlugboardError what `begin` and `finish` throw.
   */
  authorize(input?: Partial<AuthorizeInput>, consent?: Consent): Promise<CallbackResult>;
}

/**
 * @example
 * const { board, sent } = createTestBoard(klaviyo());
 * await board.connect('klaviyo', { organizationId: 'org-1', credentials: { privateKey: 'pk_demo' } });
 */
export function createTestBoard<P extends AnyProvider>(provider: P, options: TestBoardOptions = {}): TestBoard<P> {
  const { clock = createFakeClock(), accounts, redirectUris, answer: first, ...own } = options;
  const vendor = createEmulator(provider, {
    clock,
    ...(accounts && { accounts }),
    ...(redirectUris && { redirectUris }),
  });
  const sent: SentRequest[] = [];
  let instead = first;
  const { store = createMemoryStore({ clock }) } = own;
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    // What changes at the vendor or in the store is seen by the next call.
    cacheMs: 0,
    ...own,
    providers: [provider],
    store,
    clock,
    wire: handlerWire(async (request) => {
      const seen = await readRequest(request.clone());
      sent.push(seen);
      return (await instead?.(seen, request)) ?? vendor.fetch(request);
    }),
  });

  async function begin(input: Partial<AuthorizeInput> = {}): Promise<ConsentFlow> {
    const { id } = provider.definition;
    const who = { organizationId: 'org-1', userId: 'user-1', ...input };
    const { url, cookie } = await board.authorize(id, who);
    const { organizationId, userId } = who;
    const cookies = `${cookie.name}=${cookie.value}`;
    return {
      url: new URL(url),
      approve: (consent) => vendor.oauth.approve(url, consent),
      finish: (params) => board.callback(id, { params, cookies, organizationId, userId }),
    };
  }

  return {
    board,
    vendor,
    clock,
    store,
    sent,
    answer: (next) => void (instead = next),
    begin,
    async authorize(input, consent) {
      const { approve, finish } = await begin(input);
      return finish(await approve(consent));
    },
  };
}

async function readRequest(request: Request): Promise<SentRequest> {
  const { method, url, headers } = request;
  const bytes = new Uint8Array(await request.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  return { method, url: new URL(url), headers, bytes, text, form: new URLSearchParams(text), json: jsonOf(text) };
}

function jsonOf(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
