/** Events, slash commands and interactivity: one signature, three kinds of body. */
import { at, hmacSignature, hmacSigner, invalidInput, member, parseJson, text } from '@plugboard/core';
import type { Delivery, Json, WebhookDefinition, WebhookEvent, WebhookVector } from '@plugboard/core';
import { z } from '@plugboard/core/fields';

/** https://docs.slack.dev/authentication/verifying-requests-from-slack (2026-08). */
const scheme = {
  header: 'x-slack-signature',
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: 'v0=',
  content: ({ body }, timestamp) => [`v0:${timestamp}:`, body],
  timestamp: { header: 'x-slack-request-timestamp', unit: 'seconds' },
} satisfies Parameters<typeof hmacSignature>[0];

function readBody({ body, headers }: Delivery): { json?: Json; form?: URLSearchParams } {
  const content = new TextDecoder().decode(body);
  const isForm = headers.get('content-type')?.includes('application/x-www-form-urlencoded') === true;
  return isForm || content.startsWith('token=') ? { form: new URLSearchParams(content) } : { json: parseJson(content) };
}

function parse(delivery: Delivery): readonly WebhookEvent[] {
  const { json, form } = readBody(delivery);
  if (form !== undefined) return formEvents(form);
  if (text(member(json, 'type')) !== 'event_callback') return [];
  const event = member(json, 'event');
  const type = text(member(event, 'type'));
  const id = text(member(json, 'event_id'));
  if (type === undefined || id === undefined)
    throw invalidInput('The event', [{ path: 'event', message: 'has no type or id' }]);
  const seconds = member(json, 'event_time');
  return [
    {
      type,
      id,
      ...accountOf(json),
      ...(typeof seconds === 'number' && { occurredAt: new Date(seconds * 1000) }),
      data: event ?? null,
    },
  ];
}

/** Slash commands, and interactivity whose JSON is one field of a form. Checks of the certificate carry no work. */
function formEvents(form: URLSearchParams): readonly WebhookEvent[] {
  if (form.get('ssl_check') === '1') return [];
  const payload = form.get('payload');
  if (payload !== null) {
    const data = parseJson(payload);
    const owner = member(data, 'is_enterprise_install') === true ? 'enterprise' : 'team';
    const account = text(at(data, owner, 'id'));
    return [{ type: text(member(data, 'type')) ?? 'interaction', ...(account && { accountId: account }), data }];
  }
  const data = Object.fromEntries(form);
  if (data['command'] === undefined) throw invalidInput('The form', [{ path: 'command', message: 'is missing' }]);
  const account = data['is_enterprise_install'] === 'true' ? data['enterprise_id'] : data['team_id'];
  const id = data['trigger_id'];
  // The signature token of old is a secret without use here.
  delete data['token'];
  return [{ type: 'slash_command', ...(id && { id }), ...(account && { accountId: account }), data }];
}

function accountOf(json: Json | undefined): { accountId?: string } {
  const whole = at(json, 'authorizations', 0, 'is_enterprise_install') === true;
  const accountId = text(whole ? at(json, 'authorizations', 0, 'enterprise_id') : member(json, 'team_id'));
  return accountId === undefined ? {} : { accountId };
}

/** A revocation of user tokens alone leaves the bot in place. */
function ends({ type, data }: WebhookEvent): boolean {
  if (type === 'app_uninstalled') return true;
  const bots = at(data, 'tokens', 'bot');
  return type === 'tokens_revoked' && Array.isArray(bots) && bots.length > 0;
}

const vendorVector: WebhookVector = {
  name: 'the slash command of the documentation',
  source: 'vendor',
  secret: '8f742231b10e8888abcd99yyyzzz85a5',
  headers: {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': '1531420618',
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  },
  body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  at: '2018-07-12T18:36:58.000Z',
  ok: true,
  events: ['slash_command'],
};

const message = z.looseObject({
  channel: z.string(),
  text: z.string().optional(),
  user: z.string().optional(),
  ts: z.string().optional(),
});

export const webhooks = {
  docs: 'https://docs.slack.dev/apis/events-api',
  // One per app: the workspace is in the signed body.
  secrets: ({ app }) => [app['signingSecret']],
  verify: hmacSignature(scheme),
  parse,
  // The handshake is signed like everything else, so it is answered after the check.
  reply: (delivery) => {
    const challenge = text(member(readBody(delivery).json, 'challenge'));
    if (challenge === undefined) return { status: 200 };
    if (!/^[\w.~+/=-]{1,256}$/.test(challenge)) return { status: 400 };
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: challenge };
  },
  events: {
    message,
    app_mention: message,
    app_uninstalled: z.looseObject({}),
    tokens_revoked: z.looseObject({
      tokens: z.looseObject({ oauth: z.array(z.string()).optional(), bot: z.array(z.string()).optional() }),
    }),
    slash_command: z.looseObject({ command: z.string(), text: z.string(), user_id: z.string(), response_url: z.url() }),
  },
  ends,
  vectors: [vendorVector],
  sign: hmacSigner(scheme),
} satisfies WebhookDefinition;
