/** The declaration of every route, by its name. */
import { z } from 'zod';

import type { RouteName } from './addresses.ts';
import type { ErrorCodes, Route } from './route.ts';
import * as shapes from './schemas.ts';

const label = z
  .string('must be a text')
  .optional()
  .describe('One of several connections to the same vendor. Default `default`.');
const returnTo = z
  .string('must be a text')
  .optional()
  .describe('Where the browser goes afterwards: a path, or an address on an allowed origin.');
const method = z
  .string('must be a text')
  .optional()
  .describe('Name of the way to connect. Default: the first that fits.');
const input = shapes.jsonObject.optional().describe('What the vendor needs before the step in the browser.');
const allowAccountChange = z
  .boolean('must be true or false')
  .optional()
  .describe('Lets a reconnect replace the account. Default false.');
const connection = shapes.connection;

const none = z.object({});
const labelled = z.object({ label });
const badInput: ErrorCodes = { 400: ['invalid_input'] };
const anyProvider: ErrorCodes = { 400: ['invalid_input'], 404: ['unknown_provider'] };
const connected: ErrorCodes = { 400: ['invalid_input'], 404: ['unknown_provider', 'not_connected'] };
/** What the vendor of a connection may bring about, in the codes that its status stands for. */
const asksVendor: ErrorCodes = {
  400: [
    'bad_request',
    'client_error',
    'method_not_allowed',
    'not_acceptable',
    'precondition_required',
    'request_too_large',
    'unprocessable',
    'unsupported_media_type',
  ],
  403: ['forbidden', 'insufficient_scope', 'legally_restricted', 'payment_required'],
  404: ['not_found', 'gone'],
  409: ['account_choice', 'conflict', 'locked', 'precondition_failed', 'refresh_refused', 'unauthorized'],
  429: ['rate_limited'],
  502: ['connection_lost', 'not_json', 'unexpected_shape', 'unexpected_status'],
  503: ['server_error', 'too_early', 'unavailable'],
  504: ['request_timeout', 'timeout'],
};
/** What starting a flow may be refused for. */
const startsFlow: ErrorCodes = {
  400: ['invalid_input', 'unknown_method'],
  404: ['unknown_provider'],
  429: ['too_many_flows'],
  500: ['app_credentials_missing'],
};

