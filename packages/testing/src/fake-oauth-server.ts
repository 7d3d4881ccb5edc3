/** An authorization server on a real socket, with faults on demand and a ledger that other processes can read. */
import { systemClock, type Clock } from '@plugboard/core';
import {
  createAuthorizationServer,
  type AuthorizationProfile,
  type AuthorizationServer,
  type AuthorizationServerOptions,
} from '@plugboard/core/emulator';

import { answerControl, controlPath } from './oauth-control.ts';
import { serveFetch } from './serve-fetch.ts';

type ProfileOptions = Omit<AuthorizationProfile, 'name' | 'authorizeUrl' | 'tokenUrl' | 'revokeUrl' | 'issuer'>;
type ServerOptions = Pick<AuthorizationServerOptions, 'accounts' | 'client' | 'redirectUris' | 'codeSeconds' | 'seed'>;

export interface FakeOAuthServerOptions extends ProfileOptions, ServerOptions {
  /** Default: one that is free. */
  readonly port?: number;
  /** Paces delays and lets tokens expire. Default: the system's. */
  readonly clock?: Clock;
  /** Sent as `iss` with every callback; null sends none. Default: the server's origin. */
  readonly issuer?: string | null;
}

export interface FakeOAuthServer extends Omit<AuthorizationServer, 'handle' | 'serves'> {
  /** `http://127.0.0.1:<port>`; give it to `connectFakeOAuthServer` in another process. */
  readonly origin: string;
  readonly issuer: string;
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  readonly revokeUrl: string;
  /** Answers a live bearer token with its account, `{ id, name }`, and any other with 401. */
  readonly accountUrl: string;
  close(): Promise<void>;
}

/**
 * Starts a server on loopback. It takes the code flow with PKCE, refreshes, exchanges and revocations as declared by the
 * options, whose defaults are those of `AuthorizationProfile`.
 * @example const vendor = await createFakeOAuthServer({ rotation: 'strict' })
 */
export async function createFakeOAuthServer(options: FakeOAuthServerOptions = {}): Promise<FakeOAuthServer> {
  const { port, clock = systemClock, issuer, accounts, client, redirectUris, codeSeconds, seed, ...profile } = options;
  // The address is known only once the server listens; nobody can ask before it is told.
  let server: AuthorizationServer | undefined = undefined;
  const served = await serveFetch((request) => answer(server, request), { ...(port !== undefined && { port }) });
  const { origin } = served;
  const urls = { authorizeUrl: `${origin}/authorize`, tokenUrl: `${origin}/token`, revokeUrl: `${origin}/revoke` };
  const iss = issuer === undefined ? origin : issuer;
  server = createAuthorizationServer({
    clock,
    name: 'Fake vendor',
    profiles: [{ name: 'oauth', ...profile, ...urls, ...(iss !== null && { issuer: iss }) }],
    ...(accounts && { accounts }),
    ...(client && { client }),
    ...(redirectUris && { redirectUris }),
    ...(codeSeconds !== undefined && { codeSeconds }),
    ...(seed !== undefined && { seed }),
  });
  const { handle: _handle, serves: _serves, ...rest } = server;
  return { ...rest, ...urls, origin, issuer: iss ?? origin, accountUrl: `${origin}/account`, close: served.close };
}

async function answer(server: AuthorizationServer | undefined, request: Request): Promise<Response> {
  if (server === undefined) return new Response(null, { status: 503 });
  const { pathname } = new URL(request.url);
  if (pathname === controlPath) return answerControl(server, request);
  return pathname === '/account' ? answerAccount(server, request) : server.handle(request);
}

/** RFC 6750 section 3. */
function answerAccount(server: AuthorizationServer, request: Request): Response {
  const token = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1];
  const info = token === undefined ? undefined : server.use(token);
  if (info?.state === 'live') return Response.json(info.account);
  const headers = { 'www-authenticate': token === undefined ? 'Bearer' : 'Bearer error="invalid_token"' };
  return Response.json({ error: 'invalid_token' }, { status: 401, headers });
}
