/** Inbound messages and status callbacks, posted as forms; the vendor names no event types, so the fields do. */
import { parseJson, parseUrlEncoded, type Delivery, type JsonObject, type WebhookDefinition, type WebhookEvent } from '@plugboard/core';
import { z } from 'zod';

import { sign, verify } from './signature.ts';
import { vectors } from './webhook-vectors.ts';

function readFields({ method, url, body, headers }: Delivery): JsonObject {
  if (method === 'GET') return Object.fromEntries(url.searchParams);
  if (headers.get('content-type')?.includes('json') === true) return parseJson(new TextDecoder().decode(body)) as JsonObject;
  return Object.fromEntries((parseUrlEncoded(body) ?? []).map(({ name, value }) => [name, value]));
}

function parse(delivery: Delivery): readonly WebhookEvent[] {
  const fields = readFields(delivery);
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : undefined);
  const [messageSid, callSid, account] = [text('MessageSid') ?? text('SmsSid'), text('CallSid'), text('AccountSid')];
  const status = text('MessageStatus') ?? text('CallStatus');
  const sid = messageSid ?? callSid;
  const about = account === undefined ? {} : { accountId: account };
  if (sid === undefined) return [{ type: 'other', ...about, data: fields }];
  const received = messageSid !== undefined && text('MessageStatus') === undefined;
  const type = received ? 'message.received' : messageSid === undefined ? 'call.status' : 'message.status';
  // One message changes its status several times.
  return [{ type, id: received ? sid : `${sid}/${status ?? ''}`, ...about, data: fields }];
}

const message = { MessageSid: z.string(), AccountSid: z.string(), From: z.string().optional(), To: z.string().optional() };

export const webhooks = {
  docs: 'https://www.twilio.com/docs/usage/webhooks/getting-started-twilio-webhooks',
  // Always the token of the account, also where calls are made with an API key.
  secrets: ({ credentials }) => [credentials['authToken']],
  verify,
  parse,
  // The answer to an inbound message is read as TwiML; an empty one sends no reply.
  reply: (_delivery, events) =>
    events.some(({ type }) => type !== 'message.status')
      ? { status: 200, headers: { 'content-type': 'text/xml' }, body: '<?xml version="1.0" encoding="UTF-8"?><Response/>' }
      : { status: 204 },
  events: {
    'message.received': z.looseObject({ ...message, Body: z.string().optional(), NumMedia: z.string().optional() }),
    'message.status': z.looseObject({ ...message, MessageStatus: z.string(), ErrorCode: z.string().optional() }),
    'call.status': z.looseObject({ CallSid: z.string(), CallStatus: z.string().optional() }),
  },
  // The scheme has no timestamp.
  rememberDays: 7,
  vectors,
  sign,
} satisfies WebhookDefinition;
