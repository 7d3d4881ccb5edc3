/** Steps in the browser that are not OAuth: begun, finished, repaired, refreshed and ended as this provider declares it. */
import type { BrowserMethod } from '@plugboard/core';
import { refreshPolicyOf } from '@plugboard/core';
import { expect } from 'vitest';

import { jsonResponse } from './answers.ts';
import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { endpointsOf, exampleFields } from './declared.ts';
import { expectNoSecret } from './no-secret.ts';
import { renewalCases } from './refresh-cases.ts';
import { organizationId, withWorld, type World } from './world.ts';

export function browserCases(subject: Subject): readonly ProviderCase[] {
  const { definition } = subject.factory();
  const methods = Object.entries(definition.auth).filter(
    (entry): entry is [string, BrowserMethod] => entry[1].kind === 'browser',
  );
  return methods.flatMap(([name, method]) => [
    ...stepCases(subject, name),
    endCase(subject, name, method),
    ...renewalCases(subject, name, refreshPolicyOf(method)),
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
        if (probe !== undefined) await world.call(probe.name, probe.declared.example.input);
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
