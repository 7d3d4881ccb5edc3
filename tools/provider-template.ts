/**
 * What `pnpm new provider` writes: a provider that passes everything but `check placeholders`. Each line that holds a
 * fact of the vendor says so, in the words that the check repeats.
 */
import { generatedEnd, generatedStart } from './docs-page.ts';
import { marker, placeholderDate, placeholderHost } from './check-placeholders.ts';
import { providerManifest } from './provider-manifest.ts';

export interface NewProvider {
  readonly id: string;
  /** As people write it. */
  readonly name: string;
  readonly auth: AuthShape;
}

interface Shape {
  /** Names imported from core, and from its fields. */
  readonly core: readonly string[];
  readonly fields: readonly string[];
  /** Members of the definition. */
  readonly members: (provider: Names) => string;
  /** Credentials, and the header that they become. */
  readonly wire: { readonly method: string; readonly credentials: string; readonly header: string };
}

interface Names extends NewProvider {
  /** `ACME`. */
  readonly prefix: string;
  readonly factory: string;
}

const shapes = {
  'api-key': {
    core: ['apiKey', 'bearer'],
    fields: ['secret', 'z'],
    members: ({ id, prefix }) => `  auth: {
    // ${marker} what the key is called, its grammar (\`pattern\`) and how it travels (\`sign\`)
    apiKey: apiKey({
      credentials: z.strictObject({
        key: secret('API key', { help: '${marker} where its owner finds the key.' }),
      }),
      env: { key: '${prefix}_API_KEY' },
      sign: bearer('key'),
      example: { key: '${id}_0123456789abcdef' },
    }),
  },`,
    wire: { method: 'apiKey', credentials: "{ key: 'k' }", header: 'Bearer k' },
  },
  basic: {
    core: ['basic', 'basicAuth'],
    fields: ['secret', 'text', 'z'],
    members: ({ prefix }) => `  auth: {
    // ${marker} what the two parts are called, and their grammar (\`pattern\`)
    basic: basicAuth({
      credentials: z.strictObject({
        username: text('User name', { pattern: /^[\\x21-\\x39\\x3b-\\x7e]+$/ }),
        password: secret('Password', { help: '${marker} where its owner finds it.' }),
      }),
      env: { username: '${prefix}_USERNAME', password: '${prefix}_PASSWORD' },
      sign: basic('username', 'password'),
      example: { username: 'ada', password: 'pw-0123456789abcdef' },
    }),
  },`,
    wire: { method: 'basic', credentials: "{ username: 'u', password: 'p' }", header: 'Basic dTpw' },
  },
  oauth2: {
    core: ['oauth2'],
    fields: [],
    members: ({ id, prefix }) => `  app: {
    clientId: { title: 'OAuth client id', env: '${prefix}_CLIENT_ID' },
    clientSecret: { title: 'OAuth client secret', env: '${prefix}_CLIENT_SECRET', secret: true },
  },

  auth: {
    oauth: oauth2({
      authorize: { url: 'https://${id}.${placeholderHost}/oauth/authorize' }, // ${marker} the consent page's address
      token: { url: 'https://api.${id}.${placeholderHost}/oauth/token' }, // ${marker} the token endpoint
      pkce: 'required', // ${marker} required, supported or none
      scopes: {
        ask: ['items:read'], // ${marker} what an app needs at least
        known: { 'items:read': 'Read items.' },
      },
      refresh: { rotation: 'unknown' }, // ${marker} what becomes of a refresh token that was used
      // ${marker} a token answer as the vendor documents it
      example: { access_token: 'at_1', refresh_token: 'rt_1', token_type: 'Bearer', expires_in: 3600 },
    }),
  },`,
    wire: { method: 'oauth', credentials: "{ accessToken: 't' }", header: 'Bearer t' },
  },
} as const satisfies Readonly<Record<string, Shape>>;

export type AuthShape = keyof typeof shapes;
export const authShapes = Object.keys(shapes) as readonly AuthShape[];

