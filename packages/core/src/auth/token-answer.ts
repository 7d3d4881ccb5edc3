/** Reading what token endpoints answer: salvage first, judge later. */
import { at, member, number, text, type Json } from '../json.ts';
import { Secret } from '../secret.ts';
import type { Answer, Failure } from '../transport/transport.ts';
import type { Grant } from './auth.ts';

const shortestLifeMs = 1000;
const longestLifeMs = 10 * 365 * 86_400_000;

/**
 * A token answer of RFC 6749 section 5.1. Whatever holds a usable string survives: once a vendor has rotated, refusing
 * the answer for an odd `expires_in` would lose the new refresh token.
 */
export function readTokenAnswer(answer: Json, separator: ' ' | ',' = ' '): Grant {
  const accessToken = text(member(answer, 'access_token'));
  const refreshToken = text(member(answer, 'refresh_token'));
  const idToken = text(member(answer, 'id_token'));
  const scope = member(answer, 'scope');
  return {
    credentials: {
      ...(accessToken !== undefined && { accessToken: new Secret(accessToken) }),
      ...(refreshToken !== undefined && { refreshToken: new Secret(refreshToken) }),
      ...(idToken !== undefined && { idToken: new Secret(idToken) }),
    },
    ...lifetime('expiresInMs', member(answer, 'expires_in')),
    ...lifetime('refreshExpiresInMs', member(answer, 'refresh_token_expires_in')),
    ...(typeof scope === 'string' && { scopes: splitScopes(scope, separator) }),
  };
}

/** Scopes of a text; vendors that document one separator are seen to answer with the other. */
export function splitScopes(scope: string, separator: ' ' | ',' = ' '): string[] {
  const split = scope.includes(separator) ? scope.split(separator) : scope.split(/[ ,]/);
  return [...new Set(split.map((part) => part.trim()).filter((part) => part !== ''))];
}

function lifetime<Name extends string>(name: Name, value: Json | undefined): { [K in Name]?: number } {
  const seconds = number(value);
  if (seconds === undefined) return {};
  const bounded = Math.min(Math.max(seconds * 1000, shortestLifeMs), longestLifeMs);
  return { [name]: bounded } as { [K in Name]?: number };
}

/** Error codes of RFC 6749 sections 4.1.2.1 and 5.2, and what each means to a connection. */
const knownErrors: Readonly<Record<string, Pick<Failure, 'kind' | 'hint'>>> = {
  invalid_grant: { kind: 'auth', hint: 'The grant is spent, expired or revoked; the user must connect again.' },
  invalid_client: {
    kind: 'configuration',
    hint: 'Check the client id and secret that the host registered with the vendor.',
  },
  unauthorized_client: {
    kind: 'configuration',
    hint: 'The registered client may not use this grant; check its settings.',
  },
  invalid_scope: { kind: 'permission', hint: 'Ask only for scopes that the registered client may ask for.' },
  access_denied: { kind: 'permission', hint: 'The user or an administrator refused.' },
  invalid_request: { kind: 'invalid_request', hint: 'The vendor refused the form of the request.' },
  unsupported_grant_type: {
    kind: 'configuration',
    hint: 'The registered client may not use this grant; check its settings.',
  },
  temporarily_unavailable: { kind: 'unavailable', hint: 'Try again later.' },
  server_error: { kind: 'unavailable', hint: 'Try again later.' },
};

/**
 * Judges an answer of a token endpoint by RFC 6749 section 5.2. Only a parsed OAuth error can end a connection: an
 * HTML page with status 400 is an outage, not a revocation.
 */
export function classifyOAuth(answer: Answer): Failure | undefined {
  const body = answer.tryJson();
  const named = text(at(body, 'error'));
  if (named !== undefined) {
    const known = Object.hasOwn(knownErrors, named) ? knownErrors[named] : undefined;
    if (known !== undefined) return oauthFailure(named, known, text(member(body, 'error_description')));
    if (answer.status < 500 && answer.status !== 429) {
      return oauthFailure(
        'token_refused',
        { kind: 'invalid_response' },
        text(member(body, 'error_description')) ?? named,
      );
    }
  }
  if (answer.status >= 200 && answer.status < 300) {
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return undefined;
    return {
      kind: 'invalid_response',
      code: 'not_a_token_answer',
      retryable: true,
      message: 'The token endpoint answered no JSON object.',
    };
  }
  // The transport judges these by status: it knows Retry-After.
  if (answer.status === 429 || answer.status >= 500) return undefined;
  return {
    kind: 'invalid_response',
    code: 'not_an_oauth_error',
    retryable: true,
    message: `The token endpoint answered ${answer.status} without an OAuth error.`,
  };
}

function oauthFailure(code: string, known: Pick<Failure, 'kind' | 'hint'>, description: string | undefined): Failure {
  return {
    ...known,
    code,
    message: `The token endpoint answered \`${code}\`.`,
    vendor: { code, ...(description !== undefined && { message: description }) },
  };
}
