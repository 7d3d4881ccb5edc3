import { configurationError } from '../errors.ts';
import type { RejectReason } from './webhook.ts';

/** A vendor's own way to write a moment. */
export interface TimestampText {
  /** Milliseconds since the epoch; undefined or NaN when the text is none. */
  parse(text: string): number | undefined;
  format(at: Date): string;
}

/** How old or how far in the future a delivery may claim to be. */
export interface TimestampRule {
  readonly unit: 'seconds' | 'milliseconds' | TimestampText;
  /** Both directions, inclusive. Default 300. */
  readonly toleranceSeconds?: number;
}

export const defaultToleranceSeconds = 300;
/** Of the largest numbers that are all exact. */
const mostDigits = 15;
const zero = 0x30;
const unitMs = { seconds: 1000, milliseconds: 1 };

/**
 * The moment a delivery claims, or why it is refused. Ages are counted in whole units of the scheme, as vendors do.
 * Also serves vendors that sign a time inside the body.
 */
export function checkTimestamp(text: string, rule: TimestampRule, receivedAt: number): Date | RejectReason {
  const { unit, toleranceSeconds = defaultToleranceSeconds } = rule;
  const stepMs = typeof unit === 'string' ? unitMs[unit] : 1;
  const at = (typeof unit === 'string' ? parseInteger(text, stepMs) : unit.parse(text)) ?? Number.NaN;
  if (!Number.isFinite(at)) return 'timestamp_invalid';
  const age = Math.floor(receivedAt / stepMs) - Math.floor(at / stepMs);
  return Math.abs(age) * stepMs > toleranceSeconds * 1000 ? 'timestamp_outside_tolerance' : new Date(at);
}

/**
 * The text a vendor would send for this moment.
 * @throws PlugboardError kind `configuration`, code `invalid_timestamp`, for an invalid date.
 */
export function formatTimestamp(at: Date, unit: TimestampRule['unit']): string {
  if (Number.isNaN(at.getTime())) {
    throw configurationError('invalid_timestamp', '`at` is not a valid date.', 'Give the moment of the delivery.');
  }
  return typeof unit === 'string' ? String(Math.floor(at.getTime() / unitMs[unit])) : unit.format(at);
}

/**
 * Zero means «off» in one library and «default» in another, and no bound is no check: neither can be asked for.
 * @throws PlugboardError kind `configuration`, code `invalid_definition`.
 */
export function checkTolerance({ toleranceSeconds = defaultToleranceSeconds }: TimestampRule): void {
  if (toleranceSeconds > 0 && Number.isFinite(toleranceSeconds)) return;
  throw configurationError(
    'invalid_definition',
    '`toleranceSeconds` of a webhook scheme is not a positive number.',
    'Give the seconds for which a delivery stays acceptable, or leave it out for 300.',
  );
}

/** No sign, fraction, exponent, space or leading zero: one text for each number, all of them exact. */
function parseInteger(text: string, stepMs: number): number | undefined {
  if (text === '' || text.length > mostDigits || text.charCodeAt(0) === zero) return undefined;
  let value = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - zero;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value * stepMs;
}
