/** Connecting by OAuth, as this provider declares it. */
import type { AnyDefinition, JsonObject, OAuth2Method, ScopeNeed } from '@plugboard/core';
import { claimsOf, hash, encodeBase64url, encodeUtf8, missingScopes } from '@plugboard/core';
import { computed, hostMatches } from '@plugboard/core/provider-kit';
import { expect } from 'vitest';

import { jsonResponse } from './answers.ts';
import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { endpointsOf, oauthMethods } from './declared.ts';
import type { SentRequest } from './edge.ts';
import { expectNoSecret } from './no-secret.ts';
import { reservedParams } from './reserved-params.ts';
import { hostEntries } from './tenant-host-cases.ts';
import { boardUrl, organizationId, withWorld, type World } from './world.ts';

export function oauthCases(subject: Subject): readonly ProviderCase[] {
  const { definition } = subject.factory();
  return oauthMethods(definition).flatMap(([name, method]) => [
    providerCase(`A11 ${name}: the authorization request carries what the flow needs, once`, () =>
      withWorld(subject, async (world) => {
        const url = new URL(await authorizeUrl(world, subject.options.input?.[name] ?? {}, name));
        const { searchParams } = url;
        for (const key of new Set(searchParams.keys())) expect(searchParams.getAll(key).length, key).toBe(1);
        expect(searchParams.get('response_type')).toBe('code');
        expect(searchParams.get('response_mode')).toBe(method.authorize.formPost === true ? 'form_post' : null);
        expect(searchParams.get('client_id')).toBe(world.app['clientId'] ?? null);
        expect(searchParams.get('redirect_uri')).toBe(`${boardUrl}/callback/${definition.id}`);
        expect(searchParams.get('state')?.length).toBeGreaterThanOrEqual(43);
        expect(searchParams.get('client_secret')).toBeNull();
        const { ask, separator = ' ', unless } = method.scopes;
        const scopes = world.app[unless ?? ''] === undefined ? ask.join(separator) : '';
        expect(searchParams.get('scope') ?? '').toBe(scopes);

        expect(searchParams.get('code_challenge_method')).toBe(method.pkce === 'none' ? null : 'S256');
        const again = new URL(await authorizeUrl(world, subject.options.input?.[name] ?? {}, name)).searchParams;
        expect(again.get('state')).not.toBe(searchParams.get('state'));
        if (method.pkce !== 'none') expect(again.get('code_challenge')).not.toBe(searchParams.get('code_challenge'));
        expect(searchParams.has('nonce')).toBe(method.nonce === true);
        if (method.nonce === true) expect(again.get('nonce')).not.toBe(searchParams.get('nonce'));
      }),
    ),
    providerCase(`A14 ${name}: the extra parameters of the authorization are no reserved ones`, () =>
      withWorld(subject, async (world) => {
        const { params = {} } = method.authorize;
        const extra = typeof params === 'function' ? params(subject.options.input?.[name] ?? {}, world.app) : params;
        const reserved = Object.keys(extra).filter((key) => reservedParams.includes(key.toLowerCase()));
        expect(reserved.join(', ')).toBe('');
      }),
    ),
    providerCase(`A26 ${name}: the code is exchanged once, with the declared client authentication`, () =>
      withWorld(subject, async (world) => {
        await world.connect(name);
        const { tokenCalls, reuses } = world.vendor.oauth.ledger;
        const grants = tokenCalls.map(({ grantType }) => grantType);
        // A declared second step may go on from the tokens, never from the code.
        const judged =
          method.afterCode === undefined ? grants : grants.filter((grant) => grant === 'authorization_code');
        expect(judged.join(', ')).toBe('authorization_code');
        expect(reuses).toEqual([]);

        const [exchange] = tokenRequests(world);
        await expectClientAuth(exchange!, method, world);
      }),
    ),
    providerCase(`A25 ${name}: a token endpoint that redirects gets no second request`, () =>
      withWorld(subject, async (world) => {
        for (const status of [301, 302, 307, 308]) {
          world.edge.respond((request) =>
            isTokenRequest(world, new URL(request.url))
              ? new Response(null, { status, headers: { location: 'https://evil.example/token' } })
              : undefined,
          );
          const error = await world.refusal(world.authorize(name));
          expect(error.kind, String(status)).toBe('invalid_response');
        }
        expect(world.edge.strangers).toEqual([]);
        expect(await stored(world)).toBeNull();
      }),
    ),
    providerCase(`${name}: a denied consent is a result, and nothing is stored`, () =>
      withWorld(subject, async (world) => {
        const outcome = await world.authorize(name, { consent: { allow: false } });
        expect(outcome.status).toBe('denied');
        expect(tokenRequests(world)).toEqual([]);
        expect(await stored(world)).toBeNull();
      }),
    ),
    ...tenantCases(subject, name),
    ...discoveryCases(subject, name, method),
    ...scopeCases(subject, name, method),
    providerCase(`${name}: disconnecting ends the grant at the vendor as far as it offers to`, () =>
      withWorld(subject, async (world) => {
        await world.connect(name);
        world.edge.forget();
        const { revoked, connection } = await world.board.disconnect(definition.id, { organizationId });
        expect(revoked).toBe(method.revoke === undefined ? 'unsupported' : 'revoked');
        expect(connection.status).toBe('disconnected');
        expect(world.edge.requests.length > 0).toBe(method.revoke !== undefined);
        if (typeof method.revoke === 'object' && 'url' in method.revoke) {
          const [family] = world.vendor.oauth.ledger.families();
          expect(world.vendor.oauth.ledger.current(family!.id), 'a live token').toBeUndefined();
        }
        const probe = endpointsOf(definition)[0];
        if (probe === undefined) return;
        world.edge.forget();
        const error = await world.refusal(Promise.resolve(world.call(probe.name, probe.declared.example.input)));
        expect(error).toMatchObject({ kind: 'auth' });
        expect(world.edge.requests).toEqual([]);
      }),
    ),
  ]);
}

