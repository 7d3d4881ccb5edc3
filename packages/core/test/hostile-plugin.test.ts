/**
 * A provider that is after the secrets of others. Code in the same process is trusted code (it could replace `fetch`);
 * what is held here is that nothing which the board hands to a provider leads to more than its own.
 */
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { apiKey } from '../src/auth/methods.ts';
import { createPlugboard } from '../src/board.ts';
import { defineProvider } from '../src/define-provider.ts';
import { operation, type Api } from '../src/endpoint.ts';
import { isPlugboardError } from '../src/errors.ts';
import { secret } from '../src/fields.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { randomBytes } from '../src/random.ts';
import { encodeBase64 } from '../src/bytes.ts';
import { isSecret } from '../src/secret.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import type { VerifyTools } from '../src/webhooks/webhook.ts';
import { acmeProvider } from './support/rig.ts';

const vaultKey = encodeBase64(randomBytes(32));
const spoils = {
  'the client secret of another provider': 'canary-client-secret-1',
  'the signing secret of another provider': 'canary-signing-secret-2',
  'the API key of another provider': 'acme-key',
  'the API key of another organization': 'canary-other-organization-3',
  'a variable of the host': 'canary-environment-4',
  'the vault key': vaultKey,
};
const own = { token: 'own-token-of-org-1', appSecret: 'own-app-secret' };

/** What each function of the plugin was given, by the name of the function. */
const loot = new Map<string, unknown[]>();
const outside: string[] = [];
function grab(this: unknown, where: string, ...given: unknown[]): void {
  loot.set(where, [...(loot.get(where) ?? []), ...given]);
}
const attempts = new Map<string, string>();
async function attempt(what: string, run: () => unknown): Promise<void> {
  try {
    const got = await run();
    grab.call(null, what, got);
    attempts.set(what, 'done');
  } catch (error) {
    grab.call(null, what, error);
    attempts.set(what, isPlugboardError(error) ? error.code : 'foreign');
  }
}
const everything = z.looseObject({});

async function pry(this: unknown, api: Api): Promise<void> {
  grab('operation', api, this);
  const elsewhere = 'https://api.acme.example.com/v1/me';
  await attempt('another host', () => api.request({ method: 'GET', url: elsewhere }));
  await attempt('another host by stream', () => api.stream({ method: 'GET', url: elsewhere }));
  await attempt('a path out of its host', () => api.request({ method: 'GET', url: '//api.acme.example.com/v1/me' }));
  await attempt('an address inside', () => api.request({ method: 'GET', url: 'https://127.0.0.1/' }));
  await attempt('credentials of any shape', () => api.credentials(everything));
  await attempt('settings of any shape', () => api.settings(everything));
  await attempt('an SDK of another provider', () => api.sdk(() => Promise.resolve({})));
  await attempt('the call stack', () => framesAbove());
}

/** The receivers and functions of the frames above, where a runtime shows them. */
function framesAbove(): unknown[] {
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (_, frames) => frames.flatMap((frame) => [frame.getThis(), frame.getFunction()]);
  const { stack } = new Error('look') as unknown as { stack: unknown[] };
  Error.prepareStackTrace = before;
  return stack;
}

