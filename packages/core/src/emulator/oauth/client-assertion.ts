/** Verifies the assertion of a client (RFC 7523 section 3), as strictly as the client is declared. */
import { assertionSeconds, assertionType, type ClientAssertion } from '../../auth/client-assertion.ts';
import { readPrivateKey } from '../../auth/sign-jwt.ts';
import { encodeUtf8, ownBytes } from '../../bytes.ts';
import { loaded } from '../../missing-package.ts';
import { reveal, type Secret } from '../../secret.ts';
import { failure, type OAuthFailure } from './oauth-failure.ts';
import type { Params } from './params.ts';

/** What a client must sign to be believed. */
export interface ExpectedAssertion extends Omit<ClientAssertion, 'key'> {
  /** The key as the client has it: a PEM text, of which only the public half is used, or the shared secret. */
  readonly clientKey: Secret | string;
}

export interface VerifiedAssertion {
  readonly clientId: string;
  /** Good for one request. */
  readonly jti: string;
}

/**
 * All of section 3 but the replay, which is judged when the request is. One audience, and a life no longer than what this
 * library promises.
 */
export async function verifyAssertion(
  params: Params,
  expected: ExpectedAssertion,
  nowMs: number,
): Promise<VerifiedAssertion | OAuthFailure> {
  const refused = (why: string) => failure('invalid_client', why);
  if (params.get('client_assertion_type') !== assertionType) return refused('client_assertion_type is another');
  const { algorithm, audience, keyId } = expected;
  const key = await verificationKey(expected);
  if (key === undefined) return refused('no key of the client is registered');
  const { jwtVerify } = await loaded(import('jose'));
  const requiredClaims = ['iss', 'sub', 'aud', 'jti', 'iat', 'exp'];
  const rules = { algorithms: [algorithm], audience, requiredClaims, currentDate: new Date(nowMs) };
  const verified = await jwtVerify(params.get('client_assertion') ?? '', key, rules).catch(() => undefined);
  if (verified === undefined) return refused('the signature, the audience or a time of the assertion is wrong');
  const { protectedHeader, payload } = verified;
  const { iss, sub, aud, jti, iat = 0, exp = 0 } = payload;
  if (protectedHeader.kid !== keyId) return refused('kid is not that of the registered key');
  if (typeof aud !== 'string') return refused('the assertion has several audiences');
  if (typeof sub !== 'string' || sub === '' || iss !== sub) return refused('iss and sub are not the client id');
  const named = params.get('client_id');
  if (named !== undefined && named !== sub) return refused('client_id differs from the assertion');
  if (typeof jti !== 'string' || jti === '') return refused('jti is missing');
  if (iat * 1000 > nowMs || exp * 1000 > nowMs + assertionSeconds * 1000)
    return refused('the assertion lives too long');
  return { clientId: sub, jti };
}

const imports = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
} as const;

/** The public half of a private key; undefined for a text that is none. */
async function verificationKey({ algorithm, clientKey }: ExpectedAssertion) {
  if (algorithm === 'HS256') return encodeUtf8(reveal(clientKey));
  const der = readPrivateKey(reveal(clientKey)) ?? new Uint8Array();
  const pair = await crypto.subtle
    .importKey('pkcs8', ownBytes(der), imports[algorithm], true, ['sign'])
    .catch(() => undefined);
  if (pair === undefined) return undefined;
  const { kty = '', n, e, crv, x, y } = await crypto.subtle.exportKey('jwk', pair);
  const half = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  const { importJWK } = await loaded(import('jose'));
  return importJWK(Object.fromEntries(half) as { kty: string }, algorithm);
}
