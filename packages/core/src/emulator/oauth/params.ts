/** Parameters of an OAuth request, each at most once (RFC 6749 section 3.1). */
import { parseJson, type JsonObject } from '../../json.ts';
import { failure, type OAuthFailure } from './oauth-failure.ts';

export type Params = ReadonlyMap<string, string>;

/** Parameters of a query or form; a repeated one is refused. */
export function uniqueParams(search: URLSearchParams): Params | OAuthFailure {
  const params = new Map<string, string>();
  for (const [name, value] of search) {
    if (params.has(name)) return failure('invalid_request', `${name} is given more than once`);
    params.set(name, value);
  }
  return params;
}

/** Parameters of a request in the declared encoding; a request in another one is refused. */
export async function readParams(
  request: Request,
  encoding: 'form' | 'json' | 'query',
): Promise<Params | OAuthFailure> {
  if (encoding === 'query') {
    if (request.method !== 'GET') return failure('invalid_request', 'the parameters belong into the query of a GET');
    return uniqueParams(new URL(request.url).searchParams);
  }
  if (request.method !== 'POST') return failure('invalid_request', 'the method must be POST');
  const type = mediaType(request.headers);
  const wanted = encoding === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
  if (type !== wanted) return failure('invalid_request', `the content type must be ${wanted}`);
  const body = await request.text();
  return encoding === 'form' ? uniqueParams(new URLSearchParams(body)) : jsonParams(body);
}

/** `application/json` of `Application/JSON; charset=utf-8`; empty when there is none. */
export function mediaType(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

function jsonParams(body: string): Params | OAuthFailure {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch {
    return failure('invalid_request', 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return failure('invalid_request', 'the body is not a JSON object');
  }
  const params = new Map<string, string>();
  for (const [name, member] of Object.entries(value as JsonObject)) {
    if (typeof member === 'string' || typeof member === 'number') params.set(name, String(member));
  }
  return params;
}
