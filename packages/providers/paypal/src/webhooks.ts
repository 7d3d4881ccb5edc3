/**
 * Events, signed with the key of a certificate that PayPal publishes.
 * @see https://developer.paypal.com/api/rest/webhooks/rest/ (2026-11-20)
 */
import { certificateKeys, checkInput, checkTimestamp, classifyByStatus, crc32, decodeBase64 } from '@plugboard/core';
import { encodeUtf8, isPlugboardError, member, need, parseJson, reveal, type Json, type Secret } from '@plugboard/core';
import type { Delivery, RejectReason, Verdict, Verify, VerifyTools, WebhookDefinition } from '@plugboard/core';
import { z } from '@plugboard/core/fields';

import { apiUrl } from './credentials.ts';
import { sign, vector } from './emulator.ts';

/** Whose deliveries are believed, and how they are checked: what `secrets` writes as one text. */
function readReceiver(secret: Secret) {
  const [, environment, webhookId = '', check] = /^(sandbox|live) (\w+) (certificate|api)$/.exec(reveal(secret)) ?? [];
  return environment === undefined ? undefined : { environment, webhookId, check };
}

/** No port, no query, no other path: nothing else is ever fetched. */
const certPattern = /^https:\/\/(?:api|api-m)(\.sandbox)?\.paypal\.com\/v1\/notifications\/certs\/[\w-]{1,128}$/;
const isoPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const weekSeconds = 7 * 86_400;

/** What the headers say, before anything of it is believed. */
function readSigned({ headers, receivedAt }: Delivery) {
  const values = ['id', 'time', 'sig'].map((name) => headers.get(`paypal-transmission-${name}`) ?? '');
  const [id = '', time = '', signature = ''] = values;
  const [certUrl, algorithm] = [headers.get('paypal-cert-url') ?? '', headers.get('paypal-auth-algo') ?? ''];
  if ([...values, certUrl, algorithm].includes('')) return 'signature_missing';
  const [found, sandbox] = certPattern.exec(certUrl) ?? [];
  // SHA1withRSA is what it once was.
  if (found === undefined || algorithm !== 'SHA256withRSA' || !/^[\w-]{1,64}$/.test(id)) return 'signature_invalid';
  const unit = { parse: (text: string) => (isoPattern.test(text) ? Date.parse(text) : undefined), format: String };
  const at = checkTimestamp(time, { unit, toleranceSeconds: weekSeconds }, receivedAt);
  if (typeof at === 'string') return at;
  return { id, time, signature, certUrl, environment: sandbox === undefined ? 'live' : 'sandbox' };
}

const certificates = certificateKeys(/^messageverificationcerts[\w.-]*\.paypal\.com$/);

interface Asked extends Pick<Delivery, 'body' | 'receivedAt'> {
  readonly signed: Exclude<ReturnType<typeof readSigned>, string>;
  readonly webhookId: string;
  readonly tools: VerifyTools;
}
type Found = boolean | 'key_unavailable' | 'malformed';

/**
 * By the certificate: PayPal signs two ids, a time and a checksum of the body. The checksum guards against accidents alone,
 * so that one signature must serve for one delivery only.
 */
async function checkSignature({ body, receivedAt, signed, webhookId, tools }: Asked): Promise<Found> {
  const signature = decodeBase64(signed.signature);
  if (signature === undefined) return false;
  const key = await tools.keys.find(certificates, signed.certUrl, receivedAt, tools);
  if (typeof key === 'string') return key === 'unknown' ? false : 'key_unavailable';
  const message = `${signed.id}|${signed.time}|${webhookId}|${crc32(body)}`;
  return crypto.subtle.verify('RSASSA-PKCS1-v1_5', key, signature, encodeUtf8(message));
}

/** By PayPal itself, which wants the body back byte by byte. */
async function askVendor({ body, signed, webhookId, tools }: Asked): Promise<Found> {
  const event = readText(body);
  if (event === undefined) return 'malformed';
  const rest = { transmission_id: signed.id, transmission_time: signed.time, transmission_sig: signed.signature };
  const head = { auth_algo: 'SHA256withRSA', cert_url: signed.certUrl, ...rest, webhook_id: webhookId };
  try {
    const token = need((await tools.credentials?.()) ?? {}, 'accessToken');
    const answer = await tools.request({
      method: 'POST',
      url: `${apiUrl(signed.environment)}/v1/notifications/verify-webhook-signature`,
      headers: { authorization: `Bearer ${token}` },
      jsonText: `${JSON.stringify(head).slice(0, -1)},"webhook_event":${event}}`,
      classify: classifyByStatus,
    });
    return member(answer.json(), 'verification_status') === 'SUCCESS';
  } catch (error) {
    if (!isPlugboardError(error)) throw error;
    return error.kind === 'invalid_request' ? false : 'key_unavailable';
  }
}

