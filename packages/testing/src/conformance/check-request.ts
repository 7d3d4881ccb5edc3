/** Is the request that an endpoint's example makes one that the description allows? */
import type { BuiltRequest } from '@plugboard/core/provider-kit';

import type { DescribedParameter, Description, FoundOperation } from './description.ts';
import { isNode } from './json-schema.ts';

export interface RequestContext {
  readonly description: Description;
  readonly found: FoundOperation;
  /** Parameters that are put on elsewhere or not at all, each with the reason. */
  readonly ignored: Readonly<Record<string, string>>;
  /** Headers, query parameters and members of the body that hold the credential. */
  readonly signed: ReadonlySet<string>;
}

export function checkRequest(request: BuiltRequest, context: RequestContext): string[] {
  return [
    ...checkPath(context),
    ...checkQuery(request.url, context),
    ...checkHeaders(request.headers, context),
    ...checkBody(request, context),
  ];
}

function checkPath({ description, found }: RequestContext): string[] {
  return found.operation.parameters
    .filter(({ place }) => place === 'path')
    .flatMap((parameter) => {
      const value = found.values[parameter.name];
      return value === undefined ? [] : checkTexts(description, parameter, [value]);
    });
}

function checkQuery({ searchParams }: URL, { description, found, ignored, signed }: RequestContext): string[] {
  const described = found.operation.parameters.filter(({ place }) => place === 'query');
  const names = [...new Set(searchParams.keys())];
  const problems = names.flatMap((name) => {
    const parameter = described.find((candidate) => isNamed(candidate, name));
    if (parameter !== undefined)
      return parameter.name === name ? checkTexts(description, parameter, searchParams.getAll(name)) : [];
    return name in ignored ? [] : [`query \`${name}\` is not described`];
  });
  const missing = described.filter(
    (parameter) => parameter.required && !names.some((name) => isNamed(parameter, name)),
  );
  return [...problems, ...missingProblems(missing, 'query', { ignored, signed })];
}

function isNamed({ name, deep }: DescribedParameter, sent: string): boolean {
  return sent === name || sent === `${name}[]` || (deep === true && sent.startsWith(`${name}[`));
}

function checkHeaders(headers: Headers, { found, ignored, signed }: RequestContext): string[] {
  const missing = found.operation.parameters.filter(
    ({ place, required, name }) => place === 'header' && required && !headers.has(name),
  );
  return missingProblems(missing, 'header', { ignored, signed });
}

function missingProblems(
  missing: readonly DescribedParameter[],
  place: 'query' | 'header',
  { ignored, signed }: Pick<RequestContext, 'ignored' | 'signed'>,
): string[] {
  return missing
    .filter(
      ({ name }) => !(name in ignored) && !signed.has(`${place}:${place === 'header' ? name.toLowerCase() : name}`),
    )
    .map(({ name }) => `${place} \`${name}\` is required and missing`);
}

/** One text, or several where the description wants a list: repeated names, or parts of one text. */
function checkTexts(description: Description, parameter: DescribedParameter, texts: readonly string[]): string[] {
  const { schema, name, place } = parameter;
  if (schema === undefined) return [];
  const check = description.check(schema, { side: 'request', texts: true });
  const readings: unknown[] = texts.length > 1 ? [texts] : [texts[0], texts[0]?.split(','), parseText(texts[0])];
  const verdicts = readings.map(check);
  return verdicts.some((problems) => problems.length === 0)
    ? []
    : (verdicts[0] ?? []).map((problem) => `${place} \`${name}\` ${problem}`);
}

function parseText(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return text;
  }
}

function checkBody({ body, headers }: BuiltRequest, { description, found, signed }: RequestContext): string[] {
  const { bodies, bodyRequired } = found.operation;
  const credentials = [...signed].flatMap((place) => (place.startsWith('body:') ? [place.slice('body:'.length)] : []));
  if (body === undefined && credentials.length === 0) return bodyRequired ? ['the body is required and missing'] : [];
  if (bodies.length === 0) return ['no body is described'];
  const type = body === undefined ? 'application/json' : mediaTypeOf(headers);
  const described = bodies.find(({ mediaType }) => mediaMatches(mediaType, type));
  if (described === undefined)
    return [`content type ${type} is not described: ${bodies.map(({ mediaType }) => mediaType).join(', ')}`];
  if (described.schema === undefined || body instanceof Uint8Array) return [];
  const isForm = type === 'application/x-www-form-urlencoded';
  if (!isForm && !type.includes('json')) return [];
  const check = description.check(described.schema, { side: 'request', texts: isForm });
  const value: unknown = isForm ? formValues(body ?? '') : JSON.parse(body ?? '{}');
  // What the sign adds later is not everywhere described, and where it is, it may be required.
  const withCredentials = {
    ...(value as object),
    ...Object.fromEntries(credentials.map((name) => [name, 'credential'])),
  };
  const readings = credentials.length === 0 || !isNode(value) ? [value] : [value, withCredentials];
  const [fewest = []] = readings.map(check).toSorted((a, b) => a.length - b.length);
  return fewest.map((problem) => `body ${problem}`);
}

function formValues(body: string): Record<string, unknown> {
  const form = new URLSearchParams(body);
  const entries = [...new Set(form.keys())].map((name) => {
    const all = form.getAll(name);
    return [name, all.length > 1 ? all : (structured(all[0]) ?? all[0])] as const;
  });
  return Object.fromEntries(entries);
}

/** Objects and lists travel as JSON texts in forms; anything else is a text that may stand for a number. */
function structured(text: string | undefined): unknown {
  const value = parseText(text);
  return Array.isArray(value) || isNode(value) ? value : undefined;
}

function mediaTypeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
}

function mediaMatches(described: string, type: string): boolean {
  const pattern = described.split(';')[0]!.trim().toLowerCase();
  return pattern === type || pattern === '*/*' || (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1)));
}
