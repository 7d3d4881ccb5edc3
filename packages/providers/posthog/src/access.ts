/** Two keys and two hosts a region: https://posthog.com/docs/api (2026-11). */
import { at, parseJson, PlugboardError, reveal, Secret, text } from '@plugboard/core';
import type { Api, Credentials, Grant, JsonObject, OAuthClient, Sign } from '@plugboard/core';
import { baseUrl, secret, z } from '@plugboard/core/fields';

/** One server takes everything where the organization runs its own. */
const regions = {
  us: { ingest: 'https://us.i.posthog.com', app: 'https://us.posthog.com' },
  eu: { ingest: 'https://eu.i.posthog.com', app: 'https://eu.posthog.com' },
} as const;

const projectKey = secret('Project API key', {
  help: 'Project settings. It begins with phc_ and may only write.',
  pattern: /^phc_\w{20,}$/,
  example: 'phc_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789',
});
const personalKey = secret('Personal API key', {
  help: 'Account settings. Needed for queries and for changing flags.',
  pattern: /^phx_\w{20,}$/,
});
const secretKey = secret('Project secret key', {
  help: 'Project settings > Feature flags. Reads the definitions of flags, and nothing else.',
  pattern: /^phs_\w{20,}$/,
});
const webhookToken = secret('Webhook token', {
  help: 'A random text of your own, which the webhook destination sends as the header x-webhook-token.',
});
const region = z
  .enum(['us', 'eu'])
  .meta({ title: 'Region', description: 'Where the project lives; a key of the other region is refused.' });

const keys = {
  projectKey,
  personalKey: personalKey.optional(),
  secretKey: secretKey.optional(),
  webhookToken: webhookToken.optional(),
};
export const cloud = z.strictObject({ ...keys, region: region.default('us') });
/** The vendor's own name for it: one of its hosts stands for its region. */
export const selfHosted = z.strictObject({
  ...keys,
  host: baseUrl('Host', { example: 'https://posthog.example.com' }),
});
export const oauthInput = z.strictObject({ region });

interface Place {
  readonly ingest: string;
  readonly app: string;
}

function placeOf(credentials: { readonly region?: string | undefined; readonly host?: string | undefined }): Place {
  const { host, region: named } = credentials;
  const own = Object.values(regions).find((hosts) => hosts.ingest === host || hosts.app === host);
  if (host !== undefined) return own ?? { ingest: host, app: host };
  return named === 'eu' ? regions.eu : regions.us;
}

const place = z.looseObject({ region: z.string().optional(), host: z.string().optional() });
export const ingest = (api: Pick<Api, 'credentials'>) => placeOf(api.credentials(place)).ingest;
export const app = (api: Pick<Api, 'credentials'>) => placeOf(api.credentials(place)).app;

/** A grant reads and changes; events need the key of the project that it was given for. */
export async function withProjectKey(grant: Grant, client: OAuthClient): Promise<Grant> {
  const named = text(client.input['region']) ?? 'us';
  const authorization = `Bearer ${reveal(grant.credentials['accessToken'] ?? '')}`;
  const url = `${placeOf({ region: named }).app}/api/users/@me/`;
  const me = (await client.request({ method: 'GET', url, headers: { authorization } })).json();
  const key = text(at(me, 'team', 'api_token'));
  if (key !== undefined) {
    return { ...grant, credentials: { ...grant.credentials, region: named, projectKey: new Secret(key) } };
  }
  throw refused(
    'no_project',
    'The user has no project, or may not read its key.',
    'Choose a project at PostHog first.',
  );
}

/**
 * The project's key goes into bodies as `api_key`, which flags take as well as `token` but not beside it. Definitions of
 * flags need it in the query, and another key that proves the right to read them.
 */
export const sign: Sign = {
  places: ['body:api_key', 'header:authorization', 'query:token'],
  apply(request, { credentials }) {
    const { url, headers } = request;
    const project = reveal(credentials['projectKey'] ?? '');
    if (url.pathname === '/flags/definitions') {
      url.searchParams.set('token', project);
      headers.set('authorization', `Bearer ${privateKey(credentials, credentials['secretKey'])}`);
    } else if (isPrivate(url)) {
      headers.set('authorization', `Bearer ${privateKey(credentials)}`);
    } else {
      const body = typeof request.body === 'string' ? (parseJson(request.body) as JsonObject) : {};
      const { token: _placeholder, ...rest } = body;
      request.body = JSON.stringify({ ...rest, api_key: project });
      headers.set('content-type', 'application/json');
    }
  },
};

function isPrivate({ hostname, pathname }: URL): boolean {
  return hostname === 'us.posthog.com' || hostname === 'eu.posthog.com' || pathname.startsWith('/api/');
}

const readers = z.looseObject({ personalKey: z.string().optional(), accessToken: z.string().optional() });

/** Whether there is more than the key of the project. */
export function readsToo(api: Pick<Api, 'credentials'>): boolean {
  const { personalKey: personal, accessToken } = api.credentials(readers);
  return personal !== undefined || accessToken !== undefined;
}

function privateKey(credentials: Credentials, first?: Secret | string): string {
  const key = first ?? credentials['personalKey'] ?? credentials['accessToken'];
  if (key !== undefined) return reveal(key);
  const message = 'This call needs a personal API key, and the connection has only the key of a project.';
  throw refused('personal_key_missing', message, 'Connect again with a personal API key beside the project key.');
}

function refused(code: string, message: string, hint: string): PlugboardError {
  return new PlugboardError({ kind: 'permission', code, message, hint });
}
