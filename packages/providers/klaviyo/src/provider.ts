/** Klaviyo: profiles, events and lists for email and SMS marketing. */
import {
  apiKey,
  collect,
  defineProvider,
  header,
  isPlugboardError,
  oauth2,
  streamOf,
  vendorErrors,
} from '@plugboard/core';
import type { Choice, PlugboardError } from '@plugboard/core';
import { secret, z } from '@plugboard/core/fields';

import { emulator } from './emulator.ts';
import { accounts, events, lists, metrics, profiles, segments } from './operations.ts';
import { settings } from './schemas.ts';
import { webhookOperations, webhooks } from './webhooks.ts';

const webhookSecret = secret('Webhook signing secret', {
  help: 'The text of at least 16 characters that was chosen when the webhook was made.',
  pattern: /^[\x21-\x7e]{16,}$/,
});

const asked = {
  'accounts:read': 'Show which account is connected.',
  'profiles:read': 'Read profiles.',
  'profiles:write': 'Create and update profiles.',
  'events:read': 'Read events.',
  'events:write': 'Record events.',
  'lists:read': 'Let you pick a list.',
  'lists:write': 'Create lists and put profiles on them.',
  'metrics:read': 'Read the names of metrics.',
};
const more = {
  'segments:read': 'Let you pick a segment.',
  'subscriptions:write': 'Record consent to marketing.',
  'webhooks:read': 'Read webhook topics.',
  'webhooks:write': 'Create, change and end webhooks.',
};

const failed = (status: number, code: string, detail: string) => ({
  status,
  body: { errors: [{ id: '8b1d8a5e-5b1c-4a53-a2f2-6d3f4b0e7b5a', status, code, title: detail, detail }] },
});

/** https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling (2026-08-13); the codes were not all seen. */
const errors = vendorErrors({
  code: ['errors', 0, 'code'],
  message: ['errors', 0, 'detail'],
  codes: {
    duplicate_profile: { kind: 'conflict', hint: 'Use `profiles.upsert`, which updates the profile that exists.' },
  },
  classify: ({ status }) =>
    status === 410
      ? { kind: 'configuration', code: 'revision_retired', hint: 'Update this package, or set `apiVersion`.' }
      : undefined,
  examples: {
    invalidCredentials: {
      ...failed(401, 'not_authenticated', 'Authentication credentials were not provided.'),
      is: { kind: 'auth', code: 'unauthorized' },
    },
    missingScope: {
      ...failed(403, 'permission_denied', 'You do not have permission to perform this action.'),
      is: { kind: 'permission', code: 'forbidden' },
    },
    invalidInput: { ...failed(400, 'invalid', 'Invalid input.'), is: { kind: 'invalid_request', code: 'bad_request' } },
    notFound: { ...failed(404, 'not_found', 'Not found.'), is: { kind: 'not_found', code: 'not_found' } },
    duplicateProfile: {
      ...failed(409, 'duplicate_profile', 'A profile already exists with one of these identifiers.'),
      is: { kind: 'conflict', code: 'duplicate_profile' },
    },
    retiredRevision: {
      ...failed(410, 'gone', 'This revision has been removed.'),
      is: { kind: 'configuration', code: 'revision_retired', retryable: false },
    },
    throttled: {
      ...failed(429, 'throttled', 'Request was throttled.'),
      headers: { 'retry-after': '12' },
      is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 12_000 },
    },
    outage: { status: 503, is: { kind: 'unavailable', code: 'unavailable' } },
    edgeTimeout: { status: 524, is: { kind: 'unavailable', code: 'server_error', retryable: true } },
  },
});

