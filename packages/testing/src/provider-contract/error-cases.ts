/** What is made of the vendor's refusals. */
import type { ErrorExample, ErrorKind, Json } from '@plugboard/core';
import { expect } from 'vitest';

import { findCanaries, type Canaries } from '../canary.ts';
import { jsonResponse } from './answers.ts';
import { ableTo, providerCase, type ProviderCase, type Subject } from './case.ts';
import { endpointsOf, type DeclaredEndpoint, type Named } from './declared.ts';
import type { Respond } from './edge.ts';
import { withConnection, type World } from './world.ts';

/** What a status means when nothing else is said (RFC 9110 section 15). */
const byStatus: readonly (readonly [number, ErrorKind, boolean])[] = [
  [400, 'invalid_request', false],
  [401, 'auth', false],
  [403, 'permission', false],
  [404, 'not_found', false],
  [409, 'conflict', false],
  [422, 'invalid_request', false],
  [429, 'rate_limited', true],
  [500, 'unavailable', true],
  [502, 'unavailable', true],
  [503, 'unavailable', true],
  [504, 'unavailable', true],
];

export function errorCases(subject: Subject): readonly ProviderCase[] {
  const { definition } = subject.factory();
  const { requestId } = definition.api;
  const probe = endpointsOf(definition)[0];
  if (probe === undefined) return [];
  const refused = async (world: World, answer: Respond) => {
    world.answerApi(answer);
    return world.refusal(Promise.resolve(world.call(probe.name, probe.declared.example.input)));
  };
  return [
    ...Object.entries(definition.api.errors.examples).map(([name, example]) =>
      providerCase(`error \`${name}\` is classified as declared`, () =>
        withConnection(ableTo(subject, probe.declared), async (world) => {
          const error = await refused(world, () => responseOf(example));
          const { kind, code, retryable, retryAfterMs } = example.is;
          expect(`${error.kind} ${error.code}`).toBe(`${kind} ${code}`);
          expect(error).toMatchObject({ provider: definition.id, operation: probe.name, status: example.status });
          if (retryable !== undefined) expect(error.retryable, 'retryable').toBe(retryable);
          if (retryAfterMs !== undefined) expect(error.retryAfterMs, 'retryAfterMs').toBe(retryAfterMs);
        }),
      ),
    ),
    ...byStatus.map(([status, kind, retryable]) =>
      providerCase(`error status ${status} alone means ${kind}`, () =>
        withConnection(ableTo(subject, probe.declared), async (world) => {
          for (const body of [{}, undefined, '<html>sorry</html>']) {
            const headers = { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json' };
            const error = await refused(world, () => jsonResponse(body, { status, headers }));
            expect(error.kind, typeof body).toBe(kind);
            expect(error, typeof body).toMatchObject({ retryable, status });
          }
        }),
      ),
    ),
    providerCase('error: Retry-After holds as seconds and as a date', () =>
      withConnection(ableTo(subject, probe.declared), async (world) => {
        const date = (seconds: number) => new Date(world.clock.now() + seconds * 1000).toUTCString();
        const forms = { seconds: { 'retry-after': '7' }, date: { date: date(0), 'retry-after': date(7) } };
        for (const [form, headers] of Object.entries(forms)) {
          const error = await refused(world, () => jsonResponse({}, { status: 429, headers }));
          expect(`${error.kind} ${error.retryAfterMs}`, form).toBe('rate_limited 7000');
        }
      }),
    ),
    ...Object.entries(definition.api.errors.examples).map(([name, example]) =>
      providerCase(`B02 error \`${name}\`: a vendor that quotes the credential is not quoted`, () =>
        withConnection(ableTo(subject, probe.declared), async (world) => {
          // `refusal` looks for every secret in all that the error shows.
          await refused(world, async (request) => {
            const { all, secret } = await toldBy(request, world.secrets());
            const headers = { 'x-debug': all, ...(requestId !== undefined && { [requestId]: secret }) };
            return responseOf({ ...example, body: quoting(example.body ?? {}, all) }, headers);
          }).catch((error: unknown) => {
            // Words of the vendor can decide: with other words the example may be a success.
            if (!(error instanceof Error) || !error.message.includes('must be refused')) throw error;
          });
        }),
      ),
    ),
    abortCase(subject, probe),
  ];
}

function responseOf({ status, headers, body }: ErrorExample, more: Readonly<Record<string, string>> = {}): Response {
  return jsonResponse(body, { status, headers: { ...headers, ...more } });
}

/** All that the request told the vendor, as a careless one repeats it. */
async function toldBy(request: Request, secrets: Canaries): Promise<{ all: string; secret: string }> {
  const sent = [request.url, ...[...request.headers].map((pair) => pair.join(': ')), await request.clone().text()];
  const told = Object.values(secrets).filter((secret) => findCanaries(sent.join('\n'), { secret }).length > 0);
  const all = `you sent ${sent.join(' ')} with ${told.join(' and ')}`.replaceAll(/[\r\n]+/g, ' ');
  return { all, secret: told[0] ?? 'req_1' };
}

/** The same body with every text of several words replaced: codes stay, or the meaning would change. */
function quoting(value: Json, quote: string): Json {
  if (typeof value === 'string') return value.includes(' ') ? quote : value;
  if (Array.isArray(value)) return value.map((item: Json) => quoting(item, quote));
  if (typeof value !== 'object' || value === null) return value;
  return {
    ...Object.fromEntries(Object.entries(value).map(([name, item]) => [name, quoting(item, quote)])),
    debug: quote,
  };
}

function abortCase(subject: Subject, { name, declared }: Named<DeclaredEndpoint>): ProviderCase {
  return providerCase('abort: before the call nothing is sent, during it the call ends', () =>
    withConnection(ableTo(subject, declared), async (world) => {
      const { input } = declared.example;
      const before = await world.refusal(Promise.resolve(world.call(name, input, { signal: AbortSignal.abort() })));
      expect(before.kind).toBe('aborted');
      expect(world.edge.requests).toEqual([]);

      const controller = new AbortController();
      world.edge.respond(() => {
        controller.abort();
        return new Promise<never>(() => undefined);
      });
      const during = await world.refusal(Promise.resolve(world.call(name, input, { signal: controller.signal })));
      expect(during).toMatchObject({ kind: 'aborted', provider: world.definition.id, operation: name });
      expect(world.edge.requests.length).toBe(1);
    }),
  );
}
