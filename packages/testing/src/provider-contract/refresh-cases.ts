/** Tokens that expire, against the emulator's ledger of what was issued and spent. */
import { expect } from 'vitest';

import { refreshPolicyOf, type AnyDefinition, type OAuth2Method, type RefreshPolicy } from '@plugboard/core';

import { jsonResponse } from './answers.ts';
import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { endpointsOf, isServedBy } from './declared.ts';
import { isTokenRequest, tokenRequests } from './oauth-cases.ts';
import { organizationId, settle, withWorld, type World } from './world.ts';

const minuteMs = 60_000;

export function refreshCases(subject: Subject): readonly ProviderCase[] {
  const { definition } = subject.factory();
  return Object.entries(definition.auth).flatMap(([name, method]) => {
    const use = probeOf(definition, name);
    if (use === undefined) return [];
    if ('mint' in method) {
      const own = method.token === undefined;
      return own ? renewalCases(subject, name, { rotation: 'stable' }) : [mintCase(subject, { name, use })];
    }
    if (method.kind !== 'oauth2') return [];
    const policy = refreshPolicyOf(method);
    if (lifeMs(method.example) !== undefined) {
      return policy === undefined ? [endCase(subject, { name, use })] : liveCases(subject, { name, method, use });
    }
    return policy?.run === undefined || method.afterCode === undefined ? [] : renewalCases(subject, name, policy);
  });
}

type Use = (world: World) => Promise<unknown>;

/** A call that a connection by this method can make. */
function probeOf(definition: AnyDefinition, method: string): Use | undefined {
  const probe = endpointsOf(definition).find(({ declared }) => isServedBy(method, declared));
  return probe && ((world) => Promise.resolve(world.call(probe.name, probe.declared.example.input)));
}

interface Refreshed {
  readonly name: string;
  readonly use: Use;
}

function lifeMs(example: Readonly<Record<string, unknown>>): number | undefined {
  return typeof example['expires_in'] === 'number' ? example['expires_in'] * 1000 : undefined;
}

/**
 * Lets the access token end; or nearly so where it is itself what a refresh spends, because no dead token can be
 * exchanged.
 */
async function outlive(world: World): Promise<void> {
  const connection = await world.board.connections.get(world.definition.id, { organizationId });
  const left = (connection?.expiresAt?.getTime() ?? 0) - world.clock.now();
  const method = world.definition.auth[connection?.method ?? ''];
  const exchanged = method !== undefined && refreshPolicyOf(method)?.spends === 'accessToken';
  await world.clock.advance(Math.max(0, exchanged ? left * 0.95 : left + 1000));
  world.edge.forget();
}

function mintCase(subject: Subject, { name, use }: Refreshed): ProviderCase {
  return providerCase(`${name}: a token that ends is minted anew, once for all who wait`, () =>
    withWorld(subject, async (world) => {
      await world.connect(name);
      expect(tokenRequests(world).length, 'a token is minted to connect').toBe(1);
      await outlive(world);
      await Promise.all(Array.from({ length: 5 }, () => use(world)));
      expect(tokenRequests(world).length, 'tokens minted').toBe(1);
    }),
  );
}

function endCase(subject: Subject, { name, use }: Refreshed): ProviderCase {
  return providerCase(`${name}: a token that cannot be refreshed ends with a call to reconnect`, () =>
    withWorld(subject, async (world) => {
      await world.connect(name);
      await outlive(world);
      expect(await world.refusal(use(world))).toMatchObject({ kind: 'auth' });
    }),
  );
}

