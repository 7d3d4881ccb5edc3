/** Looks for secrets in whatever form software repeats them: plain, encoded, in base64, in hexadecimal. */
import { inspect } from 'node:util';

import { redact } from '@plugboard/core/provider-kit';

const longestText = 16_000;

/** True when the text holds one of the secrets, or at least half of one. */
export function holdsSecret(text: string, secrets: readonly string[]): boolean {
  for (let start = 0; start < text.length; start += longestText / 2) {
    const part = text.slice(start, start + longestText);
    const options = { maxLength: Number.MAX_SAFE_INTEGER };
    // What masking changes besides secrets, it changes on both sides.
    if (redact(part, secrets, options) !== redact(part, [], options)) return true;
  }
  return false;
}

/** Everything that a log, a debugger or an error tracker would show of a value. */
export function everythingShownOf(value: unknown): string {
  const shown = [inspect(value, { depth: 10, showHidden: true, getters: true }), toJson(value), String(value)];
  if (value instanceof Error) {
    shown.push(value.message, value.stack ?? '');
    if (value.cause !== undefined) shown.push(everythingShownOf(value.cause));
  }
  return shown.join('\n');
}

function toJson(value: unknown): string {
  try {
    return String(JSON.stringify(value));
  } catch {
    return '';
  }
}
