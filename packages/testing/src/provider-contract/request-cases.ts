/** What leaves for the vendor. */
import { parseJson, type Api, type Json, type JsonObject } from '@plugboard/core';
import { buildRequest, checkInput, encodeInput, type BuiltRequest } from '@plugboard/core/provider-kit';
import { expect } from 'vitest';

import { jsonResponse, readAll } from './answers.ts';
import { ableTo, providerCase, type ProviderCase, type Subject } from './case.ts';
import {
  declarationsOf,
  endpointsOf,
  isServedBy,
  type Declaration,
  type DeclaredEndpoint,
  type Named,
} from './declared.ts';
import type { SentRequest } from './edge.ts';
import { expectNoSecret } from './no-secret.ts';
import { withConnection, withWorld, type World } from './world.ts';

const evil = 'https://evil.example';

export function requestCases(subject: Subject): readonly ProviderCase[] {
  const { definition } = subject.factory();
  const endpoints = endpointsOf(definition);
  const composed = declarationsOf(definition).filter(({ declared }) => declared.kind !== 'endpoint');
  const reading = endpoints.find(({ declared }) => declared.method === 'GET');
  const writing = endpoints.find(({ declared }) => declared.method !== 'GET');
  return [
    ...endpoints.flatMap((endpoint) => sentCases(subject, endpoint)),
    ...Object.keys(definition.auth).map((method) =>
      providerCase(`B05 ${method}: no request shows a credential outside its declared places`, () =>
        withWorld(subject, async (world) => {
          await world.connect(method);
          world.edge.forget();
          const served = endpoints.filter(({ declared }) => isServedBy(method, declared));
          for (const { name, declared } of served) {
            await Promise.resolve(world.call(name, declared.example.input)).catch(() => undefined);
          }
          expect(world.edge.requests.length).toBeGreaterThanOrEqual(served.length);
          const places = definition.auth[method]!.sign.places;
          for (const request of world.edge.requests) {
            const where = `${request.method} ${request.url.pathname}`;
            expectNoSecret(outside(request, places), world.credentials(), where);
            // What the host registered may be a declared header of every request, and stands nowhere else.
            const bare = { ...request, headers: new Headers() };
            expectNoSecret(outside(bare, places), world.secrets(), where);
          }
        }),
      ),
    ),
    ...[reading, writing].flatMap((endpoint) => (endpoint === undefined ? [] : [redirectCase(subject, endpoint)])),
    ...endpoints
      .filter(({ declared }) => declared.paging !== undefined)
      .map((endpoint) => foreignLinkCase(subject, endpoint)),
    ...endpoints.flatMap((endpoint) => [pathCase(subject, endpoint), spanCase(subject, endpoint)].filter(isCase)),
    ...composed.flatMap((operation) => composedPathCase(subject, operation) ?? []),
  ];
}

/** By every way to connect that the declaration names; where it names none, the first stands for all. */
function sentCases(subject: Subject, endpoint: Named<DeclaredEndpoint>): ProviderCase[] {
  const { name, declared } = endpoint;
  const [, ...others] = declared.methods ?? [];
  const sentBy = (connected: Subject, how = '') =>
    providerCase(`request ${name}${how}: what is sent is what its example encodes`, () =>
      withConnection(connected, async (world) => {
        const api = await world.api();
        await world.call(name, declared.example.input);
        expect(world.edge.requests.length, 'one request').toBe(1);
        const { places } = world.definition.auth[api.method]!.sign;
        expectSent(world.edge.requests[0]!, expected(world, endpoint, api), places);
      }),
    );
  return [sentBy(ableTo(subject, declared)), ...others.map((by) => sentBy({ ...subject, by }, ` by \`${by}\``))];
}

/** The request that the declaration itself makes of its example. */
function expected({ definition }: World, { declared }: Named<DeclaredEndpoint>, api: Api): BuiltRequest {
  const input = checkInput(declared.input, declared.example.input, 'the example');
  const { method, path: target, baseUrl } = declared;
  return buildRequest(definition, api, { method, target, baseUrl, encoded: encodeInput(declared, input, api) });
}

function expectSent(sent: SentRequest, built: BuiltRequest, places: readonly string[]): void {
  expect(sent.method).toBe(built.method);
  expect(sent.url.protocol).toBe('https:');
  if (!places.includes('path')) expect(sent.url.origin + sent.url.pathname).toBe(built.url.origin + built.url.pathname);
  const unsigned = [...sent.url.searchParams].filter(([name]) => !places.includes(`query:${name}`));
  expect(unsigned).toEqual([...built.url.searchParams]);
  for (const [name, value] of built.headers)
    if (!places.includes(`header:${name}`)) expect(sent.headers.get(name), name).toBe(value);
  if (typeof built.body !== 'object') expect(unsignedBody(sent.text, places)).toBe(built.body ?? '');
}

/** The body without the members that hold credentials; as it was where there are none. */
function unsignedBody(text: string, places: readonly string[]): string {
  const names = places.filter((place) => place.startsWith('body:')).map((place) => place.slice('body:'.length));
  if (names.length === 0 || !text.startsWith('{')) return text;
  const others = Object.entries(parseJson(text) as JsonObject).filter(([name]) => !names.includes(name));
  return others.length === 0 ? '' : JSON.stringify(Object.fromEntries(others));
}

/** Everything of a request except what stands at the declared places. */
function outside({ url, headers, text }: SentRequest, places: readonly string[]): string {
  const query = [...url.searchParams].filter(([name]) => !places.includes(`query:${name}`));
  const others = [...headers].filter(([name]) => !places.includes(`header:${name}`));
  return [
    places.includes('path') ? '' : url.pathname,
    ...[...query, ...others].map((pair) => pair.join(': ')),
    unsignedBody(text, places),
  ].join('\n');
}

