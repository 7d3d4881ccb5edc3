/** Token answers in the vendor's own shape: its documented example with fresh tokens in it. */
import { member, number, type Json, type JsonObject } from '../../json.ts';

export interface AnswerFilling {
  /** Issues a token in the style of the sample and returns its text. `lifeMs` is what the answer says of its life. */
  issue(kind: 'access_token' | 'refresh_token', sample: string, lifeMs: number | null): string;
  /** Each `refresh_token` becomes: a token of its own, this very text, or nothing. */
  readonly refreshToken: 'issue' | 'omit' | { readonly same: string };
  readonly scopes: readonly string[];
  readonly separator: ' ' | ',';
  /** Life of access tokens in seconds, instead of the example's. */
  readonly expiresIn: number | undefined;
}

/** RFC 6749 section 5.1; for examples that hold no access token. */
const standardAnswer = { access_token: 'at-', token_type: 'Bearer', expires_in: 3600 };

/** What the standard answer has besides; an example decides that for itself. */
interface AnswerMembers {
  readonly renewable: boolean;
  /** Where no scopes are known and none was asked for, servers leave the member out. */
  readonly scoped: boolean;
}

export function completeExample(example: JsonObject | undefined, { renewable, scoped }: AnswerMembers): JsonObject {
  if (example !== undefined && holdsAccessToken(example)) return example;
  return { ...standardAnswer, ...(scoped && { scope: '' }), ...(renewable && { refresh_token: 'rt-' }), ...example };
}

/** A copy of the example in which every token is issued anew and lives and scopes are those granted. */
export function fillAnswer(example: JsonObject, filling: AnswerFilling): JsonObject {
  // Nested grants (a user's token beside a bot's) have scopes of their own, which are not what was asked for.
  let scopesFilled = false;

  const fillObject = (object: JsonObject): JsonObject => {
    const holdsToken = typeof object['access_token'] === 'string';
    const ownsScopes = holdsToken && !scopesFilled;
    if (ownsScopes) scopesFilled = true;
    const filled: [string, Json][] = [];
    for (const [name, value] of Object.entries(object)) {
      if (name === 'refresh_token' && typeof value === 'string') {
        const text = fillRefreshToken(value, object, filling);
        if (text !== undefined) filled.push([name, text]);
      } else if (name === 'access_token' && typeof value === 'string') {
        filled.push([name, filling.issue(name, value, accessLifeMs(object, filling.expiresIn))]);
      } else if (name === 'expires_in' && holdsToken && filling.expiresIn !== undefined) {
        filled.push([name, typeof value === 'string' ? String(filling.expiresIn) : filling.expiresIn]);
      } else if ((name === 'scope' || name === 'scopes') && ownsScopes) {
        filled.push([name, Array.isArray(value) ? [...filling.scopes] : filling.scopes.join(filling.separator)]);
      } else filled.push([name, fill(value)]);
    }
    return Object.fromEntries(filled);
  };
  const fill = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(fill);
    return typeof value === 'object' && value !== null ? fillObject(value as JsonObject) : value;
  };
  return fillObject(example);
}

function fillRefreshToken(sample: string, object: JsonObject, filling: AnswerFilling): string | undefined {
  if (filling.refreshToken === 'omit') return undefined;
  if (typeof filling.refreshToken === 'object') return filling.refreshToken.same;
  const seconds = number(member(object, 'refresh_token_expires_in'));
  return filling.issue('refresh_token', sample, seconds === undefined ? null : seconds * 1000);
}

function accessLifeMs(object: JsonObject, expiresIn: number | undefined): number | null {
  const seconds = expiresIn ?? number(member(object, 'expires_in'));
  // Some vendors write 0 for «does not expire».
  return seconds === undefined || seconds === 0 ? null : seconds * 1000;
}

function holdsAccessToken(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return (
    typeof member(value, 'access_token') === 'string' || Object.values(value).some((part) => holdsAccessToken(part))
  );
}
