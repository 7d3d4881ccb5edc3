/** From a declaration and an input to a request on the wire. */
import { configurationError } from '../errors.ts';
import type { Api, Encoded, Endpoint, Method, QueryValue, RawRequest } from '../endpoint.ts';
import { writeMultipart } from '../multipart.ts';
import type { AnyDefinition } from '../provider.ts';
import type { Schema } from '../schema.ts';
import { expandTemplate, templateNames } from '../template.ts';
import { parseUrl } from '../url.ts';

export interface BuiltRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Headers;
  readonly body?: string | Uint8Array;
}

/** Encodes a checked input by the endpoint's own rule, or by the default: path, then query or JSON body. */
export function encodeInput(endpoint: Endpoint<Schema, Schema, unknown>, input: unknown, api: Api): Encoded {
  const encoded = endpoint.encode?.(input as never, api);
  if (encoded !== undefined) return { path: pathValues(endpoint.path, input), ...encoded };
  const names = templateNames(endpoint.path);
  const rest = Object.fromEntries(Object.entries(Object(input) as object).filter(([name]) => !names.includes(name)));
  const path = pathValues(endpoint.path, input);
  if (endpoint.method === 'GET' || endpoint.method === 'HEAD' || endpoint.method === 'DELETE')
    return { path, query: rest as Encoded['query'] & object };
  return Object.keys(rest).length === 0 ? { path } : { path, json: rest };
}

function pathValues(template: string, input: unknown): Record<string, string | number> {
  const members = Object(input) as Record<string, string | number>;
  return Object.fromEntries(
    templateNames(template)
      .filter((name) => name in members)
      .map((name) => [name, members[name] as string]),
  );
}

/** Puts base URL, path, query, body and the provider's headers together. Credentials come later. */
export function buildRequest(
  definition: AnyDefinition,
  api: Api,
  parts: { method: Method; target: string; baseUrl?: string | ((api: Api) => string) | undefined; encoded: Encoded },
): BuiltRequest {
  const { method, target, encoded } = parts;
  const base = parts.baseUrl ?? definition.api.baseUrl;
  const root = (typeof base === 'function' ? base(api) : base).replaceAll('{version}', api.apiVersion);
  const url = parseUrl(isAbsolute(target) ? target : root + expandTemplate(target, encoded.path ?? {}));
  for (const [name, value] of pairs(encoded.query ?? {})) url.searchParams.append(name, value);
  const headers = new Headers({ accept: 'application/json', 'user-agent': 'plugboard' });
  const { headers: declared } = definition.api;
  for (const [name, value] of Object.entries((typeof declared === 'function' ? declared(api) : declared) ?? {})) {
    headers.set(name, value);
  }
  const body = bodyOf(encoded, headers);
  for (const [name, value] of Object.entries(encoded.headers ?? {})) headers.set(name, value);
  return { method, url, headers, ...(body !== undefined && { body }) };
}

/** An undeclared call in the form of an encoded one. */
export function encodeRaw(request: RawRequest): Encoded {
  const { method: _method, url: _url, repeat: _repeat, operation: _operation, ...encoded } = request;
  return encoded;
}

function isAbsolute(target: string): boolean {
  return /^https?:\/\//i.test(target);
}

function bodyOf(encoded: Encoded, headers: Headers): string | Uint8Array | undefined {
  const { json, form, multipart, body } = encoded;
  const given = [json, form, multipart, body].filter((part) => part !== undefined).length;
  if (given > 1) {
    throw configurationError(
      'several_bodies',
      'An operation encodes more than one body.',
      'Return one of json, form, multipart and body.',
    );
  }
  if (json !== undefined) {
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return JSON.stringify(json);
  }
  if (form !== undefined) {
    headers.set('content-type', 'application/x-www-form-urlencoded');
    return new URLSearchParams(pairs(form)).toString();
  }
  if (multipart !== undefined) {
    const written = writeMultipart(multipart);
    headers.set('content-type', written.contentType);
    return written.body;
  }
  return body;
}

function pairs(record: Readonly<Record<string, QueryValue>>): [string, string][] {
  return Object.entries(record).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return [];
    return Array.isArray(value) ? value.map((item): [string, string] => [name, String(item)]) : [[name, String(value)]];
  });
}
