/** Credentials that a method's own functions accept: to learn from, and to hand out. */
import type { AuthMethod, Credentials, Grant, MintMethod, OAuth2Method } from '../auth/auth.ts';
import { readTokenAnswer } from '../auth/token-answer.ts';
import type { JsonObject } from '../json.ts';
import { reveal } from '../secret.ts';
import { completeExample, fillAnswer } from './oauth/token-answer.ts';
import { createTokenTexts } from './oauth/token-text.ts';

export type TokenMethod = OAuth2Method | MintMethod;

/** True for methods whose credentials an authorization server issues. */
export function usesTokens(method: AuthMethod): method is TokenMethod {
  return method.kind === 'oauth2' || ('mint' in method && method.token !== undefined);
}

/** True for methods whose credentials the provider's own routes hand out: the fields are another thing. */
export function getsTokens(method: AuthMethod): boolean {
  return method.kind === 'browser' || ('mint' in method && method.token === undefined);
}

/** Values for every field that `sign` may use; those of tokens are texts that nothing else could hold. */
export function sampleCredentials(method: AuthMethod): Credentials {
  if (method.kind === 'browser') return { accessToken: 'token-of-a-browser-step', ...method.example };
  if ('mint' in method && method.token === undefined) return { ...method.example, ...method.grant };
  if (!usesTokens(method)) return method.example;
  return { ...(method.kind !== 'oauth2' && method.example), ...exampleGrant(method).credentials };
}

/** What the method makes of its own example of a token answer. */
export function exampleGrant(method: TokenMethod): Grant {
  return readExample(method).grant;
}

/** False for methods that keep another thing of the answer than its tokens: an account's id. */
export function keepsTokens(method: TokenMethod): boolean {
  const { grant, issued } = readExample(method);
  return Object.values(grant.credentials).some((value) => value !== undefined && issued.has(reveal(value)));
}

function readExample(method: TokenMethod): { readonly grant: Grant; readonly issued: ReadonlySet<string> } {
  const texts = createTokenTexts('sample');
  const issued = new Set<string>();
  const example = method.kind === 'oauth2' ? method.example : undefined;
  const answer = fillAnswer(completeExample(example, { renewable: true, scoped: true }), {
    issue(_kind, sample) {
      const token = texts.next(sample);
      issued.add(token);
      return token;
    },
    refreshToken: 'issue',
    scopes: [],
    separator: ' ',
    expiresIn: undefined,
  });
  return { grant: grantOf(method, answer), issued };
}

/** What the method reads from a token answer. */
export function credentialsOf(method: TokenMethod, answer: JsonObject): Credentials {
  return grantOf(method, answer).credentials;
}

function grantOf(method: TokenMethod, answer: JsonObject): Grant {
  return method.read?.(answer, { credentials: {}, input: {}, now: 0 }) ?? readTokenAnswer(answer);
}
