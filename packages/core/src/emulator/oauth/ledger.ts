/**
 * Everything an authorization server ever issued and every call it took: the judge of a test. What a client believes
 * about its tokens counts for nothing here.
 */
import type { Clock } from '../../clock.ts';
import { Secret } from '../../secret.ts';
import type { AccountRef } from '../../store.ts';

export type TokenKind = 'code' | 'access_token' | 'refresh_token';

export interface LedgerToken {
  readonly kind: TokenKind;
  readonly text: Secret;
  /** The grant it belongs to. */
  readonly family: string;
  /** Milliseconds, as all times here. */
  readonly issuedAt: number;
  /** Null when it does not expire. */
  readonly expiresAt: number | null;
  /** How often it was presented: exchanges of a code, refreshes, API requests. */
  readonly uses: number;
  /** When a code was exchanged or a rotating refresh token replaced. */
  readonly spentAt: number | null;
  readonly revokedAt: number | null;
}

/**
 * `reuse`: a spent code or refresh token came again. `request`: RFC 7009. `refresh`: an access token replaced by a refresh.
 * `operator`: by a call of the test.
 */
export type RevocationCause = 'reuse' | 'request' | 'refresh' | 'operator';

/** One consent of one user to one client, with every token that came of it. */
export interface LedgerFamily {
  readonly id: string;
  /** Name of the auth method. */
  readonly profile: string;
  /** Empty when the tokens were issued to whoever presents them. */
  readonly clientId: string;
  readonly account: AccountRef;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  /** Tokens issued for a refresh token or for a live access token. */
  readonly refreshes: number;
  readonly revokedAt: number | null;
  readonly revokedBy: RevocationCause | null;
}

/** One request at the token endpoint, entered when it arrives, before any switch acts. */
export interface TokenCall {
  readonly at: number;
  readonly grantType: string;
  readonly family: string | null;
  /** `pending` until decided; `dropped` when the client got no answer. */
  readonly outcome: 'pending' | 'issued' | 'refused' | 'failed' | 'dropped';
  /** Whether tokens were issued, whatever the client got to see. */
  readonly issued: boolean;
  readonly error: string | null;
}

/** A spent code or refresh token that was presented again where that ends the family. */
export interface Reuse {
  readonly at: number;
  readonly kind: TokenKind;
  readonly family: string;
}

export interface Revocation {
  readonly at: number;
  readonly family: string;
  readonly by: RevocationCause;
  /** `family`, or the kind of the one token that was revoked. */
  readonly what: 'family' | TokenKind;
}

export type TokenState = 'live' | 'expired' | 'revoked' | 'spent';

/** The plain form of a ledger, with token texts: for tests in other processes. */
export interface LedgerSnapshot {
  readonly tokenCalls: readonly TokenCall[];
  readonly reuses: readonly Reuse[];
  readonly revocations: readonly Revocation[];
  readonly families: readonly (LedgerFamily & {
    readonly current: string | null;
    readonly accessToken: string | null;
  })[];
}

