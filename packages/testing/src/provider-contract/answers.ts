/** Answers of a vendor, and reading what comes in pieces. */
import type { Json } from '@plugboard/core';

export function jsonResponse(body: Json | undefined, init: ResponseInit = {}): Response {
  const headers = new Headers(init.headers);
  if (body === undefined) return new Response(null, { ...init, headers });
  headers.set('content-type', headers.get('content-type') ?? 'application/json');
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), { ...init, headers });
}

export function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && !('then' in value);
}

export async function readAll(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
