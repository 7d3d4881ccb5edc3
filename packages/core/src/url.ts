/** Which URLs a call may reach: the provider's hosts, and the host application's exceptions from the egress rules. */
import { configurationError, type PlugboardError } from './errors.ts';

/**
 * An address that was put together at run time: from what a tenant entered, or a server announced.
 * @throws PlugboardError kind `configuration`, code `invalid_url`. The text is never quoted: it may hold a key.
 */
export function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw configurationError(
      'invalid_url',
      'What is to be called is no URL.',
      'Correct the address that it was made from.',
    );
  }
}

const wholeLabels = /^[^.]+(?:\.[^.]+)*$/;

/** Whether a host name (with its port where it is not 443) is one that the pattern names. */
export function hostMatches(pattern: string, url: URL): boolean {
  // Nearly always it is the very name, which needs no taking apart.
  if (pattern === url.hostname && wholeLabels.test(pattern)) return true;
  const { name, port } = splitPort(pattern.toLowerCase());
  if (port !== undefined && port !== portOf(url)) return false;
  const wanted = name.split('.');
  const labels = url.hostname.split('.');
  return (
    labels.length === wanted.length &&
    labels.every((label, index) => label !== '' && (wanted[index] === '*' || wanted[index] === label))
  );
}

/**
 * Checks a URL before anything is sent to it.
 * @param hosts exact names, with `*` for exactly one label at the front (`*.example.com`), or either with `:port`.
 * @throws PlugboardError kind `configuration`: `insecure_url`, `url_userinfo`, `host_not_allowed`, `port_not_allowed`.
 * The URL is never quoted: a user may have pasted a key where a host belongs.
 */
export function checkUrl(url: URL, hosts: readonly string[], exception?: EgressException): void {
  if (url.protocol !== 'https:' && exception?.trusted !== true) {
    throw configurationError(
      'insecure_url',
      'The URL is not https.',
      'Use https, or name the origin in `allowOrigins` of the egress policy.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw configurationError(
      'url_userinfo',
      'The URL carries a user name or password.',
      'Declare them as credentials instead.',
    );
  }
  const pattern = hosts.find((candidate) => hostMatches(candidate, url));
  if (pattern === undefined) {
    throw configurationError(
      'host_not_allowed',
      `The URL's host is not one that the provider declares: ${hosts.join(', ')}.`,
      'Correct the URL; where credentials are sent is declared, never taken from an answer.',
    );
  }
  if (url.port === '' || exception !== undefined || splitPort(pattern).port !== undefined) return;
  throw configurationError('port_not_allowed', 'The URL has another port than 443.', 'Name it in `hosts`: host:port.');
}

/** One self-hosted target that may be in a private network. */
export interface EgressAllowance {
  /**
   * The only organization it holds for. Absent: only for calls that act for no organization (the platform's own
   * credentials). No entry ever holds for everybody.
   */
  readonly organizationId?: string;
  /** Exact host name, with `:port` where it is not 443. */
  readonly host: string;
  /** The block its addresses must be in: `10.0.0.0/24`, `fd00::/64`. */
  readonly cidr: string;
}

export interface EgressOptions {
  readonly allow?: readonly EgressAllowance[];
  /** Origins trusted wholly, whatever their scheme, port and address: a local sandbox. */
  readonly allowOrigins?: readonly string[];
}

/** What a call may do beyond «https, port 443, public addresses». */
export interface EgressException {
  /** True for `allowOrigins`: plain http is accepted too. */
  readonly trusted: boolean;
  readonly addresses: Addresses;
}

/** Addresses that a socket may have besides public ones: CIDR blocks, or any. */
export type Addresses = 'any' | readonly string[];

export interface EgressPolicy {
  /** The same object whenever the same exception applies: there are as many as the host wrote down. */
  exceptionFor(url: URL, organizationId?: string): EgressException | undefined;
}

/**
 * The host application's exceptions. Without any, calls go over https to public addresses only.
 * @throws PlugboardError kind `configuration`, code `invalid_egress`, for an entry that cannot mean what it says.
 */
export function createEgressPolicy(options: EgressOptions = {}): EgressPolicy {
  const origins = new Map<string, EgressException>();
  for (const origin of listOf('allowOrigins', options.allowOrigins)) {
    origins.set(checkOrigin(origin), { trusted: true, addresses: 'any' });
  }
  const entries = new Map<string, { readonly trusted: false; readonly addresses: string[] }>();
  for (const entry of listOf('allow', options.allow)) {
    const { organizationId, host, cidr } = Object(entry) as EgressAllowance;
    const key = entryKey(organizationId, checkHost(host));
    const exception = entries.get(key) ?? { trusted: false, addresses: [] };
    exception.addresses.push(checkCidr(cidr));
    entries.set(key, exception);
  }
  return {
    exceptionFor(url, organizationId) {
      if (origins.size === 0 && entries.size === 0) return undefined;
      return origins.get(url.origin) ?? entries.get(entryKey(organizationId, url.host));
    },
  };
}

/** A host holds no space, so that no two pairs give one key; no id is the empty text. */
function entryKey(organizationId: string | undefined, host: string): string {
  return `${host} ${organizationId ?? ''}`;
}

function listOf<T>(name: string, value: readonly T[] = []): readonly T[] {
  if (Array.isArray(value)) return value as readonly T[];
  throw invalidEgress(`\`${name}\` is no list`, 'Write a list, also of one entry.');
}

function checkOrigin(origin: string): string {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin;
  throw invalidEgress(
    '`allowOrigins` holds what is not an origin',
    'Write scheme, host and port only: http://127.0.0.1:4010.',
  );
}

function checkHost(host: string): string {
  const url = `https://${host}`;
  if (typeof host === 'string' && !host.includes('*') && URL.canParse(url) && new URL(url).origin === url) return host;
  throw invalidEgress(
    '`allow` holds what is not an exact host',
    'Write host or host:port in lower case; wildcards are refused.',
  );
}

function checkCidr(cidr: string): string {
  const [address = '', bits = ''] = typeof cidr === 'string' ? cidr.split('/') : [];
  const version6 = address.includes(':');
  const literal = version6 ? `http://[${address}]` : `http://${address}`;
  const valid =
    URL.canParse(literal) && (version6 || (/^[\d.]+$/.test(address) && new URL(literal).hostname === address));
  const prefix = /^\d{1,3}$/.test(bits) ? Number(bits) : 0;
  if (valid && prefix > 0 && prefix <= (version6 ? 128 : 32)) return cidr;
  throw invalidEgress('`allow` holds what is not a CIDR block', 'Write an address and a prefix above 0: 10.0.0.0/24.');
}

function invalidEgress(problem: string, hint: string): PlugboardError {
  return configurationError('invalid_egress', `The egress policy is wrong: ${problem}.`, hint);
}

function splitPort(pattern: string): { name: string; port: string | undefined } {
  if (!pattern.includes(':')) return { name: pattern, port: undefined };
  const match = /^(.*[^:]):(\d{1,5})$/.exec(pattern);
  return match === null ? { name: pattern, port: undefined } : { name: match[1]!, port: match[2] };
}

function portOf(url: URL): string {
  return url.port !== '' ? url.port : url.protocol === 'https:' ? '443' : '80';
}
