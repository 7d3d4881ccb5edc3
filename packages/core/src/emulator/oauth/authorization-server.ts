/**
 * An OAuth 2.0 authorization server in one object: no sockets, no time and no chance of its own. It answers as a correct
 * server would, misbehaves on demand, and keeps the books.
 *
 * Made for tests and demonstrations. It authenticates no users and its tokens are predictable.
 */
import type { Clock } from '../../clock.ts';
import { configurationError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { AccountRef } from '../../store.ts';
import { toResponse } from '../reply.ts';
import { handleAuthorize } from './authorize-endpoint.ts';
import type { RegisteredClient } from './client-auth.ts';
import { drip } from './drip.ts';
import { createGate, type Gate } from './gate.ts';
import { issueTokens } from './issue.ts';
import { createLedger, type Ledger, type TokenState } from './ledger.ts';
import type { OAuthReply, ShapeFailure } from './oauth-failure.ts';
import { askedProfile, isEndpoint, type AuthorizationProfile } from './profile.ts';
import { isMetadataAddress } from './server-metadata.ts';
import { createTokenSigner } from './token-signer.ts';
import { handleRevoke } from './revoke-endpoint.ts';
import { accountWith, profileNamed, type ServerContext } from './server-context.ts';
import {
  createSwitchBoard,
  type AuthorizeSwitches,
  type EndpointSwitches,
  type SwitchBoard,
  type TokenSwitches,
} from './switches.ts';
import { handleToken } from './token-endpoint.ts';
import { createTokenTexts } from './token-text.ts';

export interface AuthorizationServerOptions {
  readonly clock: Clock;
  /** At least one. */
  readonly profiles: readonly AuthorizationProfile[];
  /** Who asks the user, on the consent page. Default `Demo vendor`. */
  readonly name?: string;
  /** Accounts the user may choose from; the first is the one that `example` speaks of. Default one demo account. */
  readonly accounts?: readonly AccountRef[];
  /** Default: every client passes whose id and secret do not contain `wrong` or `revoked`. */
  readonly client?: RegisteredClient;
  /** Compared as text (RFC 9700 section 2.1). Default: any. */
  readonly redirectUris?: readonly string[];
  /** Default 600, the longest that RFC 6749 section 4.1.2 recommends. */
  readonly codeSeconds?: number;
  /** Servers with different seeds issue different tokens. Default: the name. */
  readonly seed?: string;
  /** Answers refusals in the vendor's own shape. */
  readonly shapeFailure?: ShapeFailure;
}

/** `metadata` stands for everything that is public: the server's description of itself, and its keys. */
export type EndpointName = 'authorize' | 'token' | 'revoke' | 'metadata';

/** What the server knows of an access token. */
export interface TokenInfo {
  readonly state: TokenState;
  readonly family: string;
  /** Name of the auth method that it was issued for. */
  readonly profile: string;
  readonly scopes: readonly string[];
  readonly account: AccountRef;
}

/** The user's part of the flow. */
export interface Consent {
  /** Default true. */
  readonly allow?: boolean;
  /** Id of the chosen account. Default: the first. */
  readonly account?: string;
  /** Scopes left ticked. Default: all that were asked for. */
  readonly scopes?: readonly string[];
}

export interface IssueOptions {
  /** Name of the auth method. Default: the first. */
  readonly profile?: string;
  /** Who may refresh them. Default: the registered client, or everybody where none is registered. */
  readonly clientId?: string;
  readonly account?: string;
  /** Default: every scope that the profile knows. */
  readonly scopes?: readonly string[];
}

export interface AuthorizationServer {
  /** True for the address of one of its endpoints. */
  serves(url: URL): boolean;
  /** Which endpoint an address is. */
  endpointOf(url: URL): EndpointName | undefined;
  /**
   * Answers one request. Rejects, as a broken connection would, only when a switch says so. The work goes on when the
   * client gives up waiting, as it does at a vendor.
   */
  handle(request: Request): Promise<Response>;
  readonly ledger: Ledger;
  readonly switches: {
    readonly authorize: SwitchBoard<AuthorizeSwitches>;
    readonly token: SwitchBoard<TokenSwitches>;
    readonly revoke: SwitchBoard<EndpointSwitches>;
  };
  /** Where requests with the switch `hold` wait. */
  readonly gate: Gate;
  /**
   * Does what a user does on the consent page, and returns the address that the browser is sent to.
   * @throws PlugboardError code `consent_failed` when the page shows an error instead.
   */
  approve(authorizeUrl: string | URL, consent?: Consent): Promise<URL>;
  /** Issues the tokens of a grant without a flow, as a token answer. */
  issue(options?: IssueOptions): JsonObject;
  /** Looks an access token up as an API does that was handed it, and counts the use. Undefined when unknown. */
  use(accessToken: string): TokenInfo | undefined;
  /** Revokes one token, or its whole grant when it is a refresh token. */
  revoke(token: string): void;
  /** Every access token issued so far is expired. */
  expireTokens(): void;
  /** Every grant given so far is revoked. */
  revokeAll(): void;
  /** Forgets everything; switches and waiting requests, too. */
  reset(): void;
}

/** @throws PlugboardError code `invalid_emulator` without a profile or an account. */
export function createAuthorizationServer(options: AuthorizationServerOptions): AuthorizationServer {
  const { clock, profiles, name = 'Demo vendor', accounts = [{ id: 'demo', name: 'Demo account' }] } = options;
  if (profiles.length === 0 || accounts.length === 0) {
    throw configurationError(
      'invalid_emulator',
      `An authorization server needs at least one ${profiles.length === 0 ? 'profile' : 'account'}.`,
      'Pass it in the list.',
    );
  }
  const ledger = createLedger(clock);
  const gate = createGate();
  let texts = createTokenTexts(options.seed ?? name);
  const context: ServerContext = {
    clock,
    name,
    profiles,
    accounts,
    client: options.client,
    redirectUris: options.redirectUris,
    codeLifeMs: (options.codeSeconds ?? 600) * 1000,
    ledger,
    codes: new Map(),
    assertions: new Set(),
    texts: { next: (sample) => texts.next(sample) },
    gate,
    signer: createTokenSigner(),
    shapeFailure: options.shapeFailure,
  };
  const switches = {
    authorize: createSwitchBoard<AuthorizeSwitches>(),
    token: createSwitchBoard<TokenSwitches>(),
    revoke: createSwitchBoard<EndpointSwitches>(),
  };

  /** Switches are taken now, not when the body is read: the n-th request gets the n-th. */
  function route(request: Request): Routed {
    const url = new URL(request.url);
    const token = profiles.filter((profile) => isEndpoint(profile.tokenUrl, url));
    if (token.length > 0) {
      const taken = switches.token.take();
      return { taken, reply: handleToken(context, token, { request, switches: taken }) };
    }
    const authorize = askedProfile(profiles, url);
    if (authorize !== undefined && (request.method === 'GET' || request.method === 'POST')) {
      const taken = switches.authorize.take();
      return { taken, reply: handleAuthorize(context, authorize, { request, switches: taken }) };
    }
    const revoke = profiles.find((profile) => isEndpoint(profile.revokeUrl, url));
    if (revoke !== undefined) {
      const taken = switches.revoke.take();
      return { taken, reply: handleRevoke(context, revoke, { request, switches: taken }) };
    }
    const published = request.method === 'GET' ? publishedAt(context, url) : undefined;
    return { taken: {}, reply: published?.() ?? noEndpoint(authorize !== undefined) };
  }

  function endpointOf(url: URL): EndpointName | undefined {
    const has = (member: 'authorizeUrl' | 'tokenUrl' | 'revokeUrl') =>
      profiles.some((profile) => isEndpoint(profile[member], url));
    if (has('tokenUrl')) return 'token';
    if (has('authorizeUrl')) return 'authorize';
    if (has('revokeUrl')) return 'revoke';
    return publishedAt(context, url) === undefined ? undefined : 'metadata';
  }

  const server: AuthorizationServer = {
    serves: (url) => endpointOf(url) !== undefined,
    endpointOf,
    async handle(request) {
      const { taken, reply } = route(request);
      const { headers, ...answer } = await reply;
      // Tokens and errors are never stored by anyone (RFC 6749 section 5.1).
      const response = toResponse({ ...answer, headers: { 'cache-control': 'no-store', ...headers } });
      return taken.dripMs === undefined ? response : drip(response, clock, taken.dripMs);
    },
    ledger,
    switches,
    gate,
    async approve(authorizeUrl, consent = {}) {
      const body = consentForm(consent);
      const response = await server.handle(new Request(authorizeUrl, { method: 'POST', body }));
      const location = response.headers.get('location');
      if (location !== null) return new URL(location);
      throw configurationError(
        'consent_failed',
        `The authorization endpoint answered ${response.status} instead of sending the browser back.`,
        'Open the URL in a browser: the page says what is wrong with the request.',
      );
    },
    issue({ profile: wanted, clientId = options.client?.id ?? '', account, scopes } = {}) {
      const profile = profileNamed(context, wanted ?? profiles[0]!.name);
      const all = [...new Set([...(profile.scopes?.ask ?? []), ...Object.keys(profile.scopes?.known ?? {})])];
      const owner = accountWith(context, account);
      const family = ledger.openFamily({ profile: profile.name, clientId, account: owner, scopes: scopes ?? all });
      return issueTokens(context, { profile, family, refreshToken: 'issue' });
    },
    use(accessToken) {
      const token = ledger.find(accessToken);
      if (token === undefined || token.kind !== 'access_token') return undefined;
      ledger.countUse(token);
      const { id, profile, scopes, account } = ledger.familyOf(token);
      return { state: ledger.stateOf(token), family: id, profile, scopes, account };
    },
    revoke(text) {
      const token = ledger.find(text);
      if (token?.kind === 'access_token') ledger.revokeToken(token, 'operator');
      else if (token !== undefined) ledger.revokeFamily(token.family, 'operator');
    },
    expireTokens() {
      const live = ledger.all('access_token').filter((token) => ledger.stateOf(token) === 'live');
      for (const token of live) ledger.expire(token);
    },
    revokeAll() {
      for (const { id } of ledger.families()) ledger.revokeFamily(id, 'operator');
    },
    reset() {
      for (const board of Object.values(switches)) board.clear();
      ledger.clear();
      context.codes.clear();
      context.assertions.clear();
      texts = createTokenTexts(options.seed ?? name);
      gate.release();
    },
  };
  return server;
}

/** The server's description of itself, or its keys. */
function publishedAt({ profiles, signer }: ServerContext, url: URL): (() => Promise<OAuthReply>) | undefined {
  for (const { metadata } of profiles) {
    if (metadata === undefined) continue;
    if (isMetadataAddress(metadata, url)) return async () => ({ status: 200, json: metadata });
    if (url.href === metadata['jwks_uri']) {
      return async () => ({ status: 200, json: await signer.keySet() });
    }
  }
  return undefined;
}

interface Routed {
  readonly taken: EndpointSwitches;
  readonly reply: Promise<OAuthReply> | OAuthReply;
}

function noEndpoint(wrongMethod: boolean): OAuthReply {
  return wrongMethod
    ? { status: 405, headers: { allow: 'GET, POST' }, text: 'The authorization endpoint takes GET and POST.' }
    : { status: 404, text: 'No endpoint of this authorization server.' };
}

function consentForm({ allow = true, account, scopes }: Consent): URLSearchParams {
  const form = new URLSearchParams({ decision: allow ? 'allow' : 'deny', ...(account !== undefined && { account }) });
  if (scopes !== undefined) form.set('choice', '1');
  for (const scope of scopes ?? []) form.append('grant', scope);
  return form;
}
