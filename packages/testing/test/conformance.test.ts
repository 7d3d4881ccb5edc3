import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { apiKey, defineProvider, endpoint, header, query, type Json } from '@plugboard/core';
import { secret } from '@plugboard/core/fields';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { conformanceOf, type ConformanceOptions } from '../src/conformance.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'descriptions-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Shop {
  readonly path?: `/${string}`;
  readonly baseUrl?: string;
  readonly body?: object;
  readonly form?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | readonly string[]>>;
  readonly status?: number;
  readonly answer?: Json | undefined;
  readonly contentType?: string;
  /** What the list adds to its query for the second page. */
  readonly nextQuery?: Readonly<Record<string, string>>;
}

/** A provider of two endpoints: `items.list` conforms to every description below, `items.add` is what a test makes it. */
function shop(add: Shop = {}) {
  const { path = '/items', body, form, query: asked, status = 201 } = add;
  return defineProvider({
    id: 'shop',
    name: 'Shop',
    category: 'commerce',
    summary: 'Items.',
    docs: {
      home: 'https://shop.example',
      keys: 'https://shop.example/keys',
      reference: 'https://shop.example/api',
      checked: '2026-11-20',
    },
    hosts: ['api.shop.example'],
    auth: {
      key: apiKey({
        credentials: z.strictObject({ key: secret('Key') }),
        sign: header('x-key', 'key'),
        example: { key: 'k-1' },
      }),
    },
    api: {
      baseUrl: add.baseUrl ?? 'https://api.shop.example/v1',
      headers: { 'x-version': '1' },
      errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
    },
    account: () => Promise.resolve({ kind: 'derived', name: 'Shop' }),
    healthCheck: () => Promise.resolve({ status: 'healthy' }),
    operations: {
      items: {
        list: endpoint('GET /items', {
          summary: 'Lists items.',
          input: z.strictObject({ next: z.boolean().optional() }),
          encode: ({ next }) => ({ query: { limit: 2, ...(next === true && add.nextQuery) } }),
          output: z.unknown(),
          ...(add.nextQuery && { paging: { items: () => [], next: () => ({ next: true }) } }),
          example: { input: {}, answer: { items: [{ id: 'a', price: null }] } },
        }),
        add: endpoint(`POST ${path}`, {
          summary: 'Adds an item.',
          input: z.looseObject({}),
          encode: (input) => ({
            ...(asked && { query: asked }),
            ...(form === undefined ? { json: body ?? { name: 'Tea', size: { grams: 5 }, ...input } } : { form }),
            ...(add.contentType !== undefined && { headers: { 'content-type': add.contentType } }),
          }),
          output: z.unknown(),
          example: { input: {}, status, answer: 'answer' in add ? add.answer! : { id: 'b', price: 1 } },
        }),
      },
    },
  }).definition;
}

const item = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string' },
    price: { type: 'number', nullable: true },
    secretNote: { type: 'string', writeOnly: true },
  },
};

const openApi = {
  openapi: '3.0.3',
  info: { title: 'Shop', version: '1' },
  servers: [{ url: 'https://api.shop.example/v1' }],
  paths: {
    '/items': {
      get: {
        parameters: [
          { name: 'limit', in: 'query', required: true, schema: { type: 'integer', minimum: 1 } },
          { name: 'x-version', in: 'header', required: true, schema: { type: 'string' } },
        ],
        responses: {
          200: {
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Item' } } },
                },
              },
            },
          },
        },
      },
      post: {
        parameters: [
          { name: 'dry', in: 'query', schema: { type: 'boolean' } },
          { name: 'tags', in: 'query', schema: { type: 'array', items: { enum: ['new', 'hot'] } } },
        ],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/NewItem' } } },
        },
        responses: { 201: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } } } },
      },
    },
    '/items/{id}': {
      post: {
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string', pattern: '^it_' } }],
        responses: { 204: {} },
      },
    },
  },
  components: {
    schemas: {
      Item: item,
      NewItem: {
        allOf: [
          {
            type: 'object',
            required: ['name', 'id'],
            properties: { name: { type: 'string' }, id: { type: 'string', readOnly: true } },
          },
          {
            type: 'object',
            properties: {
              size: { $ref: '#/components/schemas/Size' },
              note: { type: 'string', nullable: true },
              stock: { type: 'number', minimum: 0, exclusiveMinimum: true },
            },
          },
        ],
      },
      Size: {
        oneOf: [
          { type: 'object', properties: { grams: { type: 'number' } } },
          { type: 'object', properties: { grams: { type: 'integer' }, unit: { type: 'string' } } },
        ],
      },
    },
  },
};

