/** The endpoints that a definition declares, ready to be recognised in requests. */
import { encodeInput } from '../client/request.ts';
import type { AuthMethod } from '../auth/auth.ts';
import type { Clock } from '../clock.ts';
import type { Api, Endpoint, Method } from '../endpoint.ts';
import type { AnyDefinition } from '../provider.ts';
import { at, member, type Json } from '../json.ts';
import { accepts, checkInput, jsonSchemaOf, type Schema } from '../schema.ts';
import { hostMatches } from '../url.ts';
import { pathPattern, type PathPattern } from './addresses.ts';
import { once } from './once.ts';
import { attempt } from './placeholders.ts';
import { emulatedApi } from './tenants.ts';
import { likeness, traitsOfEncoded, type Traits } from './traits.ts';

export type AnyEndpoint = Endpoint<Schema, Schema, unknown>;

export interface DeclaredEndpoint {
  /** `profiles.upsert`. */
  readonly name: string;
  readonly endpoint: AnyEndpoint;
  readonly base: Base;
  readonly path: PathPattern;
  /** What its example looks like on the wire; undefined when `encode` needs more than placeholders. */
  example(): ExampleRequest | undefined;
  /** True when an input may leave out everything that would stand in the body. */
  mayBeBare(): boolean;
}

export interface ExampleRequest {
  readonly traits: Traits;
  readonly body: 'none' | 'json' | 'form' | 'other';
  readonly json: unknown;
}

/** Where paths begin. */
export interface Base {
  accepts(url: URL): boolean;
  /** What paths begin with; null when it is only known at run time. */
  readonly prefix: string | null;
  /** An address below it that is itself a credential, as its path; null when there is none. */
  readonly secretPath: string | null;
}

export interface Match {
  readonly declared: DeclaredEndpoint;
  readonly params: Readonly<Record<string, string>>;
}

export interface Declarations {
  readonly endpoints: readonly DeclaredEndpoint[];
  /** Every base URL once: a route of the provider may be below any of them. */
  readonly bases: readonly Base[];
}

export function readDeclarations(definition: AnyDefinition, clock: Clock): Declarations {
  const bases = new Map<BaseUrl, Base>();
  const baseOf = (baseUrl: BaseUrl): Base => {
    const base = bases.get(baseUrl) ?? readBase(definition, baseUrl, clock);
    bases.set(baseUrl, base);
    return base;
  };
  baseOf(definition.api.baseUrl);
  const endpoints = Object.entries(definition.operations).flatMap(([group, members]) =>
    Object.entries(members).flatMap(([member, declaration]): DeclaredEndpoint[] => {
      if (declaration.kind !== 'endpoint') return [];
      const endpoint = declaration as unknown as AnyEndpoint;
      const base = baseOf(endpoint.baseUrl ?? definition.api.baseUrl);
      const path = endpoint.path === '' ? wholeAddress(base) : pathPattern(base.prefix, endpoint.path);
      const example = once(() => encodeExample(definition, endpoint, { input: endpoint.example.input, clock }));
      const least = once(() => encodeExample(definition, endpoint, { input: leastInput(endpoint), clock }));
      const mayBeBare = () => least()?.body === 'none';
      return [{ name: `${group}.${member}`, endpoint, base, path, example, mayBeBare }];
    }),
  );
  return { endpoints, bases: [...bases.values()] };
}

/** The example without what its schema can do without. */
function leastInput({ input, example }: AnyEndpoint): object {
  const members = Object.entries(Object(example.input) as object);
  const without = (name: string) => Object.fromEntries(members.filter(([other]) => other !== name));
  return Object.fromEntries(members.filter(([name]) => !accepts(input, without(name))));
}

type BaseUrl = string | ((api: Api) => string);

/** Endpoints with that method and path, the most literal template first. */
export function matchEndpoints(endpoints: readonly DeclaredEndpoint[], method: string, url: URL): readonly Match[] {
  const matches = endpoints.flatMap((declared): Match[] => {
    if (declared.endpoint.method !== method || !declared.base.accepts(url)) return [];
    const params = declared.path.match(url.pathname);
    return params === undefined ? [] : [{ declared, params }];
  });
  const heaviest = Math.max(...matches.map(({ declared }) => declared.path.weight));
  return matches.filter(({ declared }) => declared.path.weight === heaviest);
}

