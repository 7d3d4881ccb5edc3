/** The shapes that answers are made of. What a page may know is an allow-list: a new column stays inside until it stands here. */
import type { JsonObject } from '@plugboard/core';
import { z } from 'zod';

/** Any JSON object: settings, a JSON Schema, what a vendor's widget needs. */
export const jsonObject: z.ZodType<JsonObject, JsonObject> = z.looseObject({}, 'must be an object') as never;

const moment = z.iso.datetime().describe('ISO 8601, UTC.');

export const account = z.object({ id: z.string(), name: z.string() });

export const health = z.object({
  status: z.enum(['not_connected', 'healthy', 'degraded', 'expired', 'error', 'unknown', 'stubbed']),
  reason: z.string().nullable(),
  checkedAt: z.string(),
});

export const connection = z
  .object({
    id: z.string(),
    label: z.string(),
    method: z.string().describe('Name of the way it was connected.'),
    status: z.enum(['active', 'pending', 'degraded', 'expired', 'error', 'disconnected']),
    reason: z.string().nullable(),
    account: account.nullable(),
    scopes: z.array(z.string()).readonly().nullable().describe('Granted; null when the vendor does not say.'),
    settings: jsonObject,
    health: health.nullable().describe('Result of the last check.'),
    lastError: z.object({ code: z.string(), at: z.string() }).nullable(),
    connectedAt: moment.nullable(),
    disconnectedAt: moment.nullable(),
    lastSyncAt: moment.nullable(),
    expiresAt: moment.nullable().describe('When the access token expires; null when it does not, or nobody knows.'),
    stub: z.boolean().describe('Made by a stand-in of the vendor.'),
  })
  .describe('What an organization has connected, without anything secret.');

export const method = z
  .object({
    name: z.string(),
    kind: z.string().describe('`oauth2` and `browser` lead through a step in the browser; the others take fields.'),
    title: z.string(),
    fields: jsonObject
      .nullable()
      .describe(
        'JSON Schema of what the user fills in: credentials, or what the vendor needs before the browser step.',
      ),
    scopes: z
      .record(z.string(), z.string())
      .nullable()
      .describe('What OAuth asks for, each scope with its reason; null for other kinds.'),
  })
  .describe('One way to connect.');

export const provider = z.object({
  id: z.string(),
  name: z.string(),
  category: z.string(),
  summary: z.string(),
  docs: z.object({ home: z.string(), keys: z.string() }),
  stub: z.boolean().describe('A stand-in plays the vendor.'),
  platform: z.boolean().describe("The platform's own credentials serve organizations without a connection."),
  missing: z.array(z.string()).readonly().describe('Environment names without which OAuth cannot start.'),
  methods: z.array(method).readonly(),
  settings: z
    .object({ schema: jsonObject.nullable(), choices: z.array(z.string()).readonly() })
    .nullable()
    .describe('JSON Schema of the settings and the names of those with live choices.'),
  webhookUrl: z
    .string()
    .nullable()
    .describe('Where the vendor sends webhooks that the secret of the whole app signs; null without webhooks.'),
});

export const listed = provider.extend({ connections: z.array(connection).readonly() });

export const flag = z.object({
  key: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  because: z.enum(['flag', 'not_connected']),
});

export const choice = z.object({ value: z.string(), label: z.string() });

export const step = z
  .object({
    provider: z.string(),
    label: z.string(),
    state: z.enum(['unavailable', 'connect', 'reconnect', 'choose_account', 'grant_scopes', 'settings', 'done']),
    missing: z
      .array(z.string())
      .readonly()
      .describe('Names that are missing: of the environment, of scopes, of settings; empty for other states.'),
  })
  .describe('What is to be done next for one connection, or for a provider without one.');

export const stream = z
  .object({
    stream: z.string(),
    state: z.enum(['waiting', 'running', 'interrupted', 'failed', 'idle']),
    records: z.int().describe('Of the pass under way, or of the last one.'),
    pages: z.int(),
    startedAt: moment.nullable(),
    finishedAt: moment.nullable().describe('When the last whole pass ended.'),
    lastError: z.object({ code: z.string(), at: z.string() }).nullable(),
    nextAt: moment.nullable().describe('When a job reads it next; null: none does.'),
  })
  .describe('How far one stream of a connection was read.');

export const problem = z
  .object({
    type: z.string().describe('`urn:plugboard:problem:` and the code.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    kind: z.enum([
      'auth',
      'permission',
      'not_found',
      'invalid_request',
      'conflict',
      'rate_limited',
      'unavailable',
      'timeout',
      'network',
      'invalid_response',
      'aborted',
      'configuration',
    ]),
    code: z.string().describe('Stable and machine-readable.'),
    hint: z.string().optional().describe('What to do next.'),
    provider: z.string().optional(),
    fields: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .readonly()
      .optional()
      .describe('Refused members of the input.'),
    missingScopes: z.array(z.string()).readonly().optional(),
    retryable: z.boolean().describe('Whether the same call may succeed later without a change.'),
  })
  .describe('A failure (RFC 9457).');

export type ConnectionView = z.infer<typeof connection>;
export type MethodView = z.infer<typeof method>;
export type ProviderView = z.infer<typeof provider>;
export type StreamView = z.infer<typeof stream>;
export type OnboardingStep = z.infer<typeof step>;
export type Problem = z.infer<typeof problem>;