function redirectCase(subject: Subject, { name, declared }: Named<DeclaredEndpoint>): ProviderCase {
  const verb = declared.method === 'GET' ? 'read' : 'write';
  return providerCase(`B09 a redirect of a ${verb} to another host is refused and nothing goes there`, () =>
    withConnection(ableTo(subject, declared), async (world) => {
      for (const status of [301, 302, 303, 307, 308]) {
        world.edge.respond(() => new Response(null, { status, headers: { location: `${evil}/steal` } }));
        const error = await world.refusal(Promise.resolve(world.call(name, declared.example.input)));
        expect(error.kind, String(status)).toBe('invalid_response');
      }
      expect(world.edge.strangers).toEqual([]);
    }),
  );
}

/** A vendor's answer must not decide where the credentials go. */
function foreignLinkCase(subject: Subject, { name, declared }: Named<DeclaredEndpoint>): ProviderCase {
  return providerCase(`B09 ${name}: a next page on another host is never fetched`, () =>
    withConnection(ableTo(subject, declared), async (world) => {
      const { answer, status = 200, headers = {} } = declared.example;
      const moved = withForeignLinks(answer ?? null);
      let pages = 0;
      // The second page is the last one whatever it looks like: a loop is another case's business.
      world.edge.respond(() => (++pages === 1 ? jsonResponse(moved, { status, headers }) : undefined));
      const [group = '', member = ''] = name.split('.');
      const items = world.client()[group]![member]!(declared.example.input) as AsyncIterable<unknown>;
      await readAll(items).catch(() => undefined);
      expect(world.edge.requests.length).toBeGreaterThan(0);
      expect(world.edge.strangers.map(String)).toEqual([]);
    }),
  );
}

function withForeignLinks(value: Json): Json {
  if (typeof value === 'string') {
    if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return value;
    const { pathname, search } = new URL(value);
    return `${evil}${pathname}${search}`;
  }
  if (Array.isArray(value)) return value.map(withForeignLinks);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withForeignLinks(item)]));
}

const hostileParts = ['a&b=c', 'a/../../admin', '../admin', '%2e%2e', '..;/', 'a?b=c', 'a#b', 'a\\b', '..'];

function pathCase(subject: Subject, { name, declared }: Named<DeclaredEndpoint>): ProviderCase | undefined {
  const given = Object(declared.example.input) as Record<string, unknown>;
  const fields = [...declared.path.matchAll(/\{(\w+)\}/g)]
    .map(([, field]) => field!)
    .filter((field) => typeof given[field] === 'string');
  if (fields.length === 0) return undefined;
  return providerCase(`F08 ${name}: an id stays one segment of the path`, () =>
    withConnection(ableTo(subject, declared), async (world) => {
      await world.call(name, given);
      const { pathname, searchParams } = world.edge.requests[0]!.url;
      const shape = [pathname.split('/').length, ...searchParams.keys()];
      world.edge.forget();
      for (const field of fields) {
        for (const part of hostileParts) {
          await Promise.resolve(world.call(name, { ...given, [field]: part })).catch(() => undefined);
        }
      }
      for (const { url } of world.edge.requests) {
        expect([url.pathname.split('/').length, ...url.searchParams.keys()], url.pathname).toEqual(shape);
      }
    }),
  );
}

/** A value of several segments (`{+key}`) may be any path below its place, and none beside it. */
function spanCase(subject: Subject, { name, declared }: Named<DeclaredEndpoint>): ProviderCase | undefined {
  const given = Object(declared.example.input) as Record<string, unknown>;
  const [, field] = /\{\+(\w+)\}/.exec(declared.path) ?? [];
  const example = field === undefined ? undefined : given[field];
  if (field === undefined || typeof example !== 'string') return undefined;
  return providerCase(`F08 ${name}: a path in the input stays below its place`, () =>
    withConnection(ableTo(subject, declared), async (world) => {
      await world.call(name, given);
      const { pathname, searchParams } = world.edge.requests[0]!.url;
      expect(pathname).toContain(segmentsOf(example));
      const below = (part: string) => pathname.replace(segmentsOf(example), () => segmentsOf(part));
      world.edge.forget();
      for (const part of hostileParts) {
        await Promise.resolve(world.call(name, { ...given, [field]: part })).catch(() => undefined);
      }
      for (const { url } of world.edge.requests) {
        expect(hostileParts.map(below)).toContain(url.pathname);
        expect([...url.searchParams.keys()]).toEqual([...searchParams.keys()]);
      }
    }),
  );
}

function segmentsOf(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function isCase(found: ProviderCase | undefined): found is ProviderCase {
  return found !== undefined;
}

/** What an operation does with a text is its own business, except that no path may take another shape by it. */
function composedPathCase(subject: Subject, { name, declared }: Named<Declaration>): ProviderCase | undefined {
  const given = Object(declared.example.input) as Record<string, unknown>;
  const fields = Object.keys(given).filter((field) => typeof given[field] === 'string');
  if (fields.length === 0) return undefined;
  return providerCase(`F08 ${name}: texts of the input change the shape of no path`, () =>
    withConnection(ableTo(subject, declared), async (world) => {
      const shapes = () => world.edge.requests.map(({ method, url }) => `${method} ${url.pathname.split('/').length}`);
      await world.call(name, given);
      const known = new Set(shapes());
      world.edge.forget();
      for (const field of fields) {
        for (const part of hostileParts) {
          await Promise.resolve(world.call(name, { ...given, [field]: part })).catch(() => undefined);
        }
      }
      expect(
        shapes().filter((shape) => !known.has(shape)),
        [...known].join(', '),
      ).toEqual([]);
    }),
  );
}
