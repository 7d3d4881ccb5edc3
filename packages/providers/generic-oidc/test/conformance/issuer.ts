/**
 * A real oidc-provider behind a proxy that changes what it says. The proxy has the keys of the issuer, so what it changed
 * is signed as well as before: only the claims themselves can give it away.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  decodeJwt,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';
import Oidc from 'oidc-provider';

export const issuer = 'https://id.example.com';
export const clientId = 'the client';
export const curveClientId = 'the client of the curve';
export const clientSecret = 'a:b%+u ~/=?&';

export type Claims = JWTPayload & Record<string, unknown>;
type Body = Record<string, unknown>;
export type SigningName = 'RS256' | 'PS256' | 'ES256';

export interface Signer {
  /** Signed with the issuer's own key. A member of the header that is undefined is left out. */
  sign(claims: Claims, header?: Readonly<Record<string, unknown>>, name?: SigningName): Promise<string>;
  /** Signed with a key that the issuer never published, under the id of one that it did. */
  forge(claims: Claims, name?: SigningName): Promise<string>;
  /** As the issuer publishes it. */
  publicKey(name?: SigningName): JWK;
}

/** What the proxy changes; everything else is oidc-provider's. */
export interface Tampering {
  readonly document?: (document: Body) => Body;
  readonly keys?: (keys: readonly JWK[]) => readonly JWK[];
  /** The parameters with which the browser comes back. */
  readonly back?: (params: URLSearchParams) => void;
  readonly idToken?: (claims: Claims, signer: Signer, token: string) => string | Promise<string>;
  readonly tokens?: (answer: Body) => Body;
  readonly userinfo?: (answer: Body) => Body;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
}

export interface TamperedIssuer {
  /** Where the proxy listens. */
  readonly origin: string;
  readonly requests: SeenRequest[];
  readonly signer: Signer;
  tamper(next: Tampering): void;
  close(): Promise<void>;
}

interface Key {
  readonly private: CryptoKey;
  readonly jwk: JWK;
}

async function createKey(name: SigningName): Promise<Key> {
  const pair = await generateKeyPair(name, { extractable: true });
  return { private: pair.privateKey, jwk: { ...(await exportJWK(pair.privateKey)), kid: `key-${name}`, use: 'sig' } };
}

async function createSigner(): Promise<{ readonly signer: Signer; readonly jwks: JWK[] }> {
  const rsa = await createKey('RS256');
  const curve = await createKey('ES256');
  const strangers = { RS256: await createKey('RS256'), ES256: await createKey('ES256') };
  const pss = { ...rsa, private: (await importJWK(rsa.jwk, 'PS256')) as CryptoKey };
  const ours = { RS256: rsa, PS256: pss, ES256: curve };
  const signer: Signer = {
    sign: (claims, header = {}, name = 'RS256') =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: name, kid: ours[name].jwk.kid!, ...header })
        .sign(ours[name].private),
    forge: (claims, name = 'RS256') =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: name, kid: ours[name].jwk.kid! })
        .sign(strangers[name === 'ES256' ? 'ES256' : 'RS256'].private),
    publicKey(name = 'RS256') {
      const { kty, n, e, crv, x, y, kid } = ours[name].jwk;
      return { ...(kty === 'RSA' ? { kty, n: n!, e: e! } : { kty: kty!, crv: crv!, x: x!, y: y! }), kid: kid! };
    },
  };
  return { signer, jwks: [rsa.jwk, curve.jwk] };
}

function createProvider(name: string, redirectUri: string, jwks: JWK[]): Oidc {
  const common = { client_secret: clientSecret, redirect_uris: [redirectUri], grant_types: ['authorization_code'] };
  const provider = new Oidc(name, {
    clients: [
      { client_id: clientId, ...common },
      { client_id: curveClientId, id_token_signed_response_alg: 'ES256', ...common },
    ],
    jwks: { keys: jwks as never },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, name: `The ${id}`, email: `${id}@example.com`, email_verified: true }),
    }),
    cookies: { keys: ['a test key of some length'] },
    ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, Session: 600 },
  });
  provider.proxy = true;
  return provider;
}

export async function startIssuer(redirectUri: string, name = issuer): Promise<TamperedIssuer> {
  const { signer, jwks } = await createSigner();
  const provider = createProvider(name, redirectUri, jwks);
  const inner = createServer((request, response) => void provider.callback()(request, response));
  const upstream = await listen(inner);
  const requests: SeenRequest[] = [];
  let tampering: Tampering = {};

  const outer = createServer((request, response) => {
    void (async () => {
      const body = await readBody(request);
      const { pathname, search } = new URL(request.url!, issuer);
      const { method = 'GET', headers } = request;
      const { authorization } = headers;
      requests.push({ method, path: pathname, query: search, authorization, form: new URLSearchParams(body) });
      const answer = await fetch(upstream + pathname + search, {
        method,
        headers: forwarded(request, new URL(name).host),
        redirect: 'manual',
        ...(method === 'POST' && { body }),
      });
      await pass(answer, response, await changed(pathname, answer, { tampering, signer, redirectUri }));
    })().catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  return {
    origin: await listen(outer),
    requests,
    signer,
    tamper: (next) => void (tampering = next),
    close: async () => void (await Promise.all([close(outer), close(inner)])),
  };
}

interface Proxy {
  readonly tampering: Tampering;
  readonly signer: Signer;
  readonly redirectUri: string;
}

interface Change {
  readonly body?: string;
  readonly location?: string;
}

async function changed(path: string, answer: Response, { tampering, signer, redirectUri }: Proxy): Promise<Change> {
  const location = answer.headers.get('location');
  if (location !== null) {
    const back = new URL(location, issuer);
    if (location.startsWith(redirectUri)) tampering.back?.(back.searchParams);
    return { location: location.startsWith(redirectUri) ? back.href : location };
  }
  const text = await answer.text();
  if (!answer.ok || !(answer.headers.get('content-type') ?? '').includes('json')) return { body: text };
  const said = JSON.parse(text) as Body;
  if (path === '/.well-known/openid-configuration') return { body: JSON.stringify(tampering.document?.(said) ?? said) };
  if (path === '/jwks') {
    const keys = said['keys'] as JWK[];
    return { body: JSON.stringify({ keys: tampering.keys?.(keys) ?? keys }) };
  }
  if (path === '/me') return { body: JSON.stringify(tampering.userinfo?.(said) ?? said) };
  if (path !== '/token') return { body: text };
  const token = String(said['id_token']);
  const replaced = await tampering.idToken?.(decodeJwt(token), signer, token);
  const tokens = { ...said, ...(replaced !== undefined && { id_token: replaced }) };
  return { body: JSON.stringify(tampering.tokens?.(tokens) ?? tokens) };
}

async function pass(answer: Response, response: ServerResponse, { body, location }: Change): Promise<void> {
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) {
    if (!['content-length', 'content-encoding', 'transfer-encoding', 'connection', 'set-cookie'].includes(name)) {
      response.setHeader(name, value);
    }
  }
  response.setHeader('set-cookie', answer.headers.getSetCookie());
  if (location !== undefined) response.setHeader('location', location);
  response.end(body);
}

/** The issuer is https for everybody; what ends its TLS is the proxy. */
function forwarded({ headers }: IncomingMessage, host: string): Record<string, string> {
  const kept = ['authorization', 'content-type', 'cookie', 'accept'].map((name) => [name, headers[name]]);
  const given = kept.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { ...Object.fromEntries(given), 'x-forwarded-proto': 'https', 'x-forwarded-host': host };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
