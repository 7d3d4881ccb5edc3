/** Which hosts the calls of one connection may reach: those declared, and those that are only known at run time. */
import type { HostSource } from './auth/auth.ts';
import { discoveredOf } from './auth/discovery.ts';
import { invalidInput, isPlugboardError } from './errors.ts';
import { endpointProblem, hostHint, hostProblem } from './host-name.ts';
import { member, type JsonObject } from './json.ts';
import type { AnyDefinition } from './provider.ts';

/** @throws PlugboardError kind `invalid_request` for a host that is no plain host name. */
export function hostsFor(definition: AnyDefinition, source: HostSource): readonly string[] {
  const { id, hosts, tenantHosts, auth } = definition;
  const discovers = Object.values(auth).some((method) => method.kind === 'oauth2' && method.discover !== undefined);
  if (tenantHosts === undefined && !discovers) return hosts;
  const named = tenantHosts?.(source) ?? [];
  const problem = named.map(hostProblem).find((found) => found !== undefined);
  if (problem !== undefined)
    throw invalidInput(`A host of ${id}`, [{ path: 'tenantHosts', message: problem }], hostHint);
  return discovers ? [...hosts, ...named, ...announcedHosts(source.input)] : [...hosts, ...named];
}

/** Whether a connection has hosts that the deployment did not name: whoever answers there speaks for nobody else. */
export function hasOwnHosts(definition: AnyDefinition, source: HostSource): boolean {
  if (definition.tenantHosts === undefined && Object.keys(discoveredOf(source.input)).length === 0) return false;
  return !isWithin(definition, source, { app: source.app, credentials: {}, input: {}, metadata: {} });
}

/** Whether a connection has hosts that neither the deployment nor its credentials name: its facts do. */
export function factsNameHosts(definition: AnyDefinition, source: HostSource): boolean {
  if (definition.tenantHosts === undefined && Object.keys(discoveredOf(source.input)).length === 0) return false;
  return !isWithin(definition, source, { ...source, input: {}, metadata: {} });
}

/** Whether one source names no host besides those of another. */
function isWithin(definition: AnyDefinition, source: HostSource, other: HostSource): boolean {
  try {
    const known = new Set(hostsFor(definition, other));
    return hostsFor(definition, source).every((host) => known.has(host));
  } catch (error) {
    // Without the connection's values there is no host at all.
    if (isPlugboardError(error)) return false;
    throw error;
  }
}

function announcedHosts(input: JsonObject): readonly string[] {
  const good = Object.values(discoveredOf(input)).filter((url) => endpointProblem(url) === undefined);
  return good.map((url) => new URL(url).host);
}

/** The values that a tenant gave before the redirect, as they are kept with its connection. */
export function inputOf(metadata: JsonObject): JsonObject {
  const input = member(metadata, 'input');
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? (input as JsonObject) : {};
}
