/** F05: which hosts the calls of one connection may reach, and who named them. */
import { describe, expect, test } from 'vitest';

import type { HostSource } from '../src/auth/auth.ts';
import { isPlugboardError } from '../src/errors.ts';
import { factsNameHosts, hasOwnHosts, hostsFor, inputOf } from '../src/hosts.ts';
import type { JsonObject } from '../src/json.ts';
import { createBudgets } from '../src/transport/budgets.ts';
import { selfHosted } from './support/self-hosted.ts';

const { definition } = selfHosted();
const { oauth, key } = definition.auth;
const { tenantHosts: _tenantHosts, ...withoutTenants } = definition;
const discovers = { ...withoutTenants, hosts: ['api.acme.example'] };
const declared = { ...discovers, auth: { key } };

const source = (change: Partial<HostSource> = {}): HostSource => ({
  app: {},
  credentials: {},
  input: {},
  metadata: {},
  ...change,
});
const announced = (document: JsonObject): Partial<HostSource> => ({ input: { discovered: document } });

describe('hostsFor', () => {
  test('is what the provider declares, where nothing is known only at run time', () => {
    expect(hostsFor(declared, source(announced({ token_endpoint: 'https://login.evil.example/token' })))).toEqual([
      'api.acme.example',
    ]);
  });

  test.each([
    ['one method that discovers', { oauth }],
    ['one among several', { key, oauth }],
  ])('adds what a server announced, for %s', (_, auth) => {
    const input = announced({
      token_endpoint: 'https://login.acme.example/token',
      revocation_endpoint: 'https://login.acme.example:8443/revoke?x=1',
    });
    expect(hostsFor({ ...discovers, auth }, source(input))).toEqual([
      'api.acme.example',
      'login.acme.example',
      'login.acme.example:8443',
    ]);
  });

  test('adds nothing that is announced for a method that does not discover', () => {
    const { discover: _discover, ...plain } = oauth as typeof oauth & { readonly discover?: unknown };
    const input = announced({ token_endpoint: 'https://login.acme.example/token' });
    expect(hostsFor({ ...discovers, auth: { plain } } as never, source(input))).toEqual(['api.acme.example']);
    expect(hostsFor({ ...discovers, auth: { key: { ...key, discover: () => ({}) } } } as never, source(input))).toEqual(
      ['api.acme.example'],
    );
  });

  test.each([
    ['an address', 'https://10.0.0.5/token'],
    ['a user name', 'https://a@login.acme.example/token'],
    ['another scheme', 'ftp://login.acme.example/token'],
    ['a port of another protocol', 'https://login.acme.example:22/token'],
  ])('leaves out %s that a server announced', (_, url) => {
    const input = announced({ token_endpoint: url, jwks_uri: 'https://keys.acme.example/' });
    expect(hostsFor(discovers, source(input))).toEqual(['api.acme.example', 'keys.acme.example']);
  });

  test('has those that a tenant named as well as those announced, and refuses the first that is none', () => {
    const both = { ...discovers, tenantHosts: () => ['shop.acme.example', 'b.acme.example'] };
    const input = announced({ token_endpoint: 'https://login.acme.example/token' });
    expect(hostsFor(both, source(input))).toEqual([
      'api.acme.example',
      'shop.acme.example',
      'b.acme.example',
      'login.acme.example',
    ]);
    const bad = { ...both, tenantHosts: () => ['shop.acme.example', '*.acme.example'] };
    const error = (() => {
      try {
        return hostsFor(bad, source());
      } catch (reason) {
        return reason;
      }
    })();
    expect(isPlugboardError(error) && error).toMatchObject({
      code: 'invalid_input',
      fields: [{ path: 'tenantHosts', message: 'must be one exact host, without wildcard' }],
    });
  });
});

