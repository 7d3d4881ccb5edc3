/** Webhook verification against the bare HMAC and constant-time comparison of node:crypto. */
import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import { hmacSignature, hmacSigner, Secret, type HmacSignatureOptions } from '@plugboard/core';
import { measure } from './measure.ts';

const text = randomBytes(32).toString('base64');
const secret = new Secret(text);
const key = createSecretKey(Buffer.from(text));
const at = new Date(1_700_000_000_000);
const url = 'https://app.example.com/hooks/x';

const plain: HmacSignatureOptions = {
  header: 'x-plain',
  prefix: 'sha256=',
  algorithm: 'sha256',
  encoding: 'hex',
  deliveryId: 'x-id',
};
const timed: HmacSignatureOptions = {
  header: 'x-timed',
  prefix: 'v0=',
  algorithm: 'sha256',
  encoding: 'hex',
  timestamp: { header: 'x-time', unit: 'seconds' },
  content: ({ body }, timestamp) => [`v0:${timestamp}:`, body],
};

for (const size of [1024, 102_400]) {
  const body = 'a'.repeat(size);
  const raw = new Uint8Array(Buffer.from(body));
  const signed = { body, url, at };
  const headers = new Headers({
    'content-type': 'application/json',
    'x-id': 'abc',
    ...(await hmacSigner(plain)(signed, text)),
    ...(await hmacSigner(timed)(signed, text)),
  });
  const delivery = { method: 'POST', url: new URL(url), headers, body: raw, receivedAt: at.getTime() };
  const expected = createHmac('sha256', key).update(raw).digest();
  const verifyPlain = hmacSignature(plain);
  const verifyTimed = hmacSignature(timed);
  for (const verify of [verifyPlain, verifyTimed])
    if (!(await verify(delivery, [secret])).ok) throw new Error('The benchmark measures a refused delivery.');
  await measure(`verify ${size} bytes`, {
    'node:crypto': async () =>
      Promise.resolve(timingSafeEqual(createHmac('sha256', key).update(raw).digest(), expected)),
    'signature of the body': async () => verifyPlain(delivery, [secret]),
    'signature with a timestamp': async () => verifyTimed(delivery, [secret]),
  });
}
