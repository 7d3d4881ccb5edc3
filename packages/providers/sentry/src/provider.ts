/** Sentry, and what speaks its protocol: error reports, releases and issues. */
import {
  apiKey,
  at,
  bearer,
  defineProvider,
  dsn,
  isPlugboardError,
  number,
  oauth2,
  text,
  vendorErrors,
} from '@plugboard/core';
import type { AccountResult, Answer, Api, Failure, JsonObject } from '@plugboard/core';

import { byDsn, byToken, dsnOf, held, hostsOf, regionOf, sign, webApi } from './access.ts';
import { emulator, integration } from './integration.ts';
import { envelopes } from './envelopes.ts';
import { defaults, hooks, installations, issues, organizations, projects, releases } from './operations.ts';
import { closeSdk, errorReporting, loadSdk, watchProcess } from './sdk.ts';
import { webhooks } from './webhooks.ts';

const exampleDsn = 'https://60120449b6b1d5e45f75561e6dabd80b@o42.ingest.us.sentry.io/4507';
const exampleToken = `sntryu_${'0123456789abcdef'.repeat(4)}`;
const organization = 'the-interstellar-jurisdiction';

export const sentry = defineProvider({
  id: 'sentry',
  name: 'Sentry',
  category: 'monitoring',
  summary: 'Error reports, cron check-ins, releases and issues, at Sentry or at any server that takes a Sentry DSN.',
  docs: {
    home: 'https://sentry.io',
    keys: 'https://sentry.io/settings/account/api/auth-tokens/',
    reference: 'https://docs.sentry.io/api/',
    checked: '2026-11-20',
  },
  hosts: [
    'sentry.io',
    'us.sentry.io',
    'de.sentry.io',
    ...['', 'us.', 'de.'].map((name) => `*.ingest.${name}sentry.io`),
  ],
  tenantHosts: ({ credentials }) => hostsOf(credentials),

  app: {
    clientId: { title: 'OAuth client id', env: 'SENTRY_CLIENT_ID', help: 'Settings > Account > API > Applications.' },
    clientSecret: { title: 'OAuth client secret', env: 'SENTRY_CLIENT_SECRET', secret: true },
    appSlug: {
      title: 'Slug of the integration',
      env: 'SENTRY_APP_SLUG',
      set: 'integration',
      help: 'Settings > Developer Settings.',
      example: 'plugboard',
    },
    integrationClientId: { title: 'Its client id', env: 'SENTRY_APP_CLIENT_ID', set: 'integration' },
    integrationClientSecret: {
      title: 'Its client secret',
      env: 'SENTRY_APP_CLIENT_SECRET',
      secret: true,
      set: 'integration',
      help: 'Also signs its webhooks.',
    },
  },

  auth: {
    dsn: dsn({
      title: 'DSN',
      credentials: byDsn,
      env: {
        dsn: 'SENTRY_DSN',
        authToken: 'SENTRY_AUTH_TOKEN',
        organization: 'SENTRY_ORG',
        project: 'SENTRY_PROJECT',
        environment: 'SENTRY_ENVIRONMENT',
        release: 'SENTRY_RELEASE',
      },
      sign,
      example: { dsn: exampleDsn, authToken: exampleToken, organization },
    }),
    token: apiKey({
      title: 'Auth token',
      credentials: byToken,
      env: {
        authToken: 'SENTRY_AUTH_TOKEN',
        organization: 'SENTRY_ORG',
        url: 'SENTRY_URL',
        dsn: 'SENTRY_DSN',
        project: 'SENTRY_PROJECT',
        environment: 'SENTRY_ENVIRONMENT',
        release: 'SENTRY_RELEASE',
      },
      sign,
      example: { authToken: exampleToken, organization, url: 'https://sentry.example.com', dsn: exampleDsn },
    }),
    // https://sentry.io/.well-known/oauth-authorization-server, https://docs.sentry.io/api/auth/: the slashes are needed.
    oauth: oauth2({
      authorize: { url: 'https://sentry.io/oauth/authorize/' },
      token: { url: 'https://sentry.io/oauth/token/' },
      pkce: 'supported',
      scopes: {
        ask: ['org:read', 'project:read', 'event:read'],
        known: {
          'org:read': 'See the organization and its projects.',
          'project:read': 'Read projects and their DSNs.',
          'project:write': 'Register service hooks.',
          'project:releases': 'Create releases and deploys.',
          'event:read': 'Read issues.',
          'event:write': 'Resolve and assign issues.',
        },
      },
      refresh: { rotation: 'unknown' },
      sign: bearer(),
      example: {
        access_token: '8e3b2c1d0f9a48e7b6c5d4e3f2a1b0c98e3b2c1d0f9a48e7b6c5d4e3f2a1b0c9',
        refresh_token: 'a1b0c98e3b2c1d0f9a48e7b6c5d4e3f28e3b2c1d0f9a48e7b6c5d4e3f2a1b0c9',
        token_type: 'Bearer',
        expires_in: 2_591_999,
        scope: 'org:read project:read event:read',
      },
    }),
    integration,
  },

  api: {
    baseUrl: webApi,
    errors: vendorErrors({
      code: ['detail', 'code'],
      message: ['detail', 'message'],
      codes: {
        'sso-required': { kind: 'permission', hint: 'Whoever made the token must log in to the organization by SSO.' },
        'sudo-required': { kind: 'permission', hint: 'The vendor asks a person to confirm this; no token can.' },
      },
      classify: (answer) =>
        answer.status === 429 ? limited(answer) : answer.status < 400 ? undefined : refused(answer),
      examples: {
        invalidCredentials: {
          status: 401,
          body: { detail: 'Invalid token' },
          is: { kind: 'auth', code: 'unauthorized' },
        },
        missingScope: {
          status: 403,
          body: { detail: 'You do not have permission to perform this action.' },
          is: { kind: 'permission', code: 'forbidden' },
        },
        ssoRequired: {
          status: 401,
          body: { detail: { code: 'sso-required', message: 'Must login via SSO' } },
          is: { kind: 'permission', code: 'sso_required' },
        },
        badField: {
          status: 400,
          body: { version: ['This field is required.'] },
          is: { kind: 'invalid_request', code: 'bad_request' },
        },
        missing: {
          status: 404,
          body: { detail: 'The requested resource does not exist' },
          is: { kind: 'not_found', code: 'not_found' },
        },
        // Of the web API, which says when its window ends.
        limited: {
          status: 429,
          headers: { date: 'Fri, 20 Nov 2026 10:00:00 GMT', 'x-sentry-rate-limit-reset': '1795168805' },
          is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 5000 },
        },
        // Of the intake: seconds, what of, whose, why.
        quotaUsed: {
          status: 429,
          headers: { 'x-sentry-rate-limits': '60:error;default:organization:quota_exceeded, 2700:transaction:key' },
          is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 60_000 },
        },
        slowDown: {
          status: 429,
          headers: { 'retry-after': '30' },
          is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 30_000 },
        },
        outage: { status: 503, is: { kind: 'unavailable', code: 'unavailable' } },
      },
    }),
  },

  async account(api): Promise<AccountResult> {
    if (api.method === 'oauth') {
      const { items } = await api.call(organizations.list, {});
      const choices = items.map(({ id, name }) => ({ id, name }));
      return choices.length === 1 ? { kind: 'known', account: choices[0]! } : { kind: 'choose', choices };
    }
    const { authToken, organization: typed, webhookSecret } = api.credentials(held);
    const found = api.method === 'dsn' && authToken === undefined ? undefined : await organizationOfToken(api);
    const installed = text(api.metadata['installationId']);
    const id = installed ?? (api.method === 'dsn' ? placeOf(api) : (found?.id ?? typed ?? ''));
    const region = regionOf(text(at(found, 'links', 'regionUrl')));
    const metadata = { ...(region && { region }), ...(installed && found && { organization: found.id }) };
    const account = { id, name: found?.name ?? typed ?? id };
    if (found === undefined || webhookSecret === undefined) return { kind: 'known', account, metadata };
    const { items } = await api.call(installations.list, {});
    // Webhooks call the organization by its installations.
    return { kind: 'known', account, metadata, alsoKnownAs: items.map(({ uuid }) => uuid) };
  },

  async healthCheck(api) {
    const { dsn: sends, authToken } = api.credentials(held);
    // Nothing can be asked about a DSN without sending something.
    if (api.method === 'dsn' && authToken === undefined) return { status: 'unknown', reason: 'not_checkable' };
    await organizationOfToken(api);
    return sends === undefined ? { status: 'healthy' } : { status: 'healthy', reason: 'dsn_not_checked' };
  },

  settings: {
    schema: defaults,
    choices: {
      async project(api) {
        const { items } = await api.call(projects.list, {});
        return items.map(({ slug, name }) => ({ value: slug, label: name }));
      },
    },
  },
  flags: { errorReporting: { description: 'Report errors to Sentry.', default: true, requiresConnection: false } },
  webhooks,
  operations: {
    organizations,
    installations,
    projects,
    issues,
    releases,
    hooks,
    envelopes,
    errors: { watchProcess },
  },
  capabilities: { errorReporting },
  sdk: loadSdk,
  closeSdk,
  emulator,
});

