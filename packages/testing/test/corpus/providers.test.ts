/** R50: the parsers that providers bring: signatures, events, answers, Link headers. */
import { existsSync, readdirSync } from 'node:fs';

import { isPlugboardError, PlugboardError, Secret, type Delivery } from '@plugboard/core';
import { createAnswer, createKeyCache } from '@plugboard/core/provider-kit';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { corpus, corpusTimeoutMs } from '../../../core/test/corpus/corpus.ts';
import { headerText, hostileText, nearly } from '../../../core/test/corpus/texts.ts';
import { endpointsOf } from '../../src/provider-contract/declared.ts';
import { deliveryOf } from '../../src/provider-contract/webhook-delivery.ts';
import { definitions, folder } from './definitions.ts';

const receiving = definitions.flatMap((definition) => {
  const { webhooks } = definition;
  const vector = webhooks?.vectors.find(({ ok, events }) => ok && events !== undefined);
  return webhooks === undefined || vector === undefined ? [] : [{ id: definition.id, webhooks, vector, definition }];
});
const decoding = definitions
  .map((definition) => ({ id: definition.id, endpoints: endpointsOf(definition).filter(isDecoding) }))
  .filter(({ endpoints }) => endpoints.length > 0);

function isDecoding({ declared }: ReturnType<typeof endpointsOf>[number]): boolean {
  return declared.decode !== undefined;
}

/** Nobody can be asked: what a receiver has whose vendor is away. */
const unreachable = () =>
  Promise.reject(new PlugboardError({ kind: 'network', code: 'unreachable', message: 'No vendor here.' }));

/** The error of a call that is not ours, as text; undefined for any result and any error of ours. */
async function foreignOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return isPlugboardError(error) ? undefined : String((error as Error).stack);
  }
}

test('R50 every provider is among them', () => {
  expect(definitions.length).toBe(readdirSync(folder).filter((id) => existsSync(new URL(`${id}/src`, folder))).length);
  expect(receiving.length).toBeGreaterThan(8);
});

test.each(receiving)(
  'R50 webhooks of $id: no body and no header makes an exception',
  async ({ id, webhooks, vector, definition }) => {
    const good = deliveryOf(definition, vector);
    const at = good.receivedAt;
    const { body } = vector;
    const headers = await webhooks.sign({ body, url: good.url.href, at: new Date(at) }, vector.secret);
    const signed = Object.keys(headers).filter((name) => name.toLowerCase() !== 'content-type');
    const bodies = fc.oneof(nearly(fc.constant(body)), hostileText, fc.json({ maxDepth: 3 }));
    const name = signed.length === 0 ? fc.constant('x-none') : fc.constantFrom(...signed);
    await corpus(
      `webhooks of ${id}`,
      fc.tuple(bodies, name, fc.oneof(headerText, nearly(fc.constantFrom(...signed.map((key) => headers[key]!), 'x')))),
      async ([changed, header, value]) => {
        const bytes = new TextEncoder().encode(changed);
        const altered = new Headers({ ...Object.fromEntries(good.headers), ...headers });
        try {
          altered.set(header, value);
        } catch {
          // What no header can hold does not arrive.
        }
        const tools = { app: {}, keys: createKeyCache(), request: unreachable };
        for (const delivery of [
          { ...good, body: bytes },
          { ...good, headers: altered, body: bytes },
        ] satisfies Delivery[]) {
          expect(await foreignOf(() => webhooks.verify(delivery, [new Secret(vector.secret)], tools))).toBeUndefined();
          expect(await foreignOf(() => webhooks.parse(delivery))).toBeUndefined();
        }
      },
      { share: 0.05 },
    );
  },
  corpusTimeoutMs,
);

test.each(decoding)(
  'R50 answers of $id: what is no answer of the vendor is refused in our words, or by the schema',
  async ({ id, endpoints }) => {
    const links = fc.oneof(
      headerText,
      nearly(
        fc.constant('<https://api.github.com/x?page=2>; rel="next", <https://api.github.com/x?page=9>; rel="last"'),
      ),
      nearly(fc.constant('<https://sentry.io/api/0/?&cursor=0:100:0>; rel="next"; results="true"; cursor="0:100:0"')),
    );
    const texts = endpoints.map(({ declared }) => JSON.stringify(declared.example.answer ?? null));
    const bodies = fc.oneof(nearly(fc.constantFrom(...texts)), fc.json({ maxDepth: 3 }), hostileText);
    await corpus(
      `answers of ${id}`,
      fc.tuple(fc.constantFrom(...endpoints), bodies, links),
      async ([{ declared }, text, link]) => {
        const headers = new Headers();
        if (!/[^\t\x20-\x7e\x80-\xff]/.test(link)) headers.set('link', link);
        const answer = createAnswer({ status: 200, headers }, new TextEncoder().encode(text));
        const foreign = await foreignOf(() => declared.decode!(answer));
        expect(foreign).toBeUndefined();
      },
      { share: 0.1 },
    );
  },
  corpusTimeoutMs,
);