describe('whose hosts they are', () => {
  const tenant = {
    ...declared,
    tenantHosts: ({ credentials, input, app, metadata }: HostSource) =>
      [credentials['server'], input['shop'], app['issuer'], metadata['region']].filter(
        (name) => typeof name === 'string',
      ),
  };
  const server = { credentials: { server: 'shop.acme.example' } };
  const shop = { input: { shop: 'shop.acme.example' } };
  const region = { metadata: { region: 'eu.acme.example' } };
  const issuer = { app: { issuer: 'login.acme.example' } };

  test.each([
    ['nobody’s', source(), false, false],
    ['the deployment’s', source(issuer), false, false],
    ['the credentials’', source(server), true, false],
    ['the tenant’s', source(shop), true, true],
    ['the vendor’s answer’s', source(region), true, true],
    ['the credentials’ and again the tenant’s', source({ ...server, ...shop }), true, false],
    [
      'the deployment’s and again the tenant’s',
      source({ app: { issuer: 'shop.acme.example' }, ...shop }),
      false,
      false,
    ],
    ['the deployment’s and another of the tenant’s', source({ ...issuer, ...shop }), true, true],
  ])('%s', (_, from, own, byFacts) => {
    expect(hasOwnHosts(tenant, from)).toBe(own);
    expect(factsNameHosts(tenant, from)).toBe(byFacts);
  });

  test('a server that announced hosts has its own, one that announced none has not', () => {
    const input = announced({ token_endpoint: 'https://login.acme.example/token', issuer_name: 'Acme' });
    expect([hasOwnHosts(discovers, source(input)), factsNameHosts(discovers, source(input))]).toEqual([true, true]);
    expect([hasOwnHosts(discovers, source()), factsNameHosts(discovers, source())]).toEqual([false, false]);
    // Nothing is known at run time of a provider that declares all, whatever it may once have been told.
    expect([hasOwnHosts(declared, source(input)), factsNameHosts(declared, source(input))]).toEqual([false, false]);
  });

  test('where the deployment alone names none that is valid, they are the connection’s', () => {
    const needy = { ...tenant, tenantHosts: ({ input }: HostSource) => [(input['shop'] as string | undefined) ?? ''] };
    expect(hasOwnHosts(needy, source(shop))).toBe(true);
    expect(factsNameHosts(needy, source(shop))).toBe(true);
  });

  test('a provider’s own mistake is not taken for an answer', () => {
    const broken = {
      ...tenant,
      tenantHosts: () => {
        throw new TypeError('a bug');
      },
    };
    expect(() => hasOwnHosts(broken, source())).toThrow('a bug');
    expect(() => factsNameHosts(broken, source())).toThrow('a bug');
  });
});

test.each<[string, JsonObject, JsonObject]>([
  ['values', { input: { shop: 'a' } }, { shop: 'a' }],
  ['nothing', {}, {}],
  ['null', { input: null }, {}],
  ['a list', { input: ['shop'] }, {}],
  ['a text', { input: 'shop' }, {}],
])('the input kept with a connection: %s', (_, metadata, expected) => expect(inputOf(metadata)).toEqual(expected));

describe('a retry budget', () => {
  const spend = (budgets: ReturnType<typeof createBudgets>, host: string) => {
    let spent = 0;
    while (budgets.withdraw(host)) spent++;
    return spent;
  };

  test('is the host’s own, and calls to that host fill it', () => {
    const budgets = createBudgets();
    expect(spend(budgets, 'a.example')).toBe(50);
    for (let call = 0; call < 30; call++) budgets.deposit('b.example');
    expect(budgets.withdraw('a.example')).toBe(false);
    for (let call = 0; call < 30; call++) budgets.deposit('a.example');
    expect(spend(budgets, 'a.example')).toBeGreaterThanOrEqual(2);
    expect(spend(budgets, 'b.example')).toBe(50);
  });

  test('is kept for so many hosts: the first that was added is forgotten', () => {
    const budgets = createBudgets(2);
    for (const host of ['a.example', 'b.example']) spend(budgets, host);
    expect([budgets.withdraw('a.example'), budgets.withdraw('b.example')]).toEqual([false, false]);
    expect(budgets.withdraw('c.example')).toBe(true);
    expect(budgets.withdraw('b.example')).toBe(false);
    expect(budgets.withdraw('a.example')).toBe(true);
  });
});
