/** What an error tells whoever reads it for the first time: what is wrong, by name, and what to do next. */
import { describe, expect, test } from 'vitest';

import { createPlugboard } from '../src/board.ts';
import type { Mode } from '../src/engine.ts';
import { PlugboardError } from '../src/errors.ts';
import { given, secret, text } from '../src/fields.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import type { PlugboardOptions } from '../src/plugboard.ts';
import type { AnyProvider, ClientOf } from '../src/provider.ts';
import { checkInput } from '../src/schema.ts';
import { hmacSigner } from '../src/webhooks/hmac-signature.ts';
import { acmeProvider, createRig, key, organizationId, userId } from './support/rig.ts';

type Options = PlugboardOptions<readonly AnyProvider[]>;

function create(options: Partial<Record<keyof Options, unknown>>) {
  return createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [acmeProvider()()],
    store: createMemoryStore(),
    keys: { k1: key },
    env: {},
    log: silentLog,
    acknowledgeSingleProcess: true,
    ...options,
  } as Options);
}

const errorOf = async (run: () => unknown): Promise<unknown> => {
  try {
    return await run();
  } catch (error) {
    return error;
  }
};

test('a trace begins with the name of the class, and so does that of a copy', () => {
  const error = new PlugboardError({ kind: 'configuration', code: 'x', message: 'Something is wrong.' });
  expect(error.stack).toMatch(/^PlugboardError: Something is wrong\./);
  const copy = error.with({ provider: 'acme' });
  expect(copy).toBeInstanceOf(PlugboardError);
  expect([copy.name, copy.provider, copy.code]).toEqual(['PlugboardError', 'acme', 'x']);
});

test('http outside of development says how to get there', async () => {
  const production = await errorOf(() => create({ url: 'http://localhost:3000/integrations' }));
  expect(production).toMatchObject({
    code: 'invalid_url',
    hint: expect.stringContaining('NODE_ENV=development') as unknown,
  });
  const other = await errorOf(() => create({ url: 'ftp://localhost', mode: 'development' }));
  expect(other).toMatchObject({ code: 'invalid_url', hint: expect.not.stringContaining('NODE_ENV') as unknown });
});

test('a store that is none is refused by name, also where no types could tell', async () => {
  expect(await errorOf(() => create({ store: undefined }))).toMatchObject({
    code: 'invalid_option',
    message: 'Option `store` is missing.',
  });
  // What a pool looks like from here.
  expect(await errorOf(() => create({ store: { query: () => undefined, name: 'pool' } }))).toMatchObject({
    code: 'invalid_option',
    hint: expect.stringContaining('postgresStore(pool)') as unknown,
  });
});

test('providers that are no array are refused by name', async () => {
  for (const providers of [undefined, acmeProvider()()]) {
    expect(await errorOf(() => create({ providers }))).toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining('`providers`') as unknown,
    });
  }
});

test('a field that does not exist is named, beside those that do', async () => {
  const schema = given({ accessToken: secret('API key') }, { region: text('Region') });
  const input = { accessToken: 'ak_1', acessToken: 'ak_1', zone: 'eu' };
  expect(await errorOf(() => checkInput(schema, input, 'acme credentials'))).toMatchObject({
    code: 'invalid_input',
    fields: [
      { path: 'acessToken', message: 'is not a field; the fields are accessToken, region' },
      { path: 'zone', message: 'is not a field; the fields are accessToken, region' },
    ],
  });
  const nested = given({ order: given({ id: text('Id') }) });
  expect(await errorOf(() => checkInput(nested, { order: { id: '1', name: 'x' } }, 'acme orders'))).toMatchObject({
    fields: [{ path: 'order.name', message: 'is not a field' }],
  });
});

test('a call for the platform names what the deployment would set, or that there is nothing to set', async () => {
  const call = (provider: ReturnType<ReturnType<typeof acmeProvider>>, env = {}) =>
    errorOf(() => {
      const { users } = create({ providers: [provider], env }).client('acme') as unknown as ClientOf<
        typeof provider.definition
      >;
      return users.me({});
    });
  const acme = acmeProvider()();
  expect(await call(acme)).toMatchObject({
    code: 'not_connected',
    hint: 'Set ACME_API_KEY; or pass an organizationId.',
  });
  const { oauth } = acme.definition.auth;
  const personal = { ...acme, definition: { ...acme.definition, auth: { oauth } } } as unknown as typeof acme;
  expect(await call(personal, { ACME_CLIENT_ID: 'id', ACME_CLIENT_SECRET: 'secret' })).toMatchObject({
    code: 'not_connected',
    hint: 'It has none that would serve every organization: pass an organizationId.',
  });
});

