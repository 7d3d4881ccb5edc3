import { configurationError } from '../errors.ts';

/** These belong to the connection or decide where the request goes (RFC 9110 sections 7.2 and 7.6.1). */
const reserved: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const longestValue = 16_384;
const visibleAscii = /^[\t\x20-\x7e]*$/;

/**
 * Checks headers before they leave: a value that a server might read as two is refused, and so is a header that would
 * steer the request elsewhere.
 * @throws PlugboardError kind `configuration`: `reserved_header`, `invalid_header`; names the header, never its value.
 */
export function checkHeaders(headers: Headers): void {
  for (const [name, value] of headers) {
    if (reserved.has(name)) {
      throw configurationError('reserved_header', `The header \`${name}\` is set by the transport.`, 'Leave it out.');
    }
    if (value.length <= longestValue && visibleAscii.test(value)) continue;
    throw configurationError(
      'invalid_header',
      `The header \`${name}\` holds other characters than visible ASCII, or more than ${longestValue}.`,
      'Encode the value as the vendor asks for; check what was pasted into the credential.',
    );
  }
}
