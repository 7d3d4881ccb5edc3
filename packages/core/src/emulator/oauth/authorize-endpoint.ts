/** The authorization endpoint (RFC 6749 section 3.1): asks the user, and sends the browser back with a code or an error. */
import { isRefusal, readAuthorizationRequest, type AuthorizationRequest } from './authorization-request.ts';
import { consentPage, errorPage, htmlHeaders } from './consent-page.ts';
import { failure, type OAuthFailure, type OAuthReply, type OAuthErrorCode } from './oauth-failure.ts';
import type { AuthorizationProfile } from './profile.ts';
import { runEndpoint } from './run-endpoint.ts';
import { accountWith, type ServerContext } from './server-context.ts';
import type { AuthorizeSwitches } from './switches.ts';

/** What the user did on the consent page. */
interface Decision {
  readonly allow: boolean;
  readonly account: string | undefined;
  readonly scopes: readonly string[] | undefined;
}

export async function handleAuthorize(
  context: ServerContext,
  profile: AuthorizationProfile,
  { request, switches }: { readonly request: Request; readonly switches: AuthorizeSwitches },
): Promise<OAuthReply> {
  const decision = request.method === 'POST' ? readDecision(new URLSearchParams(await request.text())) : undefined;
  const { error, ...rest } = switches;
  const reply = await runEndpoint({ ...context, switches: rest }, () => {
    const asked = readAuthorizationRequest(context, profile, new URL(request.url));
    if (isRefusal(asked)) {
      if (asked.to === 'redirect') return sendBack({ ...asked, profile }, switches, asked.failure);
      return { status: 400, headers: htmlHeaders, text: errorPage(context.name, asked.failure.description) };
    }
    if (error !== undefined) return sendBack(asked, switches, failure(error as OAuthErrorCode, 'refused on demand'));
    if (decision === undefined) return { status: 200, headers: htmlHeaders, text: askUser(context, asked) };
    if (!decision.allow) return sendBack(asked, switches, failure('access_denied', 'the user denied the request'));
    return sendBack(asked, switches, issueCode(context, asked, decision, switches));
  });
  return signed(context, profile, { reply, authorizeUrl: new URL(request.url) });
}

/** Vendors that prove their callback sign all of its parameters. */
async function signed(
  { clock }: ServerContext,
  { signCallback }: AuthorizationProfile,
  { reply, authorizeUrl }: { readonly reply: OAuthReply; readonly authorizeUrl: URL },
): Promise<OAuthReply> {
  const address = reply.headers?.['location'];
  if (signCallback === undefined || address === undefined) return reply;
  const location = new URL(address);
  const extra = await signCallback(new URLSearchParams(location.searchParams), { authorizeUrl, now: clock.now() });
  for (const [name, value] of Object.entries(extra)) location.searchParams.set(name, value);
  return { ...reply, headers: { ...reply.headers, location: location.href } };
}

/** A form without a decision, as a browser sends on Enter, denies. */
function readDecision(form: URLSearchParams): Decision {
  return {
    allow: form.get('decision') === 'allow',
    account: form.get('account') ?? undefined,
    scopes: form.has('choice') || form.has('grant') ? form.getAll('grant') : undefined,
  };
}

function askUser(context: ServerContext, asked: AuthorizationRequest): string {
  const reasons = asked.profile.scopes?.known ?? {};
  return consentPage({
    name: context.name,
    clientId: asked.clientId,
    redirectUri: asked.redirectUri,
    scopes: asked.scopes.map((name) => ({ name, reason: Object.hasOwn(reasons, name) ? reasons[name] : undefined })),
    accounts: context.accounts,
  });
}

interface IssuedCode {
  readonly code: string;
}

function issueCode(
  context: ServerContext,
  asked: AuthorizationRequest,
  decision: Decision,
  switches: AuthorizeSwitches,
): IssuedCode {
  const { ledger, codes, texts } = context;
  const limits = [decision.scopes, switches.scopes].filter((limit) => limit !== undefined);
  const scopes = asked.scopes.filter((scope) => limits.every((limit) => limit.includes(scope)));
  const account = accountWith(context, switches.account ?? decision.account);
  const family = ledger.openFamily({ profile: asked.profile.name, clientId: asked.clientId, account, scopes });
  const code = texts.next('code-');
  ledger.issue({ kind: 'code', text: code, family: family.id, lifeMs: context.codeLifeMs });
  codes.set(code, { redirectUri: asked.redirectUri, challenge: asked.challenge, nonce: asked.nonce });
  return { code };
}

/** RFC 6749 sections 4.1.2 and 4.1.2.1, with the issuer of RFC 9207. */
function sendBack(
  to: { readonly redirectUri: string; readonly state: string | undefined; readonly profile: AuthorizationProfile },
  switches: AuthorizeSwitches,
  result: IssuedCode | OAuthFailure,
): OAuthReply {
  const location = new URL(to.redirectUri);
  if ('code' in result) location.searchParams.set('code', result.code);
  else {
    location.searchParams.set('error', result.error);
    location.searchParams.set('error_description', result.description);
  }
  if (to.state !== undefined) location.searchParams.set('state', to.state);
  const issuer = switches.issuer === undefined ? to.profile.issuer : switches.issuer;
  if (issuer !== undefined && issuer !== null) location.searchParams.set('iss', issuer);
  // 303: a browser must not send its form on to the client (RFC 9700 section 4.12).
  return { status: 303, headers: { location: location.href } };
}
