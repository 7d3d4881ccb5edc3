/** Deliveries: what is believed, and what comes of it. */
import { reveal, Secret } from '@plugboard/core';
import type { AnyDefinition, Credentials, Delivery, WebhookDefinition, WebhookVector } from '@plugboard/core';
import { accepts, type Schema } from '@plugboard/core/provider-kit';
import { expect } from 'vitest';

import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { exampleFields } from './declared.ts';
import { boardUrl, organizationId, withConnection, withWorld, type World } from './world.ts';

/** Later than every vendor's tolerance would allow, sooner than any that is fit to use. */
const inTimeSeconds = 299;
const tooLateSeconds = 301;
/** Enough to find a byte that the signature leaves out; more would only take longer. */
const mostBytes = 600;

export function webhookCases(subject: Subject): readonly ProviderCase[] {
  const { definition } = subject.factory();
  const webhooks = definition.webhooks as WebhookDefinition | undefined;
  if (webhooks === undefined) return [];
  const good = webhooks.vectors.find(({ ok, events }) => ok && events !== undefined);
  return [
    providerCase('webhooks: the declared deliveries are there, and one of them is good', () => {
      expect(good, 'a vector with ok: true and its events').toBeDefined();
    }),
    ...webhooks.vectors.map((vector) =>
      providerCase(`webhooks: \`${vector.name}\` is ${vector.ok ? 'believed' : 'refused'}`, async () => {
        const verdict = await verify(webhooks, deliveryOf(definition, vector), vector.secret);
        expect(verdict, JSON.stringify(verdict)).toMatchObject({ ok: vector.ok });
        // A delivery of the vendor's own tests may show a signature and no event.
        if (!vector.ok || vector.events === undefined) return;
        const events = webhooks.parse(deliveryOf(definition, vector));
        expect(events.map(({ type }) => type)).toEqual(vector.events);

        for (const { type, data } of events) {
          const schema = Object.hasOwn(webhooks.events, type) ? (webhooks.events[type] as Schema) : undefined;
          if (schema !== undefined) expect(accepts(schema, data), `the data of ${type}`).toBe(true);
        }
      }),
    ),
    ...(good === undefined ? [] : forgeryCases(definition, webhooks, good)),
    ...(good === undefined ? [] : intakeCases(subject, webhooks, good)),
  ];
}

