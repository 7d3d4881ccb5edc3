/** Failures as their reader needs them: one message, what to do next, and never a secret. */
import { isPlugboardError, PlugboardError } from '@plugboard/core/store-kit';

import { printable, type Terminal } from './terminal.ts';

export const exitCodes = { ok: 0, problems: 1, usage: 2, interrupted: 130 } as const;

/** The command was called in a way that it cannot be. */
export function usageError(message: string, hint = 'See plugboard --help.'): PlugboardError {
  return new PlugboardError({ kind: 'invalid_request', code: 'usage', message, hint });
}

export function interruptedError(): PlugboardError {
  return new PlugboardError({
    kind: 'aborted',
    code: 'interrupted',
    message: 'Stopped before the end; what was done until then is good.',
    hint: 'Run the command again to go on.',
  });
}

/** @throws PlugboardError kind `aborted`, code `interrupted`. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw interruptedError();
}

export function exitCodeOf(error: PlugboardError): number {
  if (error.code === 'usage') return exitCodes.usage;
  return error.code === 'interrupted' ? exitCodes.interrupted : exitCodes.problems;
}

/** What is not ours may hold a secret in its message: its name, its code and the place are told, nothing else. */
export function asPlugboardError(error: unknown): PlugboardError {
  if (isPlugboardError(error)) return error;
  const { cause } = new PlugboardError({ kind: 'configuration', code: 'unexpected', message: '', cause: error });
  const failure = new PlugboardError({
    kind: 'configuration',
    code: 'unexpected',
    message: `The command stopped with ${cause instanceof Error ? cause.message : 'an error'}. Its message is not shown, because it may hold a secret.`,
    hint: 'Run it again with --verbose to see where it stopped.',
    cause: error,
  });
  const frames = framesOf(error);
  if (frames.length > 0) Object.defineProperty(failure, 'stack', { value: frames.join('\n') });
  return failure;
}

/** Where an error was thrown, without the message that stands above it. */
export function framesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return [];
  const message = String(error.message);
  const at = message === '' ? -1 : error.stack.indexOf(message);
  const rest = at === -1 ? error.stack : error.stack.slice(at + message.length);
  // One line of the message could look like a frame: those of Node end in a place.
  return rest.split('\n').filter((line) => /^ {4}at .*:\d+:\d+\)?$/.test(line));
}

export interface FailureOptions {
  readonly json: boolean;
  readonly verbose: boolean;
}

export function printFailure(terminal: Terminal, error: PlugboardError, { json, verbose }: FailureOptions): void {
  const { kind, code, message, hint } = error;
  // One document, or none: what began to be written is left as it is.
  if (json && !terminal.hasPrinted())
    terminal.print(JSON.stringify({ ok: false, error: { kind, code, message, hint } }, null, 2));
  terminal.note(`${terminal.paintNote('red', 'error')} ${printable(message)}`);
  if (hint !== undefined) terminal.note(`  ${printable(hint)}`);
  if (code !== 'usage') terminal.note(terminal.paintNote('dim', `  ${code} (${kind})`));
  if (verbose) for (const frame of framesOf(error)) terminal.note(terminal.paintNote('dim', frame));
}
