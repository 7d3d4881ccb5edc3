/** Issues the tokens of a grant and writes the answer that hands them out. */
import type { JsonObject } from '../../json.ts';
import { speakOf } from '../accounts.ts';
import type { FamilyEntry } from './ledger.ts';
import type { AuthorizationProfile } from './profile.ts';
import type { ServerContext } from './server-context.ts';
import { completeExample, fillAnswer, type AnswerFilling } from './token-answer.ts';

export interface Issue {
  readonly profile: AuthorizationProfile;
  readonly family: FamilyEntry;
  readonly refreshToken: AnswerFilling['refreshToken'];
  readonly scopes?: readonly string[];
  /** What the id token must repeat. */
  readonly nonce?: string | undefined;
  readonly expiresIn?: number | undefined;
}

export function issueTokens(context: ServerContext, issue: Issue): JsonObject {
  const { profile, family } = issue;
  const { ledger, texts, accounts } = context;
  const scoped = profile.kind === undefined || profile.scopes !== undefined || family.scopes.length > 0;
  const example = completeExample(profile.example, { renewable: isRenewable(profile), scoped });
  const answer = fillAnswer(example, {
    issue(kind, sample, lifeMs) {
      const text = texts.next(sample);
      ledger.issue({ kind, text, family: family.id, lifeMs });
      return text;
    },
    refreshToken: isRenewable(profile) ? issue.refreshToken : 'omit',
    scopes: shortest(issue.scopes ?? family.scopes, profile),
    separator: profile.scopes?.separator ?? ' ',
    expiresIn: issue.expiresIn,
  });
  return speakOf(answer, accounts[0]!, family.account);
}

/** Minted tokens come without refresh tokens (RFC 6749 section 4.4.3). */
export function isRenewable(profile: AuthorizationProfile): boolean {
  const { kind = 'oauth2' } = profile;
  return profile.rotation !== 'none' && (kind === 'oauth2' || kind === 'browser');
}

function shortest(scopes: readonly string[], { scopes: known }: AuthorizationProfile): readonly string[] {
  const included = new Set(scopes.flatMap((scope) => known?.implies?.(scope) ?? []));
  return scopes.filter((scope) => !included.has(scope));
}
