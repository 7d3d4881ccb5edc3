/** The id token of a token answer (OpenID Connect Core 1.0, section 2). */
import { claimsOf } from '../../auth/jwt.ts';
import { encodeBase64url } from '../../bytes.ts';
import { hash } from '../../hash.ts';
import { text, type JsonObject } from '../../json.ts';
import type { Issue } from './issue.ts';
import type { ServerContext } from './server-context.ts';

const lifeSeconds = 3600;

/** The answer with a true id token in the place of its example, where the profile signs them. */
export async function withIdToken(context: ServerContext, issue: Issue, answer: JsonObject): Promise<JsonObject> {
  const { profile, family, nonce } = issue;
  const example = text(answer['id_token']);
  if (profile.idTokens !== true || example === undefined) return answer;
  const issuedAt = Math.floor(context.clock.now() / 1000);
  const accessToken = text(answer['access_token']);
  const claims = {
    // What the example's own token says of its user.
    ...claimsOf(example),
    iss: profile.issuer ?? text(profile.metadata?.['issuer']) ?? '',
    sub: family.account.id,
    aud: family.clientId,
    iat: issuedAt,
    exp: issuedAt + lifeSeconds,
    ...(nonce !== undefined && { nonce }),
    ...(accessToken !== undefined && { at_hash: await halfHash(accessToken) }),
  };
  return { ...answer, id_token: await context.signer.sign(claims) };
}

/** Section 3.1.3.6, for algorithms with SHA-256. */
async function halfHash(value: string): Promise<string> {
  return encodeBase64url((await hash('sha256', value)).slice(0, 16));
}