/** A text that is one JSON object, so that it cannot end the request that it is put into. */
function readText(body: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    return member(parseJson(text), 'id') === undefined ? undefined : text;
  } catch {
    return undefined;
  }
}

const verify: Verify = async (delivery, secrets, tools) => {
  const receivers = secrets.map(readReceiver);
  if (tools === undefined || receivers.every((receiver) => receiver === undefined)) return refuse('key_unavailable');
  const signed = readSigned(delivery);
  if (typeof signed === 'string') return refuse(signed);
  let reason: RejectReason = 'signature_invalid';
  for (const [secretIndex, receiver] of receivers.entries()) {
    if (receiver === undefined || receiver.environment !== signed.environment) continue;
    const check = receiver.check === 'api' ? askVendor : checkSignature;
    const found = await check({ ...delivery, signed, webhookId: receiver.webhookId, tools });
    if (found === true) return { ok: true, secretIndex, deliveryId: signed.id, deliveryIdSigned: true };
    if (found !== false) reason = found;
  }
  return refuse(reason);
};

const refuse = (reason: RejectReason): Verdict => ({ ok: false, reason });

const post = z.looseObject({
  id: z.string().min(1),
  event_type: z.string().min(1),
  create_time: z.iso.datetime({ offset: true }),
  resource: z.looseObject({}),
});

/** Events whose resource has these members. */
function about<const Type extends string>(members: readonly string[], ...types: readonly Type[]) {
  const resource = z.looseObject(Object.fromEntries(members.map((name) => [name, z.string()])));
  const schema = post.extend({ resource });
  return Object.fromEntries(types.map((type) => [type, schema])) as Record<Type, typeof schema>;
}

export const webhooks = {
  docs: 'https://developer.paypal.com/api/rest/webhooks/rest/',
  secrets: ({ credentials: { environment, webhookId, webhookCheck = 'certificate' } }) =>
    environment === undefined || webhookId === undefined
      ? []
      : [[environment, webhookId, webhookCheck].map(reveal).join(' ')],
  verify,
  // Known again by the id of the transmission, which is signed; the body's own id is not worth more than its checksum.
  parse: ({ body }) => {
    const event = checkInput(post, parseJson(new TextDecoder().decode(body)), 'The webhook body');
    return [{ type: event.event_type, occurredAt: new Date(event.create_time), data: event as Json }];
  },
  events: {
    ...about(['id'], 'CHECKOUT.ORDER.APPROVED', 'PAYMENT.CAPTURE.COMPLETED', 'PAYMENT.CAPTURE.DENIED'),
    ...about(['id'], 'PAYMENT.CAPTURE.REFUNDED', 'PAYMENT.CAPTURE.PENDING'),
    ...about([], 'PAYMENT.PAYOUTSBATCH.SUCCESS', 'PAYMENT.PAYOUTSBATCH.DENIED', 'PAYMENT.PAYOUTSBATCH.PROCESSING'),
    ...about(['payout_item_id', 'payout_batch_id'], 'PAYMENT.PAYOUTS-ITEM.SUCCEEDED', 'PAYMENT.PAYOUTS-ITEM.FAILED'),
    ...about(['payout_item_id', 'payout_batch_id'], 'PAYMENT.PAYOUTS-ITEM.UNCLAIMED', 'PAYMENT.PAYOUTS-ITEM.RETURNED'),
    ...about(['payout_item_id', 'payout_batch_id'], 'PAYMENT.PAYOUTS-ITEM.BLOCKED'),
    ...about(['id'], 'BILLING.SUBSCRIPTION.ACTIVATED', 'BILLING.SUBSCRIPTION.CANCELLED'),
    ...about(['id'], 'BILLING.SUBSCRIPTION.SUSPENDED', 'BILLING.SUBSCRIPTION.EXPIRED'),
    ...about(['dispute_id'], 'CUSTOMER.DISPUTE.CREATED'),
  },
  // Longer than a signed time is accepted, so that no signature serves twice.
  rememberDays: 15,
  vectors: [vector],
  sign,
} satisfies WebhookDefinition;