export const klaviyo = defineProvider({
  id: 'klaviyo',
  name: 'Klaviyo',
  category: 'marketing',
  summary: 'Profiles, events and lists for email and SMS marketing.',
  docs: {
    home: 'https://www.klaviyo.com',
    keys: 'https://www.klaviyo.com/settings/account/api-keys',
    reference: 'https://developers.klaviyo.com/en/reference/api_overview',
    checked: '2026-11-20',
  },
  hosts: ['a.klaviyo.com'],

  app: {
    clientId: { title: 'OAuth client id', env: 'KLAVIYO_CLIENT_ID' },
    clientSecret: { title: 'OAuth client secret', env: 'KLAVIYO_CLIENT_SECRET', secret: true },
    webhookSecret: {
      title: 'Webhook signing secret',
      env: 'KLAVIYO_WEBHOOK_SECRET',
      secret: true,
      set: 'webhooks',
      optional: true,
    },
  },

  auth: {
    // https://developers.klaviyo.com/en/reference/api_overview#authentication (2026-08-13)
    privateKey: apiKey({
      title: 'Private API key',
      credentials: z.strictObject({
        privateKey: secret('Private API key', {
          help: 'Settings > API keys. Give it the scopes of what the application does, and accounts:read.',
          example: 'pk_0123456789abcdef',
          pattern: /^pk_[\x21-\x7e]+$/,
        }),
        webhookSecret: webhookSecret.optional(),
      }),
      env: { privateKey: 'KLAVIYO_PRIVATE_API_KEY' },
      sign: header('authorization', 'privateKey', 'Klaviyo-API-Key '),
      example: { privateKey: 'pk_0123456789abcdef0123456789abcdef01' },
    }),
    // https://developers.klaviyo.com/en/docs/set_up_oauth (2026-08-13)
    oauth: oauth2({
      authorize: { url: 'https://www.klaviyo.com/oauth/authorize' },
      token: { url: 'https://a.klaviyo.com/oauth/token', clientAuth: 'basic' },
      // Required although the client has a secret as well.
      pkce: 'required',
      scopes: { ask: Object.keys(asked), known: { ...asked, ...more } },
      // Not documented whether it rotates, so every refresh stores what comes back. Dies after 90 days unused.
      refresh: { rotation: 'unknown', idleMs: 90 * 86_400_000 },
      // An uninstall is not announced: calls answer 401 and the refresh invalid_grant.
      revoke: { url: 'https://a.klaviyo.com/oauth/revoke', clientAuth: 'basic' },
      example: {
        access_token: 'access-token-of-one-hour',
        refresh_token: 'refresh-token-until-uninstall',
        expires_in: 3600,
        token_type: 'Bearer',
        scope: Object.keys(asked).join(' '),
      },
    }),
  },

  api: {
    baseUrl: 'https://a.klaviyo.com',
    // Lives two years: https://developers.klaviyo.com/en/docs/api_versioning_and_deprecation_policy (2026-08-13)
    version: '2026-07-15',
    headers: ({ apiVersion }) => ({
      accept: 'application/vnd.api+json',
      'content-type': 'application/vnd.api+json',
      revision: apiVersion,
    }),
    errors,
  },

  async account(api) {
    try {
      const { id, contactInformation, publicApiKey, timezone, preferredCurrency } = await api.call(accounts.get, {});
      const metadata = { publicApiKey, timezone: timezone ?? null, currency: preferredCurrency ?? null };
      return { kind: 'known', account: { id, name: contactInformation.organization_name }, metadata };
    } catch (error) {
      // A good key that may not read the account.
      if (isForbidden(error)) return { kind: 'derived', name: 'Klaviyo account' };
      throw error;
    }
  },

  // Not the account, which may be read 15 times a minute.
  async healthCheck(api) {
    try {
      await api.call(lists.list, { pageSize: 1 });
      return { status: 'healthy' };
    } catch (error) {
      if (!isForbidden(error)) throw error;
      // Only an answer proves that the credential is alive; a scope that was never granted is found without one.
      return { status: error.status === 403 ? 'degraded' : 'unknown', reason: 'scopes_missing', detail: 'lists:read' };
    }
  },

  settings: {
    schema: settings,
    choices: {
      listId: (api) => collect(api.pages(lists.list, {}), choicesIn),
      segmentId: (api) => collect(api.pages(segments.list, {}), choicesIn),
    },
    scopes: { listId: ['lists:read', 'subscriptions:write'], segmentId: ['segments:read'] },
  },

  flags: {
    events: { description: 'Send events of customers to Klaviyo.', default: true, requiresConnection: true },
  },

  webhooks,
  streams: { profiles: streamOf(profiles.list, { summary: 'Profiles.', input: { pageSize: 100 } }) },
  operations: { accounts, profiles, events, lists, segments, metrics, webhooks: webhookOperations },
  emulator,
});

function isForbidden(error: unknown): error is PlugboardError {
  return isPlugboardError(error) && error.kind === 'permission';
}

interface Named {
  readonly id: string;
  readonly name?: string | null | undefined;
}

const choicesIn = ({ items }: { readonly items: readonly Named[] }): Choice[] =>
  items.map(({ id, name }) => ({ value: id, label: name ?? id }));
