/** What happens to a refresh token when it is used. */
import type { Rotation } from '../../auth/auth.ts';
import type { Clock } from '../../clock.ts';
import type { LedgerBook, LedgerToken } from './ledger.ts';
import { failure, type OAuthFailure } from './oauth-failure.ts';
import type { AnswerFilling } from './token-answer.ts';

/**
 * Judges one use of a refresh token and enters it, in one synchronous step: two requests with the same token can never
 * both be the first. A spent token that comes again ends its whole family (RFC 9700 section 4.14.2); within the grace
 * time of a lenient server it yields one more successor instead.
 * @returns the refresh token of the answer.
 */
export function useRefreshToken(
  { ledger, clock }: { readonly ledger: LedgerBook; readonly clock: Clock },
  token: LedgerToken,
  rotation: Rotation,
): AnswerFilling['refreshToken'] | OAuthFailure {
  ledger.countUse(token);
  const state = ledger.stateOf(token);
  if (state === 'expired') return failure('invalid_grant', 'the refresh token is expired');
  if (state === 'revoked') return failure('invalid_grant', 'the refresh token is revoked');
  if (state === 'spent') {
    const graceMs = typeof rotation === 'object' ? rotation.graceSeconds * 1000 : -1;
    if (clock.now() - (token.spentAt ?? 0) <= graceMs) return 'issue';
    ledger.punishReuse(token);
    return failure('invalid_grant', 'the refresh token was used before; the grant is revoked');
  }
  if (rotation === 'stable') return { same: token.text.reveal() };
  ledger.spend(token);
  return 'issue';
}
