/** JSON Web Tokens signed with a key that their issuer publishes (RFC 7519, RFC 7515). */
import { decodeBase64url, decodeUtf8 } from '../bytes.ts';
import { parseJson, type JsonObject } from '../json.ts';
import { loaded } from '../missing-package.ts';
import { fitsAlgorithm, readKeySet, type JwtAlgorithm, type KeyCache, type KeySource } from '../webhooks/key-cache.ts';
import type { KeyTools } from '../webhooks/key-cache.ts';

export interface JwtRules {
  /** Every other algorithm is refused, whatever key there is. */
  readonly algorithms: readonly JwtAlgorithm[];
  /** Where the keys of an algorithm come from. */
  readonly keys: (algorithm: JwtAlgorithm) => KeySource;
  /** Claims that must be there. */
  readonly required?: readonly string[];
  /** Wall time in milliseconds. */
  readonly now: number;
}

export interface VerifiedJwt {
  readonly ok: true;
  readonly claims: JsonObject;
  readonly algorithm: JwtAlgorithm;
}

/** `unavailable`: the issuer could not be asked for its keys, or was asked too often. */
export type JwtRefusal = 'malformed' | 'algorithm' | 'key_unknown' | 'unavailable' | 'signature' | 'expired' | 'claims';

export interface RefusedJwt {
  readonly ok: false;
  readonly reason: JwtRefusal;
}

export type JwtTools = KeyTools & { readonly keys: KeyCache };

/** Clocks differ; what RFC 7519 section 4.1.4 calls a small leeway. */
export const clockToleranceSeconds = 30;
const maxKeyIdLength = 128;
const maxTokenLength = 16_384;

/**
 * Checks form, algorithm, signature and time. The key is chosen by `kid` from the issuer's own set; addresses and keys
 * inside the token (`jku`, `x5u`, `jwk`) are never used. Issuer and audience are the caller's to compare.
 */
export async function verifyJwt(token: string, rules: JwtRules, tools: JwtTools): Promise<VerifiedJwt | RefusedJwt> {
  const header = await headerOf(token);
  if (header === undefined) return refused('malformed');
  const algorithm = rules.algorithms.find((name) => name === header.algorithm);
  if (algorithm === undefined) return refused('algorithm');
  const key = await tools.keys.find(rules.keys(algorithm), header.keyId, rules.now, tools);
  if (key === 'unavailable') return refused('unavailable');
  if (key === 'unknown') return refused('key_unknown');
  const { errors, jwtVerify } = await loaded(import('jose'));
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [algorithm],
      currentDate: new Date(rules.now),
      clockTolerance: clockToleranceSeconds,
      requiredClaims: [...(rules.required ?? [])],
    });
    return { ok: true, claims: payload as JsonObject, algorithm };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return refused('expired');
    return refused(error instanceof errors.JWTClaimValidationFailed ? 'claims' : 'signature');
  }
}

/** What a token says, for one that was verified before; undefined for what is no JWT. */
export function claimsOf(token: string): JsonObject | undefined {
  const payload = decodeUtf8(decodeBase64url(token.split('.')[1] ?? '') ?? new Uint8Array());
  try {
    const claims = parseJson(payload ?? '');
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A JSON Web Key Set whose address is only known at run time. A key without an id serves tokens without one, and so does
 * the only key of its algorithm; of several nobody can tell which.
 */
export function issuerKeys(algorithm: JwtAlgorithm, address: string, urlOf: UrlOf = () => address): KeySource {
  return {
    algorithm,
    address,
    brings: 'set',
    async load(_id, tools) {
      const all = await readKeySet(await urlOf(tools), tools);
      const fitting = all.filter(({ jwk }) => fitsAlgorithm(jwk, algorithm));
      const [only] = fitting;
      const named = fitting.filter(({ id }) => id !== '');
      return only === undefined || fitting.length > 1 ? named : [...named, { ...only, id: '' }];
    },
  };
}

type UrlOf = (tools: KeyTools) => string | Promise<string>;

interface Header {
  readonly algorithm: string;
  /** Empty when the token names none. */
  readonly keyId: string;
}

/** What the token says of itself, which nothing vouches for yet. */
async function headerOf(token: string): Promise<Header | undefined> {
  // No two texts may be one token, and lenient decoders skip what does not belong.
  const parts = token.length > maxTokenLength ? [] : token.split('.');
  if (parts.length !== 3 || parts.some((part) => !decodeBase64url(part)?.length)) return undefined;
  const { decodeProtectedHeader } = await loaded(import('jose'));
  try {
    const { alg, kid = '' } = decodeProtectedHeader(token);
    const usable = typeof alg === 'string' && typeof kid === 'string' && kid.length <= maxKeyIdLength;
    return usable ? { algorithm: alg, keyId: kid } : undefined;
  } catch {
    return undefined;
  }
}

function refused(reason: JwtRefusal): RefusedJwt {
  return { ok: false, reason };
}
