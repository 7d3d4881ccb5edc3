/** Hosts that a tenant or the deployment names: theirs alone, under the rules of every other host. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import type { OAuth2Options } from '../src/auth/auth.ts';
import { browserStep } from '../src/auth/methods.ts';
import { createOAuthClient } from '../src/auth/oauth-client.ts';
import { unsigned } from '../src/auth/sign.ts';
import { systemClock } from '../src/clock.ts';
import { createPlugboard } from '../src/board.ts';
import { isPlugboardError } from '../src/errors.ts';
import { hostsFor } from '../src/hosts.ts';
import type { JsonObject } from '../src/json.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { randomBytes } from '../src/random.ts';
import { Secret } from '../src/secret.ts';
import type { TransportRequest } from '../src/transport/transport.ts';
import { createSelfHosted, organizationId, selfHosted, shopInput } from './support/self-hosted.ts';

const key = (server: string) => ({ key: 'ak_0123456789', server });

async function refusal(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => expect.unreachable('this must be refused'),
    (reason: unknown) => reason,
  );
  if (!isPlugboardError(error)) throw error;
  return error;
}

describe('a host that a tenant names', () => {
  test('is called with its port, and no other host is', async () => {
    const { board, sent } = createSelfHosted();
    const credentials = key('shop.acme.example:8443');
    await board.connect('acme', { organizationId, credentials });
    await board.client('acme', { organizationId }).users.me({});
    expect(new Set(sent.map(({ origin }) => origin))).toEqual(new Set(['https://shop.acme.example:8443']));
  });

  test.each([
    '10.0.0.5',
    '[::1]',
    'user@evil.example',
    '*.evil.example',
    'EVIL.example',
    'evil.example/x',
    'a.example:22',
  ])('%s is refused by the name of its field, and nothing is sent or stored', async (server) => {
    const { board, sent, row } = createSelfHosted();
    const error = await refusal(board.connect('acme', { organizationId, credentials: key(server) }));
    expect(error).toMatchObject({ kind: 'invalid_request', code: 'invalid_input' });
    expect(error.fields?.map(({ path }) => path)).toEqual(['server']);
    expect(error.message).not.toContain(server);
    expect(sent).toEqual([]);
    expect(await row()).toBeNull();
  });

  test('belongs to its connection: another one of the same organization cannot call it', async () => {
    const { board, sent, answer } = createSelfHosted();
    answer(({ url }) => (new URL(url).host === 'one.example' ? Response.json({ id: 'a', name: 'A' }) : undefined));
    await board.connect('acme', { organizationId, label: 'one', credentials: key('one.example') });
    await board.connect('acme', { organizationId, label: 'two', credentials: key('shop.acme.example:8443') });
    sent.length = 0;
    const { calls } = board.client('acme', { organizationId, label: 'two' });
    for (const url of ['https://one.example/v1/me', 'https://shop.acme.example/v1/me', 'https://login.acme.example/']) {
      expect(await refusal(calls.anywhere({ url })), url).toMatchObject({ code: 'host_not_allowed' });
    }
    expect(await refusal(calls.anywhere({ url: 'http://shop.acme.example:8443/' }))).toMatchObject({
      code: 'insecure_url',
    });
    expect(sent).toEqual([]);
  });

  test('F10 may be in a private network only for the organization that the policy names', async () => {
    const allow = [{ organizationId: 'org-a', host: 'shop.acme.example:8443', cidr: '10.0.0.0/24' }];
    const { board, addresses } = createSelfHosted({}, { egress: { allow } });
    for (const organization of ['org-a', 'org-b']) {
      await board.connect('acme', { organizationId: organization, credentials: key('shop.acme.example:8443') });
    }
    expect(addresses).toEqual([['10.0.0.0/24'], null]);
  });

  test('is anybody’s on the stub, where the examples stand in for it', async () => {
    const board = createPlugboard({
      url: 'http://127.0.0.1:3000',
      providers: [selfHosted()()],
      store: createMemoryStore(),
      keys: { k1: randomBytes(32) },
      mode: 'test',
      env: {},
      log: silentLog,
    });
    await board.connect('acme', { organizationId, credentials: key('mine.example:9443') });
    expect(await board.client('acme', { organizationId }).users.me({})).toMatchObject({ id: 'acct-1' });
    await board.stop();
  });

  test('that a provider hands on unchecked is refused all the same', async () => {
    const { definition } = selfHosted();
    const source = { app: {}, credentials: {}, input: {}, metadata: {} };
    const careless = { ...definition, tenantHosts: () => ['127.0.0.1'] };
    expect(() => hostsFor(careless, source)).toThrow(/must be a name, not an IP address/);
    expect(hostsFor({ ...definition, tenantHosts: () => ['a.example'] }, source)).toEqual(['a.example']);
  });
});

describe('the secret of the app', () => {
  const byShop = {
    input: shopInput,
    discover: undefined,
    issuer: undefined,
    nonce: false,
    authorize: { url: (input: JsonObject) => `https://${input['shop'] as string}/authorize` },
    token: { url: (input: JsonObject) => `https://${input['shop'] as string}/token` },
    revoke: undefined,
  } as unknown as Partial<OAuth2Options>;

  test('F06 never goes to a host that an organization named', async () => {
    const { connect, sent } = createSelfHosted(byShop);
    const error = await refusal(connect({ shop: 'tenant.acme.example' }));
    expect(error).toMatchObject({ kind: 'configuration', code: 'secret_to_tenant_host' });
    expect(sent).toEqual([]);
  });

  test('F06 nor to one that such a host announced', async () => {
    const announced = { ...byShop, discover: async () => ({ token_endpoint: 'https://evil.example/token' }) };
    const token = { url: 'https://evil.example/token' };
    const { connect, sent } = createSelfHosted({ ...announced, token });
    expect(await refusal(connect({ shop: 'tenant.acme.example' }))).toMatchObject({ code: 'secret_to_tenant_host' });
    expect(sent).toEqual([]);
  });

  test('F06 nor to a host that was given before a step in the browser', async () => {
    const sent: string[] = [];
    const context = {
      provider: 'acme',
      hosts: [],
      hostsFor: ({ input }: { readonly input: JsonObject }) =>
        input['shop'] === undefined ? [] : [input['shop'] as string],
      app: { clientId: 'client', clientSecret: new Secret('client-secret') },
      transport: { send: async ({ url }: TransportRequest) => void sent.push(url.href) },
      clock: systemClock,
    };
    const method = browserStep({
      credentials: z.strictObject({}),
      token: { url: (input) => `https://${input['shop'] as string}/token` },
      complete: (client) => client.token({ grant_type: 'x' }),
      sign: unsigned,
      example: {},
    });
    const client = createOAuthClient(context as never, method as never, { input: { shop: 'evil.example' } });
    expect(await refusal(client.token({}))).toMatchObject({ code: 'secret_to_tenant_host' });
    expect(sent).toEqual([]);
  });

  test('is not asked for by a public client, which has none', async () => {
    const token = { ...byShop.token, clientAuth: 'none' } as OAuth2Options['token'];
    const { connect, sent } = createSelfHosted({ ...byShop, token });
    await connect({ shop: 'tenant.acme.example' });
    expect(sent[0]?.href).toBe('https://tenant.acme.example/token');
  });
});
