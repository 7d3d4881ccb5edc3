/** A board, and an issuer of this process that signs with real keys and lies when a test asks it to. */
import {
  createMemoryStore,
  createPlugboard,
  handlerWire,
  isPlugboardError,
  silentLog,
  type Clock,
  type PlugboardError,
} from '@plugboard/core';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import { expect } from 'vitest';

import { createFakeClock } from '@plugboard/testing';

import { genericOidc } from '../src/index.ts';

export const issuer = 'https://id.example.com/realms/main';
export const organizationId = 'org-1';
export const userId = 'user-1';
export const clientId = 'client:id';
export const clientSecret = 'p@ss w:rd%+';
export const appUrl = 'https://app.example.com/integrations';

export interface Key {
  readonly private: CryptoKey;
  readonly jwk: JWK;
}

export async function createKey(alg = 'RS256', kid = `key-${alg}`): Promise<Key> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(pair.publicKey)), alg, use: 'sig', kid };
  return { private: pair.privateKey, jwk };
}

type Claims = JWTPayload & Record<string, unknown>;

/** What the issuer does otherwise than a correct one. */
export interface Lies {
  readonly document?: Readonly<Record<string, unknown>>;
  readonly claims?: (claims: Claims) => Claims;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly sign?: (claims: Claims, honest: (claims: Claims) => Promise<string>) => Promise<string> | string;
  readonly keys?: readonly JWK[];
  readonly tokens?: (answer: Record<string, unknown>) => Record<string, unknown>;
  readonly userinfo?: Readonly<Record<string, unknown>>;
  readonly answer?: (request: Request, url: URL) => Response | undefined;
}

interface RigOptions {
  readonly lies?: Lies;
  readonly app?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export async function createRig(key: Key, { lies: first = {}, app = {}, env = {} }: RigOptions = {}) {
  const clock: Clock & ReturnType<typeof createFakeClock> = createFakeClock();
  let lies = first;
  let nonce: string | null = null;
  const answers: Record<string, unknown>[] = [];
  const requests: { method: string; url: URL; form: URLSearchParams; authorization: string | null }[] = [];

  const seconds = () => Math.floor(clock.now() / 1000);
  const alg = key.jwk.alg!;
  const honest = (claims: Claims) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg, ...(key.jwk.kid !== undefined && { kid: key.jwk.kid }), ...lies.header })
      .sign(key.private);

  async function idToken(more: Claims): Promise<string> {
    const iat = seconds();
    const truth = {
      iss: issuer,
      sub: 'user-7',
      aud: app['clientId'] ?? clientId,
      iat,
      exp: iat + 300,
      name: 'Jane Doe',
      ...more,
    };
    const claims = lies.claims?.(truth) ?? truth;
    return lies.sign?.(claims, honest) ?? honest(claims);
  }

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const form = new URLSearchParams(request.method === 'POST' ? await request.text() : '');
    requests.push({ method: request.method, url, form, authorization: request.headers.get('authorization') });
    const lie = lies.answer?.(request, url);
    if (lie !== undefined) return lie;
    const path = url.href.startsWith(issuer) ? url.pathname.slice(new URL(issuer).pathname.length) : url.pathname;
    if (path === '/.well-known/openid-configuration') {
      return Response.json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        userinfo_endpoint: `${issuer}/userinfo`,
        revocation_endpoint: `${issuer}/revoke`,
        end_session_endpoint: `${issuer}/logout`,
        jwks_uri: `${issuer}/jwks`,
        id_token_signing_alg_values_supported: [alg],
        ...lies.document,
      });
    }
    if (path === '/jwks') return Response.json({ keys: lies.keys ?? [key.jwk] });
    if (path === '/userinfo') return Response.json({ sub: 'user-7', name: 'Jane Doe', ...lies.userinfo });
    if (path === '/revoke') return new Response(null);
    if (path !== '/token') return new Response('no', { status: 404 });
    const renewal = form.get('grant_type') === 'refresh_token';
    const answer = {
      access_token: `at-${requests.length}`,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: `rt-${requests.length}`,
      id_token: await idToken(renewal || nonce === null ? {} : { nonce }),
    };
    answers.push(lies.tokens?.(answer) ?? answer);
    return Response.json(answers.at(-1));
  }

  const store = createMemoryStore({ clock });
  const board = createPlugboard({
    url: appUrl,
    providers: [genericOidc({ issuer, clientId, clientSecret, ...app })],
    store,
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env,
    clock,
    log: silentLog,
    wire: handlerWire(handle),
    cacheMs: 0,
  });

  /** The way through the browser, up to the address that the issuer sends it back to. */
  async function begin(input?: Record<string, string | number>) {
    const started = await board.authorize('generic-oidc', { organizationId, userId, ...(input && { input }) });
    const url = new URL(started.url);
    nonce = url.searchParams.get('nonce');
    const params = new URLSearchParams({ code: 'code-1', state: url.searchParams.get('state')!, iss: issuer });
    return { url, params, cookies: `${started.cookie.name}=${started.cookie.value}` };
  }

  const finish = (params: URLSearchParams, cookies: string) =>
    board.callback('generic-oidc', { params, cookies, organizationId, userId });

  async function signIn(input?: Record<string, string | number>) {
    const { params, cookies } = await begin(input);
    return finish(params, cookies);
  }

  return {
    board,
    clock,
    requests,
    answers,
    fetch: handle,
    begin,
    finish,
    signIn,
    idToken,
    lie: (next: Lies) => void (lies = next),
    client: () => board.client('generic-oidc', { organizationId }),
    row: () => store.connections.find(organizationId, { provider: 'generic-oidc', label: 'default' }),
    calls: (path: string) => requests.filter(({ url }) => url.pathname.endsWith(path)),
  };
}

export function unsigned(claims: Claims): string {
  return new UnsecuredJWT(claims).encode();
}

export async function refusal(work: Promise<unknown>): Promise<PlugboardError> {
  const error: unknown = await work.then(
    () => expect.unreachable('this must be refused'),
    (reason: unknown) => reason,
  );
  if (!isPlugboardError(error)) throw error;
  return error;
}
