/** The token endpoint (RFC 6749 section 3.2): reads a request, finds its grant, enters the call into the ledger. */
import { hashText } from '../../hash.ts';
import type { JsonObject } from '../../json.ts';
import { isAnonymous, readClient, type PresentedClient } from './client-auth.ts';
import { clientCredentialsGrant, codeGrant, stepGrant, jwtBearerGrant, renewalGrant, type Grant } from './grants.ts';
import { withIdToken } from './id-token.ts';
import { isRenewable, issueTokens, type Issue } from './issue.ts';
import type { CallEntry } from './ledger.ts';
import { failure, isFailure, refuse, type OAuthFailure, type OAuthReply } from './oauth-failure.ts';
import { mediaType, readParams, type Params } from './params.ts';
import type { AuthorizationProfile } from './profile.ts';
import { isConnectionDropped, runEndpoint } from './run-endpoint.ts';
import { accountWith, refuseClient, type ServerContext } from './server-context.ts';
import type { TokenSwitches } from './switches.ts';

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** @param profiles Those whose token endpoint was called; at least one. */
export async function handleToken(
  context: ServerContext,
  profiles: readonly AuthorizationProfile[],
  { request, switches }: { readonly request: Request; readonly switches: TokenSwitches },
): Promise<OAuthReply> {
  const params = await readParams(request, encodingOf(profiles, request));
  const call = context.ledger.startCall(grantTypeOf(params));
  const read = isFailure(params) ? params : await readGrant(context, profiles, { request, params });
  try {
    const reply = await runEndpoint({ ...context, switches }, () => {
      const issue = isFailure(read) ? read : judgeGrant(context, read, { switches, call });
      if (!isFailure(issue)) return answer(context, issue);
      call.error = issue.error;
      return refuse(issue, request.headers, context.shapeFailure);
    });
    call.error ??= switches.error ?? null;
    call.outcome = call.error !== null ? 'refused' : reply.status < 400 ? 'issued' : 'failed';
    return reply;
  } catch (error) {
    call.outcome = isConnectionDropped(error) ? 'dropped' : 'failed';
    throw error;
  }
}

/** A request whose client and grant are known, and not judged. */
interface Read {
  readonly request: Request;
  readonly params: Params;
  readonly profile: AuthorizationProfile;
  readonly grant: Grant;
  readonly client: PresentedClient | null;
  readonly challenge: string | undefined;
}

/** What takes time: hashes and signatures. What needs state is judged later, in one step. */
async function readGrant(
  context: ServerContext,
  profiles: readonly AuthorizationProfile[],
  sent: Pick<Read, 'request' | 'params'>,
): Promise<Read | OAuthFailure> {
  const found = findGrant(profiles, sent.params);
  if (isFailure(found)) return found;
  const client = await identify(context, found.profile, sent);
  if (client !== null && isFailure(client)) return client;
  return { ...sent, ...found, client, challenge: await challengeOf(sent.params.get('code_verifier')) };
}

async function answer(context: ServerContext, { issue, tokens }: Issued): Promise<OAuthReply> {
  return { status: 200, json: await withIdToken(context, issue, tokens) };
}

interface Issued {
  readonly issue: Issue;
  readonly tokens: JsonObject;
}

function judgeGrant(
  context: ServerContext,
  { request, params, profile, grant, client, challenge }: Read,
  { switches, call }: { readonly switches: TokenSwitches; readonly call: CallEntry },
): Issued | OAuthFailure {
  const refusal = client === null ? undefined : refuseClient(context, client, registeredFor(context, profile));
  if (refusal !== undefined) return refusal;
  const issue = grant(context, { url: new URL(request.url), params, profile, client, challenge, switches });
  if (isFailure(issue)) return issue;

  const { family } = issue;
  if (switches.scopes !== undefined) family.scopes = family.scopes.filter((scope) => switches.scopes?.includes(scope));
  if (switches.account !== undefined) family.account = accountWith(context, switches.account);
  if (context.ledger.tokens(family.id).some(({ kind }) => kind !== 'code')) {
    retireOldTokens(context, issue.profile, family.id);
    family.refreshes += 1;
  }
  call.family = family.id;
  call.issued = true;
  const refreshToken = switches.omitRefreshToken === true ? 'omit' : issue.refreshToken;
  const tokens = issueTokens(context, {
    ...issue,
    refreshToken,
    scopes: narrow(issue.scopes, family.scopes),
    expiresIn: switches.expiresIn,
  });
  return { issue, tokens };
}