function liveCases(
  subject: Subject,
  { name, method, use }: Refreshed & { readonly method: OAuth2Method },
): ProviderCase[] {
  const { id } = subject.factory().definition;
  const statusOf = async (world: World) => (await world.board.connections.get(id, { organizationId }))?.status;
  return [
    providerCase(`${name}: refreshes by its rotation policy, again and again, and spends no token twice`, () =>
      withWorld(subject, async (world) => {
        await world.connect(name);
        for (let turn = 1; turn <= 3; turn++) {
          await outlive(world);
          await use(world);
          expect(tokenRequests(world).length, `requests of refresh ${turn}`).toBe(1);
        }
        const { ledger } = world.vendor.oauth;
        expect(ledger.reuses).toEqual([]);
        expect(ledger.families().map(({ refreshes }) => refreshes)).toEqual([3]);
      }),
    ),
    providerCase(`${name}: many calls at once share one refresh`, () =>
      withWorld(subject, async (world) => {
        await world.connect(name);
        await outlive(world);
        await Promise.all(Array.from({ length: 10 }, () => use(world)));
        expect(tokenRequests(world).length).toBe(1);
        expect(world.vendor.oauth.ledger.reuses).toEqual([]);
      }),
    ),
    providerCase(`D07 ${name}: a token endpoint that is down costs nobody the connection`, () =>
      withWorld(subject, async (world) => {
        await world.connect(name);
        const junk = [
          () => jsonResponse('<html>down</html>', { status: 503, headers: { 'content-type': 'text/html' } }),
          () => jsonResponse('<html>welcome</html>', { status: 200, headers: { 'content-type': 'text/html' } }),
          () => jsonResponse('bad', { status: 400, headers: { 'content-type': 'text/plain' } }),
          () => jsonResponse({}, { status: 429 }),
          () => Response.error(),
        ];
        await outlive(world);
        for (const answer of junk) {
          world.edge.respond((request) => (isTokenRequest(world, new URL(request.url)) ? answer() : undefined));
          // A first sign may be an error of the moment; a second one, later, would confirm it.
          for (let turn = 0; turn < 2; turn++) {
            await use(world).catch(() => undefined);
            expect(await statusOf(world)).toMatch(/^(active|degraded)$/);
            await world.clock.advance(10 * minuteMs);
          }
        }
        expect(tokenRequests(world).length, 'tries').toBeGreaterThan(junk.length);
      }),
    ),
    providerCase(`D07 ${name}: a revoked grant ends the connection, once it is confirmed`, () =>
      withWorld(subject, async (world) => {
        await world.connect(name);
        const ended: unknown[] = [];
        world.board.on('connection.attention', (event: unknown) => void ended.push(event));
        await outlive(world);
        world.vendor.revokeAll();
        for (let turn = 0; turn < 3 && (await statusOf(world)) !== 'expired'; turn++) {
          await world.refusal(use(world));
          await world.clock.advance(2 * minuteMs);
        }
        expect(await statusOf(world)).toBe('expired');
        expect(ended.length, 'notifications').toBe(1);
        world.edge.forget();
        expect(await world.refusal(use(world))).toMatchObject({ kind: 'auth', code: 'reconnect_required' });
        expect(world.edge.requests).toEqual([]);
      }),
    ),
  ].filter(() => method.refresh !== 'none');
}

/**
 * For grants that are renewed by a call of the provider's own: what that costs is its business, that it happens once for
 * all who wait is not.
 */
export function renewalCases(subject: Subject, name: string, policy: RefreshPolicy | undefined): ProviderCase[] {
  const { definition } = subject.factory();
  const { id } = definition;
  const use = probeOf(definition, name);
  if (policy === undefined || use === undefined) return [];
  const statusOf = async (world: World) => (await world.board.connections.get(id, { organizationId }))?.status;
  return [
    providerCase(`${name}: a grant that ends is refreshed, again and again, once for all who wait`, () =>
      withWorld(subject, async (world) => {
        const { expiresAt } = await world.connect(name);
        expect(expiresAt, 'a declared refresh needs a grant that says when it ends').not.toBeNull();
        const costs: number[] = [];
        for (const callers of [1, 10, 1]) {
          await outlive(world);
          await Promise.all(Array.from({ length: callers }, () => use(world)));
          // A token that is still good is handed out at once, and renewed behind the caller.
          await settle();
          costs.push(world.edge.requests.length - callers);
        }
        expect(costs[0], 'requests of a refresh').toBeGreaterThan(0);
        expect(costs, 'requests of each refresh').toEqual(costs.map(() => costs[0]));
        expect(world.vendor.oauth.ledger.reuses).toEqual([]);
      }),
    ),
    providerCase(`D07 ${name}: an outage of the refresh costs nobody the connection`, () =>
      withWorld(subject, async (world) => {
        await world.connect(name);
        await outlive(world);
        world.edge.respond(() =>
          jsonResponse('<html>down</html>', { status: 503, headers: { 'content-type': 'text/html' } }),
        );
        for (let turn = 0; turn < 2; turn++) {
          await world.refusal(use(world));
          expect(await statusOf(world)).toMatch(/^(active|degraded)$/);
          await world.clock.advance(600_000);
        }
        world.edge.respond(undefined);
        // A token that died meanwhile cannot be exchanged for the next one.
        if (policy.spends !== 'accessToken') await use(world);
      }),
    ),
  ];
}
