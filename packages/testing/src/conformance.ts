/** Compares what a provider declares with what its vendor publishes. */
import type { AnyDefinition, Api, Endpoint, Schema } from '@plugboard/core';
import {
  buildRequest,
  checkAnswer,
  checkInput,
  configurationError,
  encodeInput,
  placeholderApi,
  systemClock,
  type BuiltRequest,
} from '@plugboard/core/provider-kit';
import { expect, test } from 'vitest';

import { checkAnswerExample } from './conformance/check-answer.ts';
import { checkRequest } from './conformance/check-request.ts';
import { findOperations, isOnHost, type Description } from './conformance/description.ts';
import { findSpecsDir, loadDescriptions } from './conformance/load.ts';

export interface ConformanceOptions {
  /** Folder of the descriptions. Default: the environment's PLUGBOARD_SPECS_DIR, else `../shared/specs`. */
  readonly specsDir?: string;
  /** Operations that do not conform, each with the reason. One that has come to conform is a problem. */
  readonly exceptions?: Readonly<Record<string, string>>;
  /**
   * Why the example answers are excerpts: what they hold is compared, what they leave out is not. Without need it is a
   * problem.
   */
  readonly excerpts?: string;
  /** Described parameters that are sent in another way, each with the reason. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What `encode` and base URLs see of a connection, where the stand-in's values do not fit the description. */
  readonly api?: Partial<Pick<Api, 'account' | 'metadata' | 'settings' | 'credentials' | 'app'>>;
  /** Further inputs by operation: the example alone need not use every field. */
  readonly inputs?: Readonly<Record<string, readonly unknown[]>>;
  /** Endpoints that operations call and that are not offered themselves, by name. */
  readonly internal?: Readonly<Record<string, unknown>>;
  /** Path of the node that a field list is about: `/{version}/act_{account}`. */
  readonly nodePath?: string;
}

export interface ConformanceProblem {
  readonly operation: string;
  readonly problem: string;
}

export interface ConformanceReport {
  /** Descriptions that were read; empty when there are none, and nothing was compared. */
  readonly sources: readonly string[];
  /** Endpoints that were compared. */
  readonly operations: number;
  readonly conforming: number;
  /** Endpoints without a description to compare with. */
  readonly undescribed: number;
  /** Exceptions that were made use of. */
  readonly excepted: number;
  readonly problems: readonly ConformanceProblem[];
  /** One line for people. */
  readonly summary: string;
}

type AnyEndpoint = Endpoint<Schema, Schema, unknown>;

/**
 * Encodes the example input of every endpoint and checks the request and the example answer against the vendor's
 * published description: method, path, host, parameters, body and answer.
 * @throws Error when a description is of a format that is not known.
 */
export function conformanceOf(definition: AnyDefinition, options: ConformanceOptions = {}): ConformanceReport {
  const endpoints = endpointsOf(definition, options.internal ?? {});
  const { exceptions = {} } = options;
  const { excerpts } = options;
  refuseEmptyReasons({ ...exceptions, ...options.parameters, ...(excerpts !== undefined && { excerpts }) });
  const dir = findSpecsDir(options.specsDir);
  const descriptions = dir === undefined ? [] : loadDescriptions(dir, definition.id, options.nodePath);
  if (descriptions.length === 0) return withSummary(definition.id, { ...empty, undescribed: endpoints.size });

  const verdicts = [...endpoints].map(([name, endpoint]) => ({
    name,
    found: checkEndpoint(definition, { name, endpoint }, { options, descriptions }),
  }));
  const problems = verdicts.flatMap(({ name, found }): ConformanceProblem[] => {
    const excepted = Object.hasOwn(exceptions, name);
    if (excepted)
      return found.length > 0 ? [] : [{ operation: name, problem: 'conforms: its exception is out of date' }];
    return found.map((problem) => ({ operation: name, problem }));
  });
  const whole = excerpts === undefined ? [] : wholeAnswers(definition, endpoints, { options, descriptions });
  const unknown = Object.keys(exceptions).filter((name) => !endpoints.has(name));
  return withSummary(definition.id, {
    sources: descriptions.map(({ source }) => source),
    operations: endpoints.size,
    conforming: verdicts.filter(({ found }) => found.length === 0).length,
    undescribed: verdicts.filter(({ found }) => found.includes(notDescribed)).length,
    excepted: verdicts.filter(({ name, found }) => found.length > 0 && Object.hasOwn(exceptions, name)).length,
    problems: [
      ...problems,
      ...whole,
      ...unknown.map((operation) => ({ operation, problem: 'is excepted, but no such endpoint exists' })),
    ],
  });
}

/**
 * Registers the comparison as one test; call it at the top level of a vitest file. Without descriptions on this machine
 * the test is skipped by a name that says so.
 * @example conformance(acme.definition, { exceptions: { 'lists.purge': 'newer than the description of 2024-05' } })
 */
export function conformance(definition: AnyDefinition, options: ConformanceOptions = {}): void {
  test(`${definition.name} declares what its vendor describes`, { timeout: 60_000 }, async ({ annotate, skip }) => {
    const { sources, problems, summary } = conformanceOf(definition, options);
    skip(sources.length === 0, summary);
    await annotate(summary, 'conformance');
    expect(problems.map(({ operation, problem }) => `${operation}: ${problem}`)).toEqual([]);
  });
}