export interface Ledger {
  readonly tokenCalls: readonly TokenCall[];
  readonly reuses: readonly Reuse[];
  readonly revocations: readonly Revocation[];
  families(): readonly LedgerFamily[];
  /** Every token of a family, oldest first. */
  tokens(family: string): readonly LedgerToken[];
  /**
   * What a client must have stored to go on: the newest live refresh token of a family, or its newest live access token
   * when it has no refresh tokens. Undefined when the family is lost.
   */
  current(family: string): Secret | undefined;
  find(text: string): LedgerToken | undefined;
  stateOf(token: LedgerToken): TokenState;
  snapshot(): LedgerSnapshot;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
export type FamilyEntry = Mutable<LedgerFamily>;
export type CallEntry = Mutable<TokenCall>;

export interface IssuedToken {
  readonly kind: TokenKind;
  readonly text: string;
  readonly family: string;
  /** Life in milliseconds; null without end. */
  readonly lifeMs: number | null;
}

/** The ledger with its writers. Each of them is one synchronous step, so no two requests can interleave in it. */
export interface LedgerBook extends Ledger {
  openFamily(of: Pick<LedgerFamily, 'profile' | 'clientId' | 'account' | 'scopes'>): FamilyEntry;
  familyOf(token: LedgerToken): FamilyEntry;
  issue(token: IssuedToken): LedgerToken;
  countUse(token: LedgerToken): void;
  spend(token: LedgerToken): void;
  expire(token: LedgerToken): void;
  /** Enters a reuse and ends the family. */
  punishReuse(token: LedgerToken): void;
  revokeToken(token: LedgerToken, by: RevocationCause): void;
  revokeFamily(family: string, by: RevocationCause): void;
  startCall(grantType: string): CallEntry;
  all(kind: TokenKind): readonly LedgerToken[];
  clear(): void;
}

export function createLedger(clock: Pick<Clock, 'now'>): LedgerBook {
  const families = new Map<string, FamilyEntry & { readonly tokens: Mutable<LedgerToken>[] }>();
  const byText = new Map<string, Mutable<LedgerToken>>();
  const tokenCalls: TokenCall[] = [];
  const reuses: Reuse[] = [];
  const revocations: Revocation[] = [];
  const entry = (token: LedgerToken) => token as Mutable<LedgerToken>;

  const book: LedgerBook = {
    tokenCalls,
    reuses,
    revocations,
    families: () => [...families.values()].map(({ tokens: _tokens, ...family }) => family),
    tokens: (family) => families.get(family)?.tokens ?? [],
    current: (family) => newestLive(book, family)?.text,
    find: (text) => byText.get(text),
    stateOf(token) {
      if (token.revokedAt !== null) return 'revoked';
      if (token.spentAt !== null) return 'spent';
      return token.expiresAt !== null && token.expiresAt <= clock.now() ? 'expired' : 'live';
    },
    snapshot() {
      const described = book.families().map((family) => ({
        ...family,
        current: book.current(family.id)?.reveal() ?? null,
        accessToken: newestLive(book, family.id, 'access_token')?.text.reveal() ?? null,
      }));
      return { tokenCalls: [...tokenCalls], reuses: [...reuses], revocations: [...revocations], families: described };
    },
    openFamily(of) {
      const id = `family-${families.size + 1}`;
      const family = { id, ...of, createdAt: clock.now(), refreshes: 0, revokedAt: null, revokedBy: null, tokens: [] };
      families.set(id, family);
      return family;
    },
    familyOf: (token) => families.get(token.family)!,
    issue({ kind, text, family, lifeMs }) {
      const issuedAt = clock.now();
      const expiresAt = lifeMs === null ? null : issuedAt + lifeMs;
      const token = {
        kind,
        text: new Secret(text),
        family,
        issuedAt,
        expiresAt,
        uses: 0,
        spentAt: null,
        revokedAt: null,
      };
      byText.set(text, token);
      families.get(family)!.tokens.push(token);
      return token;
    },
    countUse: (token) => void (entry(token).uses += 1),
    spend: (token) => void (entry(token).spentAt ??= clock.now()),
    expire: (token) => void (entry(token).expiresAt = clock.now()),
    punishReuse(token) {
      reuses.push({ at: clock.now(), kind: token.kind, family: token.family });
      book.revokeFamily(token.family, 'reuse');
    },
    revokeToken(token, by) {
      if (token.revokedAt !== null) return;
      entry(token).revokedAt = clock.now();
      revocations.push({ at: clock.now(), family: token.family, by, what: token.kind });
    },
    revokeFamily(id, by) {
      const family = families.get(id)!;
      if (family.revokedAt !== null) return;
      family.revokedAt = clock.now();
      family.revokedBy = by;
      for (const token of family.tokens) token.revokedAt ??= clock.now();
      revocations.push({ at: clock.now(), family: id, by, what: 'family' });
    },
    startCall(grantType) {
      const call: CallEntry = {
        at: clock.now(),
        grantType,
        family: null,
        outcome: 'pending',
        issued: false,
        error: null,
      };
      tokenCalls.push(call);
      return call;
    },
    all: (kind) => [...byText.values()].filter((token) => token.kind === kind),
    clear() {
      families.clear();
      byText.clear();
      for (const list of [tokenCalls, reuses, revocations]) list.length = 0;
    },
  };
  return book;
}

/** The newest live token of a kind; by default of the kind that a client renews with. */
function newestLive(ledger: Ledger, family: string, kind?: TokenKind): LedgerToken | undefined {
  const tokens = ledger.tokens(family);
  const wanted = kind ?? (tokens.some((token) => token.kind === 'refresh_token') ? 'refresh_token' : 'access_token');
  return tokens.findLast((token) => token.kind === wanted && ledger.stateOf(token) === 'live');
}
