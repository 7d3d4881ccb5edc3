import type { CryptoKey, JWTPayload, JWTVerifyOptions } from 'jose';

import type { AppValues } from '../auth/auth.ts';
import { decodeBase64url, equalText } from '../bytes.ts';
import { configurationError } from '../errors.ts';
import { hashText } from '../hash.ts';
import { loaded } from '../missing-package.ts';
import { reveal, type Secret } from '../secret.ts';
import { checkTimestamp, checkTolerance, type TimestampRule } from './freshness.ts';
import type { KeySource } from './key-cache.ts';
import { withTolerance } from './scheme.ts';
import { checkCall, isBlank } from './secrets.ts';
import { plainSignature, readSignatureHeader } from './signature-header.ts';
import type { Delivery, RejectReason, Verify } from './webhook.ts';

type ClaimValue = string | number | boolean;

export interface JwtSignatureOptions {
  readonly header: string;
  /** Fixed text before the token: `Bearer `. */
  readonly prefix?: string;
  readonly keys: KeySource;
  /** Claim with the lower-case hex SHA-256 of the raw body, for tokens that sign it. */
  readonly bodyHash?: string;
  /** The `aud` that names this receiver, for one of the secrets. Required for tokens that do not sign the body. */
  readonly audience?: (delivery: Delivery, secret: string) => string;
  /** What other claims must hold, for one of the secrets; of several values one is enough. */
  readonly claims?: (
    delivery: Delivery,
    secret: string,
  ) => Readonly<Record<string, ClaimValue | readonly ClaimValue[]>>;
  /**
   * The app value with which the keys are asked for, where the vendor gives each of its clients keys of their own and no
   * claim names the receiver: deliveries are believed by that secret alone.
   */
  readonly keysOf?: (app: AppValues) => Secret | string | undefined;
  /** Claims that must be there, whatever they hold: an end (`exp`) that the vendor always names. */
  readonly required?: readonly string[];
  /** Seconds that `iat` may differ from now, in both directions. Default 300. */
  readonly toleranceSeconds?: number;
}

const maxKeyIdLength = 128;
const clockToleranceSeconds = 30;

/**
 * A JSON Web Token (RFC 7519) in a header, signed with a key that the vendor publishes. The algorithm is the key
 * source's, never the token's; addresses inside the token (`jku`, `x5u`) and keys inside it (`jwk`) are never used.
 * @throws PlugboardError kind `configuration`, code `invalid_definition`, when neither `bodyHash` nor `audience` binds
 * the token to anything.
 */
export function jwtSignature(options: JwtSignatureOptions): Verify {
  const { bodyHash, required = [], toleranceSeconds } = options;
  if (bodyHash === undefined && options.audience === undefined) {
    throw configurationError(
      'invalid_definition',
      'A webhook token is bound neither to the body nor to this receiver: any token of the issuer would pass.',
      'Declare `bodyHash` or `audience`.',
    );
  }
  const freshness: TimestampRule = { unit: 'seconds', ...(toleranceSeconds !== undefined && { toleranceSeconds }) };
  checkTolerance(freshness);
  const { read } = plainSignature(options.prefix);

  const verify: Verify = async (delivery, secrets, tools) => {
    checkCall(delivery, secrets);
    const texts = secrets.map(reveal);
    if (tools === undefined || texts.every(isBlank)) return { ok: false, reason: 'key_unavailable' };

    const header = readSignatureHeader(delivery, options.header, read);
    if (typeof header === 'string') return { ok: false, reason: header };
    const [token = ''] = header.signatures;
    const keyId = await keyIdOf(token);
    if (keyId === undefined) return { ok: false, reason: 'signature_invalid' };

    const key = await tools.keys.find(options.keys, keyId, delivery.receivedAt, tools);
    if (key === 'unavailable') return { ok: false, reason: 'key_unavailable' };
    if (key === 'unknown') return { ok: false, reason: 'signature_invalid' };

    const payload = await verifyToken(token, key, {
      algorithms: [options.keys.algorithm],
      currentDate: new Date(delivery.receivedAt),
      clockTolerance: clockToleranceSeconds,
      requiredClaims: [...required],
    });
    if (typeof payload === 'string') return { ok: false, reason: payload };
    if (bodyHash !== undefined && !(await holdsHash(payload[bodyHash], delivery.body))) {
      return { ok: false, reason: 'signature_invalid' };
    }
    const issued = checkTimestamp(String(payload.iat), freshness, delivery.receivedAt);
    if (typeof issued === 'string') return { ok: false, reason: issued };

    const holder = options.keysOf?.(tools.app);
    const secretIndex = texts.findIndex(
      (secret) =>
        !isBlank(secret) &&
        (options.keysOf === undefined || (holder !== undefined && equalText(secret, reveal(holder)))) &&
        isMeant(payload, options, { delivery, secret }),
    );
    return secretIndex === -1
      ? { ok: false, reason: 'signature_invalid' }
      : { ok: true, secretIndex, timestamp: issued };
  };
  return withTolerance(verify, freshness);
}

/** The key id in the token's header, which nothing vouches for yet. */
async function keyIdOf(token: string): Promise<string | undefined> {
  // No two texts may be one token, and lenient decoders skip what does not belong.
  const parts = token.split('.');
  if (parts.length !== 3 || parts.some((part) => !decodeBase64url(part)?.length)) return undefined;
  const { decodeProtectedHeader } = await loaded(import('jose'));
  try {
    const { kid } = decodeProtectedHeader(token);
    return typeof kid === 'string' && kid !== '' && kid.length <= maxKeyIdLength ? kid : undefined;
  } catch {
    return undefined;
  }
}

async function verifyToken(
  token: string,
  key: CryptoKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload | RejectReason> {
  const { errors, jwtVerify } = await loaded(import('jose'));
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    return error instanceof errors.JWTExpired ? 'timestamp_outside_tolerance' : 'signature_invalid';
  }
}

async function holdsHash(claim: unknown, body: Uint8Array): Promise<boolean> {
  return typeof claim === 'string' && equalText(claim, await hashText('sha256', body, 'hex'));
}

function isMeant(
  payload: JWTPayload,
  { audience, claims }: JwtSignatureOptions,
  { delivery, secret }: { readonly delivery: Delivery; readonly secret: string },
): boolean {
  if (audience !== undefined && !holdsOneOf(payload.aud, audience(delivery, secret))) return false;
  const expected = Object.entries(claims?.(delivery, secret) ?? {});
  return expected.every(([name, wanted]) => holdsOneOf(payload[name], wanted));
}

/** Of two lists, or single values, one value is common. What nobody configured is held by nobody. */
function holdsOneOf(claim: unknown, wanted: unknown): boolean {
  const held = listOf(claim);
  return listOf(wanted).some((value) => value !== undefined && value !== '' && held.includes(value));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
