/** Answers of a vendor, and reading what comes in pieces. */
import { isPlugboardError, type Json } from '@plugboard/core';

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

/** What a vendor cannot do must be refused by that name; undefined then. */
export async function orUnsupported<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isPlugboardError(error) && error.code === 'unsupported') return undefined;
    throw error;
  }
}