/** Of several operations on one method and path, the one whose example is most like the request. */
export function closest(matches: readonly Match[], request: Traits): Match | undefined {
  const score = ({ declared }: Match): number => {
    const example = declared.example();
    return example === undefined ? -Infinity : likeness(example.traits, request);
  };
  return matches.toSorted((a, b) => score(b) - score(a))[0];
}

/** Methods that a path knows; empty when it knows none. */
export function methodsOf(endpoints: readonly DeclaredEndpoint[], url: URL): readonly Method[] {
  const known = endpoints.filter(({ base, path }) => base.accepts(url) && path.match(url.pathname) !== undefined);
  return [...new Set(known.map(({ endpoint }) => endpoint.method))];
}

/** An input as the engine would send it. */
export function encodeExample(
  definition: AnyDefinition,
  endpoint: AnyEndpoint,
  { input, clock }: { readonly input: unknown; readonly clock: Clock },
): ExampleRequest | undefined {
  return attempt(() => {
    const checked = checkInput(endpoint.input, input, 'the example');
    const encoded = encodeInput(endpoint, checked, emulatedApi(definition, clock));
    const { json, form, multipart = [], body } = encoded;
    const pairs = [...Object.values(form ?? {}).filter((value) => value !== undefined), ...multipart];
    const kind = json !== undefined ? 'json' : pairs.length > 0 ? 'form' : body !== undefined ? 'other' : 'none';
    return { traits: traitsOfEncoded(encoded), body: kind, json };
  });
}

function readBase(definition: AnyDefinition, baseUrl: BaseUrl, clock: Clock): Base {
  if (typeof baseUrl === 'function') return computedBase(definition, baseUrl, clock);
  const { host, pathname } = new URL(baseUrl);
  const path = decodeURI(pathname).replace(/\/$/, '');
  // Credentials that are put into the path come before everything else, so that no fixed prefix is left.
  const signsPath = Object.values(definition.auth).some(
    ({ kind, sign }) => kind !== 'incoming_webhook' && sign.places.includes('path'),
  );
  const secret = webhookExamples(definition).find((url) => url.host === host && url.pathname.startsWith(path));
  return {
    accepts: (url) => url.host === host,
    prefix: signsPath ? null : path,
    secretPath: secret?.pathname ?? null,
  };
}

/** Hosts of the declared patterns that a computed host fits; of all of them when none can be computed. */
function computedBase(definition: AnyDefinition, baseUrl: (api: Api) => string, clock: Clock): Base {
  const api = emulatedApi(definition, clock);
  const samples = Object.entries(definition.auth).flatMap(([name, method]) => {
    const fields = [undefined, ...choicesOf(method)].map((choice) => ({ ...api, method: name, ...choice }));
    return fields.map((tenant) => attempt(() => new URL(baseUrl(tenant))));
  });
  const fitting = definition.hosts.filter((pattern) => samples.some((url) => url && hostMatches(pattern, url)));
  const patterns = fitting.length === 0 ? definition.hosts : fitting;
  return {
    accepts: (url) => patterns.some((pattern) => hostMatches(pattern, url)),
    prefix: null,
    secretPath: samples[0]?.pathname ?? null,
  };
}

/** What tenants see: of the example, and of another value of a field that offers several, for regions have their hosts. */
function choicesOf(method: AuthMethod): readonly Pick<Api, 'credentials'>[] {
  if (!('credentials' in method)) return [];
  const fields = Object.entries(Object(at(jsonSchemaOf(method.credentials), 'properties')) as Record<string, Json>);
  const chosen = fields.flatMap(([name, field]) => {
    const values = (member(field, 'enum') ?? []) as readonly Json[];
    return values.map((value) => ({ ...method.example, [name]: value }));
  });
  const all = [method.example, ...chosen];
  return all.map((example) => ({ credentials: (schema) => checkInput(schema, example, 'the example') }));
}

/** URLs that are credentials, as the methods show them. */
function webhookExamples(definition: AnyDefinition): readonly URL[] {
  const values = Object.values(definition.auth).flatMap((method) =>
    method.kind === 'incoming_webhook' ? Object.values(method.example) : [],
  );
  return values.filter((value) => URL.canParse(value)).map((value) => new URL(value));
}

/** An endpoint without a path: its base, or any path of as many segments as the secret one has. */
function wholeAddress({ prefix, secretPath }: Base): PathPattern {
  if (secretPath === null) return pathPattern(prefix, '');
  const segments = secretPath.split('/').slice(1);
  return pathPattern('', segments.map((_, index) => `/{segment${index}}`).join(''));
}
