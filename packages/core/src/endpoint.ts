/**
 * What a client offers. An endpoint is declared once; the typed method, input validation, the emulator's route, the
 * stub's answer, the contract tests, the docs page and the check against the vendor's description follow from it.
 */
import type { AppValues, ScopeNeed } from './auth/auth.ts';
import type { Clock } from './clock.ts';
import type { Loss } from './loss.ts';
import type { Json, JsonObject } from './json.ts';
import { configurationError } from './errors.ts';
import type { FormPart } from './multipart.ts';
import { exampleOf } from './schema-example.ts';
import type { Input, Output, PlainSchema, Schema } from './schema.ts';
import type { AccountRef } from './store.ts';
import type { Answer, RateLimit, Repeat, StreamedAnswer } from './transport/transport.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';

/**
 * Method and path: `GET /v1/lists/{listId}`. The path is below the base URL, each value is encoded as one segment, that of
 * `{+key}` as many as it has between slashes. The method alone where the base URL is the whole address.
 */
export type Route = Method | `${Method} /${string}`;

export type QueryValue = string | number | boolean | readonly (string | number)[] | undefined;

/** An input as it goes on the wire. At most one of `json`, `form`, `multipart`, `body`. */
export interface Encoded {
  /** Values of the path template; default: the input's members of these names. */
  readonly path?: Readonly<Record<string, string | number>>;
  /** `undefined` members are left out; arrays repeat the name. */
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, QueryValue>>;
  /** A form with files, or for vendors that read no other. */
  readonly multipart?: readonly FormPart[];
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Total milliseconds, all tries included. */
  readonly deadlineMs?: number;
  /** Where the vendor honours one; default: a new one for each call. */
  readonly idempotencyKey?: string;
  /** 0 to 9 among calls that wait for a rate limit. Default 5. */
  readonly priority?: number;
}

export interface StreamOptions extends CallOptions {
  /** Longest silence in milliseconds within the body. Default 120,000. */
  readonly idleMs?: number;
  /** Largest body. Default: any. */
  readonly maxBytes?: number;
  /** `answer`: what the vendor refused is an answer too, as its own SDK expects, after every retry and renewal. */
  readonly refusals?: 'throw' | 'answer';
}

/** Everything an operation may touch: one connection's view of its vendor. */
export interface Api {
  /** Name of the auth method in use. */
  readonly method: string;
  readonly account: AccountRef | null;
  readonly metadata: JsonObject;
  /** Granted scopes; null when the vendor does not say. */
  readonly scopes: readonly string[] | null;
  readonly app: AppValues;
  /** The vendor's API version in use. */
  readonly apiVersion: string;
  /** True when the vendor is an emulator. */
  readonly stub: boolean;
  readonly clock: Clock;
  /** Calls a declared endpoint: validated, signed, limited, retried, classified. */
  call<I extends Schema, O extends Schema, Item>(
    endpoint: Endpoint<I, O, Item>,
    input: Input<I>,
    options?: CallOptions,
  ): Promise<Output<O>>;
  /** Every page of a paged endpoint. */
  pages<I extends Schema, O extends Schema, Item>(
    endpoint: Endpoint<I, O, Item>,
    input: Input<I>,
    options?: CallOptions,
  ): AsyncIterable<Output<O>>;
  /** A call that is not declared: same policies, raw answer. */
  request(request: RawRequest, options?: CallOptions): Promise<Answer>;
  /** Like `request`, but the deadline ends with the headers and the body is read while it comes. */
  stream(request: RawRequest, options?: StreamOptions): Promise<StreamedAnswer>;
  /**
   * The vendor's SDK, by the function that the definition names as `sdk`: one for this connection until its credentials
   * or settings change. Ask for it at every use.
   */
  sdk<Sdk>(load: (api: Api) => Promise<Sdk>): Promise<Sdk>;
  /** Tells the host that something which was taken in will not reach the vendor: an SDK's queue that ran over. */
  reportLoss(loss: Loss): void;
  /** The connection's settings, through the schema that declares them. */
  settings<S extends Schema>(schema: S): Output<S>;
  /** The connection's credentials, through the schema that declares them. */
  credentials<S extends Schema>(schema: S): Output<S>;
}

