/** Who is connected, how they are, and what they may choose. */
import type { Choice, SettingsDefinition } from '@plugboard/core';
import { accepts, type Schema } from '@plugboard/core/provider-kit';
import { expect } from 'vitest';

import { jsonResponse } from './answers.ts';
import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { organizationId, withConnection, withWorld, type World } from './world.ts';

/** Most requests that one check of health may cost. */
const dearestHealth = 2;

export function accountCases(subject: Subject): readonly ProviderCase[] {
  const { definition } = subject.factory();
  const methods = Object.entries(definition.auth);
  const checkHealth = (world: World) => world.board.health(definition.id, { organizationId });
  return [
    ...methods.map(([name]) =>
      providerCase(`account ${name}: good credentials connect, and the account has an id and a name`, () =>
        withWorld(subject, async (world) => {
          const connection = await world.connect(name);
          expect(connection).toMatchObject({ status: 'active', method: name });
          expect(connection.account?.id).toMatch(/\S/);
          expect(connection.account?.name).toMatch(/\S/);
          const account = subject.options.accounts?.[name] ?? subject.options.account;
          if (account !== undefined) expect(connection.account).toEqual(account);
        }),
      ),
    ),
    ...methods
      .filter(([, { kind }]) => kind !== 'oauth2' && kind !== 'browser' && kind !== 'none')
      .map(([name]) =>
        providerCase(`account ${name}: credentials that the vendor refuses are refused, and nothing is stored`, () =>
          withWorld(subject, async (world) => {
            world.answerApi(() => refusedCredential(world));
            const error = await world.refusal(world.connect(name));
            expect(error.kind, error.code).toMatch(/^(invalid_request|auth)$/);
            expect(await world.board.connections.get(definition.id, { organizationId })).toBeNull();
          }),
        ),
      ),
    providerCase('health: a good connection', () =>
      withConnection(subject, async (world) => {
        expect(await checkHealth(world)).toMatchObject({ status: subject.options.health ?? 'healthy' });
        expect(world.edge.requests.length, 'requests of one check').toBeLessThanOrEqual(dearestHealth);
        if (subject.options.health !== 'unknown')
          expect(world.edge.requests.length, 'a check asks the vendor').toBeGreaterThan(0);
      }),
    ),
    ...(subject.options.health === 'unknown' ? [] : livingHealthCases(subject, checkHealth)),
    ...settingsCases(subject),
  ];
}

function livingHealthCases(
  subject: Subject,
  checkHealth: (world: World) => Promise<{ status: string }>,
): ProviderCase[] {
  const { definition } = subject.factory();
  const { missingScope } = definition.api.errors.examples;
  return [
    providerCase('health: a dead credential is never healthy', () =>
      withConnection(subject, async (world) => {
        world.answerApi(() => refusedCredential(world));
        expect((await checkHealth(world)).status).toMatch(/^(error|expired)$/);
      }),
    ),
    providerCase('health: a page in HTML is never healthy', () =>
      withConnection(subject, async (world) => {
        world.answerApi(
          () => new Response('<html>captive portal</html>', { headers: { 'content-type': 'text/html' } }),
        );
        expect((await checkHealth(world)).status).not.toMatch(/^(healthy|expired)$/);
      }),
    ),
    providerCase('D07 health: an outage is not the end of the connection', () =>
      withConnection(subject, async (world) => {
        world.answerApi(() =>
          jsonResponse('<html>down</html>', { status: 503, headers: { 'content-type': 'text/html' } }),
        );
        expect((await checkHealth(world)).status).toMatch(/^(degraded|unknown)$/);
        expect((await world.board.connections.get(definition.id, { organizationId }))?.status).toMatch(
          /^(active|degraded)$/,
        );
      }),
    ),
    ...(missingScope === undefined
      ? []
      : [
          providerCase('health: a credential that may do less is neither healthy nor dead', () =>
            withConnection(subject, async (world) => {
              const { status, headers, body } = missingScope;
              world.answerApi(() => jsonResponse(body, { status, ...(headers && { headers }) }));
              expect((await checkHealth(world)).status).toMatch(/^(degraded|unknown)$/);
            }),
          ),
        ]),
  ];
}

function refusedCredential({ definition }: World): Response {
  const { status, headers, body } = definition.api.errors.examples.invalidCredentials;
  return jsonResponse(body, { status, ...(headers && { headers }) });
}

function settingsCases(subject: Subject): ProviderCase[] {
  const { definition } = subject.factory();
  const settings = definition.settings as SettingsDefinition<Schema> | undefined;
  if (settings === undefined) return [];
  return [
    providerCase('settings: none need to be set, and unknown ones are refused', () =>
      withConnection(subject, async (world) => {
        expect(accepts(settings.schema, {}), 'a connection starts without settings').toBe(true);
        const given = { organizationId, settings: { plugboardUnknown: 1 } };
        expect(await world.refusal(world.board.settings.update(definition.id, given))).toMatchObject({
          code: 'invalid_input',
        });
      }),
    ),
    ...Object.keys(settings.choices ?? {}).map((field) =>
      providerCase(`settings: \`${field}\` may be set to each of its live choices`, () =>
        withConnection(subject, async (world) => {
          const choices = (await world.board.settings.choices(definition.id, {
            organizationId,
            field,
          })) as readonly Choice[];
          expect(choices.length).toBeGreaterThan(0);
          for (const { value, label } of choices) {
            expect(label).toMatch(/\S/);
            const fits = accepts(settings.schema, { [field]: value }) || accepts(settings.schema, { [field]: [value] });
            expect(fits, 'the schema accepts the choice').toBe(true);
          }
        }),
      ),
    ),
  ];
}
