import type { CallOptions } from '../endpoint.ts';
import { invalidInput, type FieldIssue } from '../errors.ts';

/**
 * What comes after the input of a call, judged before anything is sent.
 * @throws PlugboardError kind `invalid_request`, code `invalid_input`.
 */
export function checkCallOptions(options: CallOptions, provider: string, operation: string): void {
  const issue = issueOf(options);
  if (issue !== undefined) throw invalidInput(`The options of ${provider} ${operation}`, [issue]);
}

function issueOf(options: unknown): FieldIssue | undefined {
  if (typeof options !== 'object' || options === null)
    return { path: 'options', message: 'must be an object: { deadlineMs, signal, ... }' };
  const { signal, deadlineMs, idempotencyKey, priority } = options as Record<keyof CallOptions, unknown>;
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== 'function')
    return { path: 'signal', message: 'must be an AbortSignal' };
  if (deadlineMs !== undefined && !(typeof deadlineMs === 'number' && deadlineMs > 0))
    return { path: 'deadlineMs', message: 'must be a number above 0' };
  if (idempotencyKey !== undefined && (typeof idempotencyKey !== 'string' || idempotencyKey === ''))
    return { path: 'idempotencyKey', message: 'must be a text that is not empty' };
  if (priority !== undefined && !(Number.isInteger(priority) && Number(priority) >= 0 && Number(priority) <= 9))
    return { path: 'priority', message: 'must be a whole number from 0 to 9' };
  return undefined;
}
