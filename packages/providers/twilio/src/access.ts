/** Two pairs of credentials, the host they belong to, and the official SDK that uses them. */
import { basic, parseJson, type Api, type Method, type QueryValue, type Sign } from '@plugboard/core';
import { secret, text, z } from '@plugboard/core/fields';
import type { Twilio } from 'twilio';

const label = /^[a-z0-9]{2,16}$/;

const accountSid = text('Account SID', {
  help: 'https://console.twilio.com, on the first page.',
  example: 'AC0123456789abcdef0123456789abcdef',
  pattern: /^AC[0-9a-f]{32}$/,
});

/** Credentials are made in one region and work there alone: https://www.twilio.com/docs/global-infrastructure (2026). */
const place = {
  region: text('Region', {
    help: 'Only for accounts outside the United States.',
    example: 'ie1',
    pattern: label,
  }).optional(),
  edge: text('Edge', {
    help: 'Where requests enter the network of the vendor.',
    example: 'dublin',
    pattern: label,
  }).optional(),
};

export const tokenFields = z.strictObject({
  accountSid,
  authToken: secret('Auth token', { help: 'Also signs webhooks.', pattern: /^[0-9a-f]{32}$/ }),
  ...place,
});

export const keyFields = z.strictObject({
  accountSid,
  keySid: text('API key SID', { example: 'SK0123456789abcdef0123456789abcdef', pattern: /^SK[0-9a-f]{32}$/ }),
  keySecret: secret('API key secret'),
  // Webhooks are signed with the account's token, never with a key.
  authToken: secret('Auth token', { help: 'Only needed to verify webhooks.', pattern: /^[0-9a-f]{32}$/ }).optional(),
  ...place,
});

/** What either pair has. */
const held = z.looseObject({ accountSid, ...place });

export const sign: Readonly<Record<'key' | 'token', Sign>> = {
  key: basic('keySid', 'keySecret'),
  token: basic('accountSid', 'authToken'),
};

/** `https://api.twilio.com`, `https://api.dublin.ie1.twilio.com`, or with a region alone `https://api.ie1.twilio.com`. */
export function origin(api: Api, product: string): string {
  const { region, edge } = api.credentials(held);
  const parts = [product, edge, region ?? (edge === undefined ? undefined : 'us1'), 'twilio', 'com'];
  return `https://${parts.filter((part) => part !== undefined).join('.')}`;
}

export function sidOf(api: Api): string {
  return api.credentials(held).accountSid;
}

interface SdkRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, QueryValue>>;
  readonly data?: Readonly<Record<string, QueryValue>> | string;
}

/** The client of the official SDK. Named here: its own module path does not resolve in a packed declaration. */
export interface TwilioSdk extends Twilio {}

/**
 * Loaded at first use. Its token is a placeholder: credentials are put on by the transport, which also keeps its
 * time-outs, limits, host checks and stubs.
 */
export async function loadSdk(api: Api): Promise<TwilioSdk> {
  const { default: createTwilio } = await import('twilio');
  const httpClient = { request: (options: SdkRequest) => send(api, options) };
  return createTwilio(sidOf(api), 'placeholder', { httpClient: httpClient as never });
}

async function send(api: Api, { method, uri, headers, params, data }: SdkRequest) {
  const isForm = typeof data === 'object';
  const kept = Object.entries(headers ?? {}).filter(
    ([name]) => !['authorization', 'user-agent', 'content-type'].includes(name.toLowerCase()),
  );
  const answer = await api.request({
    method: method.toUpperCase() as Method,
    url: uri,
    operation: 'sdk',
    headers: { ...Object.fromEntries(kept), ...(typeof data === 'string' && { 'content-type': 'application/json' }) },
    ...(params && { query: params }),
    ...(isForm && { form: data }),
    ...(typeof data === 'string' && { body: data }),
  });
  const text = answer.text();
  return {
    statusCode: answer.status,
    body: text === '' ? '' : parseJson(text),
    headers: Object.fromEntries(answer.headers),
  };
}
