/** Twilio: SMS, MMS and WhatsApp messages, calls, one-time codes. */
import { basicAuth, collect, defineProvider, invalidInput, isPlugboardError } from '@plugboard/core';
import type { Api, Choice, SmsCapability } from '@plugboard/core';
import { text, z } from '@plugboard/core/fields';

import { keyFields, loadSdk, sidOf, sign, tokenFields } from './access.ts';
import { emulator } from './emulator.ts';
import { errors } from './errors.ts';
import { accounts, calls, codes, messages, numbers } from './operations.ts';
import { webhooks } from './webhooks.ts';

const settings = z.strictObject({
  from: text('Sender', { help: 'The number that messages come from.', example: '+15005550006' }).optional(),
  messagingServiceSid: text('Messaging service', {
    help: 'Chooses the number itself.',
    pattern: /^MG[0-9a-f]{32}$/,
  }).optional(),
  verifyServiceSid: text('Verify service', { help: 'Sends one-time codes.', pattern: /^VA[0-9a-f]{32}$/ }).optional(),
});

const sampleSid = 'AC0123456789abcdef0123456789abcdef';
const place = { region: 'TWILIO_REGION', edge: 'TWILIO_EDGE' };

export const twilio = defineProvider({
  id: 'twilio',
  name: 'Twilio',
  category: 'sms-voice',
  summary: 'SMS, MMS and WhatsApp messages, calls, and one-time codes.',
  docs: {
    home: 'https://www.twilio.com',
    keys: 'https://console.twilio.com',
    reference: 'https://www.twilio.com/docs/api',
    checked: '2026-11-20',
  },
  // Regions and edges stand before the domain: api.dublin.ie1.twilio.com.
  hosts: ['*.twilio.com', '*.*.twilio.com', '*.*.*.twilio.com'],

  auth: {
    // https://www.twilio.com/docs/iam/api-keys (2026)
    authToken: basicAuth({
      title: 'Account SID and auth token',
      credentials: tokenFields,
      env: { accountSid: 'TWILIO_ACCOUNT_SID', authToken: 'TWILIO_AUTH_TOKEN', ...place },
      sign: sign.token,
      example: { accountSid: sampleSid, authToken: 'f0e1d2c3b4a5968778695a4b3c2d1e0f' },
    }),
    apiKey: basicAuth({
      title: 'API key',
      credentials: keyFields,
      env: {
        accountSid: 'TWILIO_ACCOUNT_SID',
        keySid: 'TWILIO_API_KEY',
        keySecret: 'TWILIO_API_SECRET',
        authToken: 'TWILIO_AUTH_TOKEN',
        ...place,
      },
      sign: sign.key,
      example: { accountSid: sampleSid, keySid: 'SK0123456789abcdef0123456789abcdef', keySecret: 'secret-of-the-key' },
    }),
  },

  api: {
    baseUrl: 'https://api.twilio.com/2010-04-01',
    errors,
    requestId: 'twilio-request-id',
  },

  async account(api) {
    const accountSid = sidOf(api);
    try {
      const { friendly_name: name } = await api.call(accounts.get, { accountSid });
      return { kind: 'known', account: { id: accountSid, name } };
    } catch (error) {
      // Keys of the standard kind may do everything but read accounts.
      if (api.method !== 'apiKey' || !isRefusal(error)) throw error;
      await api.call(messages.list, { pageSize: 1 });
      return { kind: 'known', account: { id: accountSid, name: accountSid } };
    }
  },

  async healthCheck(api) {
    if (api.method === 'apiKey') {
      await api.call(messages.list, { pageSize: 1 });
      return { status: 'healthy' };
    }
    const { status } = await api.call(accounts.get, { accountSid: sidOf(api) });
    return status === 'active' ? { status: 'healthy' } : { status: 'degraded', reason: `account_${status}` };
  },

  settings: { schema: settings, choices: { from: numberChoices } },
  flags: { sms: { description: 'Send messages through Twilio.', default: true, requiresConnection: false } },
  webhooks,
  operations: { accounts, messages, calls, numbers, codes },
  capabilities: { sms: sendSms },
  sdk: loadSdk,
  emulator,
});

function isRefusal(error: unknown): boolean {
  return isPlugboardError(error) && (error.kind === 'auth' || error.kind === 'permission');
}

function numberChoices(api: Api): Promise<Choice[]> {
  return collect(api.pages(numbers.list, { pageSize: 1000 }), (page) =>
    page.incoming_phone_numbers.map(({ phone_number: value, friendly_name: name }) => ({
      value,
      label: name ? `${name} (${value})` : value,
    })),
  );
}

function sendSms(api: Api): SmsCapability {
  return {
    async send({ to, from, text: body }) {
      const { from: own, messagingServiceSid } = api.settings(settings);
      const sender = from ?? own;
      if (sender === undefined && messagingServiceSid === undefined) {
        throw invalidInput(
          'The message',
          [{ path: 'from', message: 'names no sender, and the settings have none' }],
          'Pass `from`, or set a sender in the settings.',
        );
      }
      const way = sender === undefined ? { messagingServiceSid: messagingServiceSid ?? '' } : { from: sender };
      const { sid: id, status } = await api.call(messages.send, { to, body, ...way });
      return { id, status };
    },
  };
}
