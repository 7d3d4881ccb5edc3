/** A board around one small provider and its in-process authorization server: what the engine's tests drive. */
// What a second try loads: read from disk in the middle of a test, it takes more of a clock that is moved by hand than a call has.
import 'p-retry';
import { z } from 'zod';
// Core loads it at the first retry. Loading takes real time, in which the clock of a test would run past a deadline.
import 'p-retry';

import { apiKey, oauth2 } from '../../src/auth/methods.ts';
import type { OAuth2Options, Rotation } from '../../src/auth/auth.ts';
import { header } from '../../src/auth/sign.ts';
import { encodeBase64 } from '../../src/bytes.ts';
import { randomBytes } from '../../src/random.ts';
import { createPlugboard } from '../../src/board.ts';
import type { PlugboardOptions } from '../../src/plugboard.ts';
import { defineProvider } from '../../src/define-provider.ts';
import { createAuthorizationServer } from '../../src/emulator/oauth/authorization-server.ts';
import { endpoint } from '../../src/endpoint.ts';
import { secret } from '../../src/fields.ts';
import { silentLog } from '../../src/log.ts';
import { createMemoryStore } from '../../src/memory-store.ts';
import type { ConnectionRow, Store } from '../../src/store.ts';
import type { AnyProvider, HealthResult, WebhookDefinition } from '../../src/provider.ts';
import { handlerWire } from '../../src/transport/handler-wire.ts';
import { hmacSignature, hmacSigner } from '../../src/webhooks/hmac-signature.ts';
import { at, member, parseJson, text } from '../../src/json.ts';
import { createFakeClock } from './fake-clock.ts';

export const organizationId = 'org-1';
export const userId = 'user-1';
export const key = encodeBase64(randomBytes(32));

