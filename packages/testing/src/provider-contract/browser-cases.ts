/** Steps in the browser that are not OAuth: begun, finished, repaired, refreshed and ended as this provider declares it. */
import type { BrowserMethod } from '@plugboard/core';
import { refreshPolicyOf } from '@plugboard/core';
import { expect } from 'vitest';

import { jsonResponse } from './answers.ts';
import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { endpointsOf, exampleFields, type DeclaredEndpoint, type Named } from './declared.ts';
import { expectNoSecret } from './no-secret.ts';
import { outlive } from './refresh-cases.ts';
import { organizationId, settle, withWorld, type World } from './world.ts';

export function browserCases(subject: Subject): readonly ProviderCase[] {
  const { definition } = subject.factory();
  const methods = Object.entries(definition.auth).filter(
    (entry): entry is [string, BrowserMethod] => entry[1].kind === 'browser',
  );
  return methods.flatMap(([name, method]) => [
    ...stepCases(subject, name),
    endCase(subject, name, method),
    ...refreshCases(subject, name, method),
  ]);
}

function stepCases(subject: Subject, name: string): ProviderCase[] {
  const { id } = subject.factory().definition;
  const stored = (world: World) => world.board.connections.get(id, { organizationId });
  return [
    providerCase(`B05 ${name}: the page that opens the step gets no secret`, () =>
      withWorld(subject, async (world) => {
        const { page } = await world.prepare(name);
        expectNoSecret(page, world.secrets(), 'what the page gets');
        await world.connect(name);
        // What repairs a connection begins with its credentials.
        expectNoSecret((await world.prepare(name)).page, world.secrets(), 'what the page gets');
      }),
    ),
    providerCase(`${name}: a step that the vendor refuses at its end connects nothing`, () =>
      withWorld(subject, async (world) => {
        const { flow } = await world.prepare(name);
        const { status, headers, body } = world.definition.api.errors.examples.invalidCredentials;
        world.edge.respond(() => jsonResponse(body, { status, ...(headers && { headers }) }));
        const credentials = subject.options.credentials?.[name] ?? exampleFields(world.definition.auth[name]!);
        const given = { organizationId, userId: 'user-1', method: name, credentials, flow };
        const error = await world.refusal(world.board.connect(id, given));
        expect(error.kind, error.code).toMatch(/^(invalid_request|auth)$/);
        expect(await stored(world)).toBeNull();
      }),
    ),
    providerCase(`${name}: a step on a connection repairs or replaces it, and it stays the same one`, () =>
      withWorld(subject, async (world) => {
        const first = await world.connect(name);
        const again = await world.connect(name);
        expect(again).toMatchObject({ id: first.id, account: first.account, status: 'active', method: name });
        const [probe] = endpointsOf(world.definition);
        if (probe !== undefined) await use(world, probe);
      }),
    ),
  ];
}

function endCase(subject: Subject, name: string, { revoke }: BrowserMethod): ProviderCase {
  const { id } = subject.factory().definition;
  return providerCase(`${name}: disconnecting ends the grant at the vendor as far as it offers to`, () =>
    withWorld(subject, async (world) => {
      await world.connect(name);
      world.edge.forget();
      const { revoked, connection } = await world.board.disconnect(id, { organizationId });
      expect(revoked).toBe(revoke === undefined ? 'unsupported' : 'revoked');
      expect(connection.status).toBe('disconnected');
      expect(world.edge.requests.length > 0).toBe(revoke !== undefined);
    }),
  );
}

/** What a refresh costs is the provider's business; that it happens once for all who wait is not. */
function refreshCases(subject: Subject, name: string, method: BrowserMethod): ProviderCase[] {
  const { definition } = subject.factory();
  const { id } = definition;
  const probe = endpointsOf(definition)[0];
  const policy = refreshPolicyOf(method);
  if (policy === undefined || probe === undefined) return [];
  const statusOf = async (world: World) => (await world.board.connections.get(id, { organizationId }))?.status;
  return [
    providerCase(`${name}: a grant that ends is refreshed, again and again, once for all who wait`, () =>
      withWorld(subject, async (world) => {
        const { expiresAt } = await world.connect(name);
        expect(expiresAt, 'a declared refresh needs a grant that says when it ends').not.toBeNull();
        const costs: number[] = [];
        for (const callers of [1, 10, 1]) {
          await outlive(world);
          await Promise.all(Array.from({ length: callers }, () => use(world, probe)));
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
          await world.refusal(use(world, probe));
          expect(await statusOf(world)).toMatch(/^(active|degraded)$/);
          await world.clock.advance(600_000);
        }
        world.edge.respond(undefined);
        // A token that died meanwhile cannot be exchanged for the next one.
        if (policy.spends !== 'accessToken') await use(world, probe);
      }),
    ),
  ];
}

function use(world: World, { name, declared }: Named<DeclaredEndpoint>): Promise<unknown> {
  return Promise.resolve(world.call(name, declared.example.input));
}