function compare(add: Shop, options: ConformanceOptions = {}, description: object = openApi) {
  writeFileSync(join(dir, 'shop.json'), JSON.stringify(description));
  return conformanceOf(shop(add), { specsDir: dir, ...options });
}

const problemsOf = (add: Shop, options?: ConformanceOptions, description?: object) =>
  compare(add, options, description).problems.map(({ operation, problem }) => `${operation}: ${problem}`);

describe('a request and an answer that the description knows', () => {
  test.each<[string, Shop]>([
    ['as declared', {}],
    ['with a null where the description allows one', { body: { name: 'Tea', note: null } }],
    ['without what only the vendor writes', { body: { name: 'Tea' } }],
    ['with parameters that are texts of other types', { query: { dry: 'true', tags: ['new', 'hot'] } }],
    ['with a list in one text', { query: { tags: 'new,hot' } }],
    ['with a value that fits two of several alternatives', { body: { name: 'Tea', size: { grams: 1 } } }],
  ])('%s conform', (_name, add) => {
    expect(compare(add)).toMatchObject({ operations: 2, conforming: 2, problems: [], sources: ['shop.json'] });
  });
});

describe('what the description does not know is named', () => {
  test.each<[string, Shop, string]>([
    ['a path', { path: '/itemz' }, 'no description has this method and path'],
    ['a host', { baseUrl: 'https://shop.example/v1' }, 'shop.example is not a host of the description'],
    [
      'a path value',
      { path: '/items/xx', status: 204, answer: undefined },
      'path `id` (root): must match pattern "^it_"',
    ],
    ['a query parameter', { query: { dyr: 'true' } }, 'query `dyr` is not described'],
    ['the type of a query parameter', { query: { dry: 'perhaps' } }, 'query `dry` (root): must be boolean'],
    [
      'a value of a list',
      { query: { tags: ['new', 'old'] } },
      'query `tags` /1: must be equal to one of the allowed values',
    ],
    ['a name in the body', { body: { name: 'Tea', colour: 'green' } }, 'body (root): `colour` is not described'],
    ['a name deeper in the body', { body: { name: 'Tea', size: { gram: 1 } } }, 'body /size: `gram` is not described'],
    ['a missing required name', { body: { note: 'x' } }, "body (root): must have required property 'name'"],
    ['a wrong type', { body: { name: 1 } }, 'body /name: must be string'],
    ['an exclusive bound', { body: { name: 'Tea', stock: 0 } }, 'body /stock: must be > 0'],
    ['a content type', { contentType: 'text/json' }, 'content type text/json is not described: application/json'],
    [
      'a form instead of JSON',
      { form: { name: 'Tea' } },
      'content type application/x-www-form-urlencoded is not described: application/json',
    ],
    ['a status', { status: 200 }, 'status 200 is not described: 201'],
    ['an answer', { answer: { price: 1 } }, "answer (root): must have required property 'id'"],
    [
      'an answer where none is described',
      { path: '/items/it_1', status: 204, answer: { id: 'b' } },
      'no body is described for status 204, the example has one',
    ],
    [
      'no answer where one is described',
      { answer: undefined },
      'a body is described for status 201, the example has none',
    ],
  ])('%s', (_name, add, problem) => {
    expect(problemsOf(add)).toContain(`items.add: ${problem}`);
  });

  test('a required query parameter that is not sent', () => {
    const needy = structuredClone(openApi);
    needy.paths['/items'].post.parameters.push({
      name: 'token',
      in: 'query',
      required: true,
      schema: { type: 'string' },
    } as never);
    expect(problemsOf({}, {}, needy)).toEqual(['items.add: query `token` is required and missing']);
    expect(problemsOf({}, { parameters: { token: 'sent in a header' } }, needy)).toEqual([]);
    const signed = { ...shop(), auth: { key: { ...shop().auth.key, sign: query('token', 'key') } } };
    expect(conformanceOf(signed, { specsDir: dir }).problems).toEqual([]);
  });

  test('a parameter of the next page', () => {
    expect(problemsOf({ nextQuery: { limit: '3' } })).toEqual([]);
    expect(problemsOf({ nextQuery: { cursor: 'c2' } })).toEqual(['items.list: query `cursor` is not described']);
  });

  test('a field that only a further input has', () => {
    expect(problemsOf({}, { inputs: { 'items.add': [{ note: 'x' }, { stock: 1 }] } })).toEqual([]);
    expect(problemsOf({}, { inputs: { 'items.add': [{ colour: 'green' }] } })).toEqual([
      'items.add: body (root): `colour` is not described',
    ]);
  });

  test('a fault in a literal path that a laxer template also fits', () => {
    const literal = structuredClone(openApi) as { paths: Record<string, object> };
    literal.paths['/{any}'] = {
      post: { requestBody: { content: { 'application/json': {} } }, responses: { 201: { content: { '*/*': {} } } } },
    };
    expect(problemsOf({ body: { name: 1 } }, {}, literal)).toEqual(['items.add: body /name: must be string']);
  });

  test('a required header that is not sent', () => {
    const needy = structuredClone(openApi);
    needy.paths['/items'].get.parameters.push({
      name: 'X-Tenant',
      in: 'header',
      required: true,
      schema: { type: 'string' },
    });
    expect(problemsOf({}, {}, needy)).toEqual(['items.list: header `X-Tenant` is required and missing']);
  });
});

