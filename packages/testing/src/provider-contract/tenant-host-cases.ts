/** Hosts that an organization or a deployment names: none but plain public names, and none from an answer. */
import type { AuthMethod, Credentials, JsonObject } from '@plugboard/core';
import { checkInput } from '@plugboard/core/provider-kit';
import { expect } from 'vitest';

import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { declarationsOf, exampleFields } from './declared.ts';
import { appValuesFor } from './under-test.ts';
import { organizationId, withWorld, type World } from './world.ts';

/** What somebody types to reach what must not be reached, or what means another host than it seems to. */
const hostile = [
  '127.0.0.1',
  '169.254.169.254',
  '[::1]',
  '2130706433',
  '0x7f.1',
  'user@evil.example',
  '*.evil.example',
  'EVIL.example',
  'evil.example.',
  'evil.example:22',
  'evil.example?',
  'evil.example#',
  'evil..example',
];

/** A value that names a host. */
interface Entry {
  readonly from: 'app' | 'credentials' | 'input';
  readonly method: string;
  readonly field: string;
  readonly value: string;
  readonly host: string;
}

export function tenantHostCases(subject: Subject): readonly ProviderCase[] {
  const { definition } = subject.factory();
  if (definition.tenantHosts === undefined) return [];
  const entries = hostEntries(subject);
  return [
    providerCase('F01 tenant hosts: a value that somebody enters names them', () => {
      expect(entries.length, 'fields whose example holds one of the hosts').toBeGreaterThan(0);
    }),
    ...entries.map((entry) =>
      providerCase(`F01 F02 F05 tenant hosts: \`${entry.field}\` takes nothing but a plain host name`, async () => {
        for (const part of hostile) await expectRefused(subject, entry, entry.value.replace(entry.host, part));
      }),
    ),
    providerCase('B09 tenant hosts: a host that an answer names gets no request', async () => {
      await withWorld(subject, async (world) => {
        await world.connect();
        await callEverything(world, entries);
      });
      await withWorld(subject, async (world) => {
        forgeAnswers(world, entries);
        await world.connect().catch(() => undefined);
        await callEverything(world, entries);
      });
    }),
  ];
}

/** Fields of the tenant and of the app whose value holds a host that `tenantHosts` names for it. */
export function hostEntries(subject: Subject): readonly Entry[] {
  const { options } = subject;
  const { definition } = subject.factory();
  if (definition.tenantHosts === undefined) return [];
  const app = appValuesFor(definition, options.app ?? {});
  const found = Object.entries(definition.auth).flatMap(([method, declared]) => {
    const fields = options.credentials?.[method] ?? exampleFields(declared);
    const input = options.input?.[method] ?? {};
    const hosts = attempt(() => {
      const credentials = checkedFields(declared, fields);
      return definition.tenantHosts?.({ app, credentials, input, metadata: {} });
    });
    const groups = { app, credentials: fields, input } as const;
    return (['app', 'credentials', 'input'] as const).flatMap((from) =>
      Object.entries(groups[from]).flatMap(([field, value]): Entry[] => {
        const host = hosts?.find((name) => typeof value === 'string' && value.includes(name));
        return host === undefined ? [] : [{ from, method, field, value: value as string, host }];
      }),
    );
  });
  // One app serves all methods.
  return found.filter(({ from, field }, index) => {
    const first = found.findIndex((other) => other.from === from && other.field === field);
    return from !== 'app' || first === index;
  });
}

function checkedFields(method: AuthMethod, fields: JsonObject): Credentials {
  return 'credentials' in method ? (checkInput(method.credentials, fields, 'the example') as Credentials) : {};
}

/** Undefined where another way to connect is what names the hosts. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

async function expectRefused(subject: Subject, { from, method, field }: Entry, value: string): Promise<void> {
  const given = (group: Entry['from']) => (from === group ? { [field]: value } : {});
  await withWorld(
    subject,
    async (world) => {
      const refusal = await world.refusal(
        enter(world, subject, method, { ...given('credentials'), ...given('input') }),
      );
      expect(refusal.kind, refusal.code).toBe('invalid_request');
      const { env = field } = world.definition.app?.[field] ?? {};
      const names = (refusal.fields ?? []).map(({ path }) => path.split('.').at(-1));
      expect(
        [field, env].some((name) => names.includes(name)),
        `${names.join(', ')} names the field`,
      ).toBe(true);
      expect(world.edge.requests.map(({ url }) => url.href)).toEqual([]);
    },
    { app: given('app') },
  );
}

/** Starts what a user would start. */
function enter(world: World, { options }: Subject, name: string, change: JsonObject): Promise<unknown> {
  const method = world.definition.auth[name]!;
  const who = { organizationId, userId: 'user-1', method: name };
  if (method.kind === 'oauth2') {
    return world.board.authorize(world.definition.id, { ...who, input: { ...options.input?.[name], ...change } });
  }
  const credentials = { ...(options.credentials?.[name] ?? exampleFields(method)), ...change };
  return world.board.connect(world.definition.id, { ...who, credentials });
}

const otherTenant = 'other-tenant.example';

async function callEverything(world: World, entries: readonly Entry[]): Promise<void> {
  forgeAnswers(world, entries);
  for (const { name, declared } of declarationsOf(world.definition)) {
    await Promise.resolve(world.call(name, declared.example.input)).catch(() => undefined);
  }
  expect(world.edge.strangers.map(String), 'another host was called').toEqual([]);
}

/** Every address in an answer, and every host of this tenant, is another tenant's. */
function forgeAnswers(world: World, entries: readonly Entry[]): void {
  world.answerApi(async (request) => {
    const { status, headers, ...answer } = await textOf(await world.vendor.fetch(request));
    const moved = answer.text.replaceAll(/https?:\/\/[^/"'<>\\\s]+/g, `https://${otherTenant}`);
    const forged = entries.reduce((text, { host }) => text.replaceAll(host, otherTenant), moved);
    return new Response(status === 204 || status === 304 ? null : forged, { status, headers });
  });
}

async function textOf(answer: Response): Promise<{ status: number; headers: Headers; text: string }> {
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}
