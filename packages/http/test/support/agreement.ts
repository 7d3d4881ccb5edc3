/** Holds every answer of the routes against the served document: status, content type, body, code. */
import { openApiOf, type Handler } from '@plugboard/http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}

const document = openApiOf('https://app.example.com/integrations') as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

/** Vendors' own codes, which no list can hold. */
const ofVendors = new Set(['unauthorized']);

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, 'doc');
// Compiling takes longer than everything else in these tests.
const compiled = new Map<string, ValidateFunction>();

function validatorOf(content: object, type: string): ValidateFunction {
  const { schema } = (content as Record<string, { schema: { $ref: string } }>)[type]!;
  const known = compiled.get(schema.$ref) ?? ajv.compile({ $ref: `doc${schema.$ref}` });
  compiled.set(schema.$ref, known);
  return known;
}

function operationAt(method: string, path: string): Operation | undefined {
  const fits = (template: string) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
  const found = Object.keys(document.paths).find(fits);
  return found === undefined ? undefined : document.paths[found]?.[method.toLowerCase()];
}

/** The same handler, whose every answer is judged. `seen` gathers which routes answered with which status. */
export function agreeing(handler: Handler, boardUrl: string, seen?: Set<string>): Handler {
  const base = new URL(boardUrl).pathname.replace(/\/$/, '');
  return async (request) => {
    const response = await handler(request);
    const { pathname } = new URL(request.url);
    const path = pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : pathname;
    const operation = operationAt(request.method, path);
    if (operation === undefined) return response;
    const where = `${operation.operationId} ${response.status}`;
    const declared = operation.responses[String(response.status)];
    expect(declared, `${where} is not declared: ${await response.clone().text()}`).toBeDefined();
    seen?.add(where);
    const type = response.headers.get('content-type')?.split(';')[0] ?? '';
    expect([where, type]).toEqual([where, Object.keys(declared?.content ?? { '': {} })[0]]);
    if (declared?.content === undefined || type === 'text/html') return response;
    const body = (await response.clone().json()) as { code?: string };
    const validate = validatorOf(declared.content, type);
    expect([where, validate(body), validate.errors]).toEqual([where, true, null]);
    if (type === 'application/problem+json' && !ofVendors.has(body.code ?? ''))
      expect([where, declared.description]).toEqual([where, expect.stringContaining(`\`${body.code}\``)]);
    return response;
  };
}
