/** What the generated files say, for a provider that declares something of every kind. */
import { readFile } from 'node:fs/promises';

import { apiKey, bearer, defineProvider, endpoint, hmacSignature, noAuth, oauth2, operation } from '@plugboard/core';
import { createKey, createMemoryStore, createPlugboard } from '@plugboard/core';
import type { AnyDefinition } from '@plugboard/core';
import { given, like, secret, text } from '@plugboard/core/fields';
import { describe, expect, test } from 'vitest';

import { providerPage, providerTable } from '../docs-page.ts';
import { envExample } from '../env-example.ts';
import { exampleManifest, exampleProviders } from '../example-app.ts';

const credentials = given({ key: secret('API key', { help: 'Settings > Keys.' }) }, { region: text('Region') });

const { definition } = defineProvider({
  id: 'acme',
  name: 'Acme',
  category: 'email',
  summary: 'Sends letters.',
  docs: {
    home: 'https://acme.example',
    keys: 'https://acme.example/keys',
    reference: 'https://acme.example/api',
    checked: '2026-11-20',
  },
  hosts: ['api.acme.example', '*.acme.example'],
  app: {
    clientId: { title: 'OAuth client id', env: 'ACME_CLIENT_ID' },
    hookSecret: { title: 'Signing secret', env: 'ACME_HOOK', secret: true, set: 'webhooks', help: 'Hooks | Secret.' },
    partner: { title: 'Partner id', env: 'ACME_PARTNER', optional: true },
  },
  auth: {
    key: apiKey({ credentials, env: { key: 'ACME_KEY' }, sign: bearer('key'), example: { key: 'ak_1' } }),
    oauth: oauth2({
      authorize: { url: 'https://api.acme.example/authorize' },
      token: { url: 'https://api.acme.example/token' },
      scopes: { ask: ['read'], known: { read: 'Read letters.', write: 'Send letters.' } },
      pkce: 'required',
      refresh: { rotation: { graceSeconds: 60 } },
      input: given({ shop: text('Shop') }),
      example: {},
    }),
    open: noAuth({ credentials: given({ url: text('Address') }), example: { url: 'https://x.example' } }),
  },
  api: {
    baseUrl: 'https://api.acme.example',
    version: 'v3',
    limits: [{ requests: 5, perMs: 1000, per: 'app', counts: 'units' }],
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'bad_key' } } } },
  },
  account: () => Promise.resolve({ kind: 'derived', name: 'Acme' }),
  healthCheck: () => Promise.resolve({ status: 'unknown' }),
  settings: {
    schema: given({}, { box: text('Box'), note: text('Note') }),
    choices: { box: () => Promise.resolve([]) },
    scopes: { box: ['read'] },
  },
  flags: { letters: { description: 'Send letters.', default: false, requiresConnection: true } },
  webhooks: {
    docs: 'https://acme.example/hooks',
    secrets: ({ app }) => [app['hookSecret']],
    verify: hmacSignature({
      header: 'x-acme',
      algorithm: 'sha256',
      encoding: 'hex',
      timestamp: { header: 'x-time', unit: 'seconds', toleranceSeconds: 43_200 },
    }),
    parse: () => [],
    events: { 'letter.sent': like({}) },
    ends: ['app.removed'],
    refusals: { signature_invalid: 406 },
    maxBytes: 26_214_400,
    rememberDays: 7,
    vectors: [],
    sign: () => Promise.resolve({}),
  },
  operations: {
    letters: {
      list: endpoint('GET /letters', {
        summary: 'Lists letters.',
        docs: 'https://acme.example/api#list',
        scopes: ['read', ['https://acme.example/auth/letters.read', 'https://acme.example/']],
        cost: 2,
        input: given({}, { cursor: text('Cursor') }),
        output: like({ items: [like({ id: 'l_1' })] }, { next: 'c_2' }),
        paging: { items: (page) => page.items, next: () => undefined },
      }),
      send: endpoint('POST /letters', {
        summary: 'Sends a letter.',
        input: given({ to: 'Ada' }),
        output: like({ id: 'l_1' }),
        idempotency: { header: 'Idempotency-Key' },
        limits: [{ requests: 1, perMs: 500, concurrency: 2 }],
      }),
      burn: endpoint('POST /burn', {
        summary: 'Burns a letter.',
        methods: ['key', 'open'],
        input: given({ id: 'l_1' }),
        output: like({}),
      }),
      copy: operation({ summary: 'Copies a letter.', input: given({ id: 'l_1' }), run: () => Promise.resolve(null) }),
    },
  },
});

