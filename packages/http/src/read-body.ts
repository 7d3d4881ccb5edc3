import {
  checkInput,
  configurationError,
  invalidInput,
  isPlugboardError,
  parseJson,
  PlugboardError,
  type Json,
} from '@plugboard/core';
import type { z } from 'zod';

/** Credentials, settings and posted callbacks are small; a service-account key is the longest, at some kilobytes. */
const maxBytes = 65_536;

/**
 * The JSON object in a request's body. Anything but `application/json` is refused, so no form of another site fits.
 * @throws PlugboardError kind `invalid_request`: `body_not_json`, `body_too_large`, `invalid_input`.
 */
export async function readBody(request: Request, schema: z.ZodObject): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw refused('body_not_json', 'The body is not declared as application/json.');
  return checkInput(schema, parse(await readText(request)), 'The body');
}

/** @throws PlugboardError kind `invalid_request`: `body_too_large`, `invalid_input`; code `body_consumed`. */
export async function readText(request: Request): Promise<string> {
  requireUnread(request);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let size = 0;
  const chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[] = request.body ?? [];
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) throw refused('body_too_large', `The body has more than ${maxBytes} bytes.`);
    text += decode(() => decoder.decode(chunk, { stream: true }));
  }
  return text + decode(() => decoder.decode());
}

/** A signature covers bytes; what a parser made of them cannot be verified, and writing it again is not the same. */
export function bodyConsumed(): PlugboardError {
  return configurationError(
    'body_consumed',
    'Something read the body of the request before the routes of Plugboard could.',
    'Mount them before any body parser, and leave the body alone in `authorize`.',
  );
}

/** @throws PlugboardError kind `configuration`, code `body_consumed`. */
export function requireUnread(request: Request): void {
  if (request.bodyUsed) throw bodyConsumed();
}

function parse(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (!isPlugboardError(error)) throw error;
    throw invalidInput('The body', [{ path: '', message: error.message }]);
  }
}

function decode(run: () => string): string {
  try {
    return run();
  } catch {
    throw invalidInput('The body', [{ path: '', message: 'is not valid UTF-8' }]);
  }
}

function refused(code: string, message: string): PlugboardError {
  const hint = 'Send a small JSON object with the content type application/json.';
  return new PlugboardError({ kind: 'invalid_request', code, message, hint });
}
