/** The official SDK, its calls going through the board's transport. */
import { parseJson, type Api, type Method, type QueryValue } from '@plugboard/core';
import type { Twilio } from 'twilio';

import { sidOf } from './credentials.ts';

interface SdkRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, QueryValue>>;
  readonly data?: Readonly<Record<string, QueryValue>> | string;
}

/**
 * Loaded at first use. Its token is a placeholder: credentials are put on by the transport, which also keeps its
 * time-outs, limits, host checks and stubs.
 */
export async function loadSdk(api: Api): Promise<Twilio> {
  const { default: createTwilio } = await import('twilio');
  const httpClient = { request: (options: SdkRequest) => send(api, options) };
  return createTwilio(sidOf(api), 'placeholder', { httpClient: httpClient as never });
}

async function send(api: Api, { method, uri, headers, params, data }: SdkRequest) {
  const isForm = typeof data === 'object';
  const kept = Object.entries(headers ?? {}).filter(([name]) => !['authorization', 'user-agent', 'content-type'].includes(name.toLowerCase()));
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
  return { statusCode: answer.status, body: text === '' ? '' : parseJson(text), headers: Object.fromEntries(answer.headers) };
}
