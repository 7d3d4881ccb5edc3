/** What providers of the `email` capability share: addresses that cannot break a header, and a message with content. */
import type { EmailAddress, EmailMessage } from './capabilities.ts';
import { invalidInput } from './errors.ts';

/** Full-width forms and other dots too are none of it: whoever normalizes them makes another address of it. */
const part = String.raw`[^\s<>@\u2024\u3002\ufe50-\ufe6b\uff01-\uff65]+`;
/** `a@b.c`, or `Name <a@b.c>`; neither holds a line break, and the name cannot end where it likes. */
export const emailAddressPattern: RegExp = new RegExp(`^(?:[^<>\\r\\n]*<${part}@${part}>|${part}@${part})$`);

/** An address as one text. A display name must not be able to end its quotes or the line. */
export function formatAddress(address: string | EmailAddress): string {
  if (typeof address === 'string') return address;
  const { email, name } = address;
  return name === undefined ? email : `${name.replaceAll(/[<>"\r\n]/g, ' ').trim()} <${email}>`;
}

/** One or several addresses as texts; none for undefined. */
export function formatAddresses(addresses: EmailMessage['to'] | undefined): string[] {
  return addresses === undefined ? [] : ([addresses].flat() as (string | EmailAddress)[]).map(formatAddress);
}

/** @throws PlugboardError kind `invalid_request`, code `invalid_input`, for a message without html and text. */
export function requireContent({
  html,
  text,
}: {
  readonly html?: string | undefined;
  readonly text?: string | undefined;
}): void {
  if (html !== undefined || text !== undefined) return;
  throw invalidInput('The message', [{ path: 'text', message: 'give html or text' }]);
}
