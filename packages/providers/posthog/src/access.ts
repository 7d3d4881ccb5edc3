/** Two keys and two hosts a region: https://posthog.com/docs/api (2026-11). */
import { at, parseJson, PlugboardError, reveal, Secret, text } from '@plugboard/core';
import type { Api, Credentials, Grant, JsonObject, OAuthClient, Sign } from '@plugboard/core';
import { host, secret } from '@plugboard/core/fields';
import { z } from 'zod';

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
const region = z
  .enum(['us', 'eu'])
  .meta({ title: 'Region', description: 'Where the project lives; a key of the other region is refused.' });

export const cloud = z.strictObject({ projectKey, personalKey: personalKey.optional(), region: region.default('us') });
export const selfHosted = z.strictObject({
  projectKey,
  personalKey: personalKey.optional(),
  host: host('Host', { example: 'posthog.example.com' }),
});
export const oauthInput = z.strictObject({ region });

interface Place {
  readonly ingest: string;
  readonly app: string;
}

function placeOf(credentials: { readonly region?: string | undefined; readonly host?: string | undefined }): Place {
  const { host, region: named } = credentials;
  if (host !== undefined) return { ingest: `https://${host}`, app: `https://${host}` };
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
  const held = { ...grant.credentials, region: named, ...(key !== undefined && { projectKey: new Secret(key) }) };
  return { ...grant, credentials: held };
}

/** The project's key goes into bodies as `api_key`, which flags take as well as `token` but not beside it. */
export const sign: Sign = {
  places: ['body:api_key', 'header:authorization'],
  apply(request, { credentials }) {
    if (isPrivate(request.url)) return request.headers.set('authorization', `Bearer ${personal(credentials)}`);
    const body = typeof request.body === 'string' ? (parseJson(request.body) as JsonObject) : {};
    const { token: _placeholder, ...rest } = body;
    request.body = JSON.stringify({ ...rest, api_key: reveal(credentials['projectKey'] ?? '') });
    request.headers.set('content-type', 'application/json');
  },
};

function isPrivate({ hostname, pathname }: URL): boolean {
  return hostname === 'us.posthog.com' || hostname === 'eu.posthog.com' || pathname.startsWith('/api/');
}

function personal(credentials: Credentials): string {
  const key = credentials['personalKey'] ?? credentials['accessToken'];
  if (key !== undefined) return reveal(key);
  throw new PlugboardError({
    kind: 'permission',
    code: 'personal_key_missing',
    message: 'This call needs a personal API key, and the connection has only the key of a project.',
    hint: 'Connect again with a personal API key beside the project key.',
  });
}
