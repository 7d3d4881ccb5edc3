/** Hosts that a tenant or the host's configuration names: one grammar for all providers. */
import { invalidInput } from './errors.ts';
import { reveal, type Secret } from './secret.ts';

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const shape = new RegExp(`^${label}(?:\\.${label})*(?::[1-9]\\d{0,4})?$`);
const longest = 253;
/** Below it other protocols listen, which must not be spoken to in the name of HTTP. */
const lowestPort = 1024;

/**
 * Says what is wrong with a host, `name` or `name:port`; undefined when nothing is. The text itself is never quoted.
 * Where a name leads to is judged when a socket is connected.
 */
export function hostProblem(host: string): string | undefined {
  if (host.includes('@')) return 'must not hold a user name or password';
  if (host.includes('*')) return 'must be one exact host, without wildcard';
  if (/[/?#\\]/.test(host)) return 'must be a host alone, without path or query';
  if (host !== host.toLowerCase()) return 'must be in lower case';
  if (isAddress(host)) return 'must be a name, not an IP address';
  if (host.length > longest || !shape.test(host) || !URL.canParse(`https://${host}`)) return 'is not a host name';
  const port = /:(\d+)$/.exec(host)?.[1];
  if (port === '443') return 'must leave out port 443, which is the default';
  if (port !== undefined && Number(port) < lowestPort) return `must not have a port below ${lowestPort} other than 443`;
  return undefined;
}

/** Literals in every notation that a URL parser turns into an address: `[::1]`, `127.1`, `0x7f000001`, `2130706433`. */
function isAddress(host: string): boolean {
  if (host.includes('[') || host.split(':').length > 2) return true;
  const name = `https://${host}`;
  return URL.canParse(name) && /^[\d.]+$/.test(new URL(name).hostname);
}

const privateNames = /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home|corp|private|home\.arpa)\.?$/;

/**
 * Names that no public server has: single labels, those of the loopback interface (RFC 6761 section 6.3), of the link
 * (RFC 6762), of homes (RFC 8375), and those that are reserved or commonly used for networks of one's own
 * (`metadata.google.internal`). Where nothing is known of sockets, this is all that can be told from a name.
 */
export function isPrivateName(hostname: string): boolean {
  return privateNames.test(hostname) || !hostname.replace(/\.$/, '').includes('.');
}

/** The same for a base URL, which may have a path. */
export function urlProblem(url: string): string | undefined {
  return url.includes('?') ? 'must have no query' : endpointProblem(url);
}

/** The same for the address of an endpoint, which may have a query as well. */
export function endpointProblem(url: string): string | undefined {
  if (!/^https?:\/\//.test(url)) return 'must begin with https://';
  if (!URL.canParse(url)) return 'is not a URL';
  if (/[#\\\s]/.test(url)) return 'must have no fragment or white space';
  const authority = url.slice(url.indexOf('//') + 2).split(/[/?]/, 1)[0]!;
  return hostProblem(authority);
}

/**
 * The host of a base URL or a bare host, as `tenantHosts` returns it.
 * @param field What the value is called where it was entered: `endpoint`, `OIDC_ISSUER`.
 * @throws PlugboardError kind `invalid_request`, code `invalid_input`, naming field, reason and fix.
 */
export function hostOf(value: Secret | string | undefined, field = 'host'): string {
  const given = value === undefined ? '' : reveal(value);
  const isUrl = given.includes('://');
  const problem = given === '' ? 'is missing' : isUrl ? urlProblem(given) : hostProblem(given);
  if (problem === undefined) return isUrl ? new URL(given).host : given;
  throw invalidInput('A host', [{ path: field, message: problem }], hostHint);
}

export const hostHint = 'Enter a public host name such as storage.example.com, with :port where it is not 443.';