/** What a user types where a shop or instance name belongs. */
const hostileNames = [
  'evil.example',
  'evil.example/x',
  'x@evil.example',
  'evil.example#',
  'evil.example?',
  'x%2f..',
  '..',
  '127.0.0.1',
  'ｅｖｉｌ.example',
];

function tenantCases(subject: Subject, name: string): ProviderCase[] {
  const given = subject.options.input?.[name] ?? {};
  const hosts = hostEntries(subject).filter(({ from }) => from === 'input');
  const others = Object.keys(given).filter((field) => !hosts.some((entry) => entry.field === field));
  return others.map((field) =>
    providerCase(`F01 ${name}: no \`${field}\` sends the browser to another host`, () =>
      withWorld(subject, async (world) => {
        const right = new URL(await authorizeUrl(world, given, name));
        const text = typeof given[field] === 'string' ? given[field] : 'x';
        for (const hostile of hostileNames.flatMap((part) => [
          part,
          `${part}/${text}`,
          `${text}@${part}`,
          `${part}#.${text}`,
        ])) {
          const url = await authorizeUrl(world, { ...given, [field]: hostile }, name).catch(() => undefined);
          if (url === undefined) continue;
          const declared = world.definition.hosts.some((host) => hostMatches(host, new URL(url)));
          expect(declared || new URL(url).host === right.host, `${hostile} leads to ${new URL(url).host}`).toBe(true);
        }
      }),
    ),
  );
}

/** F06: a description of a server comes from the network, and names where secrets go. */
function discoveryCases(subject: Subject, name: string, { discover }: OAuth2Method): ProviderCase[] {
  if (discover === undefined) return [];
  return [
    providerCase(`F06 ${name}: a hostile description of the server ends the flow before it begins`, () =>
      withWorld(subject, async (world) => {
        const tokenAt = (url: string) => (document: JsonObject) =>
          jsonResponse({ ...document, token_endpoint: url }, {});
        const answers = [
          ...[
            'http://evil.example/token',
            'https://127.0.0.1/token',
            'https://[::1]/t',
            'https://a@evil.example/t',
          ].map(tokenAt),
          (document: JsonObject) => jsonResponse({ ...document, issuer: 'https://evil.example' }, {}),
          () => jsonResponse({}, {}),
          () => new Response(null, { status: 302, headers: { location: 'https://evil.example/metadata' } }),
          () => new Response('<html></html>', { headers: { 'content-type': 'text/html' } }),
        ];
        for (const answer of answers) {
          world.edge.respond(async (request) => {
            const truth = await world.vendor.fetch(request);
            const isMetadata = world.vendor.oauth.endpointOf(new URL(request.url)) === 'metadata';
            return isMetadata ? answer((await truth.json()) as JsonObject) : truth;
          });
          await world.refusal(authorizeUrl(world, subject.options.input?.[name] ?? {}, name));
        }
        expect(world.edge.strangers.map(String)).toEqual([]);
        expect(world.edge.requests.filter(({ url }) => world.vendor.oauth.endpointOf(url) !== 'metadata')).toEqual([]);
      }),
    ),
  ];
}

async function authorizeUrl(world: World, input: JsonObject, method: string): Promise<string> {
  return (await world.board.authorize(world.definition.id, { organizationId, userId: 'user-1', method, input })).url;
}

async function stored(world: World): Promise<unknown> {
  return world.board.connections.get(world.definition.id, { organizationId });
}

export function isTokenRequest({ vendor }: World, url: URL): boolean {
  return vendor.oauth.endpointOf(url) === 'token';
}

export function tokenRequests(world: World): readonly SentRequest[] {
  return world.edge.requests.filter(({ url }) => isTokenRequest(world, url));
}

