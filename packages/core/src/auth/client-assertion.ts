/**
 * A client that proves itself by a token which it signs (RFC 7523 section 2.2, RFC 7521 section 4.2): what OpenID Connect
 * Core 1.0, section 9, calls `private_key_jwt` and `client_secret_jwt`.
 */
import { encodeUtf8 } from '../bytes.ts';
import { isPlugboardError, PlugboardError } from '../errors.ts';
import { randomToken } from '../random.ts';
import { reveal } from '../secret.ts';
import { keyOf, readPrivateKey, signJwt, type SigningAlgorithm } from './sign-jwt.ts';
import type { AppValues } from './vendor-call.ts';

/** How a registered client proves itself at a token or revocation endpoint (RFC 6749 section 2.3). */
export type ClientAuth = 'basic' | 'raw_basic' | 'post' | 'none' | ClientAssertion;

export interface ClientAssertion {
  readonly algorithm: SigningAlgorithm;
  /** App field of the private key, as PEM; for HS256 that of the secret. */
  readonly key: string;
  /** `kid` of the header, where the server knows several keys of the client. */
  readonly keyId?: string;
  /** `aud`: the issuer, for servers that take it: no other server believes the assertion then. Else its token endpoint. */
  readonly audience: string;
}

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Longest life of an assertion. It is used at once; what is left covers clocks that differ. */
export const assertionSeconds = 60;

/**
 * Parameters that prove the client, for one request: each has an id of its own, so none can be sent again.
 * @param nowMs Wall time in milliseconds.
 * @throws PlugboardError kind `configuration`, code `bad_client_key`, naming the app field and never its value.
 */
export async function assertionParams(
  { algorithm, key, keyId, audience }: ClientAssertion,
  app: AppValues,
  nowMs: number,
): Promise<Readonly<Record<string, string>>> {
  const clientId = app['clientId'];
  if (clientId === undefined) throw unusable('clientId', 'is missing');
  const value = app[key];
  if (value === undefined) throw unusable(key, 'is missing');
  const text = reveal(value);
  const bytes = algorithm === 'HS256' ? encodeUtf8(text) : readPrivateKey(text);
  if (bytes === undefined) throw unusable(key, `is not ${keyOf(algorithm)}, in PEM`);
  const id = reveal(clientId);
  const iat = Math.floor(nowMs / 1000);
  const claims = { iss: id, sub: id, aud: audience, jti: randomToken(), iat, exp: iat + assertionSeconds };
  const header = { alg: algorithm, ...(keyId !== undefined && { kid: keyId }) };
  const assertion = await signJwt(header, claims, bytes).catch((error: unknown) => {
    if (isPlugboardError(error)) throw unusable(key, `is not ${keyOf(algorithm)}`);
    throw error;
  });
  return { client_id: id, client_assertion_type: assertionType, client_assertion: assertion };
}

function unusable(path: string, message: string): PlugboardError {
  return new PlugboardError({
    kind: 'configuration',
    code: 'bad_client_key',
    message: `The client cannot prove itself by a signed assertion: \`${path}\` ${message}.`,
    hint: 'Pass the key that was registered at the authorization server, and its algorithm; nothing was sent.',
    fields: [{ path, message }],
  });
}
