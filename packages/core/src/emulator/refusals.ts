/** Why an API request is refused, in the vendor's own words where the definition has them. */
import type { ScopeNeed } from '../auth/auth.ts';
import { missingScopes } from '../auth/scopes.ts';
import type { AnyDefinition } from '../provider.ts';
import type { EmulatedReply } from './emulated-reply.ts';
import type { BadCredential, GoodCredential } from './credentials.ts';
import { methodsOf, type DeclaredEndpoint } from './declared-endpoints.ts';
import type { RequestBody } from './request-body.ts';
import { failureNamed, failureReply } from './vendor-state.ts';

/** `expiredToken` where declared, else `invalidCredentials`. */
export function badCredential(definition: AnyDefinition, { reason }: BadCredential): EmulatedReply {
  const expired = reason === 'expired' && Object.hasOwn(definition.api.errors.examples, 'expiredToken');
  return failureNamed(definition, expired ? 'expiredToken' : 'invalidCredentials');
}

/** Undefined when the credential has every scope that the endpoint needs, or none that could be known. */
export function missingScope(
  definition: AnyDefinition,
  needed: readonly ScopeNeed[] | undefined,
  { method, scopes }: GoodCredential,
): EmulatedReply | undefined {
  const missing = missingScopes(definition.auth[method], needed ?? [], scopes);
  if (missing.length === 0) return undefined;
  if (Object.hasOwn(definition.api.errors.examples, 'missingScope')) return failureNamed(definition, 'missingScope');
  const challenge = `Bearer error="insufficient_scope", scope="${missing.join(' ')}"`;
  return {
    status: 403,
    headers: { 'www-authenticate': challenge },
    json: { error: 'insufficient_scope', scope: missing.join(' ') },
  };
}

/** Undefined when the body is of the kind that the endpoint's example has. */
export function wrongContent(
  definition: AnyDefinition,
  declared: DeclaredEndpoint,
  body: RequestBody,
): EmulatedReply | undefined {
  const example = declared.example();
  if (body.kind === 'broken') return invalidRequest(definition, 'the body is not the JSON that its content type says');
  if (example === undefined || example.body === 'other' || example.body === 'none') return undefined;
  if ((body.kind === 'none' && declared.mayBeBare()) || body.hasFiles === true) return undefined;
  if (body.kind !== example.body)
    return invalidRequest(definition, `the body must be ${example.body}, not ${body.kind}`);
  const list = Array.isArray(example.json);
  if (example.body !== 'json' || Array.isArray(body.json) === list) return undefined;
  return invalidRequest(definition, `the body must be ${list ? 'a list' : 'an object'}`);
}

/** For the developer, not for the vendor's client: says what there is. */
export function unknownRoute(
  definition: AnyDefinition,
  endpoints: readonly DeclaredEndpoint[],
  { method, url }: Request,
): EmulatedReply {
  const { pathname } = new URL(url);
  const allowed = methodsOf(endpoints, new URL(url));
  const message = `The emulator of ${definition.id} knows no ${method} ${pathname}.`;
  if (allowed.length > 0)
    return { status: 405, headers: { allow: allowed.join(', ') }, json: { error: 'no_such_method', message } };
  return { status: 404, json: { error: 'no_such_route', message } };
}

/** The vendor's first declared example of a refused request. */
function invalidRequest(definition: AnyDefinition, reason: string): EmulatedReply {
  const examples = Object.values(definition.api.errors.examples);
  const example = examples.find(({ status, is }) => is.kind === 'invalid_request' && status >= 400);
  if (example !== undefined) return failureReply(example);
  return { status: 400, json: { error: 'invalid_request', message: reason } };
}
