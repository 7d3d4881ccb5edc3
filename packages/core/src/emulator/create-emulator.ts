/**
 * The in-process double of a vendor, derived from its provider's definition: it knows the vendor's addresses, checks
 * credentials where the definition says they are, and answers as the declared examples do.
 */
import type { Credentials } from '../auth/auth.ts';
import { systemClock, type Clock } from '../clock.ts';
import type { Json } from '../json.ts';
import type { AnyDefinition, AnyProvider } from '../provider.ts';
import { reveal, type Secret } from '../secret.ts';
import type { AccountRef } from '../store.ts';
import { isVendorHost } from './addresses.ts';
import { createApiResponder } from './answer-api.ts';
import type { EmulatedReply } from './emulated-reply.ts';
import { createCredentialJudge } from './credentials.ts';
import { matchEndpoints, readDeclarations } from './declared-endpoints.ts';
import { createAuthorizationServer, type AuthorizationServer } from './oauth/authorization-server.ts';
import type { RegisteredClient } from './oauth/client-auth.ts';
import type { ShapeFailure } from './oauth/oauth-failure.ts';
import { profilesOf } from './profiles.ts';
import { readRoutes } from './provider-routes.ts';
import { toResponse } from './reply.ts';
import { asEmulated } from './tenants.ts';
import { logEntry, type LogEntry, type LoggedRequest } from './request-log.ts';
import { createVendor, failureNamed } from './vendor-state.ts';
import { webhookRequest, type WebhookOptions } from './webhook-request.ts';

export interface EmulatorOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
  /**
   * Accounts to choose from on the consent page. The first must be the one that the declared examples speak of; the
   * answers to another one's requests name that one instead. Default: one demo account.
   */
  readonly accounts?: readonly AccountRef[];
  /**
   * The registered OAuth client. Default: that of the provider's options; without `clientId` there, any whose id and
   * secret do not contain `wrong` or `revoked`.
   */
  readonly client?: RegisteredClient;
  /** Registered redirect URIs, compared as text. Default: any. */
  readonly redirectUris?: readonly string[];
}

export interface Emulator {
  readonly definition: AnyDefinition;
  /** True for the vendor's hosts and the addresses of its OAuth endpoints. */
  serves(url: URL): boolean;
  /**
   * Answers one request that was meant for the vendor. Rejects only when a switch of `oauth` drops the connection.
   * Typed-in credentials pass when they fit their schema and do not contain `wrong` or `revoked`.
   */
  fetch(request: Request): Promise<Response>;
  /** Name of the declared operation at an address; null where a flow's own calls go. */
  operationAt(method: string, url: URL): string | null;
  /** Every request so far, oldest first. */
  readonly requests: readonly LoggedRequest[];
  /** The authorization server behind the OAuth endpoints, with its ledger and its switches. */
  readonly oauth: AuthorizationServer;
  /** Credentials that pass, for the method of that name; default the first. Tokens are issued with every scope. */
  credentials(method?: string, account?: string): Credentials;
  /**
   * Answers the next API requests with an error: a name in `api.errors.examples`, or any reply.
   * @throws PlugboardError code `unknown_example`.
   */
  failNext(failure: string | EmulatedReply, times?: number): void;
  /** Every access token issued so far is expired. Refresh tokens live on. */
  expireTokens(): void;
  /** Every grant given and every credential used so far is refused from now on. */
  revokeAll(): void;
  /**
   * A delivery as the vendor would send it.
   * @param event Type of an event that the provider's vectors show, or a body.
   * @throws PlugboardError code `no_webhooks` or `unknown_event`.
   */
  webhook(event: string | Json, secret: string | Secret, options?: WebhookOptions): Promise<Request>;
  /** Back to the state of a fresh emulator. */
  reset(): void;
}

