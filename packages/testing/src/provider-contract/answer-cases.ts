/** What is made of the vendor's answers. */
import type { Json, JsonObject } from '@plugboard/core';
import { expect } from 'vitest';

import { jsonResponse } from './answers.ts';
import { ableTo, providerCase, type ProviderCase, type Subject } from './case.ts';
import { declarationsOf, endpointsOf, judgesAnswer, type DeclaredEndpoint, type Named } from './declared.ts';
import { withConnection, type World } from './world.ts';

const marker = 'kept-although-unknown';

export function answerCases(subject: Subject): readonly ProviderCase[] {
  const { definition } = subject.factory();
  const endpoints = endpointsOf(definition);
  return [
    ...declarationsOf(definition).map(({ name, declared }) =>
      providerCase(`answer ${name}: the example is understood`, () =>
        withConnection(ableTo(subject, declared), async (world) => {
          const result = await world.call(name, declared.example.input);
          if (declared.kind === 'endpoint' && hasJsonAnswer({ name, declared })) expect(result).not.toBeUndefined();
        }),
      ),
    ),
    ...endpoints
      .filter(hasJsonAnswer)
      .flatMap((endpoint) => [
        unknownCase(subject, endpoint),
        missingCase(subject, endpoint),
        nonsenseCase(subject, endpoint),
      ]),
  ];
}

function hasJsonAnswer({ declared }: Named<DeclaredEndpoint>): boolean {
  return typeof declared.example.answer === 'object' && declared.example.answer !== null && judgesAnswer(declared);
}

function unknownCase(subject: Subject, endpoint: Named<DeclaredEndpoint>): ProviderCase {
  return providerCase(`answer ${endpoint.name}: members that the schema does not know survive`, () =>
    withConnection(ableTo(subject, endpoint.declared), async (world) => {
      const result = await answered(world, endpoint, withUnknown(endpoint.declared.example.answer!));
      expect(JSON.stringify(result)).toContain(marker);
    }),
  );
}

function missingCase(subject: Subject, endpoint: Named<DeclaredEndpoint>): ProviderCase {
  return providerCase(`answer ${endpoint.name}: a missing required member is an invalid_response`, () =>
    withConnection(ableTo(subject, endpoint.declared), async (world) => {
      const { answer } = endpoint.declared.example;
      let refused = 0;
      for (const path of memberPaths(answer!)) {
        const error = await answered(world, endpoint, without(answer!, path)).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) continue;
        refused++;
        expect(await world.refusal(Promise.reject(error as Error)), path.join('.')).toMatchObject({
          kind: 'invalid_response',
        });
      }
      expect(refused, 'members that the schema requires').toBeGreaterThan(0);
    }),
  );
}

function nonsenseCase(subject: Subject, endpoint: Named<DeclaredEndpoint>): ProviderCase {
  return providerCase(
    `answer ${endpoint.name}: HTML, nothing, half of it and another type are an invalid_response`,
    () =>
      withConnection(ableTo(subject, endpoint.declared), async (world) => {
        const { status = 200, answer, headers = {} } = endpoint.declared.example;
        const text = JSON.stringify(answer);
        const bodies = {
          html: '<!doctype html><p>Welcome',
          empty: '',
          half: text.slice(0, text.length / 2),
          number: '42',
          null: 'null',
        };
        for (const [name, body] of Object.entries(bodies)) {
          const type = name === 'html' ? 'text/html' : 'application/json';
          world.edge.respond(() => new Response(body, { status, headers: { ...headers, 'content-type': type } }));
          const error = await world.refusal(
            Promise.resolve(world.call(endpoint.name, endpoint.declared.example.input)),
          );
          expect(error, name).toMatchObject({
            kind: 'invalid_response',
            provider: world.definition.id,
            operation: endpoint.name,
          });
        }
      }),
  );
}

/** The result of a call that the vendor answers with exactly this. */
function answered(world: World, { name, declared }: Named<DeclaredEndpoint>, answer: Json): Promise<unknown> {
  const { status = 200, headers = {} } = declared.example;
  world.edge.respond(() => jsonResponse(answer, { status, headers }));
  return Promise.resolve(world.call(name, declared.example.input));
}

function withUnknown(value: Json): Json {
  if (Array.isArray(value)) return value.map(withUnknown);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value as JsonObject).map(([name, item]) => [name, withUnknown(item)]);
  return Object.fromEntries([...members, ['plugboard_unknown', marker]]) as Json;
}

function memberPaths(value: Json, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const members = Object.entries(value);
  // Of a list the first item stands for all.
  const shown = Array.isArray(value) ? members.slice(0, 1) : members;
  const own = Array.isArray(value) ? [] : members.map(([name]) => [...path, name]);
  return [...own, ...shown.flatMap(([name, item]) => memberPaths(item as Json, [...path, name]))];
}

function without(value: Json, path: readonly string[]): Json {
  const copy = structuredClone(value) as Json;
  let holder = copy as Record<string, Json>;
  for (const name of path.slice(0, -1)) holder = holder[name] as Record<string, Json>;
  delete holder[path.at(-1)!];
  return copy;
}
