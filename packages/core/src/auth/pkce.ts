import { hashText } from '../hash.ts';
import { randomToken } from '../random.ts';

export interface Pkce {
  /** 43 characters (RFC 7636 section 4.1). Stays on the server, sealed. */
  readonly verifier: string;
  /** S256 of the verifier (section 4.2). `plain` does not exist here. */
  readonly challenge: string;
}

/** @param verifier 32 random bytes as text, where they were drawn together with others. */
export async function createPkce(verifier: string = randomToken(32)): Promise<Pkce> {
  return { verifier, challenge: await challengeOf(verifier) };
}

export async function challengeOf(verifier: string): Promise<string> {
  return hashText('sha256', verifier, 'base64url');
}
