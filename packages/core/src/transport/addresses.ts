/** Which IP addresses a socket may have. Loaded with the wire that needs it, because of ipaddr.js. */
import ipaddr from 'ipaddr.js';

import { PlugboardError } from '../errors.ts';
import type { Addresses } from '../url.ts';

type Address = ReturnType<typeof ipaddr.parse>;

/** Global unicast (IANA's IPv6 address space registry): everything else is either special or not handed out. */
const globalIpv6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Public by number, private by use: a cloud's virtual host address that answers with platform secrets. */
const deniedIpv4 = [ipaddr.IPv4.parseCIDR('168.63.129.16/32')];

/** Whether a socket may be connected to the address: it is public, or in one of the blocks allowed for this call. */
export function mayReach(address: string, allowed: Addresses = []): boolean {
  if (allowed === 'any') return true;
  const parsed = parseAddress(address);
  if (parsed === undefined) return false;
  return isPublic(parsed) || allowed.some((block) => isWithin(parsed, block));
}

/** The IP address that a URL's host is; undefined for a name. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return ipaddr.isValid(bare) ? bare : undefined;
}

/** The address is not quoted: it would map the network for whoever chose the host. */
export function egressBlocked(): PlugboardError {
  return new PlugboardError({
    kind: 'configuration',
    code: 'egress_blocked',
    message: 'The host is, or resolves to, an address that is not public.',
    hint: 'If it is meant, allow it for this organization in the egress policy: host and CIDR block.',
  });
}

/** IPv4 addresses that came as IPv6 (`::ffff:10.0.0.1`) are judged as the IPv4 addresses they are. */
function parseAddress(address: string): Address | undefined {
  try {
    return ipaddr.process(address);
  } catch {
    return undefined;
  }
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  if (address.kind() === 'ipv6') return address.match(globalIpv6);
  return deniedIpv4.every((block) => !address.match(block));
}

function isWithin(address: Address, block: string): boolean {
  const range = ipaddr.parseCIDR(block);
  return range[0].kind() === address.kind() && address.match(range);
}
