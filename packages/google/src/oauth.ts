/**
 * Signing in with Google: consent, refresh and revocation. Nothing here knows an API.
 * @see https://developers.google.com/identity/protocols/oauth2/web-server (2026-11-20)
 */
import { bearer, classifyOAuth, member, missingScopes, oauth2, text } from '@plugboard/core';
import type { Api, AppFields, Classify, ScopeNeed, Sign } from '@plugboard/core';

export const tokenUrl = 'https://oauth2.googleapis.com/token';
const halfYearMs = 180 * 86_400_000;

/** What the token endpoint and revocation add to a provider's hosts. The consent page is for browsers alone. */
export const googleHosts = ['oauth2.googleapis.com'] as const;

/** The OAuth client of type «Web application» that Google's providers share: one consent screen, one grant of a user. */
export const googleApp = {
  clientId: {
    title: 'OAuth client id',
    env: 'GOOGLE_CLIENT_ID',
    help: 'Cloud console > APIs & Services > Credentials, type «Web application». Ends with .apps.googleusercontent.com.',
  },
  clientSecret: { title: 'OAuth client secret', env: 'GOOGLE_CLIENT_SECRET', secret: true },
} as const satisfies AppFields;

/** `drive.file` as the scope's whole name. */
export const googleScope = (name: string): string => `https://www.googleapis.com/auth/${name}`;

/** Names the user: `identity.me` needs them. */
export const identityScopes = {
  openid: 'Know which Google account is connected.',
  email: 'Know the email address of the account.',
} as const;

/** Asked for by its short name, granted by its long one. */
const longNames: Readonly<Record<string, string>> = {
  [googleScope('userinfo.email')]: 'email',
  [googleScope('userinfo.profile')]: 'profile',
};

/** Whether a grant is enough for an operation, as far as anybody knows. */
export function permits({ scopes }: Pick<Api, 'scopes'>, { scopes: needed = [] }: Needing): boolean {
  return missingScopes(undefined, needed, scopes).length === 0;
}

interface Needing {
  readonly scopes?: readonly ScopeNeed[] | undefined;
}

export interface GoogleOAuthOptions {
  /** Scopes asked by default, each with its reason. */
  readonly ask: Readonly<Record<string, string>>;
  /** Further scopes that the provider knows. */
  readonly more?: Readonly<Record<string, string>>;
  readonly sign?: Sign;
}

/** The authorization code grant of a client of type «Web application». */
export function googleOAuth({ ask, more = {}, sign = bearer() }: GoogleOAuthOptions) {
  return oauth2({
    title: 'Sign in with Google',
    authorize: {
      url: 'https://accounts.google.com/o/oauth2/v2/auth',
      // Without `offline` there is no refresh token, and without `consent` none for who has consented before. With
      // `include_granted_scopes` a grant of more keeps what was granted earlier.
      params: { access_type: 'offline', prompt: 'consent', include_granted_scopes: 'true' },
    },
    token: { url: tokenUrl },
    scopes: {
      ask: Object.keys(ask),
      known: { ...ask, ...more },
      implies: (scope) => (longNames[scope] === undefined ? [] : [longNames[scope]]),
    },
    pkce: 'supported',
    issuer: 'https://accounts.google.com',
    classify: classifyConsent,
    // Answers to a refresh leave the refresh token out; it dies after six months without use.
    refresh: { rotation: 'stable', idleMs: halfYearMs },
    // Ends every scope that the user gave to any client of the same Cloud project.
    revoke: { url: 'https://oauth2.googleapis.com/revoke', clientAuth: 'none', ends: 'app' },
    sign,
    example: {
      access_token: 'ya29.a0AfB_byC-token-of-one-hour',
      expires_in: 3599,
      refresh_token: '1//0gExampleRefreshToken',
      scope: Object.keys(ask).join(' '),
      token_type: 'Bearer',
    },
  });
}

export const refusedByPolicy: ReadonlySet<string> = new Set(['admin_policy_enforced', 'org_internal']);
export const deadClient: ReadonlySet<string> = new Set(['deleted_client', 'disabled_client']);

const classifyConsent: Classify = (answer) => {
  const code = text(member(answer.tryJson(), 'error')) ?? '';
  const hint = refusedByPolicy.has(code)
    ? 'An administrator of the Google Workspace must allow the app.'
    : 'Make another OAuth client in the Cloud console; Google deletes those unused for six months.';
  if (refusedByPolicy.has(code)) return { kind: 'permission', code, vendor: { code }, hint };
  if (deadClient.has(code)) return { kind: 'configuration', code, vendor: { code }, hint };
  return classifyOAuth(answer);
};