const spy = defineProvider({
  id: 'spy',
  name: 'Spy',
  category: 'crm',
  summary: 'A vendor for tests.',
  docs: { home: 'https://s.example', keys: 'https://s.example', reference: 'https://s.example', checked: '2026-01-01' },
  hosts: ['api.spy.example.com'],
  tenantHosts(this: unknown, source) {
    grab('tenantHosts', source, this);
    return [];
  },
  app: { appSecret: { title: 'App secret', env: 'SPY_APP_SECRET', secret: true, set: 'webhooks' } },
  auth: {
    apiKey: apiKey({
      credentials: z.strictObject({ token: secret('Token') }),
      sign: {
        places: ['header:x-token'],
        apply(this: unknown, request, context) {
          grab('sign', request, context, this);
          request.headers.set('x-token', 'x');
        },
      },
      example: { token: 'token-1' },
    }),
  },
  api: {
    baseUrl(this: unknown, api) {
      grab('baseUrl', api, this);
      return 'https://api.spy.example.com';
    },
    headers(this: unknown, api) {
      grab('headers', api, this);
      return {};
    },
    errors: {
      classify(this: unknown, answer) {
        grab('classify', answer, this);
        return undefined;
      },
      examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } },
    },
  },
  async account(this: unknown, api) {
    grab('account', api, this);
    await api.request({ method: 'GET', url: '/me' });
    return { kind: 'known', account: { id: 'spy-1', name: 'Spy' } };
  },
  async healthCheck(this: unknown, api) {
    grab('healthCheck', api, this);
    return Promise.resolve({ status: 'healthy' });
  },
  settings: {
    schema: z.strictObject({ channel: z.string().optional() }),
    choices: {
      async channel(this: unknown, api: Api) {
        grab('choices', api, this);
        return Promise.resolve([]);
      },
    },
  },
  webhooks: {
    docs: 'https://s.example',
    secrets(this: unknown, source) {
      grab('webhook secrets', source, this);
      return [source.app['appSecret']];
    },
    async verify(this: unknown, delivery, secrets, tools?: VerifyTools) {
      grab('verify', delivery, secrets, tools, this);
      await attempt('another host with the tools of webhooks', () =>
        tools!.request({ method: 'GET', url: 'https://api.acme.example.com/v1/me' }),
      );
      await attempt('credentials with the tools of webhooks', () => tools!.credentials?.());
      return { ok: true, secretIndex: 0 };
    },
    parse(this: unknown, delivery) {
      grab('parse', delivery, this);
      return [];
    },
    events: {},
    vectors: [],
    sign: () => Promise.resolve({}),
  },
  operations: {
    probe: {
      pry: operation({ summary: 'Looks around.', input: z.strictObject({}), run: pry, example: { input: {} } }),
    },
  },
  capabilities: {
    sms(this: unknown, api: Api) {
      grab('capability', api, this);
      return { send: () => Promise.resolve({ id: '1' }) };
    },
  },
});

const environment = {
  ACME_API_KEY: 'acme-key',
  HOST_SECRET: spoils['a variable of the host'],
  SPY_APP_SECRET: own.appSecret,
};
const keys = { k1: vaultKey };
const store = createMemoryStore();
const acme = acmeProvider()({
  clientId: 'client',
  clientSecret: spoils['the client secret of another provider'],
  signingSecret: spoils['the signing secret of another provider'],
});

beforeAll(async () => {
  const wire = handlerWire((request) => {
    const { host } = new URL(request.url);
    if (host !== 'api.spy.example.com') outside.push(host);
    return Promise.resolve(Response.json({ id: 'acct-1', name: 'Acme One' }));
  });
  const options = { url: 'https://app.example.com/integrations', store, keys, mode: 'test', env: environment, log: silentLog, wire } as const; // prettier-ignore
  const board = createPlugboard({ ...options, providers: [acme, spy()] });
  const organizationId = 'org-1';
  await board.connect('acme', { organizationId, method: 'apiKey', credentials: { apiKey: 'acme-key' } });
  await board.connect('spy', {
    organizationId: 'org-2',
    credentials: { token: spoils['the API key of another organization'] },
  });
  outside.length = 0;
  // From here on the plugin serves org-1 alone.
  loot.clear();
  await board.connect('spy', { organizationId, credentials: { token: own.token } });
  await board.health('spy', { organizationId });
  await board.settings.choices('spy', { organizationId, field: 'channel' });
  await board.client('spy', { organizationId }).probe.pry({});
  await board.client('spy', { organizationId }).sms.send({ to: '+15550100', text: 'x' });
  await board.webhooks.receive(
    'spy',
    new Request('https://app.example.com/integrations/webhooks/spy', { method: 'POST', body: '{}' }),
  );
  await attempt('the globals', () => globalThis);
  await board.stop();
});

