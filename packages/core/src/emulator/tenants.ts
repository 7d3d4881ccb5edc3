/** What a tenant or a deployment would name, taken from the examples of the definition: hosts, input, a server's metadata. */
import type { AppValues, AuthMethod, BrowserMethod, Credentials, HostSource, OAuth2Method } from '../auth/auth.ts';
import { computed, discoveredKey } from '../auth/discovery.ts';
import { hostsFor } from '../hosts.ts';
import type { Clock } from '../clock.ts';
import type { Api } from '../endpoint.ts';
import type { JsonObject } from '../json.ts';
import type { AnyDefinition, AnyProvider, AppFields } from '../provider.ts';
import { checkInput } from '../schema.ts';
import { isSecret } from '../secret.ts';
import { exampleGrant, usesTokens } from './credential-samples.ts';
import { serverMetadata } from './oauth/server-metadata.ts';
import { anyValues, appExamples, attempt, exampleValues, placeholderApi } from './placeholders.ts';

/**
 * The definition as one emulator knows it: the deployment's own values are the examples of their fields, and the hosts
 * that the examples name are among the declared ones.
 */
export function asEmulated({ definition, options }: AnyProvider): AnyDefinition {
  const app = Object.entries(definition.app ?? {}).map(([name, field]) => {
    const value: unknown = (options as Readonly<Record<string, unknown>>)[name];
    return [name, typeof value === 'string' && !isSecret(value) ? { ...field, example: value } : field];
  });
  const configured: AnyDefinition = { ...definition, app: Object.fromEntries(app) as AppFields };
  if (definition.tenantHosts === undefined && !discovers(definition)) return configured;
  const sources = Object.values(definition.auth).map((method) => sourceOf(configured, method));
  const named = sources.flatMap((source) => attempt(() => hostsFor(configured, source)) ?? []);
  return { ...configured, hosts: [...new Set([...definition.hosts, ...named])] };
}

/** A tenant's input, with what `discover` would find; every other name has a placeholder. */
export function emulatedInput(definition: AnyDefinition, method: OAuth2Method | BrowserMethod): JsonObject {
  const examples = exampleValues(method.input);
  if (method.kind === 'browser' || method.discover === undefined) return anyValues(examples);
  return anyValues({ ...examples, [discoveredKey]: metadataOf(definition, method) });
}

/** The metadata that the emulated authorization server of a method publishes (RFC 8414). */
export function metadataOf(definition: AnyDefinition, method: OAuth2Method): JsonObject {
  const known = { input: anyValues(exampleValues(method.input)), app: emulatedApp(definition) };
  const issuer = attempt(() => method.issuer && computed(method.issuer, known));
  if (issuer !== undefined && URL.canParse(issuer)) return serverMetadata(issuer);
  const source = { ...known, credentials: {}, metadata: {} };
  const named = attempt(() => definition.tenantHosts?.(source)) ?? [];
  return serverMetadata(`https://${[...named, ...definition.hosts][0] ?? 'issuer.example'}`);
}

/** An `Api` that has also what a connection would know of its authorization server. */
export function emulatedApi(definition: AnyDefinition, clock: Clock): Api {
  const api = placeholderApi(definition, clock);
  const method = Object.values(definition.auth).find((candidate) => candidate.kind === 'oauth2' && candidate.discover);
  if (method?.kind !== 'oauth2') return api;
  return { ...api, metadata: anyValues({ input: emulatedInput(definition, method) }) };
}

export function emulatedApp(definition: AnyDefinition): AppValues {
  return anyValues(appExamples(definition));
}

function sourceOf(definition: AnyDefinition, method: AuthMethod): HostSource {
  const input = method.kind === 'oauth2' || method.kind === 'browser' ? emulatedInput(definition, method) : {};
  const grant = usesTokens(method) ? exampleGrant(method) : { credentials: fieldsOf(method) };
  const { credentials, metadata = {} } = grant;
  return { app: emulatedApp(definition), credentials, input, metadata };
}

function fieldsOf(method: Exclude<AuthMethod, { kind: 'oauth2' }>): Credentials {
  return attempt(() => checkInput(method.credentials, method.example, 'the example') as Credentials) ?? method.example;
}

function discovers({ auth }: AnyDefinition): boolean {
  return Object.values(auth).some((method) => method.kind === 'oauth2' && method.discover !== undefined);
}