/** RFC 6749 section 2.3.1: in the header with each part form-encoded, or in the body; or by RFC 7523 section 2.2. */
async function expectClientAuth(
  { headers, text, url }: SentRequest,
  { token, pkce }: OAuth2Method,
  world: World,
): Promise<void> {
  const { app, board, definition } = world;
  const { encoding = 'form' } = token;
  const connection = await board.connections.get(definition.id, { organizationId });
  const input = (connection?.metadata['input'] ?? {}) as JsonObject;
  const clientAuth = computed(token.clientAuth ?? 'post', { input, app });
  const sent =
    encoding === 'json'
      ? (JSON.parse(text) as Record<string, string>)
      : Object.fromEntries(encoding === 'query' ? url.searchParams : new URLSearchParams(text));
  const form = (value: unknown) => new URLSearchParams({ v: String(value) }).toString().slice(2);
  const [id, secret] = [String(app['clientId']), String(app['clientSecret'])];
  const pair = clientAuth === 'raw_basic' ? `${id}:${secret}` : `${form(id)}:${form(secret)}`;
  const inHeader = clientAuth === 'basic' || clientAuth === 'raw_basic';
  expect(headers.get('authorization')).toBe(inHeader ? `Basic ${btoa(pair)}` : null);
  expect(sent['client_secret']).toBe(clientAuth === 'post' ? secret : undefined);
  // The emulator verifies the signature, and that no assertion is used twice; this is written from the specification.
  if (typeof clientAuth === 'object')
    expectAssertion(sent, { id, audience: clientAuth.audience, now: world.clock.now() });
  else expect(Object.keys(sent).filter((name) => name.startsWith('client_assertion'))).toEqual([]);
  if (!inHeader) expect(sent['client_id']).toBe(id);
  expect(sent['redirect_uri']).toMatch(/\/callback\//);
  if (encoding !== 'query') expectNoSecret(url.href, { clientSecret: secret }, 'the address of the token endpoint');
  if (pkce === 'none') return expect(sent['code_verifier']).toBeUndefined();
  expect(sent['code_verifier']).toMatch(/^[A-Za-z0-9._~-]{43,128}$/);
  // The emulator compares with the challenge of the authorization; this only shows that the value is no challenge itself.
  expect(encodeBase64url(await hash('sha256', encodeUtf8(sent['code_verifier']!)))).not.toBe(sent['code_verifier']);
}

function expectAssertion(
  sent: Readonly<Record<string, string>>,
  { id, audience, now }: { readonly id: string; readonly audience: string; readonly now: number },
): void {
  expect(sent['client_assertion_type']).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
  const claims = claimsOf(sent['client_assertion'] ?? '') ?? {};
  expect(claims).toMatchObject({ iss: id, sub: id, aud: audience, jti: expect.stringMatching(/^.{22,}$/) as string });
  const [issued, expires] = [Number(claims['iat']), Number(claims['exp'])];
  expect(issued, 'iat').toBeLessThanOrEqual(now / 1000);
  expect(expires, 'exp').toBeGreaterThan(issued);
  expect(expires - issued, 'seconds that an assertion lives').toBeLessThanOrEqual(60);
}

function scopeCases(subject: Subject, method: string, declared: OAuth2Method): ProviderCase[] {
  const { definition } = subject.factory();
  const { scopes } = declared;
  const isAsked = (need: ScopeNeed) => missingScopes(declared, [need], scopes.ask).length === 0;
  const needy = endpointsOf(definition).find((endpoint) => (endpoint.declared.scopes ?? []).some(isAsked));
  const missing = needy?.declared.scopes?.find(isAsked);
  if (needy === undefined || missing === undefined) return [];
  // Whoever has a scope that includes it has it as well.
  const kept = scopes.ask.filter((scope) => missingScopes(declared, [missing], [scope]).length > 0);
  const lost = (needed: readonly ScopeNeed[]) => missingScopes(declared, needed, kept);
  return [
    providerCase(`${method}: an operation whose scope was not granted says so without a request`, () =>
      withWorld(subject, async (world) => {
        const outcome = await world.authorize(method, { consent: { scopes: kept }, scopes: scopes.ask });
        // A vendor that does not tell what it granted leaves it to its answers.
        if (outcome.connection?.scopes === null)
          return expect(tellsScopes(definition, method), 'scopes are told').toBe(false);
        if (outcome.status === 'connected') expect(outcome.missingScopes).toEqual(lost(scopes.ask));
        else await world.board.accounts.choose(definition.id, { organizationId, accountId: await firstAccount(world) });

        world.edge.forget();
        const error = await world.refusal(Promise.resolve(world.call(needy.name, needy.declared.example.input)));
        const missingHere = lost(needy.declared.scopes!);
        expect(error).toMatchObject({ kind: 'permission', code: 'insufficient_scope', missingScopes: missingHere });
        expect(world.edge.requests).toEqual([]);
      }),
    ),
  ];
}

async function firstAccount({ board, definition }: World): Promise<string> {
  const choices = (await board.accounts.choices(definition.id, { organizationId })) as readonly { id: string }[];
  return choices[0]!.id;
}

function tellsScopes({ auth }: AnyDefinition, name: string): boolean {
  const method = auth[name];
  return method?.kind === 'oauth2' && 'scope' in method.example;
}
