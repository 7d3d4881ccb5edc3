/** The schemes of the vendors, as their packages declare them. */
import { createPublicKey, verify as verifySignature, type KeyObject } from 'node:crypto';

import { fieldValue, parseForm, sortFields } from '../../src/form.ts';
import { ed25519Signature } from '../../src/webhooks/ed25519-signature.ts';
import { escapedBody } from '../../src/webhooks/escaped-body.ts';
import type { TimestampText } from '../../src/webhooks/freshness.ts';
import { hmacMatch, hmacSignature, type HmacSignatureOptions } from '../../src/webhooks/hmac-signature.ts';
import { joinParts } from '../../src/webhooks/mac.ts';
import { signatureScheme, type Part } from '../../src/webhooks/scheme.ts';
import { signatureList } from '../../src/webhooks/signature-header.ts';
import { readSignedHeader } from '../../src/webhooks/signed-header.ts';
import { standardWebhooks } from '../../src/webhooks/standard-webhooks.ts';
import type { Delivery, Verify } from '../../src/webhooks/webhook.ts';

const hex256 = { algorithm: 'sha256', encoding: 'hex' } as const;
const seconds = { unit: 'seconds' } as const;

const dotted = ({ body }: Delivery, timestamp: string): readonly Part[] => [`${timestamp}.`, body];
const listed = (signature: string, tolerance?: number): Omit<HmacSignatureOptions, 'header'> => ({
  ...hex256,
  form: signatureList({ timestamp: 't', signature }),
  timestamp: { ...seconds, ...(tolerance !== undefined && { toleranceSeconds: tolerance }) },
  content: dotted,
});

const httpDate: TimestampText = { parse: (text) => Date.parse(text), format: (at) => at.toUTCString() };
const retellHeader = /^v=(\d+),d=([0-9a-f]{64})$/i;

export const hmacSchemes = {
  slack: {
    ...hex256,
    header: 'x-slack-signature',
    prefix: 'v0=',
    timestamp: { header: 'x-slack-request-timestamp', ...seconds },
    content: ({ body }, timestamp) => [`v0:${timestamp}:`, body],
  },
  meta: { ...hex256, header: 'x-hub-signature-256', prefix: 'sha256=', alternatives: escapedBody },
  klaviyo: {
    ...hex256,
    header: 'klaviyo-signature',
    timestamp: { header: 'klaviyo-timestamp', unit: httpDate, toleranceSeconds: 86_400 },
    content: ({ body }, timestamp) => [body, timestamp],
  },
  github: { ...hex256, header: 'x-hub-signature-256', prefix: 'sha256=', deliveryId: 'x-github-delivery' },
  shopify: {
    algorithm: 'sha256',
    encoding: 'base64',
    header: 'x-shopify-hmac-sha256',
    deliveryId: 'x-shopify-webhook-id',
  },
  stripe: { header: 'stripe-signature', ...listed('v1') },
  calendly: { header: 'calendly-webhook-signature', ...listed('v1', 180) },
  elevenlabs: { header: 'elevenlabs-signature', ...listed('v0', 1800) },
  mux: { header: 'mux-signature', ...listed('v1') },
  tiktokAccounts: { header: 'tiktok-signature', ...listed('s') },
  tiktokLeads: { ...hex256, header: 'x-open-signature', alternatives: escapedBody },
  hubspot: {
    algorithm: 'sha256',
    encoding: 'base64',
    header: 'x-hubspot-signature-v3',
    timestamp: { header: 'x-hubspot-request-timestamp', unit: 'milliseconds' },
    content: ({ method, url, body }, timestamp) => [method + url.href, body, timestamp],
  },
  lob: {
    ...hex256,
    header: 'lob-signature',
    timestamp: { header: 'lob-signature-timestamp', unit: 'milliseconds' },
    content: dotted,
  },
  retell: {
    ...hex256,
    header: 'x-retell-signature',
    form: {
      read(value) {
        const [, timestamp, digest] = retellHeader.exec(value) ?? [];
        if (timestamp === undefined || digest === undefined) return undefined;
        return { timestamp, signatures: [digest.toLowerCase()] };
      },
      write: (signature, timestamp) => `v=${timestamp},d=${signature}`,
    },
    timestamp: { unit: 'milliseconds' },
    content: ({ body }, timestamp) => [body, timestamp],
  },
  teams: { algorithm: 'sha256', encoding: 'base64', keyEncoding: 'base64', header: 'authorization', prefix: 'HMAC ' },
  vercel: { algorithm: 'sha1', encoding: 'hex', header: 'x-vercel-signature' },
  vercelBlob: { ...hex256, header: 'x-vercel-signature' },
  notion: { ...hex256, header: 'x-notion-signature', prefix: 'sha256=' },
  twilio: {
    algorithm: 'sha1',
    encoding: 'base64',
    header: 'x-twilio-signature',
    content: signedForm,
    alternatives: otherForms,
  },
} as const satisfies Record<string, HmacSignatureOptions>;

