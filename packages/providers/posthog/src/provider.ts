/** PostHog: product analytics and feature flags. */
import {
  apiKey,
  defineProvider,
  encodeHex,
  hash,
  hostOf,
  isPlugboardError,
  oauth2,
  vendorErrors,
  type Api,
  type Output,
} from '@plugboard/core';
import { z } from '@plugboard/core/fields';

import { cloud, oauthInput, readsToo, selfHosted, sign, withProjectKey } from './access.ts';
import { events, flags, queries, users } from './operations.ts';
import { loadSdk, track } from './sdk.ts';
import { webhooks } from './webhooks.ts';

const projectKey = 'phc_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789';
const personalKey = 'phx_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789';
const env = {
  projectKey: 'POSTHOG_API_KEY',
  personalKey: 'POSTHOG_PERSONAL_API_KEY',
  secretKey: 'POSTHOG_SECRET_KEY',
};
const quota = 'The organization has used what its plan holds; raise the billing limit.';
const failed = (type: string, code: string, detail: string) => ({ type, code, detail, attr: null });

export const posthog = defineProvider({
  id: 'posthog',
  name: 'PostHog',
  category: 'analytics',
  summary: 'Product analytics events, feature flags and queries.',
  docs: {
    home: 'https://posthog.com',
    keys: 'https://us.posthog.com/settings/project',
    reference: 'https://posthog.com/docs/api',
    checked: '2026-11-20',
  },
  hosts: ['us.i.posthog.com', 'eu.i.posthog.com', 'us.posthog.com', 'eu.posthog.com', 'oauth.posthog.com'],
  tenantHosts: ({ credentials: { host } }) => (host === undefined ? [] : [hostOf(host)]),

  app: {
    clientId: { title: 'OAuth client id', env: 'POSTHOG_CLIENT_ID' },
    clientSecret: { title: 'OAuth client secret', env: 'POSTHOG_CLIENT_SECRET', secret: true },
    webhookToken: {
      title: 'Webhook token',
      env: 'POSTHOG_WEBHOOK_TOKEN',
      secret: true,
      set: 'webhooks',
      help: 'A random text of your own, which the webhook destination sends as the header x-webhook-token.',
    },
  },

  auth: {
    project: apiKey({
      title: 'Project API key',
      credentials: cloud,
      env: { ...env, region: 'POSTHOG_REGION' },
      sign,
      example: { projectKey, personalKey, region: 'us' },
    }),
    oauth: oauth2({
      input: oauthInput,
      authorize: { url: 'https://oauth.posthog.com/oauth/authorize/' },
      token: { url: 'https://oauth.posthog.com/oauth/token/' },
      pkce: 'supported',
      scopes: {
        ask: ['user:read', 'project:read'],
        known: {
          'user:read': 'See who connects.',
          'project:read': 'Find the project and its key.',
          'query:read': 'Run queries.',
          'feature_flag:read': 'Read flags.',
          'feature_flag:write': 'Change flags.',
        },
      },
      refresh: { rotation: 'unknown' },
      afterCode: withProjectKey,
      sign,
      example: {
        access_token: 'pha_access',
        refresh_token: 'phr_refresh',
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'user:read project:read',
      },
    }),
    selfHosted: apiKey({
      title: 'Own server',
      credentials: selfHosted,
      env: { ...env, host: 'POSTHOG_HOST' },
      sign,
      example: { projectKey, personalKey, host: 'https://posthog.example.com' },
    }),
  },

  api: {
    baseUrl: 'https://us.i.posthog.com',
    errors: vendorErrors({
      code: ['code'],
      message: ['detail'],
      codes: {
        invalid_api_key: { kind: 'auth', hint: 'Check the key and its region: a key of the other region is refused.' },
        invalid_personal_api_key: 'auth',
        authentication_failed: 'auth',
        not_authenticated: 'auth',
        permission_denied: { kind: 'permission', hint: 'The personal key lacks a scope.' },
        invalid_project: 'invalid_request',
        invalid_payload: 'invalid_request',
      },
      classify: ({ status }) =>
        status === 402 ? { kind: 'rate_limited', code: 'quota_exceeded', retryable: false, hint: quota } : undefined,
      examples: {
        invalidCredentials: {
          status: 401,
          body: failed('authentication_error', 'invalid_api_key', 'Project API key invalid.'),
          is: { kind: 'auth', code: 'invalid_api_key' },
        },
        badPersonalKey: {
          status: 401,
          body: failed('authentication_error', 'invalid_personal_api_key', 'Invalid personal API key.'),
          is: { kind: 'auth', code: 'invalid_personal_api_key' },
        },
        missingScope: {
          status: 403,
          body: failed('authentication_error', 'permission_denied', 'API key missing required scope.'),
          is: { kind: 'permission', code: 'permission_denied' },
        },
        badPayload: {
          status: 400,
          body: failed('validation_error', 'invalid_payload', 'Malformed request data.'),
          is: { kind: 'invalid_request', code: 'invalid_payload' },
        },
        unknownProject: {
          status: 400,
          body: failed('validation_error', 'invalid_project', 'Invalid Project ID.'),
          is: { kind: 'invalid_request', code: 'invalid_project' },
        },
        usedUp: { status: 402, is: { kind: 'rate_limited', code: 'quota_exceeded', retryable: false } },
        tooLarge: { status: 413, is: { kind: 'invalid_request', code: 'request_too_large' } },
        throttled: {
          status: 429,
          headers: { 'retry-after': '30' },
          body: failed('throttled_error', 'throttled', 'Request was throttled.'),
          is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 30_000 },
        },
        outage: { status: 503, is: { kind: 'unavailable', code: 'unavailable' } },
      },
    }),
  },

  // The project key names nobody; a personal key or a grant may name the project.
  async account(api) {
    const { projectKey: key } = api.credentials(z.looseObject({ projectKey: z.string() }));
    await api.call(flags.evaluate, { distinct_id: 'plugboard-healthcheck' });
    const account = {
      id: `project_${encodeHex(await hash('sha256', key)).slice(0, 16)}`,
      name: 'PostHog project',
    };
    const { team, organization } = readsToo(api) ? await whoReads(api) : {};
    if (!team) return { kind: 'known', account };
    const metadata = { teamId: team.id, organization: organization?.name ?? null };
    return { kind: 'known', account: { ...account, name: team.name }, metadata };
  },

  // Capture answers «Ok» to everything; only flags look at the project's key, and nobody at the other one.
  async healthCheck(api) {
    const { quotaLimited } = await api.call(flags.evaluate, { distinct_id: 'plugboard-healthcheck' });
    if (readsToo(api)) await whoReads(api);
    const limited = (quotaLimited ?? []).length > 0;
    return limited
      ? { status: 'degraded', reason: 'quota_limited', detail: quotaLimited?.join(', ') ?? '' }
      : { status: 'healthy' };
  },

  flags: { analytics: { description: 'Send events to PostHog.', default: true, requiresConnection: false } },
  webhooks,
  operations: { flags, events, queries, users },
  capabilities: { track },
  sdk: loadSdk,
  closeSdk: (sdk) => sdk.shutdown(),
});

/** A key without `user:read` is good for what it may do. */
async function whoReads(api: Api): Promise<Partial<Output<(typeof users.me)['output']>>> {
  try {
    return await api.call(users.me, {});
  } catch (error) {
    if (isPlugboardError(error) && error.kind === 'permission') return {};
    throw error;
  }
}