export interface RawRequest extends Encoded {
  readonly method: Method;
  /** Path below the base URL, or an absolute URL on a declared host. May be a template. */
  readonly url: string;
  readonly repeat?: Repeat;
  /** Name in errors and spans. Default `request`. */
  readonly operation?: string;
  /** The vendor's price of the request, where its limits count units. Default 1. */
  readonly cost?: number;
}

export interface EndpointExample<I> {
  readonly input: I;
  /** The vendor's answer as its documentation shows it. A string is a text body; undefined an empty one. */
  readonly answer?: Json;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Paging<I, O, Item> {
  items(page: O): readonly Item[];
  /** The input that asks for the next page; undefined after the last. Identical inputs end the loop with an error. */
  next(page: O, input: I): I | undefined;
}

export interface EndpointOptions<I extends Schema, O extends Schema, Item> {
  /** One sentence in the imperative: what it does. */
  readonly summary: string;
  /** The vendor's page. */
  readonly docs?: string;
  /** Another base than the provider's. */
  readonly baseUrl?: string | ((api: Api) => string);
  readonly input: I;
  readonly output: O;
  /** Default: members named in the path fill it; the rest is the query of GET and DELETE, else the JSON body. */
  readonly encode?: (input: Output<I>, api: Api) => Encoded;
  /** What the output schema judges. Default: the JSON body, or undefined when empty. */
  readonly decode?: (answer: Answer) => unknown;
  /** Default: `safe` for GET and HEAD, else `never`. */
  readonly repeat?: Repeat;
  /** The vendor's idempotency header; makes the call `keyed`. */
  readonly idempotency?: { readonly header: string };
  /** Every one of them is needed; of an inner list any one: `['read', ['write', 'admin']]`. */
  readonly scopes?: readonly ScopeNeed[];
  /** Ways to connect that can do this; any when absent. Another one is refused before anything is sent. */
  readonly methods?: readonly string[];
  readonly limits?: readonly RateLimit[];
  /** The vendor's price of a call, where its limits count units and not requests. Default 1. */
  readonly cost?: number;
  readonly deadlineMs?: number;
  readonly maxBytes?: number;
  readonly paging?: Paging<Output<I>, Output<O>, Item>;
  /** Where the examples inside the schemas do not tell the truth: a status, a body that is none, a choice of inputs. */
  readonly example?: Partial<EndpointExample<Input<I>>>;
}

export interface Endpoint<I extends Schema = Schema, O extends Schema = Schema, Item = never> extends Omit<
  EndpointOptions<I, O, Item>,
  'example'
> {
  readonly kind: 'endpoint';
  readonly method: Method;
  /** Empty where the base URL is the whole address. */
  readonly path: string;
  readonly example: EndpointExample<Input<I>>;
}

/**
 * Declares one endpoint of the vendor's API.
 * @example endpoint('GET /v1/lists/{id}', { summary: 'Reads a list.', input: given({ id: 'l_1' }), output: list })
 */
export function endpoint<I extends Schema, O extends Schema, Item = never>(
  route: Route,
  options: EndpointOptions<I, O, Item>,
): Endpoint<PlainSchema<I>, PlainSchema<O>, Item> {
  const [, method = '', path = ''] = /^(GET|POST|PUT|PATCH|DELETE|HEAD)(?: (\/\S*))?$/.exec(route) ?? [];
  if (method === '') {
    throw configurationError(
      'invalid_definition',
      'A route is no method and path.',
      'Write it as `GET /v1/things/{id}`.',
    );
  }
  let example: EndpointExample<Input<I>> | undefined;
  const declared = {
    ...options,
    kind: 'endpoint',
    method,
    path,
    // Derived at first use: a schema's JSON form costs more than everything else at import.
    get example() {
      return (example ??= completeExample(options));
    },
  };
  return declared as unknown as Endpoint<PlainSchema<I>, PlainSchema<O>, Item>;
}

function completeExample<I extends Schema, O extends Schema, Item>(
  options: EndpointOptions<I, O, Item>,
): EndpointExample<Input<I>> {
  const given = options.example ?? {};
  const input = 'input' in given ? given.input : (exampleOf(options.input) ?? {});
  const bodiless = 'answer' in given || given.status === 204 || options.decode !== undefined;
  const answer = bodiless ? given.answer : exampleOf(options.output);
  return { ...given, input: input as Input<I>, ...(answer !== undefined && { answer }) };
}

export interface OperationOptions<I extends Schema, R> {
  readonly summary: string;
  readonly docs?: string;
  readonly input: I;
  /** Every one of them is needed; of an inner list any one: `['read', ['write', 'admin']]`. */
  readonly scopes?: readonly ScopeNeed[];
  /** Ways to connect that can do this; any when absent. Another one is refused before anything is sent. */
  readonly methods?: readonly string[];
  /** Plain code: may call several endpoints, poll, split, hash. */
  readonly run: (api: Api, input: Output<I>, options: CallOptions) => R;
  /** Default: from the examples inside the schema. */
  readonly example?: { readonly input: Input<I> };
}

interface Declared<I extends Schema, R> extends OperationOptions<I, R> {
  readonly example: { readonly input: Input<I> };
}

export interface Operation<I extends Schema = Schema, R = unknown> extends Declared<I, Promise<R>> {
  readonly kind: 'operation';
}

/** Declares an operation that is more than one request. */
export function operation<I extends Schema, R>(options: OperationOptions<I, Promise<R>>): Operation<PlainSchema<I>, R> {
  return declare('operation', options) as unknown as Operation<PlainSchema<I>, R>;
}

function declare<I extends Schema, R>(kind: 'operation' | 'stream', options: OperationOptions<I, R>) {
  return {
    ...options,
    kind,
    get example() {
      return options.example ?? { input: exampleOf(options.input) ?? {} };
    },
  };
}

export interface Stream<I extends Schema = Schema, Item = unknown> extends Declared<I, AsyncIterable<Item>> {
  readonly kind: 'stream';
}

/** Declares an operation whose results come one by one: `for await (const row of client.reports.spend(...))`. */
export function stream<I extends Schema, Item>(
  options: OperationOptions<I, AsyncIterable<Item>>,
): Stream<PlainSchema<I>, Item> {
  return declare('stream', options) as unknown as Stream<PlainSchema<I>, Item>;
}

/** A page when awaited, all items when iterated. Nothing is sent before either. */
export interface Paged<Page, Item> extends PromiseLike<Page>, AsyncIterable<Item> {}

type Arguments<I> =
  Record<never, never> extends I ? [input?: I, options?: CallOptions] : [input: I, options?: CallOptions];

/** A shared, generic `items` leaves its type open; the page's own list closes it. */
export type ItemOf<Item, Page> = unknown extends Item
  ? Page extends
      | { readonly items: readonly (infer Found)[] }
      | { readonly data: readonly (infer Found)[] }
      | { readonly results: readonly (infer Found)[] }
      | { readonly nodes: readonly (infer Found)[] }
    ? Found
    : unknown
  : Item;

/** The method that a declaration becomes. */
export type ClientMethod<D> =
  D extends Endpoint<infer I, infer O, infer Item>
    ? (
        ...args: Arguments<Input<I>>
      ) => [Item] extends [never] ? Promise<Output<O>> : Paged<Output<O>, ItemOf<Item, Output<O>>>
    : D extends Operation<infer I, infer R>
      ? (...args: Arguments<Input<I>>) => Promise<R>
      : D extends Stream<infer I, infer Item>
        ? (...args: Arguments<Input<I>>) => AsyncIterable<Item>
        : never;

/** Operations by group: `client.<group>.<operation>(input)`. */
// The declarations are invariant in their schemas, so the bound of a tree has to leave them open.
export type OperationTree = Readonly<Record<string, Readonly<Record<string, AnyDeclaration>>>>;
export interface AnyDeclaration {
  readonly kind: 'endpoint' | 'operation' | 'stream';
  readonly summary: string;
  readonly input: Schema;
  readonly methods?: readonly string[];
}

export type OperationsClient<Tree> = {
  readonly [Group in keyof Tree]: { readonly [Name in keyof Tree[Group]]: ClientMethod<Tree[Group][Name]> };
};
