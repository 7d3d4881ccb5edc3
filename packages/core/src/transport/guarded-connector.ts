import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

import { buildConnector } from 'undici';

import { isPlugboardError } from '../errors.ts';
import type { Addresses } from '../url.ts';
import { egressBlocked, literalAddress, mayReach } from './addresses.ts';

const connectTimeoutMs = 10_000;

/** Resolves every address of a name, as `dns.lookup` does with `all`. */
export type Lookup = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

/**
 * Connects to public addresses only, and to those allowed for this call. Three checks, because each sees what the
 * others do not: a literal never reaches the resolver, a name is judged by every address that it resolves to at this
 * moment (the socket uses that very answer), and the connected socket tells where it really went.
 */
export function guardedConnector(allowed: Addresses, lookup: Lookup = systemLookup): buildConnector.connector {
  return guardConnector(
    buildConnector({ timeout: connectTimeoutMs, allowH2: false, lookup: guardLookup(lookup, allowed) }),
    allowed,
  );
}

/** The checks before and after connecting, around any connector. */
export function guardConnector(connect: buildConnector.connector, allowed: Addresses): buildConnector.connector {
  return (options, callback) => {
    const literal = literalAddress(options.hostname);
    if (literal !== undefined && !mayReach(literal, allowed)) return callback(egressBlocked(), null);
    connect(options, (...[error, socket]: buildConnector.CallbackArgs) => {
      if (error !== null) return callback(unsentError(error), null);
      const { remoteAddress } = socket;
      if (remoteAddress !== undefined && mayReach(remoteAddress, allowed)) return callback(null, socket);
      socket.destroy();
      // A socket without a peer has been closed meanwhile: nothing is known of where it went.
      callback(remoteAddress === undefined ? unsentError(new Error('closed')) : egressBlocked(), null);
    });
  };
}

/** One private address among several is enough to refuse them all: the mix is how rebinding is tried. */
function guardLookup(lookup: Lookup, allowed: Addresses): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => mayReach(address, allowed))) {
        return callback(egressBlocked(), []);
      }
      if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}

/** Whatever a connector fails with, nothing was sent: the code survives, the message (host, addresses) does not. */
function unsentError(error: Error): Error {
  if (isPlugboardError(error)) return error;
  return Object.assign(new Error('The connection could not be made.'), {
    name: error.name,
    code: (error as { code?: unknown }).code,
    unsent: true,
  });
}