/** Tokens made for a CI may not read their organization; what they may read proves them as well. */
async function organizationOfToken(api: Api) {
  try {
    return await api.call(organizations.get, {});
  } catch (error) {
    if (!isPlugboardError(error) || error.kind !== 'permission' || error.status === undefined) throw error;
    await api.call(releases.list, { per_page: 1 });
    return undefined;
  }
}

/** A project keeps its place when its keys are exchanged. */
function placeOf(api: Api): string {
  const { host, path, projectId } = dsnOf(api);
  return `${host}${path}/${projectId}`;
}

/** https://develop.sentry.dev/sdk/expected-features/rate-limiting/, https://docs.sentry.io/api/ratelimits/ (2026-11). */
function limited({ headers }: Answer): Failure | undefined {
  if (headers.has('retry-after')) return undefined;
  const quotas = headers.get('x-sentry-rate-limits')?.split(',') ?? [];
  const shortest = Math.min(...quotas.map((quota) => number(quota.trim().split(':')[0]) ?? 60));
  const ends = number(headers.get('x-sentry-rate-limit-reset'));
  const untilMs = ends === undefined ? Number.NaN : ends * 1000 - Date.parse(headers.get('date') ?? '');
  const waitMs = quotas.length > 0 ? shortest * 1000 : Math.max(untilMs, 0);
  return Number.isNaN(waitMs) ? undefined : { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: waitMs };
}

/** A map of fields where there is no `detail`. */
function refused(answer: Answer): Failure | undefined {
  const body = answer.tryJson();
  if (answer.status !== 400 || typeof body !== 'object' || body === null || 'detail' in body) return undefined;
  const [field, said] = Object.entries(body as JsonObject)[0] ?? [];
  const first = text(at(said, 0)) ?? text(said);
  const message = field === undefined || first === undefined ? undefined : `${field}: ${first}`;
  return { kind: 'invalid_request', code: 'bad_request', ...(message && { vendor: { message } }) };
}
