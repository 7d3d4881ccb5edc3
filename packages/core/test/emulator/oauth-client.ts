/** A client for the tests of the authorization server: it sends what it is told, right or wrong. */
import { expect } from 'vitest';

import { encodeBase64, encodeUtf8 } from '../../src/bytes.ts';
import {
  createAuthorizationServer,
  type AuthorizationServer,
  type AuthorizationServerOptions,
} from '../../src/emulator/oauth/authorization-server.ts';
import type { AuthorizationProfile } from '../../src/emulator/oauth/profile.ts';
import { member, parseJson, text as nonEmptyText, type JsonObject } from '../../src/json.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';

export const origin = 'https://auth.example.com';
export const redirectUri = 'https://app.example.com/callback';
/** The pair of RFC 7636, appendix B. */
export const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const pair = { client_id: 'client', client_secret: 'secret' };

export type Params = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: JsonObject;
}

export function profileOf(overrides: Partial<AuthorizationProfile> = {}): AuthorizationProfile {
  return {
    name: 'oauth',
    authorizeUrl: `${origin}/authorize`,
    tokenUrl: `${origin}/token`,
    revokeUrl: `${origin}/revoke`,
    scopes: { ask: ['read'], known: { read: 'Read your orders.', write: 'Create orders.' } },
    rotation: 'strict',
    ...overrides,
  };
}

export interface TestServer {
  readonly clock: FakeClock;
  readonly server: AuthorizationServer;
  authorizeUrl(params?: Params): URL;
  /** The code of a consent. */
  code(params?: Params): Promise<string>;
  token(params: Params, headers?: Params): Promise<Answer>;
  /** Exchanges a fresh code. */
  connect(): Promise<{ readonly accessToken: string; readonly refreshToken: string; readonly answer: Answer }>;
  refresh(refreshToken: string): Promise<Answer>;
  revoke(params: Params, headers?: Params): Promise<Answer>;
}

export function serve(
  overrides: Partial<AuthorizationProfile> = {},
  options: Partial<AuthorizationServerOptions> = {},
): TestServer {
  const clock = createFakeClock();
  const server = createAuthorizationServer({ clock, profiles: [profileOf(overrides)], ...options });
  const post = async (path: string, params: Params, headers: Params = {}) =>
    read(
      await server.handle(
        new Request(`${origin}${path}`, { method: 'POST', body: new URLSearchParams(params), headers }),
      ),
    );

  const client: TestServer = {
    clock,
    server,
    authorizeUrl(params = {}) {
      const standard = { response_type: 'code', client_id: 'client', redirect_uri: redirectUri, state: 's1' };
      const pkce = { code_challenge: challenge, code_challenge_method: 'S256' };
      return new URL(`${origin}/authorize?${formOf({ ...standard, ...pkce, ...params })}`);
    },
    async code(params) {
      const back = await server.approve(client.authorizeUrl(params));
      return back.searchParams.get('code') ?? '';
    },
    token: (params, headers) => post('/token', params, headers),
    async connect() {
      const answer = await client.token(codeParams(await client.code()));
      return {
        accessToken: textOf(answer.json, 'access_token'),
        refreshToken: textOf(answer.json, 'refresh_token'),
        answer,
      };
    },
    refresh: (refreshToken) => client.token({ grant_type: 'refresh_token', refresh_token: refreshToken, ...pair }),
    revoke: (params, headers) => post('/revoke', params, headers),
  };
  return client;
}

/** A correct exchange. */
export function codeParams(code: string): Params {
  return { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier, ...pair };
}

export function basicHeader(id: string, secret: string): Params {
  return { authorization: `Basic ${encodeBase64(encodeUtf8(`${id}:${secret}`))}` };
}

export async function read(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const text = await response.text();
  const isJson = headers.get('content-type') === 'application/json';
  return { status, headers, text, json: isJson ? jsonOf(text) : {} };
}

function jsonOf(text: string): JsonObject {
  try {
    return parseJson(text) as JsonObject;
  } catch {
    return {};
  }
}

/** A text of an answer; empty when there is none. */
export function textOf(json: JsonObject | undefined, name: string): string {
  return nonEmptyText(member(json, name)) ?? '';
}

/** `a=b&c=d`. */
export function formOf(params: Params): string {
  return new URLSearchParams(params).toString();
}

/** A matcher for texts, typed as what it stands for. */
export function like(pattern: RegExp): string {
  return expect.stringMatching(pattern) as string;
}

/** Without some names. */
export function without(params: Params, ...names: readonly string[]): Params {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !names.includes(name)));
}
