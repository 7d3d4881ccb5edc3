/**
 * What an integration is told: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/ (2026-11).
 * The vendor waits one second for an answer: let a handler store and return, and work afterwards.
 */
import {
  checkInput,
  hmacSignature,
  hmacSigner,
  parseJson,
  type Delivery,
  type HmacSignatureOptions,
  type WebhookDefinition,
} from '@plugboard/core';
import { like, z } from '@plugboard/core/fields';

const scheme: HmacSignatureOptions = {
  header: 'sentry-hook-signature',
  algorithm: 'sha256',
  encoding: 'hex',
  deliveryId: 'request-id',
  // The vendor's own example signs an empty object as nothing.
  alternatives: ({ body }) => (body.length === 2 && body[0] === 0x7b && body[1] === 0x7d ? [['']] : []),
};

const word = z.string().regex(/^[a-z][a-z_]*$/);
const post = z.looseObject({ action: word, installation: z.looseObject({ uuid: z.string().min(1) }) });

function parse({ headers, body }: Delivery) {
  const data = parseJson(new TextDecoder().decode(body));
  const { action, installation } = checkInput(post, data, 'The webhook body');
  const resource = checkInput(word, headers.get('sentry-hook-resource'), 'The header sentry-hook-resource');
  const id = headers.get('request-id') ?? '';
  return [{ type: `${resource}.${action}`, accountId: installation.uuid, data, ...(id !== '' && { id }) }];
}

const about = <Data extends z.ZodType>(data: Data) =>
  like({ action: 'created', installation: { uuid: '7a485448-a9e2-4c85-8a3c-4f44175783c9' }, data }, { actor: null });
const any = about(z.looseObject({}));
const issue = about(
  like({
    issue: like(
      { id: '1170820242', title: 'ReferenceError: heck is not defined' },
      { shortId: 'JS-2', level: 'error' },
    ),
  }),
);
const installation = about(
  like({
    installation: like({ uuid: '7a485448-a9e2-4c85-8a3c-4f44175783c9' }, { organization: like({ slug: 'acme' }) }),
  }),
);

const secret = 'd8b1c1a4f7e64a0b9b1b0a6a0f1e2d3c4b5a69788796a5b4c3d2e1f001122334';

export const webhooks = {
  docs: 'https://docs.sentry.io/organization/integrations/integration-platform/webhooks/',
  secrets: ({ app, credentials }) => [credentials['webhookSecret'], app['integrationClientSecret']],
  verify: hmacSignature(scheme),
  parse,
  // No time is signed.
  rememberDays: 7,
  events: {
    'installation.created': installation,
    'installation.deleted': installation,
    'event_alert.triggered': any,
    'metric_alert.critical': any,
    'metric_alert.warning': any,
    'metric_alert.resolved': any,
    'issue.created': issue,
    'issue.resolved': issue,
    'issue.assigned': issue,
    'issue.archived': issue,
    'issue.unresolved': issue,
    'error.created': any,
    'comment.created': any,
    'comment.updated': any,
    'comment.deleted': any,
  },
  ends: ['installation.deleted'],
  vectors: [
    {
      name: 'an issue that was created',
      source: 'computed',
      secret,
      headers: {
        'sentry-hook-resource': 'issue',
        'sentry-hook-signature': 'e0bb38e812b53bba128f1e1be6d6c2243ff69b4bb027fc5b1c19ed425dc91b8d',
        'sentry-hook-timestamp': '1732096800',
        'request-id': '5a1d0f9c8f2b4e7f9f0e6f1d6b0c2a34',
      },
      body: '{"action":"created","actor":{"id":1,"name":"Ada","type":"user"},"data":{"issue":{"id":"1170820242","shortId":"JS-2","title":"ReferenceError: heck is not defined","level":"error"}},"installation":{"uuid":"7a485448-a9e2-4c85-8a3c-4f44175783c9"}}',
      ok: true,
      events: ['issue.created'],
    },
    {
      name: 'an empty object, signed as nothing',
      source: 'computed',
      secret,
      headers: {
        'sentry-hook-resource': 'issue',
        'sentry-hook-signature': 'ef4a77c07bf38156e50de6e08dba4c0c74c5567f2c9798301165b355b98a1fa6',
      },
      body: '{}',
      ok: true,
    },
  ],
  sign: hmacSigner(scheme),
} satisfies WebhookDefinition;
