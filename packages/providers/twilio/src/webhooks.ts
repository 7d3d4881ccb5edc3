/** Inbound messages and status callbacks, posted as forms; the vendor names no event types, so the fields do. */
import {
  parseJson,
  parseUrlEncoded,
  type Delivery,
  type JsonObject,
  type WebhookDefinition,
  type WebhookEvent,
  type WebhookVector,
} from '@plugboard/core';
import { z } from '@plugboard/core/fields';

import { sign, verify } from './signature.ts';

function readFields({ method, url, body, headers }: Delivery): JsonObject {
  if (method === 'GET') return Object.fromEntries(url.searchParams);
  if (headers.get('content-type')?.includes('json') === true)
    return parseJson(new TextDecoder().decode(body)) as JsonObject;
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

const message = {
  MessageSid: z.string(),
  AccountSid: z.string(),
  From: z.string().optional(),
  To: z.string().optional(),
};

/** Vectors of the vendor's own libraries for Node and Python (2026). */
const host = 'https://mycompany.com/myapp.php?foo=1&bar=2';
const form = 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212';
const emptyHash = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

function vector(name: string, url: string, signature: string, body = form): WebhookVector {
  const type = body.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded';
  return {
    name,
    source: 'vendor',
    secret: '12345',
    url,
    headers: { 'x-twilio-signature': signature, 'content-type': type },
    body,
    ok: true,
    ...(body === form && { events: ['call.status'] }),
  };
}

const vectors: readonly WebhookVector[] = [
  vector('a form', host, 'RSOYDt4T1cUTdK1PDd93/VVr8B8='),
  vector(
    'a form that was signed without the port',
    'https://mycompany.com:1234/myapp.php?foo=1&bar=2',
    'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
  ),
  vector('a form that was signed with the default port', host, 'kvajT1Ptam85bY51eRf/AJRuM3w='),
  vector(
    'plain http that was signed with the default port',
    host.replace('https', 'http'),
    '0ZXoZLH/DfblKGATFgpif+LLRf4=',
  ),
  vector('plain http with a port', 'http://mycompany.com:1234/myapp.php?foo=1&bar=2', 'Zmvh+3yNM1Phv2jhDCwEM3q5ebU='),
  vector(
    'user and password in the URL',
    'https://user:pass@mycompany.com/myapp.php?foo=1&bar=2',
    'CukzLTc1tT5dXEDIHm/tKBanW10=',
  ),
  vector('user in the URL', 'https://user@mycompany.com/myapp.php?foo=1&bar=2', '2YRLlVAflCqxaNicjMpJcSTgzSs='),
  vector(
    'a repeated parameter',
    host,
    'IK+Dwps556ElfBT0I3Rgjkr1wJU=',
    'Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234',
  ),
  vector('an empty object by its hash', `${host}&bodySHA256=${emptyHash}`, 'Ldidvp12m26NI7eqEvxnEpkd9Hc=', '{}'),
];

export const webhooks = {
  docs: 'https://www.twilio.com/docs/usage/webhooks/getting-started-twilio-webhooks',
  // Always the token of the account, also where calls are made with an API key.
  secrets: ({ credentials }) => [credentials['authToken']],
  verify,
  parse,
  // The answer to an inbound message is read as TwiML; an empty one sends no reply.
  reply: (_delivery, events) =>
    events.some(({ type }) => type !== 'message.status')
      ? {
          status: 200,
          headers: { 'content-type': 'text/xml' },
          body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
        }
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
