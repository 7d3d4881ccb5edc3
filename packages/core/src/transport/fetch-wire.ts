import { isPrivateName } from '../host-name.ts';
import type { Wire } from './transport.ts';
import { webAnswer } from './web-answer.ts';

/**
 * The wire of other runtimes, and of tests that intercept `fetch`. The global is read at each call.
 *
 * `fetch` hides its sockets: literal addresses and names that no public server has are judged, but not what another name
 * resolves to, and sockets are reused also where a fresh one was asked for. On Node use the default wire.
 */
export const fetchWire: Wire = async ({ method, url, headers, body, signal, addresses }) => {
  if (looksLikeAddress(url.hostname)) {
    const { egressBlocked, literalAddress, mayReach } = await import('#addresses');
    if (!mayReach(literalAddress(url.hostname) ?? '', addresses)) throw egressBlocked();
  } else if (addresses === undefined && isPrivateName(url.hostname)) {
    throw (await import('#addresses')).egressBlocked();
  }
  const init = { method, headers, signal, redirect: 'manual', ...(body !== undefined && { body }) } as RequestInit;
  return webAnswer(await globalThis.fetch(url, init), signal);
};

/** URL parsing leaves only canonical forms: dotted decimals, and brackets around IPv6. */
function looksLikeAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
}
