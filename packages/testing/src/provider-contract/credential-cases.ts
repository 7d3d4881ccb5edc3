/** What is accepted as a credential, and where it is put. */
import type { AnyDefinition, AuthMethod, Credentials, JsonObject, OutgoingRequest, SignContext } from '@plugboard/core';
import { isSecret, parseJson, Secret } from '@plugboard/core';
import { checkInput, type Schema } from '@plugboard/core/provider-kit';
import { createEmulator } from '@plugboard/core/emulator';
import { expect } from 'vitest';

import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { createPatientClock } from './clock.ts';
import { exampleFields, neededOf } from './declared.ts';
import { expectNoSecret } from './no-secret.ts';
import { appValuesFor } from './under-test.ts';
import { withWorld } from './world.ts';

type Signing = Pick<SignContext, 'credentials' | 'app'>;

interface TypedMethod {
  readonly name: string;
  readonly credentials: Schema;
  readonly example: JsonObject;
}

export function credentialCases(subject: Subject): readonly ProviderCase[] {
  const { auth } = subject.factory().definition;
  const methods = Object.entries(auth);
  return [
    ...methods.flatMap(([name, method]) =>
      isTyped(method)
        ? typedCases(subject, { name, credentials: method.credentials, example: given(subject, name, method) })
        : [],
    ),
    ...methods.map(([name, method]) =>
      providerCase(`B05 ${name}: signing touches the declared places and no other`, async () => {
        const touched = await placesTouched(
          method,
          signingOf(subject, name, method),
          addressesOf(subject.factory().definition),
        );
        const { places } = method.sign;
        // An address that is itself the credential is made before anything is signed.
        const declared = touched.has('path') ? places : places.filter((place) => place !== 'path');
        expect([...touched].toSorted().join(' ')).toBe([...declared].toSorted().join(' '));
      }),
    ),
  ];
}

/** Typed in, or brought back by a step in the browser. */
function isTyped(method: AuthMethod): method is Exclude<AuthMethod, { kind: 'oauth2' }> {
  return method.kind !== 'oauth2';
}

function given({ options }: Subject, name: string, method: AuthMethod): JsonObject {
  return options.credentials?.[name] ?? exampleFields(method);
}

function typedCases(subject: Subject, { name, credentials, example }: TypedMethod): ProviderCase[] {
  /** Refused by naming the field, without the value and before anything is sent. */
  const refused = (input: JsonObject, field: string, value = '') =>
    withWorld(subject, async (world) => {
      const error = await world.refusal(world.connect(name, input));
      expect(error.kind).toBe('invalid_request');
      expect(error.fields?.map(({ path }) => path.split('.')[0] || field)).toContain(field);
      // A choice among few is named by the refusal that offers them.
      expectNoSecret(error, value.length < 6 ? {} : { 'the value': value }, 'the refusal');
      expect(world.edge.requests).toEqual([]);
    });
  const texts = Object.entries(example).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return [
    ...neededOf(credentials, example).map((field) =>
      providerCase(`F07 ${name}: connecting without \`${field}\` is refused by name`, () => {
        const { [field]: _missing, ...rest } = example;
        return refused(rest, field);
      }),
    ),
    providerCase(`F07 ${name}: a field that does not exist is refused`, () =>
      refused({ ...example, plugboardUnknown: 'x' }, 'plugboardUnknown'),
    ),
    ...texts.map(([field, text]) =>
      providerCase(`F07 ${name}: \`${field}\` with a line break, a NUL or without end is refused by name`, async () => {
        const middle = Math.ceil(text.length / 2);
        const spliced = (part: string) => `${text.slice(0, middle)}${part}${text.slice(middle)}`;
        // A field that is text of several lines (a key file) keeps its line breaks.
        const breaks = text.includes('\n') ? [] : ['\r\nx-injected: 1', '\n', '\r'];
        for (const part of [...breaks, '\0']) await refused({ ...example, [field]: spliced(part) }, field, text);
        const endless = text.repeat(Math.ceil(100_000 / text.length));
        await refused({ ...example, [field]: endless }, field, text);
      }),
    ),
  ];
}

