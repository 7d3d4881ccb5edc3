/** Sandbox and live share no account, no credential and no host: whoever speaks to PayPal says which one. */
import { classifyOAuth, encodeBase64, encodeBase64url, encodeUtf8, member, need } from '@plugboard/core';
import {
  readTokenAnswer,
  text as textOf,
  type Api,
  type Grant,
  type OAuthClient,
  type Classify,
} from '@plugboard/core';
import { secret, text } from '@plugboard/core/fields';
import { z } from 'zod';

export const apiHosts = { sandbox: 'api-m.sandbox.paypal.com', live: 'api-m.paypal.com' } as const;
export const apiUrl = (environment: string) => `https://${apiHosts[environment === 'live' ? 'live' : 'sandbox']}`;
const environments = z.enum(['sandbox', 'live'], { error: 'choose the environment that the client ID is of' });

export const credentials = z.strictObject({
  clientId: text('Client ID', {
    help: 'Apps & Credentials > your app.',
    example: 'AFcWxV21C7fd0v3bYYYRCpSSRl31Au1bP9oJ7ZkWEXAMPLE',
    pattern: /^[\w-]{20,128}$/,
  }),
  clientSecret: secret('Secret', { help: 'Below the client ID.', pattern: /^[\w-]{20,128}$/ }),
  environment: environments.meta({
    title: 'Environment',
    description: '`sandbox` or `live`: where the client ID is from.',
  }),
  webhookId: text('Webhook ID', {
    help: 'Apps & Credentials > your app > Webhooks. `WEBHOOK_ID` believes mock events of the simulator as well.',
    example: '4JH86294D6297924G',
    pattern: /^\w{1,50}$/,
  }).optional(),
  webhookCheck: z
    .enum(['certificate', 'api'])
    .meta({ title: 'Webhook check', description: 'By the certificate (default), or by asking PayPal each time.' })
    .optional(),
});

const app = z.looseObject({ environment: environments, clientId: z.string() });

/** The app whose credentials these are. */
export const appOf = (api: Api) => api.credentials(app);

/**
 * Acts on behalf of a merchant who gave the app permission: an unsigned JWT names him.
 * @see https://developer.paypal.com/api/rest/requests/#paypal-auth-assertion (2026-11-20)
 */
export function behalfOf(api: Api, merchantId: string | undefined): Record<string, string> {
  if (merchantId === undefined) return {};
  const claims = [{ alg: 'none' }, { iss: appOf(api).clientId, payer_id: merchantId }];
  const parts = claims.map((part) => encodeBase64url(encodeUtf8(JSON.stringify(part))));
  return { 'PayPal-Auth-Assertion': `${parts.join('.')}.` };
}

/** The client is the tenant's own: nothing it gets refused for may be held against the host. */
const classifyToken: Classify = (answer) => {
  const failure = classifyOAuth(answer);
  const hint = 'Check client id, secret and environment: a sandbox client is unknown to the live host.';
  return failure?.kind === 'configuration' ? { ...failure, kind: 'auth', hint } : failure;
};

/** https://developer.paypal.com/api/rest/authentication/ (2026-11-20) */
export async function mint({ credentials: own, request }: OAuthClient): Promise<Grant> {
  const pair = `${need(own, 'clientId')}:${need(own, 'clientSecret')}`;
  const answer = await request({
    method: 'POST',
    url: `${apiUrl(need(own, 'environment'))}/v1/oauth2/token`,
    headers: { authorization: `Basic ${encodeBase64(encodeUtf8(pair))}` },
    form: { grant_type: 'client_credentials' },
    classify: classifyToken,
  });
  const body = answer.json();
  const { scopes = [], ...grant } = readTokenAnswer(body);
  const appId = textOf(member(body, 'app_id'));
  return { ...grant, ...(scopes.length > 0 && { scopes }), ...(appId !== undefined && { metadata: { appId } }) };
}
