/** `@plugboard/http/client`: the routes as functions for pages. Typed by the declarations, of which nothing is loaded. */
import { PlugboardError, type ErrorKind } from '@plugboard/core/errors';
import type { z } from 'zod';

import { addresses, type AddressOf, type RouteName } from './addresses.ts';
import type { PathNames } from './route-context.ts';
import type { Routes } from './routes.ts';
import type { Problem } from './schemas.ts';

export { isPlugboardError } from '@plugboard/core/errors';

/** Routes that answer JSON; the others are addresses for the browser itself. */
type CallName = { [Name in RouteName]: Routes[Name]['answer'] extends null ? never : Name }[RouteName];

type In<S> = S extends z.ZodType ? z.input<S> : unknown;
type Simplify<T> = { readonly [Key in keyof T]: T[Key] } & {};

/** Everything that a route takes as one object: what its path names, its query, its body. */
export type RouteInput<Name extends RouteName> = Simplify<
  { readonly [Key in PathNames<AddressOf<Name>>]: string } & In<Routes[Name]['query']> & In<Routes[Name]['body']>
>;
export type RouteAnswer<Name extends CallName> = z.output<NonNullable<Routes[Name]['answer']>>;

export interface CallOptions {
  readonly signal?: AbortSignal;
}

type Function<Name extends CallName> =
  Record<never, never> extends RouteInput<Name>
    ? (input?: RouteInput<Name>, options?: CallOptions) => Promise<RouteAnswer<Name>>
    : (input: RouteInput<Name>, options?: CallOptions) => Promise<RouteAnswer<Name>>;

export type Client = { readonly [Name in CallName]: Function<Name> } & {
  /** The address of a link that starts OAuth. */
  connectUrl(input: RouteInput<'startConnect'>): string;
};

export interface ClientOptions {
  /** Where the routes are mounted: `/integrations`, or the whole address on another host. */
  readonly url: string;
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Calls the routes from a page, with the application's cookies.
 * Every function throws a PlugboardError: what the server said (`kind`, `code`, `hint`, `fields`), or kind `network`,
 * code `unreachable`; kind `aborted`; kind `invalid_response`, code `not_the_routes`.
 * @example const { providers } = await createClient({ url: '/integrations' }).connections()
 */
export function createClient({ url, fetch = globalThis.fetch }: ClientOptions): Client {
  let base = url;
  while (base.endsWith('/')) base = base.slice(0, -1);
  const entries = Object.entries(addresses).map(([name, address]) => [
    name,
    async (input: Input = {}, { signal }: CallOptions = {}) => {
      const [path, body] = requestOf(address, input);
      const init: RequestInit = { method: address.slice(0, address.indexOf(' ')), credentials: 'include' };
      if (signal !== undefined) init.signal = signal;
      if (body !== undefined) {
        init.headers = { 'content-type': 'application/json' };
        init.body = JSON.stringify(body);
      }
      let response: Response;
      let answer: unknown;
      try {
        response = await fetch(base + path, init);
        answer = await response.json().catch((error: unknown) => {
          if (signal?.aborted === true) throw error;
        });
      } catch (cause) {
        throw signal?.aborted === true
          ? failure('aborted', 'aborted', 'The call was given up.', { cause })
          : failure('network', 'unreachable', 'The application cannot be reached.', { cause, hint: 'Try again.' });
      }
      if (typeof answer !== 'object' || answer === null || (!response.ok && !('code' in answer)))
        throw failure('invalid_response', 'not_the_routes', `What answered (${response.status}) are not the routes.`, {
          hint: 'Look at the option `url`.',
          status: response.status,
        });
      if (response.ok) return answer;
      const { detail, ...problem } = answer as Problem;
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      throw new PlugboardError({ ...problem, message: detail, ...(seconds > 0 && { retryAfterMs: seconds * 1000 }) });
    },
  ]);
  const connectUrl = (input: Input) => base + requestOf(addresses.startConnect, input)[0];
  return { ...Object.fromEntries(entries), connectUrl } as Client;
}

type Input = Readonly<Record<string, unknown>>;

/** What the path names goes there; the label, and everything of a GET, into the query; the rest is the body. */
function requestOf(address: string, input: Input): readonly [path: string, body?: Input] {
  const rest = { ...input };
  const path = address.slice(address.indexOf(' ') + 1).replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value));
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) {
    if (name !== 'label' && !address.startsWith('GET')) continue;
    delete rest[name];
    const members = typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
    if (members !== undefined) for (const [key, item] of members) query.set(`${name}.${key}`, String(item));
    else if (typeof value === 'string') query.set(name, value);
  }
  const search = query.size > 0 ? `?${query.toString()}` : '';
  return address.startsWith('GET') ? [path + search] : [path + search, rest];
}

function failure(kind: ErrorKind, code: string, message: string, more: object): PlugboardError {
  return new PlugboardError({ kind, code, message, ...more });
}