describe('exceptions', () => {
  test('silence an operation and are counted', () => {
    const report = compare({ path: '/newer' }, { exceptions: { 'items.add': 'newer than the description' } });
    expect(report).toMatchObject({ problems: [], conforming: 1, undescribed: 1, excepted: 1 });
    expect(report.summary).toBe('shop: 1 of 2 operations conform to shop.json, 1 excepted, 1 not described');
  });

  test('that no longer apply are problems', () => {
    expect(problemsOf({}, { exceptions: { 'items.add': 'newer' } })).toEqual([
      'items.add: conforms: its exception is out of date',
    ]);
    expect(problemsOf({}, { exceptions: { 'items.buy': 'gone' } })).toEqual([
      'items.buy: is excepted, but no such endpoint exists',
    ]);
  });

  test('need a reason', () => {
    expect(() => compare({}, { exceptions: { 'items.add': ' ' } })).toThrow(
      'The exception for `items.add` has no reason.',
    );
  });
});

describe('without a description', () => {
  test('everything counts as undescribed, in a loud line', () => {
    const report = conformanceOf(shop(), { specsDir: dir });
    expect(report).toMatchObject({ sources: [], operations: 0, undescribed: 2, problems: [] });
    expect(report.summary).toMatch(/^!!! shop: 2 operations compared with no description/);
  });

  test('a named folder that is not there is an error', () => {
    expect(() => conformanceOf(shop(), { specsDir: join(dir, 'absent') })).toThrow('a folder that does not exist');
  });

  test('an unknown format is an error', () => {
    expect(() => compare({}, {}, { wsdl: true })).toThrow('shop.json is of no format that is known');
  });
});

