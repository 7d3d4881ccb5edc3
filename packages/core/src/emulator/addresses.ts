/** Which URLs belong to a vendor: its hosts, its OAuth endpoints, its path templates. */
import type { BrowserMethod, Computed, OAuth2Method } from '../auth/auth.ts';
import { configurationError, type PlugboardError } from '../errors.ts';
import type { AnyDefinition } from '../provider.ts';
import { hostMatches } from '../url.ts';
import type { EndpointAddress } from './oauth/profile.ts';
import { escapePattern } from './pattern.ts';
import { anyValues, exampleValues, placeholder } from './placeholders.ts';
import { emulatedApp, emulatedInput } from './tenants.ts';

export function isVendorHost(definition: AnyDefinition, url: URL): boolean {
  return definition.hosts.some((pattern) => hostMatches(pattern, url));
}

/**
 * An OAuth endpoint as an authorization server takes it. Where the definition computes it from the tenant's input, the
 * host may be any of the vendor's, and whatever came from the input may be anything.
 * @throws PlugboardError code `invalid_emulator` when the function accepts neither placeholders nor the input's examples.
 */
export function endpointAddress(
  definition: AnyDefinition,
  url: Computed<string>,
  method?: OAuth2Method | BrowserMethod,
): EndpointAddress {
  if (typeof url === 'string') return anyVersion(url);
  const input = method === undefined ? anyValues() : emulatedInput(definition, method);
  const evaluated = url(input, emulatedApp(definition));
  if (!URL.canParse(evaluated)) throw noAddress(definition);
  const { host, pathname } = new URL(evaluated);
  const variable = [...Object.values(exampleValues(method?.input)), placeholder];
  const path = new RegExp(`^${wildcards(pathname, variable)}$`);
  // Pages that browsers are sent to need not be on a host that the engine may call.
  const isHere = (url: URL) => url.host === host || isVendorHost(definition, url);
  return (candidate) => isHere(candidate) && path.test(candidate.pathname);
}

/** The host may configure another version than the declared one. */
function anyVersion(address: string): EndpointAddress {
  if (!address.includes('{version}')) return address;
  const { host, pathname } = new URL(address);
  const path = pathPattern('', decodeURI(pathname));
  return (url) => url.host === host && path.match(url.pathname) !== undefined;
}

/** A path template as a test: `/v1/lists/{listId}:merge`. */
export interface PathPattern {
  /** Decoded values by name; undefined when the path is another one. */
  match(pathname: string): Readonly<Record<string, string>> | undefined;
  /** Literal characters: of two patterns that match, the one with more says more. */
  readonly weight: number;
}

/** @param prefix Path of the base URL; null when it is only known at run time: then anything may come before. */
export function pathPattern(prefix: string | null, template: string): PathPattern {
  const whole = `${prefix ?? ''}${template}`;
  const names: string[] = [];
  const source = whole
    .split(/(\{\+?\w+\})/)
    .map((part) => {
      const [, plus, name] = /^\{(\+?)(\w+)\}$/.exec(part) ?? [];
      if (name === undefined) return escapePattern(part);
      names.push(name);
      return plus === '+' ? '(.+)' : '([^/]+)';
    })
    .join('');
  // A value of several segments may end in a slash, and begins as early as it can.
  const end = template.includes('{+') ? '$' : '/?$';
  const pattern = new RegExp(`^${prefix === null ? '(?:/.*?)?' : ''}${source}${end}`, 's');
  return {
    weight: whole.replaceAll(/\{\+?\w+\}/g, '').length,
    match(pathname) {
      const values = pattern.exec(pathname)?.slice(1).map(decode);
      if (values === undefined || values.includes(undefined)) return undefined;
      return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
    },
  };
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function wildcards(path: string, values: readonly string[]): string {
  const longestFirst = values.toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapePattern).join('|'), 'g');
  return path.split(pattern).map(escapePattern).join('[^/]+');
}

function noAddress(definition: AnyDefinition): PlugboardError {
  return configurationError(
    'invalid_emulator',
    `An OAuth endpoint of \`${definition.id}\` cannot be computed without a tenant's input.`,
    'Give each field of `input` an example: text("Shop domain", { example: "acme.example.com" }).',
  );
}
