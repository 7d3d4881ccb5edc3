/** Whom an authorization server says has signed in (OpenID Connect Core 1.0, section 3.1.3.7). */
import { encodeBase64url, equalText } from '../bytes.ts';
import { PlugboardError } from '../errors.ts';
import { hash, type HashName } from '../hash.ts';
import { number, text, type JsonObject } from '../json.ts';
import { reveal, type Secret } from '../secret.ts';
import type { JwtAlgorithm } from '../webhooks/key-cache.ts';
import type { OAuthClient } from './auth.ts';
import { clockToleranceSeconds, issuerKeys, verifyJwt, type JwtRefusal } from './jwt.ts';

export interface IdTokenRules {
  /** Compared as text; several are spellings of one issuer. */
  readonly issuer: string | readonly string[];
  /** The client id: the token must be for it. */
  readonly audience: string;
  /** Where the issuer publishes its keys: from its description or a constant, never from the token. */
  readonly jwksUrl: string;
  /** What the issuer signs with. Default RS256. */
  readonly algorithms?: readonly JwtAlgorithm[];
  /** What the authorization request sent. A token that renews another may leave it out, so give it for the first alone. */
  readonly nonce?: string;
  /** The token that came with it: compared with `at_hash` where that is there. */
  readonly accessToken?: Secret | string;
  /** Longest time since the user signed in, where it was asked for. */
  readonly maxAgeSeconds?: number;
  /** Claims of the first token, where this one renews it: the user must be the same (section 12.2). */
  readonly renews?: JsonObject;
}

const required = ['iss', 'sub', 'aud', 'exp', 'iat'];
const longestSubject = 255;
/** What repeats the nonce of a flow cannot be older than the flow; clocks that are a day off are on their owner. */
const oldestNewTokenSeconds = 86_400;

/**
 * @returns the claims, all checks of the specification passed.
 * @throws PlugboardError kind `invalid_response`, code `id_token_refused`, saying which check failed and never a claim's
 * value; kind `unavailable`, code `keys_unavailable`, when the issuer's keys cannot be had.
 */
export async function verifyIdToken(
  token: Secret | string | undefined,
  rules: IdTokenRules,
  client: Pick<OAuthClient, 'app' | 'organizationId' | 'request' | 'keys' | 'now'>,
): Promise<JsonObject> {
  if (token === undefined) throw refused('the answer holds none');
  const { jwksUrl, algorithms = ['RS256'] } = rules;
  const keys = (algorithm: JwtAlgorithm) => issuerKeys(algorithm, jwksUrl);
  const verdict = await verifyJwt(reveal(token), { algorithms, keys, required, now: client.now }, client);
  if (!verdict.ok) {
    if (verdict.reason === 'unavailable') throw keysUnavailable();
    throw refused(reasons[verdict.reason]);
  }
  const { claims, algorithm } = verdict;
  const problem = judge(claims, rules, client.now) ?? (await judgeHash(claims, rules, algorithm));
  if (problem !== undefined) throw refused(problem);
  return claims;
}

function judge(claims: JsonObject, rules: IdTokenRules, now: number): string | undefined {
  const { iss, sub, azp, nonce } = claims;
  if (![rules.issuer].flat().some((issuer) => issuer === iss)) return '`iss` is another issuer';
  const subject = text(sub);
  if (subject === undefined || subject.length > longestSubject) return '`sub` is no subject';
  const audiences = [claims['aud']].flat();
  if (!audiences.includes(rules.audience)) return '`aud` is another client';
  if (azp === undefined ? audiences.length > 1 : azp !== rules.audience) return '`azp` is not this client';
  const issued = number(claims['iat']);
  if (issued === undefined) return '`iat` is no time';
  if (rules.nonce !== undefined && issued < now / 1000 - oldestNewTokenSeconds) return '`iat` is too long ago';
  if (rules.nonce !== undefined && !(typeof nonce === 'string' && equalText(nonce, rules.nonce))) {
    return '`nonce` is not that of the authorization request';
  }
  return judgeAge(claims, rules, now) ?? judgeRenewal(claims, rules.renews);
}

function judgeAge(claims: JsonObject, { maxAgeSeconds }: IdTokenRules, now: number): string | undefined {
  if (maxAgeSeconds === undefined) return undefined;
  const signedIn = number(claims['auth_time']);
  if (signedIn === undefined) return '`auth_time` is missing although it was asked for';
  const age = now / 1000 - signedIn;
  return age > maxAgeSeconds + clockToleranceSeconds ? '`auth_time` is too long ago' : undefined;
}

function judgeRenewal(claims: JsonObject, first: JsonObject | undefined): string | undefined {
  if (first === undefined) return undefined;
  if (claims['sub'] !== first['sub']) return '`sub` is another user than before';
  if (claims['iss'] !== first['iss']) return '`iss` is another issuer than before';
  const { nonce } = claims;
  return nonce !== undefined && nonce !== first['nonce'] ? '`nonce` is another than before' : undefined;
}

/** Section 3.1.3.6: the left half of the hash that the signature's algorithm names. */
async function judgeHash(
  claims: JsonObject,
  { accessToken }: IdTokenRules,
  algorithm: JwtAlgorithm,
): Promise<string | undefined> {
  const claimed = claims['at_hash'];
  if (claimed === undefined || accessToken === undefined) return undefined;
  const digest = await hash(hashOf(algorithm), reveal(accessToken));
  const half = encodeBase64url(digest.slice(0, digest.length / 2));
  return typeof claimed === 'string' && equalText(claimed, half) ? undefined : '`at_hash` is of another access token';
}

/** Ed25519, the only curve of EdDSA in use, is defined with SHA-512. */
function hashOf(algorithm: JwtAlgorithm): HashName {
  return algorithm === 'EdDSA' ? 'sha512' : (`sha${algorithm.slice(2)}` as HashName);
}

const reasons: Readonly<Record<Exclude<JwtRefusal, 'unavailable'>, string>> = {
  malformed: 'it is no signed JWT',
  algorithm: 'it is signed with an algorithm that is not allowed',
  key_unknown: 'no key of the issuer has its `kid`',
  signature: 'its signature is wrong',
  expired: 'it is expired',
  claims: 'a required claim is missing, or it is not valid yet',
};

function refused(problem: string): PlugboardError {
  return new PlugboardError({
    kind: 'invalid_response',
    code: 'id_token_refused',
    message: `The id token is refused: ${problem}.`,
    hint: 'Start the connect flow again. If it is always refused, compare issuer and client id with the server.',
  });
}

function keysUnavailable(): PlugboardError {
  return new PlugboardError({
    kind: 'unavailable',
    code: 'keys_unavailable',
    message: 'The keys of the issuer could not be had, so the id token is not verified.',
    hint: 'Try again in a minute.',
  });
}
