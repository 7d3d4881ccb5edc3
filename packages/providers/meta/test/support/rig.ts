/** A board with Meta on it, its double behind the wire, and every request on record. */
import {
  createMemoryStore,
  createPlugboard,
  handlerWire,
  silentLog,
  type Json,
  type JsonObject,
} from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';
import { createFakeClock } from '@plugboard/testing';

import { meta } from '../../src/index.ts';

export const organizationId = 'org-1';
const userId = 'user-1';
export const appSecret = 'app_secret_1';
export const market = { id: 'act_1102330001', name: "Jasper's Market" };

interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly path: string;
  readonly authorization: string | null;
  readonly text: string;
  /** Of the query, and of a form in the body. */
  readonly params: Readonly<Record<string, string>>;
}

type Answer = (sent: Sent) => Response | undefined;

export const refusal = (code: number, message = 'Refused.', more: JsonObject = {}) =>
  Response.json({ error: { message, type: 'OAuthException', code, ...more } }, { status: 400 });

export function createRig(options: Readonly<Record<string, string>> = {}) {
  // A time at which the examples' events are young.
  const clock = createFakeClock({ start: Date.UTC(2026, 10, 20) });
  const provider = meta({ clientId: '100200300', clientSecret: appSecret, verifyToken: 'verify-me', ...options });
  const vendor = createEmulator(provider, { clock, accounts: [market] });
  const sent: Sent[] = [];
  let answer: Answer = () => undefined;

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const head = {
      method: request.method,
      url,
      path: url.pathname,
      authorization: request.headers.get('authorization'),
    };
    const text = await request.clone().text();
    const isForm = request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
    const params = Object.fromEntries([...url.searchParams, ...new URLSearchParams(isForm ? text : '')]);
    const entry = { ...head, text, params };
    sent.push(entry);
    return answer(entry) ?? vendor.fetch(request);
  }

  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [provider],
    store: createMemoryStore({ clock }),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    wire: handlerWire(handle),
  });

  return {
    board,
    clock,
    vendor,
    sent,
    /** Answers requests instead of the double; undefined leaves them to it. */
    answer: (next: Answer) => void (answer = next),
    client: () => board.client('meta', { organizationId }),
    connection: () => board.connections.get('meta', { organizationId }),
    bodies: () => sent.filter(({ text }) => text.startsWith('{')).map(({ text }) => JSON.parse(text) as Json),
    async authorize(scopes?: readonly string[]) {
      const { url, cookie } = await board.authorize('meta', { organizationId, userId, ...(scopes && { scopes }) });
      return { url: new URL(url), cookies: `${cookie.name}=${cookie.value}` };
    },
    async connect(scopes?: readonly string[]) {
      const { url, cookie } = await board.authorize('meta', { organizationId, userId, ...(scopes && { scopes }) });
      const params = await vendor.oauth.approve(url);
      const cookies = `${cookie.name}=${cookie.value}`;
      return board.callback('meta', { params, cookies, organizationId, userId });
    },
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
