/**
 * Webhooks of an app or of repositories. The signature covers the body; the headers that name event and delivery are
 * anybody's to change, so what ends a connection must also look like it.
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries (2026-11-20)
 */
import { checkInput, hmacSignature, hmacSigner, parseJson } from '@plugboard/core';
import type { Delivery, Json, WebhookDefinition, WebhookEvent } from '@plugboard/core';
import { z } from '@plugboard/core/fields';

const scheme = {
  header: 'x-hub-signature-256',
  prefix: 'sha256=',
  algorithm: 'sha256',
  encoding: 'hex',
  deliveryId: 'x-github-delivery',
} as const;

const id = z.int();
const action = z.string().optional();
const body = z.looseObject({
  action,
  installation: z.looseObject({ id }).nullish(),
  sender: z.looseObject({ id }).nullish(),
});
const inRepository = body.extend({ repository: z.looseObject({ id, full_name: z.string() }) });
/** Only events about installations show them whole, and none of them is about a repository. */
const wholeInstallation = body.extend({
  action: z.string(),
  installation: z.looseObject({ id, app_id: id, account: z.looseObject({ id, login: z.string() }) }),
  repository: z.undefined().optional(),
});
const revokedAuthorization = z.looseObject({
  action: z.literal('revoked'),
  sender: z.looseObject({ id, login: z.string() }),
  repository: z.undefined().optional(),
  organization: z.undefined().optional(),
});

/** JSON, or the form field that holds it. */
function readBody({ body: bytes, headers }: Delivery): Json {
  const text = new TextDecoder().decode(bytes);
  const isForm = headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
  return parseJson(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text);
}

function parse(delivery: Delivery): readonly WebhookEvent[] {
  const type = delivery.headers.get('x-github-event') ?? '';
  const schema =
    type === 'installation' ? wholeInstallation : type === 'github_app_authorization' ? revokedAuthorization : body;
  const data = readBody(delivery);
  const { installation, sender } = checkInput(body, checkInput(schema, data, 'The webhook body'), 'The webhook body');
  // An authorization is a user's, whatever the app is installed on.
  const subject =
    type === 'github_app_authorization' ? `user:${sender?.id}` : installation && `installation:${installation.id}`;
  return [{ type: type === '' ? 'unknown' : type, ...(subject && { accountId: subject }), data }];
}

const ending = new Set(['deleted', 'suspend']);

export const webhooks = {
  docs: 'https://docs.github.com/en/webhooks/webhook-events-and-payloads',
  secrets: ({ app, credentials }) => [credentials['webhookSecret'], app['webhookSecret']],
  verify: hmacSignature(scheme),
  parse,
  events: {
    push: inRepository.extend({ ref: z.string() }),
    pull_request: inRepository.extend({ action: z.string(), number: id }),
    issues: inRepository.extend({ action: z.string(), issue: z.looseObject({ number: id }) }),
    issue_comment: inRepository.extend({ action: z.string(), comment: z.looseObject({ id }) }),
    check_run: inRepository.extend({ action: z.string(), check_run: z.looseObject({ id }) }),
    workflow_run: inRepository.extend({ action: z.string(), workflow_run: z.looseObject({ id }) }),
    release: inRepository.extend({ action: z.string(), release: z.looseObject({ id }) }),
    installation: wholeInstallation,
    installation_repositories: body.extend({ action: z.string() }),
    github_app_authorization: revokedAuthorization,
    ping: z.looseObject({ zen: z.string() }),
  },
  ends: ({ type, data }) =>
    type === 'github_app_authorization' ||
    (type === 'installation' && ending.has(checkInput(wholeInstallation, data, 'The event').action)),
  maxBytes: 26_214_400,
  // Nothing in the signature tells the time.
  rememberDays: 30,
  vectors: [
    {
      name: 'the documented example',
      source: 'vendor',
      secret: "It's a Secret to Everybody",
      headers: {
        'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
      },
      body: 'Hello, World!',
      ok: true,
    },
    {
      name: 'an issue',
      source: 'computed',
      secret: "It's a Secret to Everybody",
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'issues',
        'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
        'x-hub-signature-256': 'sha256=4390ea72591a093c1c77523727ccd36879527d8a26b465e77604048408b14a98',
      },
      body: '{"action":"opened","issue":{"number":1347},"repository":{"id":1296269,"full_name":"octocat/Hello-World"},"sender":{"id":1,"login":"octocat"}}',
      ok: true,
      events: ['issues'],
    },
  ],
  sign: hmacSigner(scheme),
} satisfies WebhookDefinition;
