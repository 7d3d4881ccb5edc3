import { createHmac } from 'node:crypto';

import { verifySlackRequest } from '@slack/bolt';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { hmacSignature, hmacSigner } from '../../src/webhooks/hmac-signature.ts';
import { signStandardWebhook } from '../../src/webhooks/standard-webhooks.ts';
import { accepts, takesText, expectAgreement, plainInteger, type Oracle } from './agreement.ts';
import { judge, now } from './deliveries.ts';
import type { SignInput } from './mutations.ts';
import { hmacSchemes, standard } from './schemes.ts';

const slackSecrets = ['8f742231b10e8888abcd99yyyzzz85a5', '8f742231b10e8888abcd99yyyzzz85a6'] as const;
const standardSecrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'] as const;

function standardOracle(name: string, family: string, theirs: Oracle['theirs']): Oracle {
  const [idHeader, timestampHeader, signatureHeader] = [`${family}-id`, `${family}-timestamp`, `${family}-signature`];
  return {
    name,
    ours: standard,
    theirs,
    idHeader,
    timestampHeader,
    signatureHeader,
    secrets: standardSecrets,
    prefix: 'v1,',
    sign({ id, timestamp, body, secret }: SignInput) {
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
      const digest = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
      return { [idHeader]: id, [timestampHeader]: timestamp, [signatureHeader]: `v1,${digest}` };
    },
    stricter: {
      'a full stop in the id moves borders': (_, headers) => headers[idHeader]!.includes('.'),
      'an id longer than any store keeps': (_, headers) => headers[idHeader]!.length > 255,
      'more than ten signatures': (_, headers) => headers[signatureHeader]!.split(' ').length > 10,
      'the header came twice': (_, headers) => headers[signatureHeader]!.includes(', '),
      'text after the signature': (_, headers) => headers[signatureHeader]!.split(',').length > 2,
      'a timestamp that is no plain integer': (_, headers) => !plainInteger.test(headers[timestampHeader]!),
    },
    blind: takesText,
  };
}

const oracles: readonly Oracle[] = [
  {
    name: 'slack',
    ours: hmacSignature(hmacSchemes.slack),
    secrets: slackSecrets,
    signatureHeader: 'x-slack-signature',
    timestampHeader: 'x-slack-request-timestamp',
    prefix: 'v0=',
    sign({ timestamp, body, secret }) {
      const digest = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');
      return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${digest}` };
    },
    theirs(body, headers, signingSecret) {
      const known = headers as { 'x-slack-signature': string; 'x-slack-request-timestamp': string };
      // Its types ask for the number that its receivers make of the text.
      const timestamp = known['x-slack-request-timestamp'] as unknown as number;
      const sent = { 'x-slack-signature': known['x-slack-signature'], 'x-slack-request-timestamp': timestamp };
      verifySlackRequest({ signingSecret, body: body.toString(), headers: sent, nowMilliseconds: Date.now() });
    },
    stricter: {
      'far in the future': (_, headers) => Number(headers['x-slack-request-timestamp']) > now / 1000 + 300,
      'a timestamp that is no plain integer': (_, headers) => !plainInteger.test(headers['x-slack-request-timestamp']!),
      'text after the signature': (_, headers) => headers['x-slack-signature']!.split('=').length > 2,
    },
    blind: takesText,
  },
  standardOracle('svix', 'svix', (body, headers, secret) => new SvixWebhook(secret).verify(body.toString(), headers)),
  standardOracle('standardwebhooks', 'webhook', (body, headers, secret) => {
    new StandardWebhook(secret).verify(body, headers, { jsonParse: false });
  }),
];

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now }));
afterEach(() => void vi.useRealTimers());

describe.each(oracles)('R54 $name', (oracle) => {
  it('agrees on 10,000 mutations, but for the rules in which we are stricter', { timeout: 30_000 }, () =>
    expectAgreement(oracle, 10_000),
  );
});

describe('R54 what we sign, the vendors accept', () => {
  const at = new Date(now);
  const body = '{"t":"é","n":1.0}\r\n';

  it('slack', async () => {
    const headers = await hmacSigner(hmacSchemes.slack)({ body, url: 'https://app.example/', at }, slackSecrets[0]);
    expect(await accepts(oracles[0]!, { headers, body }, slackSecrets[0])).toBe(true);
    expect(await accepts(oracles[0]!, { headers, body: `${body} ` }, slackSecrets[0])).toBe(false);
  });

  it.each(oracles.slice(1))('$name, with the old and the new secret of a rotation', async (oracle) => {
    const family = oracle.idHeader!.replace('-id', '');
    const headers = await signStandardWebhook({ id: 'msg_1', at, body }, standardSecrets, family);
    for (const secret of standardSecrets) expect(await accepts(oracle, { headers, body }, secret)).toBe(true);
    expect(await accepts(oracle, { headers, body: `${body} ` }, standardSecrets[0])).toBe(false);
    expect(await judge(standard, { headers, body }, standardSecrets[1])).toBe('ok');
  });

  it.each(['svix', 'standardwebhooks'])('and what %s signs, we accept', async (name) => {
    const [secret] = standardSecrets;
    const signer = name === 'svix' ? new SvixWebhook(secret) : new StandardWebhook(secret);
    const family = name === 'svix' ? 'svix' : 'webhook';
    const headers = {
      [`${family}-id`]: 'msg_1',
      [`${family}-timestamp`]: String(now / 1000),
      [`${family}-signature`]: signer.sign('msg_1', at, body),
    };
    expect(await judge(standard, { headers, body }, secret)).toBe('ok');
    expect(await judge(standard, { headers, body: `${body} ` }, secret)).toBe('signature_invalid');
  });
});
