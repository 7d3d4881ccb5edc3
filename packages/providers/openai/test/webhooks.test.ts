/** Our verdicts beside those of two independent verifiers: of the standard, and of the vendor's own SDK. */
import { Secret } from '@plugboard/core';
import { OpenAI } from 'openai';
import { Webhook } from 'standardwebhooks';
import { afterEach, expect, test, vi } from 'vitest';

import { openai } from '../src/index.ts';

const secret = 'whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=';
const now = 1_750_861_210;
type DeliveryHeaders = ReturnType<typeof deliveries> extends Generator<{ headers: infer H }> ? H : never;
const mutations = 10_000;

afterEach(() => void vi.useRealTimers());

/** A signed delivery with at most one fault in it; equal in every run. */
function* deliveries() {
  let state = 11;
  const draw = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 8;
  const next = (below: number) => draw() % below;
  const webhook = new Webhook(secret);
  for (let turn = 0; turn < mutations; turn++) {
    const id = `wh_${next(1_000)}`;
    const at = now + [0, 0, 0, -300, 300, -301, 301, 10_000][next(8)]!;
    const body = `{"id":"evt_${next(9)}","type":"response.completed","data":{"id":"${'é'.repeat(next(3))}"}}`;
    const signed = webhook.sign(id, new Date(at * 1000), body);
    // prettier-ignore
    const signatures = [
      signed, signed, signed, `v1,AAAA ${signed}`, `${signed} v2,x`, `v1a,AAAA ${signed}`,
      `${signed.slice(0, -3)}A==`, signed.toLowerCase(), signed.replace('v1,', 'v2,'), signed.slice(3), 'v1,', '',
    ];
    yield {
      body: next(8) === 0 ? `${body} ` : body,
      headers: {
        'webhook-id': next(12) === 0 ? `${id}0` : id,
        'webhook-timestamp': next(12) === 0 ? `${at}.5` : String(at),
        'webhook-signature': signatures[next(signatures.length)]!,
      },
    };
  }
}

const passes = async (verify: () => unknown): Promise<boolean> => {
  try {
    await verify();
    return true;
  } catch {
    return false;
  }
};

/** Where each of them takes what we refuse. */
const laxer = {
  // Reads the digits at the front of a time, and signs those alone.
  standard: ({ 'webhook-timestamp': time }: DeliveryHeaders) => !/^\d+$/.test(time),
  // Reads a signature without its version.
  sdk: ({ 'webhook-signature': signature }: DeliveryHeaders) => !/(^|\s)v1,/.test(signature),
};

test(
  'R54 10,000 mutations: ours is the verdict of both, but where one of them is laxer',
  { timeout: 30_000 },
  async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: now * 1000 });
    const sdk = new OpenAI({ apiKey: 'placeholder' });
    const { verify } = openai.definition.webhooks!;
    const seen = { accepted: 0, refused: 0, laxer: 0 };
    for (const { body, headers } of deliveries()) {
      const given = {
        method: 'POST',
        url: new URL('https://app.example.com/integrations/webhooks/openai'),
        headers: new Headers(headers),
        body: new TextEncoder().encode(body),
        receivedAt: now * 1000,
      };
      const { ok } = await verify(given, [new Secret(secret)]);
      seen[ok ? 'accepted' : 'refused']++;
      const theirs = {
        standard: await passes(() => new Webhook(secret).verify(body, headers)),
        sdk: await passes(() => sdk.webhooks.verifySignature(body, headers, secret)),
      };
      for (const name of ['standard', 'sdk'] as const) {
        if (theirs[name] === ok) continue;
        expect([ok, laxer[name](headers)], `${name}: ${JSON.stringify({ body, headers })}`).toEqual([false, true]);
        seen.laxer++;
      }
    }
    expect(seen.accepted).toBeGreaterThan(400);
    expect(seen.refused).toBeGreaterThan(400);
    expect(seen.laxer).toBeGreaterThan(20);
  },
);
