/** What plain JavaScript can hand in: the error is typed, names the field, says what to do, and quotes no value. */
import { inspect } from 'node:util';

import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { createPlugboard } from '../src/board.ts';
import { isPlugboardError, type PlugboardError } from '../src/errors.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { checkInput } from '../src/schema.ts';
import { acmeProvider, createRig, key, organizationId, userId } from './support/rig.ts';

const canary = 'canary-secret-value';

/** The error of a call that must fail: ours, with a way out, and without the value that was wrong. */
async function refused(call: () => unknown): Promise<PlugboardError> {
  try {
    await call();
  } catch (error) {
    if (!isPlugboardError(error)) throw error;
    expect(error.hint).toMatch(/\w/);
    expect(inspect(error, { depth: 8 })).not.toContain(canary);
    return error;
  }
  throw new Error('The call should have been refused.');
}

describe('options of a board', () => {
  const good = {
    url: 'https://app.example.com/integrations',
    providers: [acmeProvider()({ clientId: 'a', clientSecret: 'b', signingSecret: 'c' })],
    store: createMemoryStore(),
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
  };
  const create = (options: unknown) => createPlugboard(options as never);

  test.each([
    ['providers', undefined],
    ['providers', {}],
    ['store', undefined],
    ['store', `postgres://u:${canary}@db`],
    ['store', Promise.resolve(good.store)],
    ['mode', 'prod'],
    ['mode', null],
    ['env', canary],
    ['clock', {}],
    ['log', { info: () => undefined }],
    ['reconnectUrl', 'https://app.example.com'],
    ['webhooks', 5],
    ['background', { refreshes: 5 }],
    ['background', { healthChecks: 0 }],
    ['returnOrigins', 'https://app.example.com'],
    ['returnOrigins', ['https://app.example.com/path']],
    ['flags', {}],
    ['acknowledgeSingleProcess', 'yes'],
    ['wire', canary],
    ['sandbox', {}],
    ['egress', 5],
    ['telemetry', {}],
  ])('`%s` is refused by its name: %s', async (name, value) => {
    const error = await refused(() => create({ ...good, [name]: value }));
    expect(error).toMatchObject({ kind: 'configuration', code: 'invalid_option' });
    expect(error.message).toContain(`Option \`${name}\` `);
  });

  test.each([[undefined], [null], [canary], [[]]])('are an object: %s', async (options) => {
    expect(await refused(() => create(options))).toMatchObject({ kind: 'configuration', code: 'invalid_option' });
  });

  test('that do not exist are named, beside those that do', async () => {
    const error = await refused(() => create({ ...good, cachems: 5 }));
    expect(error).toMatchObject({ kind: 'configuration', code: 'unknown_option' });
    expect(error.message).toContain('`cachems`');
    expect(error.hint).toContain('cacheMs');
  });

  test.each([
    [{ allow: 5 }, '`allow`'],
    [{ allow: [canary] }, '`allow`'],
    [{ allow: [{ host: 'db.corp.example', cidr: 5 }] }, '`allow`'],
    [{ allowOrigins: 5 }, '`allowOrigins`'],
  ])('of egress are refused by their names: %j', async (egress, name) => {
    const error = await refused(() => create({ ...good, egress }));
    expect(error).toMatchObject({ kind: 'configuration', code: 'invalid_egress' });
    expect(error.message).toContain(name);
  });

  test('of notifications are refused by their place', async () => {
    const error = await refused(() => create({ ...good, notifications: { through: [canary] } }));
    expect(error.message).toContain('`notifications.through[0]`');
  });
});

/** Calls what a dotted name says on a board, with anything, as plain JavaScript may. */
async function call(name: string, ...args: readonly unknown[]): Promise<unknown> {
  const names = name.split('.');
  const method = names.pop() ?? '';
  const owner = names.reduce<object>((from, member) => Object(Reflect.get(from, member)) as object, createRig().board);
  return Reflect.apply(Reflect.get(owner, method) as () => unknown, owner, args) as unknown;
}

async function createOrder(...args: readonly unknown[]): Promise<unknown> {
  const { orders } = createRig().board.client('acme', { organizationId });
  return (orders.create as (...given: readonly unknown[]) => unknown)(...args);
}