const origin = 'https://auth.acme.example.com';
const scheme = { header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' } as const;

export interface AcmeOptions {
  readonly rotation?: Rotation;
  readonly issuer?: string;
  readonly issuerAlwaysSent?: boolean;
  readonly accounts?: readonly { id: string; name: string }[];
  /** Further ids of whoever connects. */
  readonly alsoKnownAs?: readonly string[];
  /** Replaces parts of the webhooks. */
  readonly webhooks?: Partial<Omit<WebhookDefinition, 'events'>>;
  /** Replaces parts of the OAuth method. */
  readonly oauth?: Partial<OAuth2Options>;
  /** What a check of health finds when the vendor answers. */
  readonly health?: () => HealthResult;
}

const me = endpoint('GET /me', {
  summary: 'Says who is connected.',
  input: z.strictObject({}),
  output: z.looseObject({ id: z.string(), name: z.string() }),
  example: { input: {}, answer: { id: 'acct-1', name: 'Acme One' } },
});

/** A vendor with every feature the engine has, and none of a real one's oddities. */
export function acmeProvider(options: AcmeOptions = {}) {
  const { rotation = 'strict', issuer, issuerAlwaysSent, accounts, alsoKnownAs, webhooks, oauth, health } = options;
  return defineProvider({
    id: 'acme',
    name: 'Acme',
    category: 'crm',
    summary: 'A vendor for tests.',
    docs: {
      home: 'https://acme.example.com',
      keys: 'https://acme.example.com',
      reference: 'https://acme.example.com',
      checked: '2026-01-01',
    },
    hosts: ['api.acme.example.com', 'auth.acme.example.com'],
    app: {
      clientId: { title: 'Client id', env: 'ACME_CLIENT_ID' },
      clientSecret: { title: 'Client secret', env: 'ACME_CLIENT_SECRET', secret: true },
      signingSecret: { title: 'Signing secret', env: 'ACME_SIGNING_SECRET', secret: true, set: 'webhooks' },
    },
    auth: {
      oauth: oauth2({
        authorize: { url: `${origin}/authorize` },
        token: { url: `${origin}/token` },
        scopes: { ask: ['read', 'write'], known: { read: 'Read.', write: 'Write.', admin: 'Everything.' } },
        pkce: 'required',
        refresh: { rotation },
        revoke: { url: `${origin}/revoke` },
        ...(issuer !== undefined && { issuer }),
        ...(issuerAlwaysSent !== undefined && { issuerAlwaysSent }),
        example: {
          access_token: 'at',
          refresh_token: 'rt',
          expires_in: 3600,
          token_type: 'Bearer',
          scope: 'read write',
        },
        ...oauth,
      }),
      apiKey: apiKey({
        credentials: z.strictObject({ apiKey: secret('API key') }),
        env: { apiKey: 'ACME_API_KEY' },
        sign: header('x-api-key', 'apiKey'),
        example: { apiKey: 'acme-key' },
      }),
    },
    api: {
      baseUrl: 'https://api.acme.example.com/v1',
      errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
    },
    async account(api) {
      const { id, name } = await api.call(me, {});
      const further = alsoKnownAs && { alsoKnownAs };
      if (accounts !== undefined) return { kind: 'choose', choices: accounts, ...further };
      return { kind: 'known', account: { id, name }, ...further };
    },
    async healthCheck(api) {
      await api.call(me, {});
      return health?.() ?? { status: 'healthy' };
    },
    settings: {
      schema: z.strictObject({ channel: z.string().optional(), admin: z.boolean().optional() }),
      choices: { channel: async () => [{ value: 'c1', label: 'General' }] },
      scopes: { admin: ['admin'] },
    },
    flags: { sync: { description: 'Synchronise.', default: true, requiresConnection: true } },
    webhooks: {
      docs: 'https://acme.example.com',
      secrets: ({ app }) => [app['signingSecret']],
      verify: hmacSignature(scheme),
      parse: ({ body }) => {
        const event = parseJson(new TextDecoder().decode(body));
        const accountId = text(at(event, 'account'));
        return [
          {
            type: text(at(event, 'type')) ?? 'unknown',
            id: text(at(event, 'id')) ?? '',
            ...(accountId && { accountId }),
            data: event,
          },
        ];
      },
      events: { 'order.created': z.looseObject({ id: z.string(), total: z.number() }) },
      ends: ['app.uninstalled'],
      vectors: [],
      sign: hmacSigner(scheme),
      ...webhooks,
    },
    operations: {
      users: { me },
      orders: {
        list: endpoint('GET /orders', {
          summary: 'Lists orders.',
          input: z.strictObject({ cursor: z.string().optional() }),
          output: z.looseObject({ items: z.array(z.string()), next: z.string().nullish() }),
          scopes: ['read'],
          paging: {
            items: (page) => page.items,
            next: (page, input) => (page.next ? { ...input, cursor: page.next } : undefined),
          },
          example: { input: {}, answer: { items: ['o1'], next: null } },
        }),
        create: endpoint('POST /orders', {
          summary: 'Creates an order.',
          input: z.strictObject({ total: z.number() }),
          output: z.looseObject({ id: z.string() }),
          scopes: ['write'],
          example: { input: { total: 1 }, answer: { id: 'o2' } },
        }),
        purge: endpoint('DELETE /orders', {
          summary: 'Deletes everything.',
          input: z.strictObject({}),
          output: z.undefined(),
          scopes: ['admin'],
          example: { input: {}, status: 204 },
        }),
      },
    },
    capabilities: { sms: (api) => ({ send: async ({ text: body }) => ({ id: `${api.method}:${body}` }) }) },
  });
}

export type ApiHandler = (request: Request, account: { id: string; name: string }) => Answered | Promise<Answered>;
type Answered = Response | undefined;

/** Acme's servers: tokens by the authorization server, an API that knows its tokens and one good key. */
export function acmeServers(options: AcmeOptions & { readonly clock: ReturnType<typeof createFakeClock> }) {
  const { clock, rotation = 'strict', issuer } = options;
  const oauth = createAuthorizationServer({
    clock,
    name: 'acme',
    accounts: [
      { id: 'acct-1', name: 'Acme One' },
      { id: 'acct-2', name: 'Acme Two' },
    ],
    profiles: [
      {
        name: 'oauth',
        authorizeUrl: `${origin}/authorize`,
        tokenUrl: `${origin}/token`,
        revokeUrl: `${origin}/revoke`,
        pkce: 'required',
        rotation,
        scopes: { ask: ['read', 'write'], known: { read: 'Read.', write: 'Write.', admin: 'Everything.' } },
        ...(issuer !== undefined && { issuer }),
      },
    ],
  });
  const calls: { method: string; path: string; authorization: string | null }[] = [];
  let api: ApiHandler = () => undefined;

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (oauth.serves(url)) return oauth.handle(request);
    const authorization = request.headers.get('authorization');
    calls.push({ method: request.method, path: url.pathname, authorization });
    const apiKey = request.headers.get('x-api-key');
    const token = oauth.use((authorization ?? '').replace('Bearer ', ''));
    const account =
      apiKey === 'acme-key' ? { id: 'acct-1', name: 'Acme One' } : token?.state === 'live' ? token.account : undefined;
    if (account === undefined) return Response.json({ error: 'unauthorized' }, { status: 401 });
    const custom = await api(request, account);
    if (custom !== undefined) return custom;
    if (url.pathname === '/v1/me') return Response.json(account);
    if (request.method === 'DELETE') return new Response(null, { status: 204 });
    return Response.json(request.method === 'POST' ? { id: 'o2' } : { items: ['o1'], next: null });
  }

  return {
    oauth,
    calls,
    handle,
    /** Answers API requests instead of the default; undefined falls through. */
    answer: (next: ApiHandler) => void (api = next),
  };
}