/** The client that the host says it has registered. */
function clientOf({ options }: AnyProvider): RegisteredClient | undefined {
  const { clientId: id, clientSecret: secret } = options as Readonly<Record<string, string | Secret | undefined>>;
  return id === undefined ? undefined : { id: reveal(id), ...(secret !== undefined && { secret: reveal(secret) }) };
}

/**
 * @example const vendor = createEmulator(acme()); await vendor.fetch(new Request('https://api.acme.example/v1/me', ...))
 * @throws PlugboardError code `invalid_emulator` when the definition does not say enough.
 */
export function createEmulator(provider: AnyProvider, options: EmulatorOptions = {}): Emulator {
  const definition = asEmulated(provider);
  const { clock = systemClock, client = clientOf(provider), redirectUris } = options;
  const accounts = options.accounts ?? [{ id: 'demo', name: `Demo account of ${definition.name}` }];
  const { endpoints, bases } = readDeclarations(definition, clock);
  const requests: LogEntry[] = [];
  const failures: { readonly reply: EmulatedReply; left: number }[] = [];
  let shapeFailure: ShapeFailure | undefined;

  const profiles = profilesOf(definition, provider.options as Readonly<Record<string, unknown>>);
  const oauth = createAuthorizationServer({
    clock,
    name: definition.name,
    seed: definition.id,
    // A vendor without tokens has a server without endpoints.
    profiles: profiles.length > 0 ? profiles : [{ name: 'none', tokenUrl: () => false }],
    accounts,
    ...(client && { client }),
    ...(redirectUris && { redirectUris }),
    shapeFailure: (failure, status) => shapeFailure?.(failure, status),
  });
  const judge = createCredentialJudge(definition, oauth, accounts[0]!);
  const startVendor = () => {
    shapeFailure = undefined;
    const shapeOAuthFailures = (shape: ShapeFailure) => void (shapeFailure = shape);
    const vendor = createVendor({ definition, clock, endpoints, oauth, shapeOAuthFailures });
    return readRoutes(definition.emulator?.(vendor) ?? {}, bases);
  };
  let routes = startVendor();
  const answerApi = createApiResponder({ definition, clock, endpoints, judge, account: accounts[0]! });

  return {
    definition,
    requests,
    oauth,
    serves: (url) => oauth.serves(url) || isVendorHost(definition, url),
    operationAt: (method, url) => matchEndpoints(endpoints, method, url)[0]?.declared.name ?? null,
    async fetch(request) {
      const url = new URL(request.url);
      const isOAuth = oauth.serves(url);
      const entry = logEntry(clock, request, isOAuth ? 'oauth' : 'api');
      requests.push(entry);
      const response = isOAuth
        ? await oauth.handle(request)
        : toResponse(
            isVendorHost(definition, url)
              ? await answerApi(request, { routes, entry, forced: () => takeFailure(failures) })
              : misdirected(definition),
          );
      entry.status = response.status;
      return response;
    },
    credentials: (method = Object.keys(definition.auth)[0]!, account) => judge.example(method, account),
    failNext(failure, times = 1) {
      const reply = typeof failure === 'string' ? failureNamed(definition, failure) : failure;
      if (times > 0) failures.push({ reply, left: times });
    },
    expireTokens: () => oauth.expireTokens(),
    revokeAll() {
      oauth.revokeAll();
      judge.revokeSeen();
    },
    webhook: (event, secret, webhookOptions) =>
      webhookRequest({ definition, clock }, { event, secret }, webhookOptions),
    reset() {
      oauth.reset();
      judge.reset();
      requests.length = 0;
      failures.length = 0;
      routes = startVendor();
    },
  };
}

function takeFailure(failures: { readonly reply: EmulatedReply; left: number }[]): EmulatedReply | undefined {
  const first = failures[0];
  if (first !== undefined && --first.left === 0) failures.shift();
  return first?.reply;
}

function misdirected(definition: AnyDefinition): EmulatedReply {
  const message = `The emulator of ${definition.id} answers for ${definition.hosts.join(', ')} only.`;
  return { status: 421, json: { error: 'wrong_host', message } };
}
