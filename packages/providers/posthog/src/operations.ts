/** What the client offers: https://posthog.com/docs/api (2026-11). Reads and changes need a personal key. */
import { endpoint } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { app, ingest } from './access.ts';

const taken = like({ status: 'Ok' });
const distinctId = z
  .string()
  .min(1)
  .max(200)
  .meta({ examples: ['user_1'] });
const facts = { timestamp: z.iso.datetime({ offset: true }), uuid: z.uuid() };
const properties = z.record(z.string(), z.json());
const event = given(
  { event: 'order_paid', distinct_id: distinctId },
  { properties: properties.meta({ examples: [{ total: 9.5 }] }), ...facts },
);
const persons = {
  groups: z.record(z.string(), z.string()),
  person_properties: properties,
  group_properties: z.record(z.string(), properties),
};
const flag = like(
  { key: 'new-checkout', enabled: true },
  { variant: 'test', metadata: like({}, { id: 1, version: 3, payload: '{"color":"red"}' }) },
);
const reads = { baseUrl: app, scopes: ['feature_flag:read'] };
const writes = { baseUrl: app, scopes: ['feature_flag:write'] };
/** Of the organization, for all that is no query: https://posthog.com/docs/api (2026-11). */
const crud = [
  { requests: 480, perMs: 60_000 },
  { requests: 4800, perMs: 3_600_000 },
];
const filters = z.looseObject({});
const saved = like({ id: 1, key: 'new-checkout', active: true }, { name: 'New checkout', filters });
/** An event with its id is the same event again. */
const once = { baseUrl: ingest, repeat: 'safe' as const };

export const events = {
  // A success says that it arrived, not that it counts: without name or person it is dropped, so both are required here.
  capture: endpoint('POST /i/v0/e/', {
    summary: 'Records one event at once.',
    baseUrl: ingest,
    input: event,
    output: taken,
  }),
  captureBatch: endpoint('POST /batch/', {
    summary:
      'Records events, also old ones (`historical_migration`); each with a `uuid`, so that a repeat changes nothing.',
    ...once,
    input: given(
      {
        batch: z
          .array(event.required({ uuid: true }))
          .min(1)
          .max(1000)
          .meta({
            examples: [[{ event: 'order_paid', distinct_id: 'user_1', uuid: '0190a5f2-7c1e-7d3a-9b4f-2f6d8c1e5a70' }]],
          }),
      },
      { historical_migration: z.boolean(), sent_at: z.iso.datetime() },
    ),
    output: taken,
  }),
};

export const flags = {
  evaluate: endpoint('POST /flags/', {
    summary: 'Evaluates the flags of one person. `quotaLimited` and `errorsWhileComputingFlags` mean: not known.',
    ...once,
    input: given({ distinct_id: distinctId }, persons),
    encode: (input) => ({ query: { v: 2 }, json: input }),
    output: like(
      {
        flags: z
          .record(z.string(), flag)
          .meta({ examples: [{ 'new-checkout': { key: 'new-checkout', enabled: true, variant: 'test' } }] }),
      },
      {
        errorsWhileComputingFlags: false,
        requestId: '0190a5f2-7c1e-7d3a-9b4f-2f6d8c1e5a70',
        quotaLimited: z.array(z.string()),
      },
    ),
  }),
  list: endpoint('GET /api/projects/{projectId}/feature_flags/', {
    summary: 'Lists feature flags.',
    ...reads,
    limits: crud,
    input: given({ projectId: '@current' }, { limit: z.int().min(1).max(1000), offset: z.int().min(0) }),
    output: like(
      { results: [saved] },
      { next: 'https://us.posthog.com/api/projects/1/feature_flags/?limit=100&offset=100', count: 120 },
    ),
    paging: {
      items: (page) => page.results,
      // Only the position is taken from the vendor's link; its address is never followed.
      next: ({ next }, input) =>
        next ? { ...input, offset: Number(new URL(next).searchParams.get('offset')) } : undefined,
    },
  }),
  definitions: endpoint('GET /flags/definitions', {
    summary: 'Reads what is needed to evaluate flags here; a project secret key or a personal key may.',
    baseUrl: ingest,
    scopes: ['feature_flag:read'],
    limits: [{ requests: 600, perMs: 60_000 }],
    input: given({}),
    encode: () => ({ query: { send_cohorts: '' } }),
    output: like({ flags: [saved] }, { group_type_mapping: z.record(z.string(), z.string()), cohorts: filters }),
  }),
  get: endpoint('GET /api/projects/{projectId}/feature_flags/{id}/', {
    summary: 'Reads a feature flag.',
    ...reads,
    limits: crud,
    input: given({ projectId: '@current', id: 1 }),
    output: saved,
  }),
  create: endpoint('POST /api/projects/{projectId}/feature_flags/', {
    summary: 'Creates a feature flag.',
    ...writes,
    limits: crud,
    input: given({ projectId: '@current', key: 'new-checkout' }, { name: 'New checkout', active: true, filters }),
    output: saved,
    example: { status: 201 },
  }),
  update: endpoint('PATCH /api/projects/{projectId}/feature_flags/{id}/', {
    summary: 'Changes a feature flag; `deleted` takes it away.',
    ...writes,
    limits: crud,
    repeat: 'safe',
    input: given({ projectId: '@current', id: 1 }, { active: false, name: z.string(), filters, deleted: z.boolean() }),
    output: saved,
  }),
};

export const queries = {
  run: endpoint('POST /api/projects/{projectId}/query/', {
    summary: 'Runs a HogQL query, or another one of the vendor.',
    baseUrl: app,
    scopes: ['query:read'],
    repeat: 'safe',
    limits: [{ requests: 2400, perMs: 3_600_000 }],
    deadlineMs: 120_000,
    input: given({
      projectId: '@current',
      query: z
        .looseObject({ kind: z.string() })
        .meta({ examples: [{ kind: 'HogQLQuery', query: 'select count() from events' }] }),
    }),
    output: like(
      { results: z.array(z.json()).meta({ examples: [[[42]]] }) },
      { columns: ['count()'], types: z.array(z.json()), hasMore: false },
    ),
  }),
};

export const users = {
  me: endpoint('GET /api/users/@me/', {
    // Needs the scope `user:read`; asked without it as well, because the refusal proves that the key lives.
    summary: 'Reads whose personal key it is, and the project that it looks at.',
    baseUrl: app,
    limits: crud,
    input: given({}),
    output: like(
      { uuid: '0190a5f2-7c1e-7d3a-9b4f-2f6d8c1e5a70', email: 'ada@example.com' },
      {
        organization: like({ id: 'org_1', name: 'Example Ltd' }),
        team: like({ id: 1, name: 'Shop' }, { api_token: 'phc_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789' }),
      },
    ),
  }),
};
