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
  readonly expiresIn?: number | undefined;
}

export function issueTokens(context: ServerContext, issue: Issue): JsonObject {
  const { profile, family } = issue;
  const { ledger, texts, accounts } = context;
  const example = completeExample(profile.example, isRenewable(profile));
  const answer = fillAnswer(example, {
    issue(kind, sample, lifeMs) {
      const text = texts.next(sample);
      ledger.issue({ kind, text, family: family.id, lifeMs });
      return text;
    },
    refreshToken: isRenewable(profile) ? issue.refreshToken : 'omit',
    scopes: issue.scopes ?? family.scopes,
    separator: profile.scopes?.separator ?? ' ',
    expiresIn: issue.expiresIn,
  });
  return speakOf(answer, accounts[0]!, family.account);
}

/** Only the code grant brings refresh tokens (RFC 6749 section 4.4.3). */
export function isRenewable(profile: AuthorizationProfile): boolean {
  return profile.rotation !== 'none' && (profile.kind ?? 'oauth2') === 'oauth2';
}