/** An excuse that nobody needs would hide what goes missing one day. */
function wholeAnswers(
  definition: AnyDefinition,
  endpoints: ReadonlyMap<string, AnyEndpoint>,
  { options: { excerpts: _excerpts, ...options }, descriptions }: Comparison,
): ConformanceProblem[] {
  const isExcerpt = ([name, endpoint]: readonly [string, AnyEndpoint]) =>
    checkEndpoint(definition, { name, endpoint }, { options, descriptions }).some((problem) =>
      problem.startsWith('answer '),
    );
  if ([...endpoints].some(isExcerpt)) return [];
  return [{ operation: '(all)', problem: 'no answer is an excerpt: the reason is out of date' }];
}

const notDescribed = 'no description has this method and path';
const empty = { sources: [], operations: 0, conforming: 0, undescribed: 0, excepted: 0, problems: [] };

interface Subject {
  readonly name: string;
  readonly endpoint: AnyEndpoint;
}

interface Comparison {
  readonly options: ConformanceOptions;
  readonly descriptions: readonly Description[];
}

/** Problems of one endpoint; where several descriptions know its path, those of the best fit. */
function checkEndpoint(definition: AnyDefinition, { name, endpoint }: Subject, comparison: Comparison): string[] {
  const { options, descriptions } = comparison;
  const { status = 200, answer: body } = endpoint.example;
  const signed = new Set(Object.values(definition.auth).flatMap(({ sign }) => sign.places));
  const requests = inputsOf(endpoint, options.inputs?.[name] ?? []).map((input) =>
    requestOf(definition, endpoint, { input, options }),
  );
  const [{ method, url }] = requests as [BuiltRequest];
  const verdicts = descriptions.flatMap((description) => [
    ...(description.exchange === undefined
      ? []
      : [requests.flatMap((request) => exchanged(description, request, body))]),
    ...findOperations(description, method, url).map((found) => [
      ...(isOnHost(found.operation, url) ? [] : [`${url.host} is not a host of the description`]),
      ...requests.flatMap((request) =>
        checkRequest(request, { description, found, signed, ignored: options.parameters ?? {} }),
      ),
      ...checkAnswerExample({ status, body, excerpt: options.excerpts !== undefined }, description, found),
    ]),
  ]);
  const best = verdicts.toSorted((a, b) => a.length - b.length)[0];
  return best === undefined ? [notDescribed] : [...new Set(best)];
}

function exchanged({ exchange }: Description, request: BuiltRequest, answer: unknown): string[] {
  const body: unknown = typeof request.body === 'string' ? JSON.parse(request.body) : undefined;
  return exchange?.({ body, answer }) ?? [];
}

/** The example, the one that asks for the page after it, and further ones. */
function inputsOf(
  { input: schema, output, example, paging, decode }: AnyEndpoint,
  more: readonly unknown[],
): unknown[] {
  const inputs = [example.input, ...more].map((input) => checkInput(schema, input, 'the input'));
  if (paging === undefined || decode !== undefined || example.answer === undefined) return inputs;
  const page = checkAnswer(output, example.answer, 'the example answer');
  const next = paging.next(page as never, inputs[0] as never);
  return next === undefined ? inputs : [...inputs, checkInput(schema, next, 'the input of the next page')];
}

/** A request without credentials. */
function requestOf(
  definition: AnyDefinition,
  endpoint: AnyEndpoint,
  { input, options }: { readonly input: unknown; readonly options: ConformanceOptions },
): BuiltRequest {
  const api = { ...placeholderApi(definition, systemClock), ...options.api };
  const { method, path: target, baseUrl } = endpoint;
  return buildRequest(definition, api, { method, target, baseUrl, encoded: encodeInput(endpoint, input, api) });
}

function endpointsOf(definition: AnyDefinition, internal: Readonly<Record<string, unknown>>): Map<string, AnyEndpoint> {
  const offered = Object.entries(definition.operations).flatMap(([group, members]) =>
    Object.entries(members).map(([name, declaration]) => [`${group}.${name}`, declaration as unknown] as const),
  );
  const all = [...offered, ...Object.entries(internal)] as (readonly [string, { readonly kind: string }])[];
  return new Map(all.filter((entry): entry is [string, AnyEndpoint] => entry[1].kind === 'endpoint'));
}

function refuseEmptyReasons(reasons: Readonly<Record<string, string>>): void {
  const bare = Object.keys(reasons).find((name) => reasons[name]?.trim() === '');
  if (bare === undefined) return;
  throw configurationError(
    'exception_without_reason',
    `The exception for \`${bare}\` has no reason.`,
    'Say why it cannot conform.',
  );
}

function withSummary(id: string, report: Omit<ConformanceReport, 'summary'>): ConformanceReport {
  const { sources, operations, conforming, undescribed, excepted } = report;
  const summary =
    sources.length === 0
      ? `!!! ${id}: ${undescribed} operations compared with no description: none was found (PLUGBOARD_SPECS_DIR)`
      : `${id}: ${conforming} of ${operations} operations conform to ${sources.join(', ')}, ${excepted} excepted, ${undescribed} not described`;
  return { ...report, summary };
}
