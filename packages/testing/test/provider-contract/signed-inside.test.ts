/** What the contract finds about deliveries that carry their signature inside the body, and sign no body. */
import { at, encodeHex, encodeUtf8, hash, hmac, hmacMatch, parseJson, signatureScheme, text } from '@plugboard/core';
import type { Json, SignedDelivery, Verify, WebhookDefinition } from '@plugboard/core';
import { expect, test } from 'vitest';

import { providerCases } from '../../src/provider-contract.ts';
import { withWebhooks } from './broken/broken.ts';
import { factoryOf, sound, soundOptions, webhooks as plain } from './sound.ts';

const bodyOf = (body: Uint8Array): Json => parseJson(new TextDecoder().decode(body));

function verifier(change: (signed: SignedDelivery) => object = (signed) => signed): Verify {
  return signatureScheme({
    ...hmacMatch({ algorithm: 'sha256', encoding: 'hex' }),
    timestamp: { unit: 'seconds' },
    read(delivery) {
      try {
        const [time, token, own] = ['time', 'token', 'own'].map((name) =>
          text(at(bodyOf(delivery.body), 'proof', name)),
        );
        if (time === undefined || token === undefined || own === undefined) return 'signature_missing';
        const content = time + token;
        const id = { deliveryId: content, deliveryIdSigned: true, bodySigned: false } as const;
        const signed = { signatures: [own], contents: [[content]], timestamp: time, ...id };
        return { ...signed, ...change(signed) };
      } catch {
        return 'malformed';
      }
    },
  });
}

const inside = {
  vectors: [
    {
      ...plain.vectors[0]!,
      headers: { 'content-type': 'application/json' },
      // Made with node:crypto over `1767225600` and the token.
      body: '{"id":"ev_1","type":"item.added","account":"ac_1","item":{"id":"it_1"},"proof":{"time":"1767225600","token":"tttttttttt","own":"08bb765a2dedd19bb245da96bf2b812ceea5b3aed0558367948cb4441696f741"}}',
    },
  ],
  verify: verifier(),
  sign: () => Promise.resolve({}),
  async signBody({ body, at: moment }, secret) {
    const time = String(Math.floor(moment.getTime() / 1000));
    const token = encodeHex(await hash('sha256', time + body)).slice(0, 10);
    const own = encodeHex(await hmac('sha256', encodeUtf8(secret), time + token));
    return JSON.stringify({ ...(parseJson(body) as object), proof: { time, token, own } });
  },
} satisfies Partial<WebhookDefinition>;

const options = { ...soundOptions, input: { oauth: { shop: 'shop' } } };

async function run(change: object, name: string): Promise<void> {
  const factory = factoryOf(withWebhooks(sound.definition, { ...inside, ...change }));
  const found = providerCases(factory, options).find((candidate) => candidate.name === name);
  expect(found, `a case called ${name}`).toBeDefined();
  await found!.run();
}

const believed = 'webhooks: `an item that was added` is believed';
const signs = 'webhooks: what `sign` signs is believed, and by the secret that signed it';
const changed = 'E05 webhooks: every changed byte of a signature inside the body is refused';
const delivers = 'E01 E04 webhooks: a delivery reaches the handler once, a forged one never';
const oneBody = 'E04 webhooks: a signature that covers no body serves one body';

test.each([believed, signs, changed, delivers, oneBody])('a sound one passes `%s`', (name) => run({}, name));

test.each([
  [
    'a signature of which the beginning is enough',
    changed,
    /\d+: expected true to be false/,
    {
      verify: (async (delivery, [secret]) => {
        const proof = at(bodyOf(delivery.body), 'proof');
        const [time = '', token = '', own = ''] = ['time', 'token', 'own'].map((name) => text(at(proof, name)));
        const expected = encodeHex(await hmac('sha256', encodeUtf8(secret!.reveal()), time + token));
        return expected.startsWith(own.slice(0, 60))
          ? { ok: true, secretIndex: 0 }
          : { ok: false, reason: 'malformed' };
      }) satisfies Verify,
    },
  ],
  [
    'a body that holds no signature',
    changed,
    /bytes that depend on the secret/,
    { signBody: ({ body }: { body: string }) => Promise.resolve(body) },
  ],
  [
    'a signature that may be put on any body',
    oneBody,
    /another body/,
    { verify: verifier(() => ({ bodySigned: undefined })) },
  ],
])('the contract finds %s', async (_fault, fails, because, change) => {
  await expect(run(change, fails)).rejects.toThrow(because);
});
