import { expect, test } from 'vitest';

import { createMemoryStore } from '../../src/memory-store.ts';
import { claimBody } from '../../src/webhooks/one-body.ts';
import type { Verdict } from '../../src/webhooks/webhook.ts';

const verdict = { ok: true, secretIndex: 0, deliveryId: 'token-1', deliveryIdSigned: true, bodySigned: false } as const;
const claimer = (values = createMemoryStore().once) => {
  return (body: string, believed: Extract<Verdict, { ok: true }> = verdict, provider = 'acme') =>
    claimBody(values, believed, { provider, bodyHash: async () => body, rememberMs: 1000 });
};

test('a signature that covers no body is believed with one body, however often that comes', async () => {
  const claim = claimer();
  await claim('first');
  expect(await claim('other')).toBe('replayed');
  expect(await claim('first')).not.toBe('replayed');
  expect(await claim('other', { ...verdict, deliveryId: 'token-2' })).not.toBe('replayed');
  expect(await claim('other', verdict, 'zeta')).not.toBe('replayed');
});

test('once the first came to nothing, the next try may look another way', async () => {
  const claim = claimer();
  const first = await claim('first');
  const again = await claim('first');
  // A copy that came in between does not let go of what it never held.
  if (again !== 'replayed') await again.release();
  expect(await claim('other')).toBe('replayed');
  if (first !== 'replayed') await first.release();
  expect(await claim('other')).not.toBe('replayed');
});

test('of two bodies at once one passes', async () => {
  const claim = claimer();
  const all = await Promise.all(Array.from({ length: 50 }, (_, index) => claim(`body ${index}`)));
  expect(all.filter((one) => one !== 'replayed')).toHaveLength(1);
});

test('signatures over the body are none of its business', async () => {
  const claim = claimer();
  const believed = { ok: true, secretIndex: 0, deliveryId: 'd' } as const;
  await claim('first', believed);
  expect(await claim('other', believed)).not.toBe('replayed');
});

test.each([
  { bodySigned: false },
  { bodySigned: false, deliveryIdSigned: true },
  { bodySigned: false, deliveryIdSigned: true, deliveryId: '' },
  { bodySigned: false, deliveryId: 'd' },
  { bodySigned: false, deliveryId: 'd', deliveryIdSigned: false },
])('a signature that covers neither a body nor an id is believed with none: %o', async (said) => {
  const believed = { ok: true, secretIndex: 0, ...said } as typeof verdict;
  await expect(claimer()('first', believed)).rejects.toMatchObject({ kind: 'configuration', code: 'nothing_signed' });
});
