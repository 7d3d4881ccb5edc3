import type { CallOptions } from '../endpoint.ts';
import { invalidInput, type FieldIssue } from '../errors.ts';

/**
 * What comes after the input of a call, judged before anything is sent.
 * @throws PlugboardError kind `invalid_request`, code `invalid_input`.
 */
export function checkCallOptions(options: CallOptions, subject: string): void {
  const [issue] = issuesOf(options);
  if (issue !== undefined) throw invalidInput(`The options of ${subject}`, [issue]);
}

function* issuesOf(options: unknown): Generator<FieldIssue> {
  if (typeof options !== 'object' || options === null) {
    yield { path: 'options', message: 'must be an object: { deadlineMs, signal, ... }' };
    return;
  }
  const { signal, deadlineMs, idempotencyKey, priority } = options as Record<keyof CallOptions, unknown>;
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== 'function')
    yield { path: 'signal', message: 'must be an AbortSignal' };
  if (deadlineMs !== undefined && !(typeof deadlineMs === 'number' && deadlineMs > 0))
    yield { path: 'deadlineMs', message: 'must be a number above 0' };
  if (idempotencyKey !== undefined && (typeof idempotencyKey !== 'string' || idempotencyKey === ''))
    yield { path: 'idempotencyKey', message: 'must be a text that is not empty' };
  if (priority !== undefined && !(Number.isInteger(priority) && Number(priority) >= 0 && Number(priority) <= 9))
    yield { path: 'priority', message: 'must be a whole number from 0 to 9' };
}
