import { expect, test } from 'vitest';

import { decodeBase64 } from '../../src/bytes.ts';
import { createEmulator } from '../../src/emulator/create-emulator.ts';
import { hmac } from '../../src/hash.ts';
import { Secret } from '../../src/secret.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { shop } from './shop-provider.ts';

const start = () => {
  const clock = createFakeClock();
  return { clock, emulator: createEmulator(shop(), { clock }) };
};

test('a delivery by its type is the vector that shows it, signed for the URL and the time', async () => {
  const { clock, emulator } = start();
  const url = 'https://app.example/hooks/shop';
  const request = await emulator.webhook('order.created', new Secret('key'), { url });
  const body = await request.text();
  expect([request.method, request.url, body]).toEqual(['POST', url, '{"type":"order.created"}']);
  expect(request.headers.get('content-type')).toBe('application/json');
  const time = new Date(clock.now()).toISOString();
  expect(request.headers.get('x-shop-time')).toBe(time);
  const signature = decodeBase64(request.headers.get('x-shop-signature') ?? '');
  expect(signature).toEqual(await hmac('sha256', 'key', `${url}${time}${body}`));
});

test('a body is sent as it is; a value is sent as JSON; headers can be added', async () => {
  const { emulator } = start();
  const text = await emulator.webhook('a=1&b=2', 'key', { headers: { 'x-retry': '1' } });
  expect([await text.text(), text.headers.get('x-retry')]).toEqual(['a=1&b=2', '1']);
  const json = await emulator.webhook({ type: 'x' }, 'key');
  expect([await json.text(), json.headers.get('content-type')]).toEqual(['{"type":"x"}', 'application/json']);
});

test('a type without an example, and a provider without webhooks, are errors that say so', async () => {
  const { emulator } = start();
  await expect(emulator.webhook('order.lost', 'key')).rejects.toMatchObject({
    code: 'unknown_event',
    hint: 'Pass a body, or one of: order.created.',
  });
  const { webhooks: _webhooks, ...definition } = shop.definition;
  const silent = createEmulator({ definition, options: {} } as never);
  await expect(silent.webhook('order.created', 'key')).rejects.toMatchObject({ code: 'no_webhooks' });
});
