import { expect, test } from 'vitest';

import { createPlugboard } from '../src/board.ts';
import { PlugboardError } from '../src/errors.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { readPrevious } from '../src/previous-secrets.ts';
import type { AnyDefinition, WebhookDefinition } from '../src/provider.ts';
import { Secret } from '../src/secret.ts';
import { hmacSigner } from '../src/webhooks/hmac-signature.ts';
import type { PreviousSecret } from '../src/webhooks/webhook.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { acmeProvider, key } from './support/rig.ts';

const url = 'https://app.example.com/integrations/webhooks/acme';
const sign = hmacSigner({ header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' });
const hour = 3_600_000;
const definition: AnyDefinition = acmeProvider().definition;
const app = { clientId: 'c', clientSecret: new Secret('s'), signingSecret: new Secret('new-secret') };
const blank = { ACME_SIGNING_SECRET_PREVIOUS: ' ', ACME_SIGNING_SECRET_PREVIOUS_UNTIL: '2026-12-01' };

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

test('E06 the secret before verifies in each form in which a provider may name one', async () => {
  const textOf = (value: unknown) => (value instanceof Secret ? value.reveal() : String(value));
  const secrets: WebhookDefinition['secrets'] = ({ app }) => {
    const secret = textOf(app['signingSecret']);
    return [undefined, `plain-${secret}`, { secret: new Secret(`ending-${secret}`) }, app['nothing']];
  };
  const previous = { signingSecret: { secret: 'old', notAfter: until(createFakeClock()) } };
  const { clock, send } = boardWith({ previous, secrets });
  const statuses = async (...signers: string[]) => {
    const found: number[] = [];
    for (const signer of signers) found.push(await send(signer));
    return found;
  };
  const [present, before] = ['new-secret', 'old'].map((text) => [`plain-${text}`, `ending-${text}`]);
  expect(await statuses(...present!, ...before!)).toEqual([200, 200, 200, 200]);
  await clock.advance(2 * hour);
  expect(await statuses(...before!)).toEqual([401, 401]);
});

test('a secret that the one before has no part in counts once', async () => {
  const fixed = Array.from({ length: 15 }, (_, index) => `fixed-${index}`);
  const secrets: WebhookDefinition['secrets'] = ({ app }) => [...fixed, app['signingSecret']];
  const previous = { signingSecret: { secret: 'old', notAfter: until(createFakeClock()) } };
  const { send } = boardWith({ previous, secrets });
  expect([await send('fixed-14'), await send('old')]).toEqual([200, 200]);
});

test('an environment that names nothing is as good as none', async () => {
  const env = { ACME_SIGNING_SECRET_PREVIOUS: ' ', ACME_SIGNING_SECRET_PREVIOUS_UNTIL: ' ' };
  expect(readPrevious(definition, app, {}, env)).toEqual([]);
  expect(readPrevious(definition, app)).toEqual([]);
  const { webhooks: _none, ...silent } = definition;
  expect(readPrevious(silent, app)).toEqual([]);
  const { app: _fields, ...bare } = definition;
  expect(readPrevious(bare, {})).toEqual([]);
});

test('a provider that declares a field of that name itself knows better what it is', () => {
  const mine = { title: 'Mine', env: 'ACME_SIGNING_SECRET_PREVIOUS', secret: true } as const;
  const own = { ...definition, app: { ...definition.app, mine } };
  const env = { ACME_SIGNING_SECRET_PREVIOUS: 'old', ACME_SIGNING_SECRET_PREVIOUS_UNTIL: '2026-12-01' };
  expect(readPrevious(own, app, {}, env)).toEqual([]);
  expect(readPrevious(definition, app, {}, env)).toHaveLength(1);
});

test('a declaration that refuses what is configured signs nothing; what else it throws is not hidden', () => {
  const throwing = (error: Error) => ({
    ...definition,
    webhooks: {
      ...definition.webhooks!,
      secrets: () => {
        throw error;
      },
    },
  });
  const refusal = new PlugboardError({ kind: 'configuration', code: 'no_such_key', message: 'No such key.' });
  expect(readPrevious(throwing(refusal), app)).toEqual([]);
  expect(() => readPrevious(throwing(new TypeError('a mistake')), app)).toThrow(TypeError);
});

test('fields that sign are those that are secret and that the provider makes secrets of', () => {
  const secrets: WebhookDefinition['secrets'] = ({ app: given }) => [
    given['clientId'],
    given['signingSecret'],
    given['clientSecret'],
  ];
  const notAfter = new Date(0);
  const read = (field: string, webhooks: Partial<WebhookDefinition> = {}) =>
    readPrevious({ ...definition, webhooks: { ...definition.webhooks!, ...webhooks } }, app, {
      [field]: { secret: 'old', notAfter },
    });
  expect(read('clientSecret', { secrets })).toMatchObject([{ field: 'clientSecret', notAfter }]);
  const refused = (hint: string) => expect.objectContaining({ code: 'invalid_option', hint }) as Error;
  expect(() => read('clientSecret')).toThrow(refused('Fields that sign webhooks are: signingSecret.'));
  expect(() => read('clientId', { secrets })).toThrow(
    refused('Fields that sign webhooks are: clientSecret, signingSecret.'),
  );
  expect(() => read('clientId', { secrets: () => [] })).toThrow(refused('Fields that sign webhooks are: none.'));
});

test.each([
  ['without an end', { env: { ACME_SIGNING_SECRET_PREVIOUS: 'old' } }, 'ACME_SIGNING_SECRET_PREVIOUS_UNTIL'],
  ['without a value', { env: { ACME_SIGNING_SECRET_PREVIOUS_UNTIL: '2026-12-01' } }, 'ACME_SIGNING_SECRET_PREVIOUS'],
  ['without anything but blanks for a value', { env: blank }, 'ACME_SIGNING_SECRET_PREVIOUS'],
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