test('an organization that has connected nothing learns of each way to connect', async () => {
  const { board } = createRig();
  const call = errorOf(() => board.client('acme', { organizationId }).users.me({}));
  expect(await call).toMatchObject({
    code: 'not_connected',
    hint: "Connect it first with board.authorize('acme', ...) or board.connect('acme', ...).",
  });
});

test('an app that is not registered is told the redirect URI to register', async () => {
  const error = await errorOf(() => create({}).authorize('acme', { organizationId, userId }));
  expect(error).toMatchObject({
    code: 'app_credentials_missing',
    hint: expect.stringContaining('https://app.example.com/integrations/callback/acme') as unknown,
  });
});

test('a form finds a field by the same name, whoever refused it', async () => {
  const { board } = createRig();
  const refused = (credentials: object) =>
    errorOf(() => board.connect('acme', { organizationId, credentials } as never));
  expect(await refused({ apiKey: '' })).toMatchObject({
    code: 'invalid_input',
    fields: [{ path: 'apiKey', message: 'API key is required' }],
  });
  expect(await refused({ apiKey: 'ak_wrong' })).toMatchObject({
    code: 'credentials_refused',
    fields: [{ path: 'apiKey', message: 'refused by the vendor' }],
  });
});

describe('in development, what would go on in silence is said', () => {
  const url = 'https://app.example.com/integrations/webhooks/acme';
  const sign = hmacSigner({ header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' });

  async function said(mode: Mode): Promise<readonly unknown[]> {
    const lines: unknown[] = [];
    const log = { ...silentLog, info: (fields: object, message: string) => void lines.push([message, fields]) };
    const { board, connect } = createRig({}, { mode, log });
    await connect();
    board.on('acme', 'order.creatd' as 'order.created', () => undefined);
    board.on('acme', '*', () => undefined);
    for (const account of ['acct-1', 'acct-of-nobody']) {
      const body = JSON.stringify({ type: 'order.created', id: account, account, total: 5 });
      const headers = await sign({ body, url, at: new Date(0) }, 'signing-secret');
      await board.webhooks.receive('acme', new Request(url, { method: 'POST', body, headers }));
    }
    return lines;
  }

  test('a type that the provider does not declare, and an event of an account that nobody has connected', async () => {
    expect(await said('development')).toEqual([
      [
        expect.stringContaining('does not declare'),
        { provider: 'acme', type: 'order.creatd', declared: ['order.created'] },
      ],
      [expect.stringContaining('it is not heard'), { provider: 'acme', type: 'order.created' }],
    ]);
    expect(await said('test')).toEqual([]);
  });

  test('a client for the platform, of a provider that has no credentials of the platform, once', async () => {
    const warned: unknown[] = [];
    const log = { ...silentLog, warn: (fields: object, message: string) => void warned.push([message, fields]) };
    const acme = acmeProvider()();
    const { oauth } = acme.definition.auth;
    const personal = { ...acme, definition: { ...acme.definition, id: 'personal', auth: { oauth } } };
    const board = create({ mode: 'development', providers: [acme, personal], log });
    for (const id of ['acme', 'personal', 'personal']) board.client(id);
    board.client('personal', { organizationId });
    expect(warned).toEqual([[expect.stringContaining('on the stand-in alone'), { provider: 'personal' }]]);
  });

  test('a page to return to that is not at an allowed origin', async () => {
    const warned: string[] = [];
    const log = { ...silentLog, warn: (_fields: object, message: string) => void warned.push(message) };
    const returnOrigins = ['https://hub.example.com'];
    const begin = (mode: Mode, returnTo?: string) =>
      createRig({}, { mode, log, returnOrigins }).board.authorize('acme', {
        organizationId,
        userId,
        ...(returnTo !== undefined && { returnTo }),
      });
    for (const fine of [undefined, '/', '/settings', 'https://hub.example.com/settings'])
      await begin('development', fine);
    await begin('test', 'http://localhost:5173/settings');
    expect(warned).toEqual([]);
    await begin('development', 'http://localhost:5173/settings');
    expect(warned).toEqual([expect.stringContaining('`returnOrigins`')]);
  });
});
