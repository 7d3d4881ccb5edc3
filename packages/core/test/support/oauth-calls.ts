/** The calls of a flow through a real transport, to a vendor that a function is. */
import type { OAuth2Method } from '../../src/auth/auth.ts';
import type { OAuthContext } from '../../src/auth/oauth-client.ts';
import { isPlugboardError } from '../../src/errors.ts';
import { member, text } from '../../src/json.ts';
import { Secret } from '../../src/secret.ts';
import { handlerWire } from '../../src/transport/handler-wire.ts';
import type { TransportRequest } from '../../src/transport/transport.ts';
import { createKeyCache } from '../../src/webhooks/key-cache.ts';
import { transportKit } from './transport-kit.ts';

export const url = 'https://auth.acme.example/token';
export const app = { clientId: 'client', clientSecret: new Secret('app-secret-1') };
const good = () => Response.json({ access_token: 'token-1', scope: 'a b' });

export type Handle = (request: Request) => Response | Promise<Response>;

export function createCalls(change: Partial<OAuthContext> = {}, handle: Handle = good) {
  const sent: { method: string; url: string; headers: Headers; body: string }[] = [];
  const asked: TransportRequest[] = [];
  const { transport, clock } = transportKit([], {
    limits: { maxTries: 1 },
    wire: handlerWire(async (request) => {
      const body = await request.clone().text();
      sent.push({ method: request.method, url: request.url, headers: request.headers, body });
      return handle(request);
    }),
  });
  const own = ['auth.acme.example'];
  const context: OAuthContext = {
    provider: 'acme',
    hosts: own,
    hostsFor: ({ input }) => [...own, ...[text(member(input, 'server'))].filter((host) => host !== undefined)],
    app,
    transport: { ...transport, send: (request) => (asked.push(request), transport.send(request)) },
    clock,
    keys: createKeyCache(),
    ...change,
  };
  return { asked, clock, context, sent };
}

export function methodOf(change: Partial<OAuth2Method> = {}): OAuth2Method {
  const token = { url };
  return {
    kind: 'oauth2',
    token,
    scopes: { separator: ' ' },
    refresh: { rotation: 'strict' },
    ...change,
  } as OAuth2Method;
}

export const codeOf = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );
