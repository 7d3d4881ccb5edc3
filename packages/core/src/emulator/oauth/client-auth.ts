/** Who calls the token or revocation endpoint (RFC 6749 section 2.3), by the one way that is declared. */
import type { ClientAssertion, ClientAuth as DeclaredAuth } from '../../auth/client-assertion.ts';
import { decodeBase64, decodeUtf8 } from '../../bytes.ts';
import { verifyAssertion, type ExpectedAssertion } from './client-assertion.ts';
import { failure, isFailure, type OAuthFailure } from './oauth-failure.ts';
import type { Params } from './params.ts';

export type ClientAuth = Exclude<DeclaredAuth, ClientAssertion> | ExpectedAssertion;

/** A registered client. */
export interface RegisteredClient {
  readonly id: string;
  /** Absent for a public client. */
  readonly secret?: string;
}

export interface PresentedClient {
  readonly id: string;
  readonly secret: string | undefined;
  /** Of a verified assertion. */
  readonly jti?: string;
}

export interface ClientRequest {
  readonly request: Request;
  readonly params: Params;
  /** Wall time in milliseconds. */
  readonly nowMs: number;
}

/**
 * The client that a request names, or why it names none: any way but the declared one is refused, and so are two at once.
 * A secret is not compared yet, an assertion is verified.
 */
export async function readClient(
  { request: { headers, method, url }, params, nowMs }: ClientRequest,
  clientAuth: ClientAuth,
): Promise<PresentedClient | OAuthFailure> {
  const authorization = headers.get('authorization');
  const asserts = params.has('client_assertion') || params.has('client_assertion_type');
  // RFC 6749 section 2.3.1: addresses end up in logs.
  if (method !== 'GET' && credentialNames.some((name) => new URL(url).searchParams.has(name)))
    return failure('invalid_request', 'client credentials do not belong into the address');
  if (clientAuth === 'basic' || clientAuth === 'raw_basic') {
    if (asserts || params.has('client_secret'))
      return failure('invalid_request', 'client credentials are given twice or in the body');
    const client = readBasic(authorization, clientAuth);
    const named = params.get('client_id');
    const same = named === undefined || isFailure(client) || named === client.id;
    return same ? client : failure('invalid_request', 'client_id differs from the Authorization header');
  }
  if (authorization !== null)
    return failure('invalid_client', 'client credentials belong into the body, not into a header');
  const secret = params.get('client_secret');
  if (typeof clientAuth === 'object') {
    if (secret !== undefined) return failure('invalid_request', 'client_secret is not how this client proves itself');
    const assertion = await verifyAssertion(params, clientAuth, nowMs);
    return isFailure(assertion) ? assertion : { id: assertion.clientId, secret, jti: assertion.jti };
  }
  if (asserts) return failure('invalid_request', 'an assertion is not how this client proves itself');
  if (clientAuth === 'none' && secret !== undefined) return failure('invalid_client', 'this client has no secret');
  if (clientAuth === 'post' && !secret) return failure('invalid_client', 'client_secret is missing');
  const id = params.get('client_id');
  return id ? { id, secret } : failure('invalid_client', 'client_id is missing');
}

const credentialNames = ['client_secret', 'client_assertion'];

/** Whether a request shows no client at all, for endpoints that take that. */
export function isAnonymous({ request, params }: ClientRequest, clientAuth: ClientAuth): boolean {
  const shown = ['client_id', 'client_assertion_type', ...credentialNames].some((name) => params.has(name));
  return clientAuth === 'none' && !shown && request.headers.get('authorization') === null;
}

/**
 * True for values that say of themselves that they are no good: how a person tries the refusals of an emulator
 * without configuring anything.
 */
export function isDeclaredDead(value: string): boolean {
  return /wrong|revoked/i.test(value);
}

/** Compares with the registered client; without one, everything passes that is not declared dead. */
export function isGoodClient(client: PresentedClient, registered: RegisteredClient | undefined): boolean {
  if (registered === undefined) return ![client.id, client.secret ?? ''].some(isDeclaredDead);
  // Where none is shown, an assertion was verified or nothing is declared to prove the client.
  return client.id === registered.id && (client.secret === undefined || client.secret === registered.secret);
}

function readBasic(authorization: string | null, clientAuth: 'basic' | 'raw_basic'): PresentedClient | OAuthFailure {
  const encoded = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  const pair = bytes === undefined ? undefined : decodeUtf8(bytes);
  const border = pair?.indexOf(':') ?? -1;
  if (pair === undefined || border < 1)
    return failure('invalid_client', 'the Authorization header is not Basic with id and secret');
  const parts = [pair.slice(0, border), pair.slice(border + 1)].map(
    clientAuth === 'raw_basic' ? (part) => part : formDecode,
  );
  const [id, secret] = parts;
  if (!id || !secret) return failure('invalid_client', 'id or secret is empty, or not form-encoded');
  return { id, secret };
}

/** RFC 6749 section 2.3.1: each part is form-encoded before they are joined. */
function formDecode(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