function forgeryCases(definition: AnyDefinition, webhooks: WebhookDefinition, vector: WebhookVector): ProviderCase[] {
  const { secret } = vector;
  const original = deliveryOf(definition, vector);
  const at = original.receivedAt;
  /** The same delivery, signed anew by the provider's own signer. */
  const resigned = async (moment = at) => {
    const url = original.url.href;
    const headers = new Headers(original.headers);
    const signature = await webhooks.sign({ body: vector.body, url, at: new Date(moment) }, secret);
    for (const [name, value] of Object.entries(signature)) headers.set(name, value);
    // The content type goes along, but signatures are about the body.
    const signed = Object.keys(signature).filter((name) => name.toLowerCase() !== 'content-type');
    return { delivery: { ...original, headers }, signed };
  };
  const refused = async (delivery: Delivery, what: string) => {
    const verdict = await verify(webhooks, delivery, secret);
    expect(verdict.ok, what).toBe(false);
  };
  return [
    providerCase('webhooks: what `sign` signs is believed, and by the secret that signed it', async () => {
      const { delivery } = await resigned();
      const others = [`other-${secret}`, secret, `third-${secret}`].map((text) => new Secret(text));
      const verdict = await webhooks.verify(delivery, others);
      expect(verdict.ok ? `secret ${verdict.secretIndex + 1}` : verdict.reason).toBe('secret 2');
    }),
    providerCase('E01 webhooks: every header of the signature missing, empty, twice or huge is refused', async () => {
      const { delivery, signed } = await resigned();
      expect(signed.length, 'headers that `sign` returns').toBeGreaterThan(0);
      for (const name of signed) {
        const value = delivery.headers.get(name)!;
        const forms: Record<string, string | undefined> = {
          missing: undefined,
          empty: '',
          twice: `${value}, ${value}`,
          huge: value + 'a'.repeat(10_240),
        };
        for (const [form, text] of Object.entries(forms))
          await refused({ ...delivery, headers: withHeader(delivery.headers, name, text) }, `${name} ${form}`);
      }
    }),
    providerCase('E07 webhooks: a signature of any other text or length is refused, never an exception', async () => {
      const { delivery, signed } = await resigned();
      for (const name of signed) {
        const value = delivery.headers.get(name)!;
        for (let index = 0; index < Math.min(value.length, mostBytes); index++) {
          const other = value[index] === '0' ? '1' : '0';
          await refused(
            {
              ...delivery,
              headers: withHeader(delivery.headers, name, value.slice(0, index) + other + value.slice(index + 1)),
            },
            `${name} at ${index}`,
          );
        }
        for (const length of [1, value.length - 1])
          await refused(
            { ...delivery, headers: withHeader(delivery.headers, name, value.slice(0, length)) },
            `${name} of ${length}`,
          );
      }
    }),
    providerCase('E05 webhooks: every changed byte of the body is refused', async () => {
      const { delivery } = await resigned();
      expect(delivery.body.length).toBeGreaterThan(0);
      for (let index = 0; index < Math.min(delivery.body.length, mostBytes); index++) {
        const body = delivery.body.slice();
        body[index] = body[index]! ^ 1;
        await refused({ ...delivery, body }, `byte ${index}`);
      }
      for (const tail of ['\n', ' ', '\0'])
        await refused(
          { ...delivery, body: new TextEncoder().encode(vector.body + tail) },
          `a tail of ${tail.charCodeAt(0)}`,
        );
    }),
    providerCase('E02 webhooks: another secret, a blank one or none believes nothing', async () => {
      const { delivery } = await resigned();
      for (const texts of [[`other-${secret}`], ['  '], []]) {
        expect(
          (
            await webhooks.verify(
              delivery,
              texts.map((text) => new Secret(text)),
            )
          ).ok,
          texts.join(),
        ).toBe(false);
      }
    }),
    providerCase('E03 webhooks: a delivery is believed within five minutes, or remembered for a week', async () => {
      const { delivery } = await resigned();
      const verdict = await verify(webhooks, delivery, secret);
      expect(verdict.ok).toBe(true);
      if (!verdict.ok || verdict.timestamp === undefined) {
        expect(webhooks.rememberDays, 'rememberDays of a scheme without a timestamp').toBeGreaterThanOrEqual(7);
        return;
      }
      const sentAt = verdict.timestamp.getTime();
      const wholeSecond = Math.ceil(sentAt / 1000) * 1000;
      for (const seconds of [inTimeSeconds, -inTimeSeconds]) {
        const receivedAt = wholeSecond + seconds * 1000;
        expect(await verify(webhooks, { ...delivery, receivedAt }, secret), `${seconds} s later`).toMatchObject({
          ok: true,
        });
      }
      for (const seconds of [tooLateSeconds + 1, -tooLateSeconds - 1, 86_400 * 365]) {
        await refused({ ...delivery, receivedAt: wholeSecond + seconds * 1000 }, `${seconds} s later`);
      }
    }),
    providerCase('webhooks: bodies that are no events are refused or skipped, never an unknown exception', async () => {
      for (const body of ['', 'null', '[]', '{}', '{"data":1}', '<html>', '\u0000']) {
        const delivery = { ...original, body: new TextEncoder().encode(body) };
        const failure = await Promise.resolve()
          .then(() => webhooks.parse(delivery))
          .then(
            () => undefined,
            (error: unknown) => error,
          );
        if (failure !== undefined)
          expect((failure as { name?: string }).name, `parsing ${JSON.stringify(body)}`).toBe('PlugboardError');
      }
    }),
  ];
}

