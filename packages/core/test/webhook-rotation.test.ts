import { expect, test } from 'vitest';

import { createPlugboard } from '../src/board.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import type { WebhookDefinition } from '../src/provider.ts';
import { Secret } from '../src/secret.ts';
import { hmacSigner } from '../src/webhooks/hmac-signature.ts';
import type { PreviousSecret } from '../src/webhooks/webhook.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { acmeProvider, key } from './support/rig.ts';

const url = 'https://app.example.com/integrations/webhooks/acme';
const sign = hmacSigner({ header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' });
const hour = 3_600_000;

interface Given {
  readonly previous?: Record<string, PreviousSecret>;
  readonly env?: Record<string, string>;
  readonly secrets?: WebhookDefinition['secrets'];
}

function boardWith({ previous, env = {}, secrets }: Given) {
  const clock = createFakeClock();
  const factory = acmeProvider(secrets && { webhooks: { secrets } });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [
      factory({ signingSecret: 'new-secret', clientId: 'c', clientSecret: 's', ...(previous && { previous }) }),
    ],
    store: createMemoryStore({ clock }),
    keys: { k1: key },
    mode: 'test',
    env,
    log: silentLog,
    clock,
  });
  const send = async (...signers: readonly string[]) => {
    const body = JSON.stringify({ type: 'ping', id: signers.join() });
    const texts = await Promise.all(signers.map((secret) => sign({ body, url, at: new Date(0) }, secret)));
    const headers = { 'x-acme-signature': texts.map((one) => one['x-acme-signature']).join(', ') };
    return (await board.webhooks.receive('acme', new Request(url, { method: 'POST', body, headers }))).status;
  };
  return { clock, send };
}

const until = (clock: { now(): number }) => new Date(clock.now() + hour);

test.each(['option', 'environment'] as const)(
  'E06 the secret before, by %s, verifies until its end and not a moment longer; the new one always does',
  async (source) => {
    const end = until(createFakeClock()).toISOString();
    const given: Given =
      source === 'option'
        ? { previous: { signingSecret: { secret: 'old-secret', notAfter: new Date(end) } } }
        : { env: { ACME_SIGNING_SECRET_PREVIOUS: ' old-secret ', ACME_SIGNING_SECRET_PREVIOUS_UNTIL: end } };
    const { clock, send } = boardWith(given);
    expect([await send('old-secret'), await send('new-secret'), await send('other-secret')]).toEqual([200, 200, 401]);
    await clock.advance(hour);
    expect(await send('old-secret')).toBe(200);
    await clock.advance(1);
    expect([await send('old-secret'), await send('new-secret')]).toEqual([401, 200]);
  },
);

test('E06 what a provider makes of its secrets, it makes of the secret before as well', async () => {
  const secrets: WebhookDefinition['secrets'] = ({ app }) => {
    const secret = app['signingSecret'];
    return [new Secret(`derived-${typeof secret === 'string' ? secret : secret?.reveal()}`), app['clientSecret']];
  };
  const previous = { signingSecret: { secret: new Secret('old'), notAfter: until(createFakeClock()) } };
  const { clock, send } = boardWith({ previous, secrets });
  const all = ['derived-new-secret', 'derived-old', 's', 'old'];
  const statuses: number[] = [];
  for (const secret of all) statuses.push(await send(secret));
  expect(statuses).toEqual([200, 200, 200, 401]);
  await clock.advance(2 * hour);
  expect([await send('derived-old'), await send('s')]).toEqual([401, 200]);
});

test.each([
  ['without an end', { env: { ACME_SIGNING_SECRET_PREVIOUS: 'old' } }, 'ACME_SIGNING_SECRET_PREVIOUS_UNTIL'],
  ['without a value', { env: { ACME_SIGNING_SECRET_PREVIOUS_UNTIL: '2026-12-01' } }, 'ACME_SIGNING_SECRET_PREVIOUS'],
  ['with an end that is no date', { previous: { signingSecret: { secret: 'old', notAfter: 'soon' } } }, 'UNTIL'],
  ['that is no text', { previous: { signingSecret: { secret: 7 as never, notAfter: new Date(0) } } }, 'Set both'],
  [
    'of a field that signs nothing',
    { previous: { clientId: { secret: 'old', notAfter: new Date(0) } } },
    'signingSecret',
  ],
  ['of no field', { previous: { toString: { secret: 'old', notAfter: new Date(0) } } }, 'signingSecret'],
])('G08 refuses a secret before %s, says what to set, and quotes nothing', (_what, given: Given, told) => {
  const refused = () => boardWith(given);
  expect(refused).toThrow(
    expect.objectContaining({ code: 'invalid_option', hint: expect.stringContaining(told) as string }),
  );
  expect(refused).not.toThrow(/old/);
});