describe('calls of a board', () => {
  const acme = { organizationId, userId };

  test.each([
    ['connect', 'acme'],
    ['prepare', 'acme', null],
    ['authorize', 'acme'],
    ['callback', 'acme'],
    ['disconnect', 'acme'],
    ['client', 'acme', null],
    ['capability', 'sms'],
    ['connections.get', 'acme'],
    ['connections.list'],
    ['accounts.choices', 'acme'],
    ['settings.get', 'acme'],
    ['flags.enabled', 'acme', 'sync'],
    ['sync', 'acme', null],
    ['streams.list', 'acme'],
    ['audit.list'],
    ['webhooks.address', 'acme'],
    ['channels.open', 'acme'],
    ['health', 'acme', null],
  ])('%s says that an organization must be named', async (name, ...args) => {
    expect(await refused(() => call(name, ...args))).toMatchObject({
      kind: 'invalid_request',
      code: 'invalid_input',
      fields: [{ path: 'organizationId' }],
    });
  });

  const wrong: readonly (readonly [string, () => unknown])[] = [
    ['scopes', () => call('authorize', 'acme', { ...acme, scopes: 'read write' })],
    ['scopes', () => call('authorize', 'acme', { ...acme, scopes: [5] })],
    ['returnTo', () => call('authorize', 'acme', { ...acme, returnTo: 5 })],
    ['allowAccountChange', () => call('authorize', 'acme', { ...acme, allowAccountChange: 'no' })],
    [
      'allowAccountChange',
      () => call('connect', 'acme', { organizationId, allowAccountChange: 'no', credentials: { apiKey: canary } }),
    ],
    ['extra', () => call('connect', 'acme', { organizationId, credentials: { apiKey: 'acme-key', extra: canary } })],
    ['params', () => call('callback', 'acme', { ...acme, cookies: '' })],
    ['params', () => call('callback', 'acme', { ...acme, cookies: '', params: 5 })],
    ['cookies', () => call('callback', 'acme', { ...acme, params: `code=${canary}` })],
    ['settings', () => call('settings.update', 'acme', { organizationId })],
    ['settings', () => call('settings.update', 'acme', { organizationId, settings: canary })],
    ['undefined', () => call('settings.choices', 'acme', { organizationId })],
    ['total', () => createOrder({ total: canary })],
    ['extra', () => createOrder({ total: 1, extra: canary })],
    ['options', () => createOrder({ total: 1 }, null)],
    ['signal', () => createOrder({ total: 1 }, { signal: 5 })],
    ['deadlineMs', () => createOrder({ total: 1 }, { deadlineMs: '5' })],
    ['idempotencyKey', () => createOrder({ total: 1 }, { idempotencyKey: 5 })],
    ['priority', () => createOrder({ total: 1 }, { priority: 'high' })],
    ['request', () => call('webhooks.receive', 'acme', { body: canary })],
    ['keyId', () => call('vault.assertRemovable')],
  ];
  test.each(wrong)('`%s` is named where it is wrong: %s', async (path, run) => {
    expect(await refused(run)).toMatchObject({ kind: 'invalid_request', code: 'invalid_input', fields: [{ path }] });
  });

  test.each([
    ['invalid_handler', 'on', 'acme', 'order.created'],
    ['invalid_handler', 'on', 'connection.attention'],
    ['invalid_option', 'start', { jobs: 'refresh' }],
    ['unknown_job', 'start', { jobs: ['refreshes'] }],
    ['invalid_option', 'start', null],
    ['invalid_option', 'stop', null],
    ['invalid_option', 'stop', { deadlineMs: 'soon' }],
    ['invalid_option', 'stop', { deadlineMs: Number.NaN }],
  ])('a mistake of the configuration is %s: %s', async (code, name, ...args) => {
    expect(await refused(() => call(String(name), ...args))).toMatchObject({ kind: 'configuration', code });
  });
});

test('fields that are too many are named one by one, where they stand', () => {
  const schema = z.strictObject({ items: z.array(z.strictObject({ id: z.string() })) });
  const check = () =>
    checkInput(schema, { items: [{ id: 'a', one: canary, other: canary }], more: canary }, 'The order');
  expect(check).toThrow(
    expect.objectContaining({
      fields: [
        { path: 'items.0.one', message: 'is not a field' },
        { path: 'items.0.other', message: 'is not a field' },
        { path: 'more', message: 'is not a field; the fields are items' },
      ],
    }),
  );
});
