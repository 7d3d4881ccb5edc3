/** Facts that can be judged without running anything. */
import type { AnyDefinition, AuthMethod, OAuth2Method, ScopeNeed } from '@plugboard/core';
import { accepts, hostMatches, systemClock } from '@plugboard/core/provider-kit';
import { expect } from 'vitest';

import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { declarationsOf, endpointsOf, isServedBy, oauthMethods } from './declared.ts';

export function metadataCases({ factory }: Subject): readonly ProviderCase[] {
  const { definition } = factory();
  const { auth } = definition;
  return [
    providerCase('metadata: the date of the facts is one of the calendar, and past', () => {
      const { checked } = definition.docs;
      expect(new Date(`${checked}T00:00:00Z`).toISOString().slice(0, 10), 'docs.checked').toBe(checked);
      expect(Date.parse(checked), 'docs.checked').toBeLessThanOrEqual(systemClock.now());
    }),
    providerCase('metadata: every page is an https address', () => {
      const { home, keys, reference } = definition.docs;
      const pages = declarationsOf(definition).flatMap(({ declared }) => declared.docs ?? []);
      const all = [home, keys, reference, ...pages, ...(definition.webhooks ? [definition.webhooks.docs] : [])];
      for (const page of all) expect(protocolOf(page), page).toBe('https:');
    }),
    providerCase('metadata: environment names are well formed and each is used once', () => {
      for (const names of environmentNames(definition)) {
        for (const name of names) expect(name).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/);
        expect(new Set(names).size, names.join(', ')).toBe(names.length);
      }
    }),
    providerCase('metadata: every summary is one sentence, every flag has a description', () => {
      const summaries = [definition.summary, ...declarationsOf(definition).map(({ declared }) => declared.summary)];
      const flags = Object.values(definition.flags ?? {}).map(({ description }) => description);
      for (const text of [...summaries, ...flags]) expect(text).toMatch(/^[A-Z0-9].*[.]$/);
    }),
    providerCase('R58 metadata: the engine calls nothing but declared hosts, by https', () => {
      for (const address of fixedAddresses(definition)) {
        const url = new URL(address);
        expect(url.protocol, address).toBe('https:');
        expect(
          definition.hosts.some((host) => hostMatches(host, url)),
          `${url.host} is not among the declared hosts`,
        ).toBe(true);
      }
    }),
    providerCase('R58 metadata: limits are whole and positive', () => {
      const limits = [
        ...(definition.api.limits ?? []),
        ...endpointsOf(definition).flatMap(({ declared }) => declared.limits ?? []),
      ];
      for (const { requests, perMs, concurrency = 1 } of limits) {
        for (const value of [requests, perMs, concurrency])
          expect(Number.isInteger(value) && value > 0, String(value)).toBe(true);
      }
      const counted = limits.filter(({ counts }) => counts === 'units').map(({ requests }) => requests);
      for (const { name, declared } of endpointsOf(definition)) {
        const { cost } = declared;
        if (cost === undefined) continue;
        expect(Number.isInteger(cost) && cost > 0 && cost <= Math.min(...counted), `${name}: cost ${cost}`).toBe(true);
        expect(counted, `${name} has a cost, and no limit counts units`).not.toEqual([]);
      }
    }),
    providerCase('metadata: examples of credentials pass their schema', () => {
      for (const [name, method] of fieldMethods(auth))
        expect(accepts(method.credentials, method.example), name).toBe(true);
    }),
    ...oauthMethods(definition).map(([name, method]) =>
      providerCase(`R58 metadata: OAuth \`${name}\` declares its scopes, their reasons and its end`, () =>
        judgeOAuth(definition, name, method),
      ),
    ),
  ];
}

function judgeOAuth(definition: AnyDefinition, name: string, method: OAuth2Method): void {
  const { ask, known } = method.scopes;
  for (const [scope, reason] of Object.entries(known)) expect(reason.trim(), scope).not.toBe('');
  // A way to connect without scopes has its permissions elsewhere.
  const needed = Object.keys(known).length === 0 ? [] : neededScopes(definition, name);
  for (const scope of [...ask, ...needed]) expect(Object.keys(known), 'the known scopes').toContain(scope);
  for (const scope of Object.keys(known).flatMap((granted) => method.scopes.implies?.(granted) ?? []))
    expect(Object.keys(known), 'the known scopes').toContain(scope);
  if (typeof method.authorize.url === 'string') expect(protocolOf(method.authorize.url)).toBe('https:');
  if (method.refresh === 'none') return;
  const { rotation } = method.refresh;
  const grace = typeof rotation === 'object' ? rotation.graceSeconds : 1;
  expect(grace, 'seconds of grace').toBeGreaterThan(0);
}

function neededScopes(definition: AnyDefinition, method: string): readonly string[] {
  const settings = Object.values(
    (definition.settings as { scopes?: Record<string, readonly ScopeNeed[]> } | undefined)?.scopes ?? {},
  );
  const served = declarationsOf(definition).filter(({ declared }) => isServedBy(method, declared));
  return [...served.flatMap(({ declared }) => (declared.scopes ?? []).flat()), ...settings.flat(2)];
}

function fixedAddresses({ api, auth, operations }: AnyDefinition): readonly string[] {
  const bases = Object.values(operations).flatMap((group) =>
    Object.values(group).map((declared) => (declared as { baseUrl?: unknown }).baseUrl),
  );
  const endpoints = Object.values(auth).flatMap((method): unknown[] => {
    if (!('token' in method)) return [];
    const { revoke } = method as Partial<OAuth2Method>;
    const ends = typeof revoke === 'object' && 'url' in revoke ? [revoke.url] : [];
    return [method.token.url, ...ends];
  });
  return [api.baseUrl, ...bases, ...endpoints].filter((address): address is string => typeof address === 'string');
}

/**
 * Names that are read together. Methods are alternatives, and a platform's own key may be what the app is known by: one
 * variable may serve both.
 */
function environmentNames({ app = {}, auth }: AnyDefinition): string[][] {
  const methods = Object.values(auth).map((method) => ('env' in method ? Object.values(method.env ?? {}) : []));
  const scopes = Object.values(auth).flatMap((method) => (method.kind === 'oauth2' ? (method.scopes.env ?? []) : []));
  return [Object.values(app).map(({ env }) => env), scopes, ...methods];
}

function fieldMethods(auth: AnyDefinition['auth']) {
  return Object.entries(auth).filter(
    (entry): entry is [string, Exclude<AuthMethod, OAuth2Method>] => entry[1].kind !== 'oauth2',
  );
}

function protocolOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).protocol : undefined;
}