describe('a page', () => {
  const page = providerPage(definition, 'Runs everywhere.');
  test.each([
    ['hosts and version', 'Calls only `api.acme.example`, `*.acme.example`. API version: `v3`.'],
    ['the date of its facts', 'checked on 2026-11-20.'],
    ['app fields', '| `hookSecret` | `ACME_HOOK` | for webhooks | yes | Signing secret. Hooks \\| Secret. |'],
    ['optional app fields', '| `partner` | `ACME_PARTNER` | no |  | Partner id |'],
    ['where a credential travels', 'Travels in the header `authorization`. From the environment, one set serves'],
    ['fields with their names', '| `key` | yes | yes | API key. Settings > Keys. | `ACME_KEY` |'],
    ['fields without names', '| Field | Required | What it is |\n| --- | --- | --- |\n| `url` | yes | Address |'],
    ['OAuth', 'PKCE: required. Refresh: rotating refresh token, 60 s of grace. The vendor offers no revocation.'],
    ['values before the redirect', 'Asked before the redirect:\n\n| Field | Required | What it is |'],
    ['scopes', '| `write` | no | Send letters. |'],
    ['live choices of settings', '| `box` | no | Box | choices asked at the vendor needs `read` |'],
    ['plain settings', '| `note` | no | Note |  |'],
    [
      'operations',
      '| `letters.list` | Lists letters. | [`GET /letters`](https://acme.example/api#list) | `read`, `letters.read` or `https://acme.example/` |  | yes | safe | costs 2 |',
    ],
    ['idempotency and limits', '|  |  | keyed: `Idempotency-Key` | 1 in 500 ms 2 at once |'],
    ['writes that are not repeated, and who can', '| `POST /burn` |  | `key` or `open` |  | never |  |'],
    ['composed operations', '| `letters.copy` | Copies a letter. | several calls |  |  |  | as its calls |  |'],
    ['limits of all calls', 'All calls together: 5 units in 1 s for the whole app.'],
    [
      'intake',
      'Each is remembered for 7 days, so that a second one does nothing. A forged one is answered 406. A body may have 25 MB.',
    ],
    ['for how long a delivery is believed', 'A delivery is believed for 12 hours. Each is remembered'],
    ['where the vendor sends events', 'Deliveries go to `<url of the board>/webhooks/acme`, and are verified as'],
    ['where the vendor sends browsers', 'The redirect URI to register is `<url of the board>/callback/acme`.'],
    ['how operations are called', "Functions of `board.client('acme', { organizationId })`."],
    ['events', '| `letter.sent` |  |\n| `app.removed` | ends the connection |'],
    ['flags', '| `letters` | off | yes | Send letters. |'],
    ['answers', '| invalidCredentials | 401 | `auth` | `bad_key` |'],
  ])('shows %s', (_, line) => expect(page).toContain(line));

  test('leaves out what is not declared, and columns that nobody fills', () => {
    const { settings: _settings, webhooks: _webhooks, flags: _flags, app: _app, ...bare } = definition;
    const shown = providerPage({ ...bare, operations: {} } as typeof definition, '');
    for (const title of ['Settings', 'Webhooks', 'Flags', 'Operations', 'What the host registers', 'Capabilities']) {
      expect(shown).not.toContain(`## ${title}`);
    }
  });
});

test('the table of the README has a row for each provider, one kind after the other', () => {
  const other: AnyDefinition = { ...definition, id: 'zeta', name: 'Zeta', category: 'ai' };
  expect(providerTable([definition, other])).toBe(
    [
      '| Provider | Category | Connects by | Webhooks |',
      '| --- | --- | --- | --- |',
      '| [Zeta](docs/providers/zeta.md) | ai | API key, OAuth, Address | yes |',
      '| [Acme](docs/providers/acme.md) | email | API key, OAuth, Address | yes |',
    ].join('\n'),
  );
});

test('.env.example names everything that a deployment may set, and sets nothing', async () => {
  const written = await envExample([definition]);
  expect(written).toContain(
    [
      '# Acme: https://acme.example/keys',
      '# OAuth client id',
      '# ACME_CLIENT_ID=',
      '# Signing secret. Hooks | Secret.',
      '# ACME_HOOK=',
      '# Partner id (optional)',
      '# ACME_PARTNER=',
      '# API key. Settings > Keys.',
      '# ACME_KEY=',
    ].join('\n'),
  );
  expect(written).toMatch(/^# PLUGBOARD_KEY=$/m);
  expect(written.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
});

describe('the example application', () => {
  const provider = { definition, factory: 'acme' };

  test('imports every provider; a long list stands one a line, as the formatter writes it', () => {
    expect(exampleProviders([provider])).toContain(
      "import { acme } from '@plugboard/provider-acme';\n\nexport const providers = [acme()] as const;\n",
    );
    const many = Array.from({ length: 20 }, () => provider);
    expect(exampleProviders(many)).toContain('export const providers = [\n  acme(),\n');
  });
  test('depends on every provider and on nothing that is gone', () => {
    const dependencies = {
      zod: 'catalog:',
      '@plugboard/provider-gone': 'workspace:^',
      '@plugboard/core': 'workspace:^',
    };
    const manifest = exampleManifest({ name: 'example', dependencies }, ['b', 'a']);
    expect(Object.keys(manifest.dependencies ?? {})).toEqual([
      '@plugboard/core',
      '@plugboard/provider-a',
      '@plugboard/provider-b',
      'zod',
    ]);
  });
});

test.each(['bullmq', 'pg-boss', 'trigger'])(
  'the README of the engine %s names every job that it runs',
  async (engine) => {
    const readme = await readFile(new URL(`../../packages/jobs/${engine}/README.md`, import.meta.url), 'utf8');
    const { jobs } = createPlugboard({
      url: 'https://app.example.com/integrations',
      providers: [],
      store: createMemoryStore(),
      keys: { k1: createKey() },
      mode: 'test',
      env: {},
    });
    expect(jobs.map(({ name }) => name).filter((name) => !readme.includes(`${name}\``))).toEqual([]);
  },
);
