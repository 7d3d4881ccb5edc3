/** What a stub shows: a description of the request, and a brand on its results. */
import type { JsonObject } from '../json.ts';
import { parseJson, type Json } from '../json.ts';
import { parseMultipart } from '../multipart.ts';
import type { BuiltRequest } from './request.ts';

const brand = Symbol.for('plugboard.stub');

/** True for results that an emulator made and no vendor ever saw. */
export function isStub(value: unknown): boolean {
  return typeof value === 'object' && value !== null && brand in value;
}

/** Marks an object without changing how it prints, compares or serialises. */
export function brandStub<T>(value: T): T {
  if (typeof value === 'object' && value !== null && Object.isExtensible(value)) {
    Object.defineProperty(value, brand, { value: true });
  }
  return value;
}

/** The request before its credentials are put on: safe to print. */
export function describeStubCall(request: BuiltRequest): JsonObject {
  const target = `${request.method} ${request.url.host}${request.url.pathname}`;
  const query = Object.fromEntries(request.url.searchParams);
  return { request: target, ...(Object.keys(query).length > 0 && { query }), ...bodyOf(request) };
}

function bodyOf({ body, headers }: BuiltRequest): JsonObject {
  if (body === undefined) return {};
  const type = headers.get('content-type') ?? '';
  if (typeof body !== 'string') {
    const parts = parseMultipart(body, type);
    if (parts === undefined) return { bytes: body.length };
    const shown = parts.map(({ name, value, filename, bytes }) => [
      name,
      filename === undefined ? value : `${filename} (${bytes.length} bytes)`,
    ]);
    return { body: Object.fromEntries(shown) as JsonObject };
  }
  if (type.includes('json')) return { body: tryParse(body) };
  return type.includes('form') ? { body: Object.fromEntries(new URLSearchParams(body)) } : { body };
}

function tryParse(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
