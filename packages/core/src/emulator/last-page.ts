/**
 * The end of a paged answer. An example shows one page, and usually names a next one; answered with the same example
 * over and over, a reader would never finish.
 */
import type { Clock } from '../clock.ts';
import { at, parseJson, type Json, type JsonObject } from '../json.ts';
import type { AnyDefinition } from '../provider.ts';
import { checkAnswer, checkInput } from '../schema.ts';
import { createAnswer } from '../transport/answer.ts';
import { encodeUtf8 } from '../bytes.ts';
import { encodeExample, type AnyEndpoint } from './declared-endpoints.ts';
import { hasTraits, newTraits, type Traits } from './traits.ts';

export interface LastPage {
  /** True for a request that goes on from the example's page. */
  isAskedFor(request: Traits): boolean;
  /** The example's answer without its next page. */
  readonly answer: Json;
}

/** Undefined when the endpoint is not paged, its example names no next page, or no last page can be made from it. */
export function lastPageOf(definition: AnyDefinition, endpoint: AnyEndpoint, clock: Clock): LastPage | undefined {
  const { paging, example } = endpoint;
  if (paging === undefined || typeof example.answer !== 'object' || example.answer === null) return undefined;
  const input = checkInput(endpoint.input, example.input, 'the example');
  const nextInput = (answer: Json): unknown => {
    const page = readPage(endpoint, answer);
    return page === unreadable ? unreadable : paging.next(page, input);
  };
  const next = nextInput(example.answer);
  if (next === undefined || next === unreadable) return undefined;
  const first = encodeExample(definition, endpoint, { input: example.input, clock });
  const second = encodeExample(definition, endpoint, { input: next, clock });
  const answer = endings(example.answer).find((candidate) => nextInput(candidate) === undefined);
  if (first === undefined || second === undefined || answer === undefined) return undefined;
  const continuation = newTraits(second.traits, first.traits);
  return { answer, isAskedFor: (request) => continuation.size > 0 && hasTraits(request, continuation) };
}

const unreadable = Symbol('unreadable');

function readPage(endpoint: AnyEndpoint, answer: Json): unknown {
  const { decode, output, example } = endpoint;
  try {
    const head = { status: example.status ?? 200, headers: new Headers(example.headers) };
    const decoded = decode === undefined ? answer : decode(createAnswer(head, encodeUtf8(JSON.stringify(answer))));
    return checkAnswer(output, decoded, 'the example');
  } catch {
    return unreadable;
  }
}

/** The ways in which vendors end a list: a link that is null, absent, empty or false, or no items. */
function endings(answer: Json): readonly Json[] {
  if (Array.isArray(answer)) return [[]];
  return memberPaths(answer).flatMap((path) => {
    const values = Array.isArray(at(answer, ...path)) ? [[]] : [null, undefined, '', false];
    return values.map((value) => withMember(answer, path, value));
  });
}

function memberPaths(value: Json, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value as JsonObject).flatMap(([name, part]) => [
    [...path, name],
    ...memberPaths(part, [...path, name]),
  ]);
}

/** A copy with one member replaced, or left out when the value is undefined. */
function withMember(answer: Json, path: readonly string[], value: Json | undefined): Json {
  const copy = parseJson(JSON.stringify(answer));
  let holder = copy as Record<string, Json>;
  for (const name of path.slice(0, -1)) holder = holder[name] as Record<string, Json>;
  const name = path.at(-1)!;
  if (value === undefined) delete holder[name];
  else holder[name] = value;
  return copy;
}
