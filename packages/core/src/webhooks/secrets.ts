import { configurationError } from '../errors.ts';
import { isSecret, Secret } from '../secret.ts';
import type { Delivery, WebhookSecret } from './webhook.ts';

/** Each secret costs a signature over the body, so a long list would let one forged request keep a core busy. */
const maxSecrets = 20;

/**
 * The secrets that may verify at `now` (wall time in milliseconds), in the order given. Absent and blank ones are left
 * out: a blank key would authenticate anybody who knows that it is blank.
 * @throws PlugboardError kind `configuration`, code `too_many_secrets` for more than 20, code `invalid_not_after` for a
 * `notAfter` that is no date.
 */
export function liveSecrets(
  list: readonly (WebhookSecret | Secret | string | undefined)[],
  now: number,
): readonly Secret[] {
  refuseTooMany(list);
  return list.flatMap((entry, index) => {
    if (entry === undefined) return [];
    const { secret, notAfter } = typeof entry === 'string' || isSecret(entry) ? { secret: entry } : entry;
    if (notAfter !== undefined && Number.isNaN(notAfter.getTime())) {
      throw configurationError(
        'invalid_not_after',
        `The \`notAfter\` of webhook secret ${index} is not a valid date.`,
        'Give the moment until which the old secret still verifies, or leave it out.',
      );
    }
    if (notAfter !== undefined && now > notAfter.getTime()) return [];
    const held = typeof secret === 'string' ? new Secret(secret) : secret;
    return isBlank(held.reveal()) ? [] : [held];
  });
}

/** True for a text that must not be used as a key. */
export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** @throws PlugboardError kind `configuration`, code `too_many_secrets`. */
function refuseTooMany(secrets: readonly unknown[]): void {
  if (secrets.length <= maxSecrets) return;
  throw configurationError(
    'too_many_secrets',
    `${secrets.length} secrets could verify one webhook; at most ${maxSecrets} may.`,
    'Remove secrets whose rotation is over, or give each connection an endpoint of its own.',
  );
}

/**
 * What is a mistake of the caller, whatever the request says.
 * @throws PlugboardError kind `configuration`, code `too_many_secrets`, or `body_not_bytes` for a body that was parsed:
 * written out again it may differ from what was signed.
 */
export function checkCall(delivery: Delivery, secrets: readonly Secret[]): void {
  refuseTooMany(secrets);
  if (ArrayBuffer.isView(delivery.body)) return;
  throw configurationError(
    'body_not_bytes',
    'The body of a webhook was given as something else than its raw bytes.',
    'Hand over the bytes as they came in, before any parser of a framework sees them.',
  );
}