/** The URL, then the fields by name; a URL object writes an apostrophe as an escape, the vendor does not. */
function signedForm({ url, headers, body }: Delivery): readonly Part[] | 'signature_invalid' {
  const fields = body.length === 0 ? [] : parseForm(body, headers.get('content-type'));
  return fields === undefined
    ? 'signature_invalid'
    : [url.href, ...sortFields(fields).map((field) => field.name + field.value)];
}

function otherForms(delivery: Delivery): readonly (readonly Part[])[] {
  const parts = signedForm(delivery);
  return typeof parts === 'string' ? [] : [[delivery.url.href.replaceAll('%27', "'"), ...parts.slice(1)]];
}

/** Signature, timestamp and token stand in the form itself and sign nothing else of it. */
const mailgun: Verify = signatureScheme({
  ...hmacMatch(hex256),
  timestamp: { ...seconds, toleranceSeconds: 8 * 3600 },
  read({ body, headers }) {
    const fields = parseForm(body, headers.get('content-type'));
    if (fields === undefined) return 'malformed';
    const [timestamp, token, signature] = ['timestamp', 'token', 'signature'].map((name) => fieldValue(fields, name));
    if (timestamp === undefined || token === undefined || signature === undefined) return 'signature_missing';
    return {
      signatures: [signature],
      contents: [[timestamp, token]],
      timestamp,
      deliveryId: token,
      deliveryIdSigned: true,
    };
  },
});

/** Signatures under a public key that vendors publish as base64 SPKI: elliptic curve or RSA, as the key says. */
const published = {
  key(secret: string) {
    try {
      return createPublicKey({ key: Buffer.from(secret, 'base64'), format: 'der', type: 'spki' });
    } catch {
      return undefined;
    }
  },
  matches: (key: KeyObject, parts: readonly Part[], signatures: readonly string[]) =>
    signatures.some((text) => verifySignature('sha256', joinParts(parts), key, Buffer.from(text, 'base64'))),
};

const sendgrid: Verify = signatureScheme({
  ...published,
  timestamp: seconds,
  read: readSignedHeader({
    header: 'x-twilio-email-event-webhook-signature',
    timestamp: { header: 'x-twilio-email-event-webhook-timestamp', ...seconds },
    content: ({ body }, timestamp) => [timestamp, body],
  }),
});

const wise: Verify = signatureScheme({
  ...published,
  read: readSignedHeader({ header: 'x-signature-sha256' }),
});

export const discord = ed25519Signature({
  header: 'x-signature-ed25519',
  timestamp: { header: 'x-signature-timestamp', ...seconds },
  content: ({ body }, timestamp) => [timestamp, body],
});

export const standard = standardWebhooks({ prefixes: ['svix', 'webhook'] });

export interface Scheme {
  readonly verify: Verify;
  /** Headers without which nothing may pass. */
  readonly needs: readonly string[];
  /** False where the signature covers something else. */
  readonly coversBody?: boolean;
}

const ofHmac = Object.entries<HmacSignatureOptions>(hmacSchemes).map(([name, options]): [string, Scheme] => {
  const { header, timestamp } = options;
  return [name, { verify: hmacSignature(options), needs: [header, timestamp?.header ?? header] }];
});

/** Every scheme under the name that the vectors use. */
export const schemes: Readonly<Record<string, Scheme>> = {
  ...Object.fromEntries(ofHmac),
  discord: { verify: discord, needs: ['x-signature-ed25519', 'x-signature-timestamp'] },
  mailgun: { verify: mailgun, needs: [], coversBody: false },
  sendgrid: {
    verify: sendgrid,
    needs: ['x-twilio-email-event-webhook-signature', 'x-twilio-email-event-webhook-timestamp'],
  },
  standard: { verify: standard, needs: [] },
  wise: { verify: wise, needs: ['x-signature-sha256'] },
};