/** Everything that can be reached from a value without calling what is not a getter, and the texts among it. */
function harvest(value: unknown): { readonly texts: ReadonlySet<string>; readonly objects: ReadonlySet<object> } {
  const texts = new Set<string>();
  const objects = new Set<object>();
  const pending: (readonly [found: unknown, depth: number])[] = [[value, 0]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [found, depth] = next;
    if (typeof found === 'string') texts.add(found);
    if ((typeof found !== 'object' && typeof found !== 'function') || found === null || objects.has(found)) continue;
    objects.add(found);
    // The test runner keeps all that it has loaded there, and would be walked through for minutes.
    if (found === globalThis && depth > 1) continue;
    // A plugin may open every holder that it gets hold of.
    if (isSecret(found)) texts.add(found.reveal());
    const inner: unknown[] = [];
    try {
      if (found instanceof Map || found instanceof Set) inner.push(...found.keys(), ...found.values());
      if (found instanceof Headers) for (const [name, text] of found) texts.add(`${name}: ${text}`);
      if (found instanceof Uint8Array) texts.add(new TextDecoder().decode(found));
    } catch {
      // A prototype, which holds nothing.
    }
    const shallow = found === globalThis || depth > 12;
    for (const name of found instanceof Uint8Array ? [] : namesOf(found)) {
      if (typeof name === 'string') texts.add(name);
      try {
        const held: unknown = (found as Record<PropertyKey, unknown>)[name];
        if (!shallow || typeof held === 'string' || isSecret(held)) inner.push(held);
      } catch {
        // A getter that refuses.
      }
    }
    for (const held of inner) pending.push([held, depth + 1]);
  }
  return { texts, objects };
}

/** Own members, and those of its classes. A prototype itself is left alone: its getters are made for instances. */
function namesOf(found: object): PropertyKey[] {
  const names: PropertyKey[] = [];
  for (let at: unknown = found; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    names.push(...Reflect.ownKeys(at as object));
  return names.filter(
    (name) => name !== 'prototype' && name !== 'constructor' && name !== 'caller' && name !== 'arguments',
  );
}

const reaches = [
  'account', 'healthCheck', 'operation', 'capability', 'sign', 'baseUrl', 'headers', 'classify', 'choices', 'tenantHosts', 'webhook secrets',
  'verify', 'parse', 'another host', 'another host by stream', 'a path out of its host', 'an address inside',
  'another host with the tools of webhooks', 'credentials with the tools of webhooks', 'credentials of any shape', 'settings of any shape',
  'an SDK of another provider', 'the call stack', 'the globals',
]; // prettier-ignore

test.each(reaches)('G12 %s leads to no secret of others, no store and no key', (reach) => {
  const given = loot.get(reach);
  expect(given, `${reach} was tried`).toBeDefined();
  const { texts, objects } = harvest(given);
  const all = [...texts].join('\n');
  for (const [what, text] of Object.entries(spoils)) expect(all.includes(text), what).toBe(false);
  for (const [what, object] of Object.entries({ store, connections: store.connections, keys, environment, acme }))
    expect(objects.has(object), what).toBe(false);
});

test('G12 the search finds what a plugin may have, and what it may not have if it were there', () => {
  expect(harvest(loot.get('webhook secrets')).texts).toContain(own.appSecret);
  expect(harvest(loot.get('credentials of any shape')).texts).toContain(own.token);
  const hidden = Object.defineProperty({}, Symbol('deep'), {
    value: new Map([[acme, [() => acme]]]),
    enumerable: false,
  });
  expect(harvest([hidden]).texts).toContain(spoils['the client secret of another provider']);
  expect(harvest([hidden]).objects).toContain(acme);
});

test('G12 no request of the plugin came to another host', () => {
  expect(outside).toEqual([]);
  expect(Object.fromEntries([...attempts].filter(([what]) => /host|inside/.test(what)))).toEqual({
    'another host': 'host_not_allowed',
    'another host by stream': 'host_not_allowed',
    'another host with the tools of webhooks': 'host_not_allowed',
    // Is a path of its own host.
    'a path out of its host': 'done',
    'an address inside': 'host_not_allowed',
  });
});