type BoardOptions = Partial<Omit<PlugboardOptions<readonly AnyProvider[]>, 'providers'>> & {
  /** Further providers of the board. */
  readonly more?: readonly AnyProvider[];
};

/**
 * Everything together, with time standing still.
 * @param wrap Gets between the board and its store.
 */
export function createRig(
  options: AcmeOptions = {},
  { more = [], ...board }: BoardOptions = {},
  wrap = (inner: Store): Store => inner,
) {
  const clock = createFakeClock();
  const servers = acmeServers({ ...options, clock });
  const store = wrap(board.store ?? createMemoryStore({ clock }));
  const provider = acmeProvider(options)({
    clientId: 'client',
    clientSecret: 'client-secret',
    signingSecret: 'signing-secret',
  });
  const plugboard = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [provider, ...(more as [])],
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    wire: handlerWire(servers.handle),
    ...board,
    store,
  });

  /** The user's way through the flow, up to the address that the vendor sends the browser to. */
  async function consent(
    label = 'default',
    more: { account?: string; scopes?: string[]; allow?: boolean; allowAccountChange?: boolean } = {},
  ) {
    const { allowAccountChange, ...choice } = more;
    const started = await plugboard.authorize('acme', {
      organizationId,
      userId,
      label,
      ...(allowAccountChange !== undefined && { allowAccountChange }),
    });
    const back = await servers.oauth.approve(started.url, choice);
    return { started, back, cookies: `${started.cookie.name}=${started.cookie.value}` };
  }

  return {
    ...servers,
    clock,
    store,
    board: plugboard,
    consent,
    async connect(label?: string, more?: Parameters<typeof consent>[1]) {
      const { back, cookies } = await consent(label, more);
      return plugboard.callback('acme', { params: back, cookies, organizationId, userId });
    },
    row: (label = 'default') => store.connections.find(organizationId, { provider: 'acme', label }),
    tokenCalls: () => servers.oauth.ledger.tokenCalls,
  };
}

/** When the last failure of a connection was written: milliseconds since the epoch. */
export function failedAt({ lastError }: Pick<ConnectionRow, 'lastError'>): number {
  return Date.parse(text(member(lastError, 'at')) ?? '');
}

/** Lets time pass until the promise settles. */
export async function drive<T>(
  rig: { clock: { advance(ms: number): Promise<void> } },
  promise: PromiseLike<T>,
  longestMs = 250_000,
): Promise<T> {
  const state = { done: false };
  const settled = Promise.resolve(promise).finally(() => (state.done = true));
  settled.catch(() => undefined);
  for (let elapsed = 0; elapsed < longestMs && !state.done; elapsed += 500) await rig.clock.advance(500);
  if (!state.done) throw new Error(`What the test waits for did not end within ${longestMs} ms of its clock.`);
  return settled;
}