/** The auth method whose grant it is: methods of one vendor may share a token endpoint. */
function findGrant(
  profiles: readonly AuthorizationProfile[],
  params: Params,
): { readonly profile: AuthorizationProfile; readonly grant: Grant } | OAuthFailure {
  const grantType = params.get('grant_type') ?? (params.has('code') ? 'authorization_code' : '');
  const of = (kind: string) => profiles.find((profile) => (profile.kind ?? 'oauth2') === kind);
  const code = of('oauth2');
  if (grantType === 'authorization_code') return grantOf(code, codeGrant);
  if (grantType === 'refresh_token') return grantOf(profiles.find(isRenewable), renewalGrant);
  if (grantType === jwtBearer)
    return grantOf(of('service_account') ?? profiles.find(({ jwtBearer: takes }) => takes), jwtBearerGrant);
  const credentials = of('client_credentials');
  if (credentials !== undefined && (grantType === 'client_credentials' || code === undefined)) {
    return { profile: credentials, grant: clientCredentialsGrant };
  }
  const step = of('browser');
  if (step !== undefined) return { profile: step, grant: stepGrant };
  if (grantType === '') return failure('invalid_request', 'grant_type is missing');
  return grantOf(grantType === 'client_credentials' ? undefined : code, renewalGrant);
}

function grantOf(profile: AuthorizationProfile | undefined, grant: Grant) {
  return profile === undefined
    ? failure('unsupported_grant_type', 'the grant is not one of this server')
    : { profile, grant };
}

/** Null where no client authenticates: the assertion of a service account speaks for itself. */
async function identify(
  { clock }: ServerContext,
  { kind, clientAuth = 'post' }: AuthorizationProfile,
  read: Pick<Read, 'request' | 'params'>,
): Promise<PresentedClient | OAuthFailure | null> {
  const sent = { ...read, nowMs: clock.now() };
  return kind === 'service_account' && isAnonymous(sent, clientAuth) ? null : readClient(sent, clientAuth);
}

/** The client of a minted token is typed in by a tenant: not the one that the host registered. */
function registeredFor({ client }: ServerContext, { kind }: AuthorizationProfile) {
  return kind === 'client_credentials' || kind === 'service_account' ? undefined : client;
}

function retireOldTokens({ ledger }: ServerContext, profile: AuthorizationProfile, family: string): void {
  if (profile.oldAccessTokenDies !== true) return;
  const old = ledger
    .tokens(family)
    .filter((token) => token.kind === 'access_token' && ledger.stateOf(token) === 'live');
  for (const token of old) ledger.revokeToken(token, 'refresh');
}

/** S256 of a verifier; a verifier outside the grammar of RFC 7636 section 4.1 fits no challenge. */
async function challengeOf(verifier: string | undefined): Promise<string | undefined> {
  if (verifier === undefined) return undefined;
  if (!/^[A-Za-z0-9\-._~]{43,128}$/.test(verifier)) return 'malformed';
  return hashText('sha256', verifier, 'base64url');
}

/** The encoding of the first method that takes requests of this form; else of the first. */
function encodingOf(profiles: readonly AuthorizationProfile[], request: Request): 'form' | 'json' | 'query' {
  const sent = request.method === 'GET' ? 'query' : mediaType(request.headers) === 'application/json' ? 'json' : 'form';
  const encodings = profiles.map(({ encoding = 'form' }) => encoding);
  return encodings.find((encoding) => encoding === sent) ?? encodings[0]!;
}

function grantTypeOf(params: Params | OAuthFailure): string {
  return isFailure(params) ? '' : (params.get('grant_type') ?? '');
}

function narrow(asked: readonly string[] | undefined, granted: readonly string[]): readonly string[] {
  return asked === undefined ? granted : asked.filter((scope) => granted.includes(scope));
}
