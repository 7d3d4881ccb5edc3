import { Secret, hmacSignature, signatureList, type Delivery, type Verify } from '@plugboard/core';

import { webhooks } from '../sound.ts';
import { broken, withWebhooks } from './broken.ts';

const scheme = {
  header: 'acme-signature',
  form: signatureList({ timestamp: 't', signature: 'v1' }),
  algorithm: 'sha256',
  encoding: 'hex',
  timestamp: { unit: 'seconds' },
  content: ({ body }, timestamp) => [`${timestamp}.`, body],
} satisfies Parameters<typeof hmacSignature>[0];

/** The sound verifier on a delivery that was changed before it looked. */
const after =
  (change: (delivery: Delivery) => Delivery): Verify =>
  (delivery, secrets) =>
    webhooks.verify(change(delivery), secrets);

const reserialise = (delivery: Delivery): Delivery => {
  try {
    const text = JSON.stringify(JSON.parse(new TextDecoder().decode(delivery.body)));
    return { ...delivery, body: new TextEncoder().encode(text) };
  } catch {
    return delivery;
  }
};

const [vector] = webhooks.vectors;

export const brokenWebhooks = [
  broken('no delivery to prove anything by', {
    fails: 'webhooks: the declared deliveries are there, and one of them is good',
    because: /a vector with ok: true/,
    change: (definition) => withWebhooks(definition, { vectors: [] }),
  }),
  broken('a delivery that is not what the vendor sends', {
    fails: 'webhooks: `an item that was added` is believed',
    because: /signature_invalid/,
    change: (definition) => withWebhooks(definition, { vectors: [{ ...vector!, secret: 'another' }] }),
  }),
  broken('events of other types than it shows', {
    fails: 'webhooks: `an item that was added` is believed',
    because: /item\.gone/,
    change: (definition) => withWebhooks(definition, { vectors: [{ ...vector!, events: ['item.gone'] }] }),
  }),
  broken('events whose data is not what their schema says', {
    fails: 'webhooks: `an item that was added` is believed',
    because: /the data of item\.added/,
    change: (definition) =>
      withWebhooks(definition, {
        parse: () => [{ type: 'item.added', id: 'ev_1', accountId: 'ac_1', data: { item: 1 } }],
      }),
  }),
  broken('a signature without which everything passes', {
    fails: 'E01 webhooks: every header of the signature missing, empty, twice or huge is refused',
    because: /acme-signature missing/,
    change: (definition) =>
      withWebhooks(definition, {
        verify: ((delivery, secrets) =>
          delivery.headers.has('acme-signature')
            ? webhooks.verify(delivery, secrets)
            : { ok: true, secretIndex: 0 }) as Verify,
      }),
  }),
  broken('a signature of which the beginning is enough', {
    fails: 'E07 webhooks: a signature of any other text or length is refused, never an exception',
    because: /acme-signature at \d+/,
    change: (definition) =>
      withWebhooks(definition, {
        verify: (async (delivery, secrets) => {
          const header = delivery.headers.get('acme-signature') ?? '';
          const at = new Date(Number(/t=(\d+)/.exec(header)?.[1]) * 1000);
          if (header === '' || Number.isNaN(at.getTime())) return { ok: false, reason: 'signature_missing' };
          const body = new TextDecoder().decode(delivery.body);
          const signed = await webhooks.sign({ body, url: delivery.url.href, at }, secrets[0]?.reveal() ?? '');
          const start = signed['acme-signature']!.slice(0, 40);
          return header.startsWith(start)
            ? { ok: true, secretIndex: 0, timestamp: at }
            : { ok: false, reason: 'signature_invalid' };
        }) as Verify,
      }),
  }),
  broken('a comparison that throws on short signatures', {
    fails: 'E07 webhooks: a signature of any other text or length is refused, never an exception',
    because: /same byte length/,
    change: (definition) =>
      withWebhooks(definition, {
        verify: ((delivery, secrets) => {
          if ((delivery.headers.get('acme-signature') ?? '').length < 80)
            throw new RangeError('Input buffers must have the same byte length');
          return webhooks.verify(delivery, secrets);
        }) as Verify,
      }),
  }),
  broken('a body that is parsed and written anew before it is verified', {
    fails: 'E05 webhooks: every changed byte of the body is refused',
    because: /a tail of/,
    change: (definition) => withWebhooks(definition, { verify: after(reserialise) }),
  }),
  broken('a signature over the beginning of the body', {
    fails: 'E05 webhooks: every changed byte of the body is refused',
    because: /byte \d+/,
    change: (definition) => {
      const content = ({ body }: Delivery, timestamp: string) => [`${timestamp}.`, body.subarray(0, 30)];
      const start = { ...scheme, content };
      return withWebhooks(definition, { verify: hmacSignature(start), sign: signer(start) });
    },
  }),
  broken('a secret that is as good as any other', {
    fails: 'E02 webhooks: another secret, a blank one or none believes nothing',
    because: /other-/,
    change: (definition) =>
      withWebhooks(definition, {
        verify: ((delivery) => webhooks.verify(delivery, [new Secret(vector!.secret)])) as Verify,
      }),
  }),
  broken('a signer whose signatures nobody believes', {
    fails: 'webhooks: what `sign` signs is believed, and by the secret that signed it',
    because: /signature_invalid/,
    change: (definition) =>
      withWebhooks(definition, {
        sign: (delivery: Parameters<typeof webhooks.sign>[0], secret: string) =>
          webhooks.sign({ ...delivery, body: `${delivery.body} ` }, secret),
      }),
  }),
  broken('a verdict that names the wrong secret', {
    fails: 'webhooks: what `sign` signs is believed, and by the secret that signed it',
    because: /secret 1/,
    change: (definition) =>
      withWebhooks(definition, {
        verify: (async (delivery, secrets) => {
          const verdict = await webhooks.verify(delivery, secrets);
          return verdict.ok ? { ...verdict, secretIndex: 0 } : verdict;
        }) as Verify,
      }),
  }),
  broken('deliveries that never grow old', {
    fails: 'E03 webhooks: a delivery is believed no longer than it is remembered',
    because: /believed and not remembered/,
    change: (definition) =>
      withWebhooks(definition, {
        verify: hmacSignature({ ...scheme, timestamp: { unit: 'seconds', toleranceSeconds: 4 * 86_400 } }),
      }),
  }),
  broken('deliveries that are believed longer than their scheme says', {
    fails: 'E03 webhooks: a delivery is believed no longer than it is remembered',
    because: /302 s later/,
    change: (definition) =>
      withWebhooks(definition, {
        verify: Object.assign(hmacSignature({ ...scheme, timestamp: { unit: 'seconds', toleranceSeconds: 86_400 } }), {
          toleranceSeconds: 300,
        }),
      }),
  }),
  broken('deliveries that may not travel', {
    fails: 'E03 webhooks: a delivery is believed no longer than it is remembered',
    because: /may travel/,
    change: (definition) =>
      withWebhooks(definition, {
        verify: hmacSignature({ ...scheme, timestamp: { unit: 'seconds', toleranceSeconds: 60 } }),
      }),
  }),
  broken('deliveries without a time that are soon forgotten', {
    fails: 'E03 webhooks: a delivery is believed no longer than it is remembered',
    because: /rememberDays/,
    change: (definition) => {
      const timeless = { header: 'acme-signature', algorithm: 'sha256', encoding: 'hex' } as const;
      return withWebhooks(definition, { verify: hmacSignature(timeless), sign: signer(timeless), rememberDays: 3 });
    },
  }),
  broken('a reader that stumbles over other bodies', {
    fails: 'webhooks: bodies that are no events are refused or skipped, never an unknown exception',
    because: /SyntaxError|TypeError/,
    change: (definition) =>
      withWebhooks(definition, {
        parse: ({ body }: Delivery) => {
          const event = JSON.parse(new TextDecoder().decode(body)) as { type: string; item: { id: string } };
          return [{ type: event.type, data: { item: { id: event.item.id } } }];
        },
      }),
  }),
  broken('a secret for those who have none', {
    fails: 'E02 webhooks: without a secret nothing is believed',
    because: /503/,
    change: (definition) => withWebhooks(definition, { secrets: () => ['development'] }),
  }),
  broken('events with a new id each time', {
    fails: 'E01 E04 webhooks: a delivery reaches the handler once, a forged one never',
    because: /item\.added/,
    change: (definition) => {
      let count = 0;
      return withWebhooks(definition, {
        parse: (delivery: Delivery) => webhooks.parse(delivery).map((event) => ({ ...event, id: `ev_${++count}` })),
      });
    },
  }),
  broken('a handler that is asked anew by each copy of a delivery', {
    fails: 'webhooks: what a handler answers is what the vendor gets, the first time',
    because: /sent again/,
    change: (definition) => {
      let count = 0;
      return withWebhooks(definition, {
        parse: (delivery: Delivery) => webhooks.parse(delivery).map((event) => ({ ...event, id: `ev_${++count}` })),
      });
    },
  }),
  broken('a default answer that asks for the delivery again', {
    fails: 'webhooks: what a handler answers is what the vendor gets, the first time',
    because: /sent again/,
    change: (definition) => withWebhooks(definition, { reply: () => ({ status: 500 }) }),
  }),
  broken('a refusal that says yes', {
    fails: 'webhooks: the refusal `signature_invalid` is a refusal',
    because: /tells the vendor no/,
    change: (definition) => withWebhooks(definition, { refusals: { signature_invalid: 200 } }),
  }),
  broken('events of nobody in particular', {
    fails: 'E01 E04 webhooks: a delivery reaches the handler once, a forged one never',
    because: /403|to be less than/,
    change: (definition) =>
      withWebhooks(definition, {
        parse: (delivery: Delivery) =>
          webhooks.parse(delivery).map((event) => ({ ...event, accountId: 'somebody-else' })),
      }),
  }),
];

function signer(options: Parameters<typeof hmacSignature>[0]) {
  return async (delivery: { body: string; url: string; at: Date }, secret: string) => {
    const { hmacSigner } = await import('@plugboard/core');
    return hmacSigner(options)(delivery, secret);
  };
}
