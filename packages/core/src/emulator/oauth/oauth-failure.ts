/** Refusals of an authorization server, as values: what a step decides, the endpoint turns into an answer. */
import type { EmulatedReply } from '../emulated-reply.ts';

/** RFC 6749 sections 4.1.2.1 and 5.2. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable';

export interface OAuthFailure {
  readonly error: OAuthErrorCode;
  readonly description: string;
}

/** An answer before it becomes a `Response`. */
export type OAuthReply = EmulatedReply & { readonly status: number };

/** Turns a refusal of the token or revocation endpoint into the vendor's own shape. */
export type ShapeFailure = (failure: OAuthFailure, status: number) => EmulatedReply | undefined;

export function failure(error: OAuthErrorCode, description: string): OAuthFailure {
  return { error, description };
}

export function isFailure(value: object): value is OAuthFailure {
  return 'error' in value && 'description' in value;
}

/** RFC 6749 section 5.2: 401 where the client is unknown, with a challenge when it came by the Authorization header. */
export function failureReply(refusal: OAuthFailure, authorization: string | null = null): OAuthReply {
  const unknownClient = refusal.error === 'invalid_client';
  return {
    status: unknownClient ? 401 : 400,
    ...(unknownClient && authorization !== null && { headers: { 'www-authenticate': 'Basic realm="oauth"' } }),
    json: { error: refusal.error, error_description: refusal.description },
  };
}

/** The refusal in the vendor's shape, where it has one of its own. */
export function refuse(refusal: OAuthFailure, headers: Headers, shape: ShapeFailure | undefined): OAuthReply {
  const plain = failureReply(refusal, headers.get('authorization'));
  const shaped = shape?.(refusal, plain.status);
  return shaped === undefined ? plain : { status: 200, ...shaped };
}
