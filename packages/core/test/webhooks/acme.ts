/** Schemes of no vendor in particular, and signatures made without our help. */
import { createHmac } from 'node:crypto';

import { hmacSigner, type HmacSignatureOptions } from '../../src/webhooks/hmac-signature.ts';
import { signatureList } from '../../src/webhooks/signature-header.ts';
import { now, type DeliveryInit } from './deliveries.ts';

export const url = 'https://app.example/webhooks/acme';
export const secret = 'a secret of the vendor';
export const body = '{"hello":"wörld"}';
export const plain = { header: 'x-signature', prefix: 'sha256=', algorithm: 'sha256', encoding: 'hex' } as const;
export const stamped = {
  ...plain,
  timestamp: { header: 'x-timestamp', unit: 'seconds' },
  content: (delivered, timestamp) => [`${timestamp}.`, delivered.body],
} as const satisfies HmacSignatureOptions;
export const listed = {
  ...plain,
  form: signatureList({ timestamp: 't', signature: 'v1' }),
  timestamp: { unit: 'seconds' },
  content: stamped.content,
} as const satisfies HmacSignatureOptions;

export interface Signed extends DeliveryInit {
  readonly headers: Readonly<Record<string, string>>;
}

export async function signed(options: HmacSignatureOptions, text = secret, at = now): Promise<Signed> {
  return { headers: await hmacSigner(options)({ body, url, at: new Date(at) }, text), body, url };
}

export const digest = (key: string, ...parts: readonly string[]) =>
  createHmac('sha256', key).update(parts.join('')).digest('hex');
