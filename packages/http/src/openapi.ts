/** The OpenAPI 3.1 document, from the declarations of the routes. */
import type { JsonObject } from '@plugboard/core';
import { z } from 'zod';

import { addresses, type RouteName } from './addresses.ts';
import { inputPrefix } from './read-query.ts';
import type { ErrorCodes, Route } from './route.ts';
import { routes } from './routes.ts';
import * as shapes from './schemas.ts';

const description = {
  open: 'For anybody.',
  flow: "For the browser that started the flow, with the application's session.",
  read: "Needs the application's session with the permission `read`, and a page of an allowed origin.",
  manage: "Needs the application's session with the permission `manage`, and a page of an allowed origin.",
} as const;

/** What every route with a session may answer. */
const ofSession: ErrorCodes = {
  401: ['not_signed_in'],
  403: ['cross_site', 'not_permitted'],
  500: ['invalid_caller'],
};
const ofBody: ErrorCodes = { 400: ['invalid_input'], 413: ['body_too_large'], 415: ['body_not_json'] };
const ofServer: ErrorCodes = { 500: ['internal_error', 'body_consumed'] };

/** @param boardUrl The public address of the routes. */
export function openApiOf(boardUrl: string): JsonObject {
  const names = Object.keys(routes) as RouteName[];
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const name of names) {
    const [method = '', path = ''] = addresses[name].split(' ');
    (paths[path] ??= {})[method.toLowerCase()] = operationOf(name, path, routes[name]);
  }
  return {
    openapi: '3.1.1',
    jsonSchemaDialect: 'https://spec.openapis.org/oas/3.1/dialect/base',
    info: {
      title: 'Plugboard',
      version: '1',
      description: 'Connections of one organization to its vendors. The organization is that of the session, always.',
    },
    servers: [{ url: boardUrl }],
    paths,
    components: { schemas: componentsOf(names) },
  };
}

function operationOf(
  name: RouteName,
  path: string,
  { who, summary, query, body, answer, page, errors }: Route,
): JsonObject {
  const session = who === 'read' || who === 'manage';
  const all = merge([...(session ? [ofSession] : []), ...(body === null ? [] : [ofBody]), ...errors, ofServer]);
  return {
    operationId: name,
    summary,
    description: description[who],
    ...(session && { 'x-permission': who }),
    parameters: [...pathParameters(path), ...queryParameters(query)],
    ...(body !== null && {
      requestBody: { required: true, content: { 'application/json': { schema: refTo(`${name}Body`) } } },
    }),
    responses: {
      ...(answer !== null && {
        200: { description: 'Done.', content: { 'application/json': { schema: refTo(`${name}Answer`) } } },
      }),
      ...(page !== undefined && {
        200: { description: page, content: { 'text/html': { schema: { type: 'string' } } } },
      }),
      // What is open and answers a page leads nowhere else.
      ...(answer === null &&
        !(page !== undefined && who === 'open') && {
          303: { description: 'The browser goes on.', headers: { Location: { schema: { type: 'string' } } } },
        }),
      ...Object.fromEntries(Object.entries(all).map(([status, codes]) => [status, failure(codes)])),
      default: failure([]),
    },
  };
}

function failure(codes: readonly string[]): JsonObject {
  const known = codes.map((code) => `\`${code}\``).join(', ');
  return {
    description: codes.length === 0 ? 'Another failure.' : `Codes: ${known}.`,
    content: { 'application/problem+json': { schema: refTo('Problem') } },
  };
}

function merge(all: readonly ErrorCodes[]): ErrorCodes {
  const merged: Record<string, string[]> = {};
  for (const [status, codes] of all.flatMap((some) => Object.entries(some))) {
    merged[status] = [...new Set([...(merged[status] ?? []), ...(codes as readonly string[])])];
  }
  return merged;
}

function pathParameters(path: string): readonly JsonObject[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodObject): readonly JsonObject[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => {
    const { description: text, ...rest } = schema as { description?: string };
    const shared = {
      name,
      in: 'query',
      required: required.includes(name),
      ...(text !== undefined && { description: text }),
    };
    // Each member is a parameter of its own: `input.shop=...`.
    const prefixed = {
      type: 'object',
      patternProperties: { [`^${inputPrefix.replace('.', '\\.')}`]: { type: 'string' } },
      additionalProperties: false,
    };
    return name === 'input'
      ? { ...shared, style: 'form', explode: true, schema: prefixed }
      : { ...shared, schema: rest as JsonObject };
  });
}

function refTo(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

/** A registry of its own: the global one would be shared with the schemas of the host. */
function componentsOf(names: readonly RouteName[]): JsonObject {
  const inputs = z.registry<{ id: string }>();
  const outputs = z.registry<{ id: string }>();
  const named = { Connection: shapes.connection, Provider: shapes.listed, Method: shapes.method, Step: shapes.step };
  for (const [id, schema] of Object.entries({ ...named, Problem: shapes.problem })) outputs.add(schema, { id });
  for (const name of names) {
    const { body, answer }: Route = routes[name];
    if (body !== null) inputs.add(body, { id: `${name}Body` });
    if (answer !== null) outputs.add(answer, { id: `${name}Answer` });
  }
  return { ...schemasOf(inputs, 'input'), ...schemasOf(outputs, 'output') };
}

function schemasOf(registry: z.core.$ZodRegistry<{ id: string }>, io: 'input' | 'output'): JsonObject {
  const { schemas } = z.toJSONSchema(registry, { io, uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _address, ...schema }]) => [id, schema as JsonObject]),
  );
}