describe('formats', () => {
  test('Swagger 2: forms, a parameter as its own schema, a base path', () => {
    const swagger = {
      swagger: '2.0',
      host: 'api.shop.example',
      basePath: '/v1',
      produces: ['application/json'],
      paths: {
        '/items': {
          get: {
            parameters: [{ name: 'limit', in: 'query', required: true, type: 'integer' }],
            responses: { 200: { schema: { type: 'object' } } },
          },
          post: {
            consumes: ['application/x-www-form-urlencoded'],
            parameters: [
              { name: 'name', in: 'formData', required: true, type: 'string' },
              { name: 'grams', in: 'formData', type: 'integer' },
            ],
            responses: { 201: { schema: { $ref: '#/definitions/Item' } } },
          },
        },
      },
      definitions: { Item: item },
    };
    expect(problemsOf({ form: { name: 'Tea', grams: 5 } }, {}, swagger)).toEqual([]);
    expect(problemsOf({ form: { name: 'Tea', grams: 'five' } }, {}, swagger)).toEqual([
      'items.add: body /grams: must be integer',
    ]);
    expect(problemsOf({ form: { naem: 'Tea' } }, {}, swagger)).toEqual([
      "items.add: body (root): must have required property 'name'",
      'items.add: body (root): `naem` is not described',
    ]);
    expect(problemsOf({ form: { name: 'Tea' }, answer: {} }, {}, swagger)).toEqual([
      "items.add: answer (root): must have required property 'id'",
    ]);
  });

  test('OpenAPI 3.1 in YAML: types that include null', () => {
    writeFileSync(
      join(dir, 'shop.yaml'),
      `openapi: 3.1.0
servers: [{ url: 'https://{region}.shop.example/v1' }]
paths:
  /items:
    get:
      responses: { '200': { content: { application/json: { schema: { type: object } } } } }
      parameters: [{ name: limit, in: query, schema: { type: [integer, 'null'] } }]
    post:
      requestBody: { content: { application/json: { schema: { type: object, properties: { name: { type: [string, 'null'] } } } } } }
      responses: { 2XX: { content: { '*/*': { schema: true } } } }
`,
    );
    const check = (add: Shop) => conformanceOf(shop(add), { specsDir: dir }).problems.map(({ problem }) => problem);
    expect(check({ body: { name: null } })).toEqual([]);
    expect(check({ body: { name: 1 } })).toEqual(['body /name: must be string,null']);
  });

  test('Google discovery: bare references, repeated parameters, parameters of the whole API', () => {
    const discovery = {
      kind: 'discovery#restDescription',
      rootUrl: 'https://api.shop.example/',
      servicePath: '',
      parameters: { alt: { type: 'string', location: 'query' } },
      resources: {
        items: {
          methods: {
            list: {
              httpMethod: 'GET',
              path: 'v1/items',
              parameters: { limit: { type: 'integer', location: 'query', required: true } },
              response: { $ref: 'Items' },
            },
            add: {
              httpMethod: 'POST',
              path: 'v1/{+parent}',
              parameters: {
                parent: { type: 'string', location: 'path', required: true, pattern: '^items$' },
                tag: { type: 'string', repeated: true, location: 'query', enum: ['new', 'hot'] },
                // These documents write bounds as texts.
                weight: { type: 'integer', minimum: '1', maximum: '5', location: 'query' },
              },
              request: { $ref: 'NewItem' },
              response: { $ref: 'Item' },
            },
          },
        },
      },
      schemas: {
        Items: { id: 'Items', type: 'object', properties: { items: { type: 'array', items: { $ref: 'Item' } } } },
        Item: { id: 'Item', type: 'object', properties: { id: { type: 'string' }, price: { type: 'any' } } },
        NewItem: { id: 'NewItem', type: 'object', properties: { name: { type: 'string' } } },
      },
    };
    const body = { name: 'Tea' };
    const status = 200;
    expect(problemsOf({ body, status, query: { alt: 'json', tag: ['new', 'hot'] } }, {}, discovery)).toEqual([]);
    expect(problemsOf({ body, status, query: { tag: ['new', 'old'] } }, {}, discovery)).toEqual([
      'items.add: query `tag` /1: must be equal to one of the allowed values',
    ]);
    expect(problemsOf({ body, status, query: { weight: '5' } }, {}, discovery)).toEqual([]);
    expect(problemsOf({ body, status, query: { weight: '9' } }, {}, discovery)).toEqual([
      'items.add: query `weight` (root): must be <= 5',
    ]);
    expect(problemsOf({ body: { title: 'Tea' }, status }, {}, discovery)).toEqual([
      'items.add: body (root): `title` is not described',
    ]);
    expect(problemsOf({ body, status, answer: { id: 7 } }, {}, discovery)).toEqual([
      'items.add: answer /id: must be string',
    ]);
  });

  test('Smithy: bindings of path, query and headers; what stands in the template tells operations apart', () => {
    const bound = (name: string, value: unknown, more: object = {}) => ({
      target: 'shop#Text',
      traits: { [`smithy.api#${name}`]: value, ...more },
    });
    const required = { 'smithy.api#required': {} };
    const operation = (method: string, uri: string, input: string) => ({
      type: 'operation',
      input: { target: `shop#${input}` },
      traits: { 'smithy.api#http': { method, uri } },
    });
    const path = { Version: bound('httpLabel', {}, required), Path: bound('httpLabel', {}, required) };
    const smithy = {
      smithy: '2.0',
      shapes: {
        'shop#List': operation('GET', '/{Version}/items?x-id=List', 'ListInput'),
        'shop#Add': operation('POST', '/{Version}/{Path+}?x-id=Add', 'AddInput'),
        'shop#Close': operation('POST', '/{Version}/{Path+}?close&mode=fast', 'CloseInput'),
        'shop#ListInput': {
          type: 'structure',
          members: {
            Version: path.Version,
            limit: { target: 'shop#Count', traits: { 'smithy.api#httpQuery': 'limit' } },
            version: bound('httpHeader', 'x-version', required),
          },
        },
        'shop#AddInput': {
          type: 'structure',
          members: {
            ...path,
            kind: { target: 'shop#Kind', traits: { 'smithy.api#httpQuery': 'kind' } },
            body: { target: 'shop#Blob', traits: { 'smithy.api#httpPayload': {}, ...required } },
          },
        },
        'shop#CloseInput': { type: 'structure', members: { ...path, token: bound('httpQuery', 'token', required) } },
        'shop#Count': { type: 'integer' },
        'shop#Text': { type: 'string' },
        'shop#Blob': { type: 'blob' },
        'shop#Kind': { type: 'enum', members: { NEW: { traits: { 'smithy.api#enumValue': 'new' } } } },
      },
    };
    const check = (add: Shop) => problemsOf(add, {}, smithy);
    expect(check({ query: { kind: 'new' } })).toEqual([]);
    expect(check({ path: '/items/a/b', query: { kind: 'new' } })).toEqual([]);
    expect(check({ query: { kind: 'old' } })).toEqual([
      'items.add: query `kind` (root): must be equal to one of the allowed values',
    ]);
    expect(check({ query: { colour: 'red' } })).toEqual(['items.add: query `colour` is not described']);
    // Only the second operation has these names, and it takes no body.
    expect(check({ query: { close: '', mode: 'fast', token: 't' } })).toEqual(['items.add: no body is described']);
  });

  test('lists of fields: names and what is required', () => {
    const list = {
      fields: [{ name: 'id', type: 'string' }],
      apis: [
        { method: 'GET', endpoint: 'items', return: 'Item', params: [{ name: 'limit', required: false, type: 'int' }] },
        {
          method: 'POST',
          endpoint: 'items',
          return: 'Item',
          params: [{ name: 'name', required: true, type: 'string' }],
        },
      ],
    };
    const options = { nodePath: '/{version}' };
    expect(problemsOf({ form: { name: 'Tea' } }, options, list)).toEqual([]);
    expect(problemsOf({ form: { naem: 'Tea' } }, options, list)).toEqual([
      "items.add: body (root): must have required property 'name'",
      'items.add: body (root): `naem` is not described',
    ]);
    expect(() => problemsOf({}, {}, list)).toThrow("nodePath: '/{version}/act_{account}'");
  });
});

describe('excerpts of answers', () => {
  const excerpts = 'a resource has a hundred members';

  test('may leave out what is required, and hold nothing that is wrong', () => {
    expect(problemsOf({ answer: { price: 1 } })).toEqual([
      "items.add: answer (root): must have required property 'id'",
    ]);
    expect(problemsOf({ answer: { price: 1 } }, { excerpts })).toEqual([]);
    expect(problemsOf({ answer: { price: 'dear' } }, { excerpts })).toContain(
      'items.add: answer /price: must be number',
    );
  });

  test('need a reason, and to be excerpts', () => {
    expect(problemsOf({}, { excerpts })).toEqual(['(all): no answer is an excerpt: the reason is out of date']);
    expect(() => compare({}, { excerpts: ' ' })).toThrow('The exception for `excerpts` has no reason.');
  });

  test('ask as much of requests as ever', () => {
    expect(problemsOf({ answer: { price: 1 }, body: {} }, { excerpts })).toEqual([
      "items.add: body (root): must have required property 'name'",
    ]);
  });
});