/** Name of the exported factory: `google-ads` is \`googleAds\`. */
export function factoryName(id: string): string {
  return id.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Every file by its path from the root. */
export function providerFiles(provider: NewProvider): ReadonlyMap<string, string> {
  const { id, name } = provider;
  const names = { ...provider, factory: factoryName(id), prefix: id.toUpperCase().replaceAll('-', '_') };
  const dir = `packages/providers/${id}`;
  return new Map([
    [`${dir}/package.json`, json(providerManifest(id, { description: `${name} for Plugboard.` }))],
    [`${dir}/tsconfig.json`, json({ extends: '../../../tsconfig.base.json', references: [{ path: '../../core' }] })],
    [`${dir}/README.md`, readme(names)],
    [`${dir}/src/index.ts`, `export { ${names.factory} } from './provider.ts';\n`],
    [`${dir}/src/provider.ts`, definition(names)],
    [`${dir}/src/operations.ts`, operations()],
    [`${dir}/test/provider.test.ts`, contractTest(names)],
    [`.changeset/provider-${id}.md`, changeset(names)],
  ]);
}

function definition(names: Names): string {
  const { id, name, auth, factory } = names;
  const { core, fields, members } = shapes[auth] as Shape;
  const imports = [
    `import { ${[...core, 'defineProvider', 'vendorErrors'].toSorted().join(', ')} } from '@plugboard/core';`,
    fields.length === 0 ? '' : `import { ${fields.join(', ')} } from '@plugboard/core/fields';`,
  ].filter((line) => line !== '');
  return `/** ${name}: ${marker} what it is, in a few words. */
${imports.join('\n')}

import { account, items } from './operations.ts';

export const ${factory} = defineProvider({
  id: '${id}',
  name: '${name}',
  category: 'developer', // ${marker} the category that fits
  summary: '${marker} what an app uses ${name} for.',
  docs: {
    home: 'https://${id}.${placeholderHost}', // ${marker} the product's page
    keys: 'https://${id}.${placeholderHost}/keys', // ${marker} the page where an account's owner finds the keys
    reference: 'https://docs.${id}.${placeholderHost}', // ${marker} the API reference
    checked: '${placeholderDate}', // ${marker} the day on which you read the facts
  },
  hosts: ['api.${id}.${placeholderHost}'], // ${marker} every host that is called, and no other

${members(names)}

  api: {
    baseUrl: 'https://api.${id}.${placeholderHost}/v1', // ${marker} the base of the paths in src/operations.ts
    // ${marker} the limits that the vendor publishes, with the page; none where it publishes none
    limits: [{ requests: 10, perMs: 1000 }],
    errors: vendorErrors({
      code: ['error', 'code'], // ${marker} where the body of an error holds the vendor's code
      message: ['error', 'message'],
      codes: { invalid_key: 'auth' }, // ${marker} the codes that say more than the status
      // ${marker} true answers with their meaning; invalidCredentials is what a wrong or dead credential gets
      examples: {
        invalidCredentials: {
          status: 401,
          body: { error: { code: 'invalid_key', message: 'The key is not known.' } },
          is: { kind: 'auth', code: 'invalid_key' },
        },
        notFound: {
          status: 404,
          body: { error: { code: 'no_such_item', message: 'There is no such item.' } },
          is: { kind: 'not_found', code: 'not_found' },
        },
      },
    }),
  },

  async account(api) {
    const { id, company } = await api.call(account.me, {});
    return { kind: 'known', account: { id, name: company } };
  },

  async healthCheck(api) {
    await api.call(account.me, {});
    return { status: 'healthy' };
  },

  operations: { account, items },
});
`;
}

function operations(): string {
  return `/** What the client offers. ${marker} the page of the reference, and the version that you read. */
import { endpoint } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';

export const account = {
  // ${marker} the cheapest call that says whose credential it is
  me: endpoint('GET /me', {
    summary: 'Reads the account.',
    input: given({}),
    output: like({ id: 'ac_1', company: 'Example Ltd' }),
  }),
};

// ${marker} a true answer of the reference: second come the members that may be null or absent
const item = like({ id: 'it_1', name: 'Tea' }, { price: 4.5 });
const one = given({ id: 'it_1' });

// ${marker} the operations that apps need; one of each usual kind stands here
export const items = {
  list: endpoint('GET /items', {
    summary: 'Lists items.',
    input: given({}, { limit: z.int().min(1).max(100), cursor: z.string().min(1) }),
    output: like({ data: [item] }, { next_cursor: 'c_2' }),
    paging: {
      items: (page) => page.data,
      next: (page, input) => (page.next_cursor ? { ...input, cursor: page.next_cursor } : undefined),
    },
  }),
  get: endpoint('GET /items/{id}', { summary: 'Reads an item.', input: one, output: item }),
  create: endpoint('POST /items', {
    summary: 'Adds an item.',
    input: given({ name: 'Tea' }, { price: 4.5 }),
    output: item,
    example: { status: 201 },
  }),
  delete: endpoint('DELETE /items/{id}', {
    summary: 'Removes an item.',
    repeat: 'safe',
    input: one,
    output: nothing,
    example: { status: 204 },
  }),
};
`;
}

function contractTest({ auth, factory }: Names): string {
  const { method, credentials, header } = shapes[auth].wire;
  return `import { conformance, providerContract } from '@plugboard/testing';
import { expect, test } from 'vitest';

import { ${factory} } from '../src/index.ts';

// ${marker} the account that the example answer of account.me names
providerContract(${factory}, { account: { id: 'ac_1', name: 'Example Ltd' } });

// ${marker} drop this where the vendor publishes no description, and say so in the README
conformance(${factory}.definition);

// The emulator believes whatever \`sign\` does. ${marker} the header as the vendor's documentation shows it
test('the credential travels as the vendor documents it', async () => {
  const { sign } = ${factory}.definition.auth.${method};
  const request = { method: 'GET', url: new URL(${factory}.definition.api.baseUrl as string), headers: new Headers() };
  await sign.apply(request, { credentials: ${credentials}, app: {}, now: 0 });
  expect([...request.headers]).toEqual([['authorization', '${header}']]);
});
`;
}

function readme({ id, name }: Names): string {
  return `# @plugboard/provider-${id}

${marker} a paragraph on what is particular about ${name}: ways to connect, what is sent again, what it does not tell.

${generatedStart}
${generatedEnd}
`;
}

function changeset({ id, name }: Names): string {
  return `---
'@plugboard/provider-${id}': minor
---

${name}: ${marker} what the package brings to its users
`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
