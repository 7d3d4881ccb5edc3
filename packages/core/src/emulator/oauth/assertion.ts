/** A signed JWT used as a grant (RFC 7523). The server knows no keys, so it judges all but the signature. */
import { decodeBase64url, decodeUtf8 } from '../../bytes.ts';
import { member, number, parseJson, text, type Json } from '../../json.ts';
import { isDeclaredDead } from './client-auth.ts';
import { failure, type OAuthFailure } from './oauth-failure.ts';

export interface Assertion {
  readonly issuer: string;
  readonly scope: string | undefined;
}

/**
 * RFC 7523 section 3: issuer, audience (this server) and a time not yet over.
 * @param nowMs Wall time in milliseconds.
 */
export function readAssertion(assertion: string | undefined, endpoint: URL, nowMs: number): Assertion | OAuthFailure {
  const [header, claims, signature] = (assertion ?? '').split('.').map(decodeBase64url);
  const algorithm = text(member(parsed(header), 'alg'));
  const body = parsed(claims);
  if (algorithm === undefined || algorithm === 'none' || body === undefined || !signature?.length) {
    return failure('invalid_grant', 'the assertion is not a signed JWT');
  }
  const issuer = text(member(body, 'iss'));
  if (issuer === undefined || isDeclaredDead(issuer))
    return failure('invalid_grant', 'the issuer of the assertion is unknown');
  const audience = member(body, 'aud');
  const audiences = Array.isArray(audience) ? audience : [audience];
  if (!audiences.some((entry) => isHere(entry as Json | undefined, endpoint))) {
    return failure('invalid_grant', 'the audience of the assertion is not this server');
  }
  const expires = number(member(body, 'exp'));
  if (expires === undefined || expires * 1000 <= nowMs) return failure('invalid_grant', 'the assertion is expired');
  return { issuer, scope: text(member(body, 'scope')) };
}

/** Vendors document the token endpoint or their login origin. */
function isHere(audience: Json | undefined, endpoint: URL): boolean {
  return typeof audience === 'string' && URL.canParse(audience) && new URL(audience).origin === endpoint.origin;
}

function parsed(bytes: Uint8Array | undefined): Json | undefined {
  const source = bytes === undefined ? undefined : decodeUtf8(bytes);
  try {
    return source === undefined ? undefined : parseJson(source);
  } catch {
    return undefined;
  }
}
