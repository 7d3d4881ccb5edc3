/**
 * Webhooks: a JWT in the header signs a hash of the body, with a key that only the app itself may ask for.
 * @see https://plaid.com/docs/api/webhooks/webhook-verification/ (2026-11-20)
 */
import { at, checkInput, encodeHex, exampleEcKey, hash, isPlugboardError, jwtSignature } from '@plugboard/core';
import { number, parseJson, signJwt, text } from '@plugboard/core';
import type { Json, JsonObject, WebhookDefinition, WebhookKeySource } from '@plugboard/core';
import { like, z } from '@plugboard/core/fields';

import { app } from './app.ts';
import { ask } from './link.ts';

/** Of the emulator's own key, which is no secret. */
export const emulatedKeyId = 'emulated';

const keys: WebhookKeySource = {
  algorithm: 'ES256',
  brings: 'one',
  async load(id, tools) {
    try {
      const key = at(await ask(tools, '/webhook_verification_key/get', { key_id: id }), 'key');
      const expired = number(at(key, 'expired_at'));
      const notAfter = expired === undefined ? {} : { notAfter: new Date(expired * 1000) };
      return [{ id: text(at(key, 'kid')) ?? '', jwk: key as JsonObject, ...notAfter }];
    } catch (error) {
      // Anybody can name a key that does not exist: that is no outage.
      if (isPlugboardError(error) && error.kind === 'invalid_request') return [];
      throw error;
    }
  },
};

const body = like(
  { webhook_type: 'ITEM', webhook_code: 'ERROR', environment: 'sandbox' },
  { item_id: 'item-1', error: z.looseObject({ error_code: z.string() }) },
);
const aboutItem = body.extend({ item_id: z.string() });

export const webhooks = {
  docs: 'https://plaid.com/docs/api/webhooks/',
  secrets: ({ app: own }) => [own['secret']],
  verify: jwtSignature({
    header: 'plaid-verification',
    keys,
    bodyHash: 'request_body_sha256',
    keysOf: (own) => own['secret'],
    toleranceSeconds: 300,
  }),
  parse(delivery) {
    const event = checkInput(body, parseJson(new TextDecoder().decode(delivery.body)), 'The webhook body');
    const accountId = event.item_id ?? undefined;
    const type = `${event.webhook_type}.${event.webhook_code}`;
    return [{ type, ...(accountId !== undefined && { accountId }), data: event as Json }];
  },
  events: {
    'TRANSACTIONS.SYNC_UPDATES_AVAILABLE': aboutItem.extend({
      initial_update_complete: z.boolean(),
      historical_update_complete: z.boolean(),
    }),
    'ITEM.ERROR': aboutItem,
    'ITEM.LOGIN_REPAIRED': aboutItem,
    'ITEM.PENDING_DISCONNECT': aboutItem.extend({ reason: z.string() }),
    'ITEM.PENDING_EXPIRATION': aboutItem.extend({ consent_expiration_time: z.string() }),
    'ITEM.USER_PERMISSION_REVOKED': aboutItem,
    'ITEM.NEW_ACCOUNTS_AVAILABLE': aboutItem,
    'ITEM.WEBHOOK_UPDATE_ACKNOWLEDGED': aboutItem.extend({ new_webhook_url: z.string() }),
    'AUTH.AUTOMATICALLY_VERIFIED': aboutItem.extend({ account_id: z.string() }),
    'LINK.SESSION_FINISHED': body.extend({ status: z.string(), link_token: z.string() }),
  },
  // None of them ends the Item: update mode may restore even one whose user revoked it.
  checks: ['ITEM.ERROR', 'ITEM.LOGIN_REPAIRED', 'ITEM.PENDING_EXPIRATION', 'ITEM.USER_PERMISSION_REVOKED'],
  // A delivery has no id, and may be sent again for a day.
  vectors: [
    {
      name: 'an Item that needs its user, signed elsewhere',
      source: 'computed',
      secret: app.secret.example,
      headers: {
        'plaid-verification':
          'eyJhbGciOiJFUzI1NiIsImtpZCI6InRlc3Qta2lkLTEiLCJ0eXAiOiJKV1QifQ.eyJpYXQiOjE3MDAwMDAwMDAsInJlcXVlc3RfYm9keV9zaGEyNTYiOiI3MWY5NDYwMjk0NmZiNjAzY2I2MTkxMzI4ODAyNGIyOWQ1Zjg1MGZmODFhMWYwY2ZhZTVhNDAyZDg3MWMxY2RkIn0.-tBpcGT8CX319jDT_ggM7hBhEMgySP8V6Y4pIdmZ9SbJX_hpYO4e8bljB1yHuSnJO9jlJKgd_WVz_sQtTcFctw',
      },
      body: '{"webhook_type":"ITEM","webhook_code":"ERROR","item_id":"item-1","environment":"sandbox"}',
      at: '2023-11-14T22:13:20Z',
      ok: true,
      events: ['ITEM.ERROR'],
    },
  ],
  async sign({ body: content, at: moment }) {
    const iat = Math.floor(moment.getTime() / 1000);
    const claims = { iat, request_body_sha256: encodeHex(await hash('sha256', content)) };
    const header = { alg: 'ES256', kid: emulatedKeyId, typ: 'JWT' } as const;
    return { 'plaid-verification': await signJwt(header, claims, exampleEcKey()) };
  },
} satisfies WebhookDefinition;