/** Good credentials of a method: the example's, or tokens that the emulator issues. */
function signingOf(subject: Subject, name: string, method: AuthMethod): Signing {
  const { definition } = subject.factory();
  const app = appValuesFor(definition, subject.options.app ?? {});
  const vendor = createEmulator(subject.factory(app), { clock: createPatientClock() });
  const issued =
    method.kind === 'oauth2' || method.kind === 'browser' || 'mint' in method ? vendor.credentials(name) : {};
  const typed =
    'credentials' in method ? checkInput(method.credentials, given(subject, name, method), 'the example') : {};
  return { app, credentials: { ...(typed as Credentials), ...issued } };
}

/** Signs with each credential changed in turn; what differs is where credentials are put. */
async function placesTouched(
  method: AuthMethod,
  signing: Signing,
  addresses: readonly string[],
): Promise<ReadonlySet<string>> {
  const touched = await Promise.all(addresses.map((address) => placesTouchedAt(method, signing, address)));
  return new Set(touched.flatMap((places) => [...places]));
}

/** Vendors with several APIs want other credentials at each of their hosts, or at certain paths. */
function addressesOf({ hosts, operations }: AnyDefinition): readonly string[] {
  const exact = ['vendor.example', ...hosts.filter((host) => !host.includes('*'))];
  const declared = Object.values(operations)
    .flatMap((group) => Object.values(group))
    .map((declaration) => (declaration as { readonly path?: string }).path ?? '');
  const paths = new Set(['/v1/things', ...declared.filter((path) => path.startsWith('/') && !path.includes('{'))]);
  return exact.flatMap((host) => [...paths].map((path) => `https://${host}${path}?page=1`));
}

async function placesTouchedAt(method: AuthMethod, signing: Signing, address: string): Promise<ReadonlySet<string>> {
  const plain = await signed(method, signing, address);
  const touched = new Set(differences(outgoing(address), plain));
  for (const [name, value] of Object.entries(signing.credentials)) {
    if (value === undefined) continue;
    const changed = isSecret(value) ? new Secret(`${value.reveal()}0`) : `${value}0`;
    const other = await signed(
      method,
      { ...signing, credentials: { ...signing.credentials, [name]: changed } },
      address,
    );
    for (const place of differences(plain, other)) touched.add(place);
  }
  return touched;
}

async function signed(method: AuthMethod, signing: Signing, address: string): Promise<OutgoingRequest> {
  const request = outgoing(address);
  await method.sign.apply(request, { ...signing, now: Date.UTC(2026, 0, 1) });
  return request;
}

function outgoing(address: string): OutgoingRequest {
  const url = new URL(address);
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  return { method: 'POST', url, headers: new Headers(headers), body: '{"a":1}' };
}

function differences(a: OutgoingRequest, b: OutgoingRequest): string[] {
  const headers = new Set([...a.headers.keys(), ...b.headers.keys()]);
  const queries = new Set([...a.url.searchParams.keys(), ...b.url.searchParams.keys()]);
  return [
    ...[...headers].filter((name) => a.headers.get(name) !== b.headers.get(name)).map((name) => `header:${name}`),
    ...[...queries]
      .filter((name) => a.url.searchParams.get(name) !== b.url.searchParams.get(name))
      .map((name) => `query:${name}`),
    ...(a.url.origin + a.url.pathname === b.url.origin + b.url.pathname ? [] : ['path']),
    ...(a.method === b.method ? [] : ['method']),
    ...bodyDifferences(a.body, b.body),
  ];
}

/** Members of a JSON body; the whole where it is none. */
function bodyDifferences(a: OutgoingRequest['body'], b: OutgoingRequest['body']): string[] {
  if (a === b) return [];
  const [one, other] = [a, b].map((body) => (typeof body === 'string' ? (parseJson(body) as JsonObject) : undefined));
  if (one === undefined || other === undefined) return ['body'];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => one[name] !== other[name]).map((name) => `body:${name}`);
}
