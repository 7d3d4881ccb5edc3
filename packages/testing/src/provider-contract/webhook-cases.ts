/** Deliveries: what is believed, and what comes of it. */
import { Secret } from '@plugboard/core';
import type { Delivery, VerifyTools, WebhookDefinition, WebhookVector } from '@plugboard/core';
import { accepts, type Schema } from '@plugboard/core/provider-kit';
import { expect } from 'vitest';

import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { intakeCases } from './intake-cases.ts';
import { vendorTools } from './vendor-tools.ts';
import { deliveryOf, signedPost } from './webhook-delivery.ts';

/** What schemes allow that do not say how much. */
const usualSeconds = 300;
/** A delivery needs time to arrive, and clocks differ. */
const leastSeconds = 120;
const daySeconds = 86_400;
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
        const verdict = await verify(webhooks, deliveryOf(definition, vector), vector.secret, vendorTools(subject));
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
    ...(good === undefined ? [] : forgeryCases(subject, webhooks, good)),
    ...(good === undefined ? [] : intakeCases(subject, webhooks, good)),
  ];
}

function forgeryCases(subject: Subject, webhooks: WebhookDefinition, vector: WebhookVector): ProviderCase[] {
  const { definition } = subject.factory();
  const { secret } = vector;
  const original = deliveryOf(definition, vector);
  const at = original.receivedAt;
  /** The same delivery, signed anew by the provider's own signer. */
  const resigned = async (moment = at) => {
    const url = original.url.href;
    const headers = new Headers(original.headers);
    const post = await signedPost(webhooks, { body: vector.body, url, at: new Date(moment) }, secret);
    for (const [name, value] of Object.entries(post.headers)) headers.set(name, value);
    // The content type goes along, but signatures are about the body.
    const signed = Object.keys(post.headers).filter((name) => name.toLowerCase() !== 'content-type');
    const tools = vendorTools(subject);
    const refused = async (delivery: Delivery, what: string) => {
      const verdict = await verify(webhooks, delivery, secret, tools);
      expect(verdict.ok, what).toBe(false);
    };
    const body = new TextEncoder().encode(post.body);
    return { delivery: { ...original, headers, body }, signed, tools, refused };
  };
  const inside = webhooks.signBody !== undefined;
  const bodyCase = () =>
    providerCase('E05 webhooks: every changed byte of the body is refused', async () => {
      const { delivery, refused } = await resigned();
      expect(delivery.body.length).toBeGreaterThan(0);
      for (let index = 0; index < Math.min(delivery.body.length, mostBytes); index++)
        await refused({ ...delivery, body: withChangedByte(delivery.body, index) }, `byte ${index}`);
      for (const tail of ['\n', ' ', '\0'])
        await refused(
          { ...delivery, body: new TextEncoder().encode(vector.body + tail) },
          `a tail of ${tail.charCodeAt(0)}`,
        );
    });
  /** What another secret changes is the signature. */
  const insideCase = () =>
    providerCase('E05 webhooks: every changed byte of a signature inside the body is refused', async () => {
      const { delivery, refused } = await resigned();
      const unsigned = { body: vector.body, url: original.url.href, at: new Date(at) };
      const other = new TextEncoder().encode((await signedPost(webhooks, unsigned, `other-${secret}`)).body);
      const places = [...delivery.body.keys()].filter((index) => delivery.body[index] !== other[index]);
      expect(places.length, 'bytes that depend on the secret').toBeGreaterThan(0);
      for (const index of places)
        await refused({ ...delivery, body: withChangedByte(delivery.body, index) }, `${index}`);
    });
  return [
    providerCase('webhooks: what `sign` signs is believed, and by the secret that signed it', async () => {
      const { delivery, tools } = await resigned();
      const others = [`other-${secret}`, secret, `third-${secret}`].map((text) => new Secret(text));
      const verdict = await webhooks.verify(delivery, others, tools);
      expect(verdict.ok ? `secret ${verdict.secretIndex + 1}` : verdict.reason).toBe('secret 2');
    }),
    providerCase('E01 webhooks: every header of the signature missing, empty, twice or huge is refused', async () => {
      const { delivery, signed, refused } = await resigned();
      expect(signed.length > 0 || inside, 'headers that `sign` returns').toBe(true);
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
      const { delivery, signed, refused } = await resigned();
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
    inside ? insideCase() : bodyCase(),
    providerCase('E02 webhooks: another secret, a blank one or none believes nothing', async () => {
      const { delivery, tools } = await resigned();
      for (const texts of [[`other-${secret}`], ['  '], []]) {
        expect(
          (
            await webhooks.verify(
              delivery,
              texts.map((text) => new Secret(text)),
              tools,
            )
          ).ok,
          texts.join(),
        ).toBe(false);
      }
    }),
    providerCase('E03 webhooks: a delivery is believed no longer than it is remembered', async () => {
      const { delivery, tools, refused } = await resigned();
      const verdict = await verify(webhooks, delivery, secret, tools);
      expect(verdict.ok).toBe(true);
      if (!verdict.ok || verdict.timestamp === undefined) {
        expect(webhooks.rememberDays, 'rememberDays of a scheme without a timestamp').toBeGreaterThanOrEqual(7);
        return;
      }
      const { toleranceSeconds = usualSeconds } = webhooks.verify;
      expect(toleranceSeconds, 'seconds that a delivery may travel').toBeGreaterThanOrEqual(leastSeconds);
      const remembered = (webhooks.rememberDays ?? 3) * daySeconds;
      expect(toleranceSeconds, 'seconds that a delivery is believed and not remembered').toBeLessThanOrEqual(
        remembered,
      );
      const sentAt = verdict.timestamp.getTime();
      const wholeSecond = Math.ceil(sentAt / 1000) * 1000;
      const inTime = Math.min(toleranceSeconds, usualSeconds) - 1;
      for (const seconds of [inTime, -inTime]) {
        const receivedAt = wholeSecond + seconds * 1000;
        expect(await verify(webhooks, { ...delivery, receivedAt }, secret, tools), `${seconds} s later`).toMatchObject({
          ok: true,
        });
      }
      for (const seconds of [toleranceSeconds + 2, -toleranceSeconds - 2, toleranceSeconds + daySeconds * 365]) {
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

function verify(webhooks: WebhookDefinition, delivery: Delivery, secret: string, tools: VerifyTools) {
  return Promise.resolve(webhooks.verify(delivery, [new Secret(secret)], tools));
}

function withChangedByte(body: Uint8Array, index: number): Uint8Array {
  const changed = body.slice();
  changed[index] = changed[index]! ^ 1;
  return changed;
}

function withHeader(headers: Headers, name: string, value: string | undefined): Headers {
  const copy = new Headers(headers);
  if (value === undefined) copy.delete(name);
  else copy.set(name, value);
  return copy;
}
