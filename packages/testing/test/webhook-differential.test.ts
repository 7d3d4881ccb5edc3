import { createHmac } from 'node:crypto';

import { hmacSignature, hmacSigner } from '@plugboard/core';
import { expect, test } from 'vitest';

import { agreesWithVerifier } from '../src/webhook-differential.ts';

const scheme = { header: 'x-acme', algorithm: 'sha256', encoding: 'hex' } as const;
const webhooks = { verify: hmacSignature(scheme), sign: hmacSigner(scheme) };
const secret = 'secret-of-acme';
const vendor = ({ body, headers }: { body: string; headers: Readonly<Record<string, string>> }) =>
  headers['x-acme'] === createHmac('sha256', secret).update(body).digest('hex');

test('two verifiers of one scheme agree, and both say yes and no', async () => {
  const { accepted, refused, stricter } = await agreesWithVerifier(webhooks, { secret, accepts: vendor });
  expect(accepted + refused).toBe(10_000);
  expect(stricter).toEqual({});
});

test('a verifier that looks at half of the signature is found', async () => {
  const lax: typeof webhooks.verify = async (delivery, secrets) => {
    const verdict = await webhooks.verify(delivery, secrets);
    return verdict.ok || delivery.headers.get('x-acme')?.length !== 64 ? verdict : { ok: true, secretIndex: 0 };
  };
  await expect(agreesWithVerifier({ ...webhooks, verify: lax }, { secret, accepts: vendor })).rejects.toThrow(
    /turn \d+/,
  );
});

test('a stricter rule must be named, and is counted', async () => {
  const careful: typeof webhooks.verify = async (delivery, secrets) =>
    delivery.body.length < 3 ? { ok: false, reason: 'malformed' } : webhooks.verify(delivery, secrets);
  const strict = { ...webhooks, verify: careful };
  await expect(agreesWithVerifier(strict, { secret, accepts: vendor })).rejects.toThrow(/turn \d+/);
  const stricter = ({ body }: { body: string }) => (body.length < 3 ? 'nearly empty bodies' : undefined);
  const result = await agreesWithVerifier(strict, { secret, accepts: vendor, stricter });
  expect(result.stricter['nearly empty bodies']).toBeGreaterThan(10);
});

test('a run in which everything is refused proves nothing', async () => {
  const refuse: typeof webhooks.verify = () => ({ ok: false, reason: 'malformed' });
  const run = agreesWithVerifier({ ...webhooks, verify: refuse }, { secret, accepts: () => false });
  await expect(run).rejects.toThrow('deliveries that both accept');
});