export const routes = {
  connections: {
    who: 'read',
    summary: "Every provider with its ways to connect, and the organization's connections.",
    query: none,
    body: null,
    answer: z.object({ providers: z.array(shapes.listed).readonly() }),
    errors: [],
  },
  onboarding: {
    who: 'read',
    summary: 'What is to be done next for each provider, from the state of its connections.',
    query: none,
    body: null,
    answer: z.object({ steps: z.array(shapes.step).readonly(), done: z.int(), complete: z.boolean() }),
    errors: [],
  },
  flags: {
    who: 'read',
    summary: 'The feature flags of all providers.',
    query: labelled,
    body: null,
    answer: z.object({ flags: z.array(shapes.flag).readonly() }),
    errors: [badInput],
  },
  startConnect: {
    who: 'manage',
    summary: 'Starts OAuth by sending the browser to the vendor. For links; see `authorize` for scripts.',
    query: z.object({ label, returnTo, method, input }),
    body: null,
    answer: null,
    errors: [startsFlow],
  },
  authorize: {
    who: 'manage',
    summary: 'Starts OAuth for a page that redirects by itself.',
    query: labelled,
    body: z.strictObject({ returnTo, method, input, allowAccountChange }),
    answer: z.object({ url: z.string() }),
    errors: [startsFlow],
  },
  callback: {
    who: 'flow',
    summary: 'Ends OAuth: the vendor sends the browser here, and it goes on to `returnTo`, however the flow ended.',
    query: none,
    body: null,
    answer: null,
    errors: [],
  },
  postedCallback: {
    who: 'flow',
    summary: 'The same for vendors that post a form.',
    query: none,
    body: null,
    answer: null,
    page: 'Posts the same again, so that the session of the application comes along.',
    errors: [],
  },
  popup: {
    who: 'open',
    summary:
      'The `returnTo` of a flow in a window of its own: tells how it ended to the window that opened it, and closes.',
    query: z.object({
      origin: z.string().optional().describe('Of the page that opened it. Default: that of the routes.'),
      plugboard: z.string().optional(),
      provider: z.string().optional(),
      reason: z.string().optional(),
    }),
    body: null,
    answer: null,
    page: 'Calls `postMessage` with `type`, `status`, `provider` and `reason`.',
    errors: [{ 400: ['invalid_input'] }],
  },
  prepare: {
    who: 'manage',
    summary: "Begins a step in the browser that is not OAuth; `page` opens the vendor's widget.",
    query: labelled,
    body: z.strictObject({ method, input }),
    answer: z.object({ page: shapes.jsonObject, flow: z.string() }),
    errors: [asksVendor, startsFlow],
  },
  connect: {
    who: 'manage',
    summary: 'Stores credentials that the vendor accepts.',
    query: labelled,
    body: z.strictObject({
      credentials: shapes.jsonObject,
      method,
      flow: z.string('must be a text').optional().describe('From `prepare`, where the step was prepared.'),
      allowAccountChange,
    }),
    answer: z.object({ connection }),
    errors: [
      asksVendor,
      {
        400: ['invalid_input', 'credentials_refused', 'unknown_method', 'flow_missing'],
        403: ['flow_unknown', 'tenant_mismatch'],
        404: ['unknown_provider'],
        409: ['account_mismatch', 'connection_busy'],
        429: ['too_many_refusals', 'rate_limited'],
      },
    ],
  },
  disconnect: {
    who: 'manage',
    summary: 'Revokes at the vendor as far as it allows, and drops the credentials.',
    query: labelled,
    body: null,
    answer: z.object({ connection, revoked: z.enum(['revoked', 'failed', 'unsupported', 'kept']) }),
    errors: [connected],
  },
  accounts: {
    who: 'read',
    summary: 'Accounts to choose from.',
    query: labelled,
    body: null,
    answer: z.object({ accounts: z.array(shapes.account).readonly() }),
    errors: [asksVendor, connected],
  },
  chooseAccount: {
    who: 'manage',
    summary: 'Chooses one of the accounts offered.',
    query: labelled,
    body: z.strictObject({ accountId: z.string('must be a string') }),
    answer: z.object({ connection }),
    errors: [asksVendor, connected],
  },
  settings: {
    who: 'read',
    summary: 'The settings of a connection.',
    query: labelled,
    body: null,
    answer: z.object({ settings: shapes.jsonObject }),
    errors: [connected, { 404: ['no_settings'] }],
  },
  changeSettings: {
    who: 'manage',
    summary: 'Changes the settings given; null removes one.',
    query: labelled,
    body: z.strictObject({ settings: shapes.jsonObject }),
    answer: z.object({ connection }),
    errors: [connected, { 403: ['insufficient_scope'], 404: ['no_settings'], 409: ['connection_busy'] }],
  },
  settingChoices: {
    who: 'read',
    summary: 'What a setting may hold, asked at the vendor now.',
    query: labelled,
    body: null,
    answer: z.object({ choices: z.array(shapes.choice).readonly() }),
    errors: [asksVendor, connected, { 404: ['no_settings'] }],
  },
  health: {
    who: 'read',
    summary: 'Asks the vendor now whether the connection works.',
    query: labelled,
    body: null,
    answer: z.object({
      provider: z.string(),
      status: shapes.health.shape.status,
      reason: z.string().nullable(),
      detail: z.string().nullable(),
      latencyMs: z.number().nullable(),
      connection: connection.nullable(),
    }),
    errors: [anyProvider],
  },
  streams: {
    who: 'read',
    summary: 'How far each stream of a connection was read.',
    query: labelled,
    body: null,
    answer: z.object({ streams: z.array(shapes.stream).readonly() }),
    errors: [connected],
  },
  sync: {
    who: 'manage',
    summary: 'Reads a stream on to its end, and answers then; `streams` tells meanwhile how far it is.',
    query: labelled,
    body: z.strictObject({
      stream: z.string('must be a text'),
      full: z.boolean('must be true or false').optional().describe('From the beginning. Default false.'),
    }),
    answer: z.object({ records: z.int(), pages: z.int(), complete: z.boolean() }),
    errors: [asksVendor, connected, { 404: ['unknown_stream'], 409: ['sync_busy'], 500: ['no_stream_handler'] }],
  },
  webhookAddress: {
    who: 'manage',
    summary: 'Makes a new webhook address for one connection, shown this once; an older one works for another week.',
    query: labelled,
    body: null,
    answer: z.object({ url: z.string() }),
    errors: [connected, { 404: ['no_webhooks'] }],
  },
  openApi: {
    who: 'open',
    summary: 'This document.',
    query: none,
    body: null,
    answer: z.looseObject({}),
    errors: [],
  },
} as const satisfies Readonly<Record<RouteName, Route>>;

export type Routes = typeof routes;