function intakeCases(subject: Subject, webhooks: WebhookDefinition, vector: WebhookVector): ProviderCase[] {
  const { definition } = subject.factory();
  const url = routeOf(definition, vector);
  return [
    providerCase('E02 webhooks: without a secret nothing is believed', () =>
      withWorld(
        subject,
        async (world) => {
          const seen = listen(world);
          const answer = await world.board.webhooks.receive(
            definition.id,
            request(vector, url, new Headers(vector.headers)),
          );
          expect(answer.status).toBe(503);
          expect(seen).toEqual([]);
        },
        'unconfigured',
      ),
    ),
    providerCase('E01 E04 webhooks: a delivery reaches the handler once, a forged one never', () =>
      withConnection(subject, async (world) => {
        const secret = secretOf(subject, webhooks, world);
        const seen = listen(world);
        const body = await bodyForConnection(world, webhooks, vector);
        world.clock.set(deliveryOf(definition, vector).receivedAt);
        const signature = await webhooks.sign({ body, url, at: new Date(world.clock.now()) }, secret);
        const receive = async (headers: Headers) => {
          const sent = request({ ...vector, body }, url, headers);
          return (await world.board.webhooks.receive(definition.id, sent, { organizationId })).status;
        };
        expect(await receive(new Headers(vector.body === body ? {} : vector.headers)), 'unsigned').toBe(401);
        expect(seen).toEqual([]);

        const headers = new Headers({ ...vector.headers, ...signature });
        expect(await receive(headers), 'signed').toBeLessThan(300);
        const types = webhooks.parse(deliveryOf(definition, { ...vector, body })).map(({ type }) => type);
        expect(seen).toEqual(types);
        expect(await receive(headers), 'sent again').toBeLessThan(300);
        expect(seen).toEqual(types);
      }),
    ),
  ];
}

function listen(world: World): string[] {
  const seen: string[] = [];
  world.board.on(world.definition.id, '*', (_data: unknown, { type }: { type: string }) => void seen.push(type));
  return seen;
}

function request({ method = 'POST', body }: WebhookVector, url: string, headers: Headers): Request {
  return new Request(url, { method, headers, body });
}

/** The secret that a delivery to this connection must be signed with. */
function secretOf({ options }: Subject, webhooks: WebhookDefinition, { app, definition }: World): string {
  const [name, method] = Object.entries(definition.auth)[0]!;
  const credentials = options.credentials?.[name] ?? exampleFields(method);
  const found = webhooks
    .secrets({ app, credentials: credentials as Credentials })
    .find((secret) => secret !== undefined);
  if (found === undefined)
    return expect.unreachable('neither the app nor the example credentials hold a webhook secret');
  const { secret } = found as { secret?: Secret };
  return reveal(secret ?? (found as Secret | string));
}

/** The vector's body, about the account that is connected. */
async function bodyForConnection(world: World, webhooks: WebhookDefinition, vector: WebhookVector): Promise<string> {
  const [event] = webhooks.parse(deliveryOf(world.definition, vector));
  const { account } = await world.api();
  return event?.accountId === undefined || account === null
    ? vector.body
    : vector.body.replaceAll(event.accountId, account.id);
}

function routeOf(definition: AnyDefinition, { url }: WebhookVector): string {
  return `${boardUrl}/webhooks/${definition.id}${url === undefined ? '' : new URL(url).search}`;
}

function deliveryOf(definition: AnyDefinition, vector: WebhookVector): Delivery {
  const { method = 'POST', url = `${boardUrl}/webhooks/${definition.id}`, headers, body, at } = vector;
  return {
    method,
    url: new URL(url),
    headers: new Headers(headers),
    body: new TextEncoder().encode(body),
    receivedAt: at === undefined ? Date.UTC(2026, 0, 1) : Date.parse(at),
  };
}

function verify(webhooks: WebhookDefinition, delivery: Delivery, secret: string) {
  return Promise.resolve(webhooks.verify(delivery, [new Secret(secret)]));
}

function withHeader(headers: Headers, name: string, value: string | undefined): Headers {
  const copy = new Headers(headers);
  if (value === undefined) copy.delete(name);
  else copy.set(name, value);
  return copy;
}
