/** Who calls the token or revocation endpoint (RFC 6749 section 2.3), by the one way that is declared. */
import { decodeBase64, decodeUtf8 } from '../../bytes.ts';
import { failure, type OAuthFailure } from './oauth-failure.ts';
import type { Params } from './params.ts';
import type { ClientAuth } from './profile.ts';

/** A registered client. */
export interface RegisteredClient {
  readonly id: string;
  /** Absent for a public client. */
  readonly secret?: string;
}

export interface PresentedClient {
  readonly id: string;
  readonly secret: string | undefined;
}

/** The client that a request names, or why it names none. Nothing is compared yet. */
export function readClient(headers: Headers, params: Params, clientAuth: ClientAuth): PresentedClient | OAuthFailure {
  const authorization = headers.get('authorization');
  const secret = params.get('client_secret');
  if (clientAuth === 'post' || clientAuth === 'none') {
    if (authorization !== null)
      return failure('invalid_client', 'client credentials belong into the body, not into a header');
    if (clientAuth === 'none' && secret !== undefined) return failure('invalid_client', 'this client has no secret');
    if (clientAuth === 'post' && !secret) return failure('invalid_client', 'client_secret is missing');
    const id = params.get('client_id');
    return id ? { id, secret } : failure('invalid_client', 'client_id is missing');
  }
  if (secret !== undefined) return failure('invalid_request', 'client credentials are given twice or in the body');
  const client = readBasic(authorization, clientAuth);
  const named = params.get('client_id');
  const same = named === undefined || isMissing(client) || named === client.id;
  return same ? client : failure('invalid_request', 'client_id differs from the Authorization header');
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
  if (registered !== undefined) return client.id === registered.id && client.secret === registered.secret;
  return ![client.id, client.secret ?? ''].some(isDeclaredDead);
}

function readBasic(authorization: string | null, clientAuth: ClientAuth): PresentedClient | OAuthFailure {
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

function isMissing(client: PresentedClient | OAuthFailure): client is OAuthFailure {
  return 'error' in client;
}
