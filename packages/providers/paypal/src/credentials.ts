/** Sandbox and live share no account, no credential and no host: whoever speaks to PayPal says which one. */
import {
  classifyOAuth,
  configurationError,
  encodeBase64,
  encodeBase64url,
  encodeUtf8,
  endpoint,
} from '@plugboard/core';
import { member, need, oauth2, readTokenAnswer, reveal, text as textOf } from '@plugboard/core';
import type { Api, AppFields, AppValues, Classify, Grant, OAuthClient } from '@plugboard/core';
import { secret, text, z } from '@plugboard/core/fields';

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

const held = z.looseObject({ environment: environments, clientId: z.string() });

/** The app whose credentials these are. */
export const appOf = (api: Api) => api.credentials(held);

/** The app that users log in to: the same as the platform's own, where there is one. */
export const app = {
  clientId: { title: 'Client ID', env: 'PAYPAL_CLIENT_ID', help: 'Of the REST app that people log in to.' },
  clientSecret: { title: 'Secret', env: 'PAYPAL_CLIENT_SECRET', secret: true },
  environment: { title: 'Environment', env: 'PAYPAL_ENVIRONMENT', help: '`sandbox` or `live`.', example: 'sandbox' },
} as const satisfies AppFields;

/** @throws PlugboardError code `unknown_environment`: neither may stand in for the other. */
function environmentOfApp({ environment = '' }: AppValues): 'sandbox' | 'live' {
  const name = environments.safeParse(reveal(environment));
  if (name.success) return name.data;
  const message = 'The option `environment` names no environment of PayPal.';
  throw configurationError('unknown_environment', message, 'Set PAYPAL_ENVIRONMENT to `sandbox` or `live`.');
}

export const environmentOf = (api: Api) =>
  api.method === 'login' ? environmentOfApp(api.app) : appOf(api).environment;

/** An endpoint for apps; who logged in is another thing, and may do nothing of it. */
export const forApps: typeof endpoint = (route, options) =>
  endpoint(route, { methods: ['clientCredentials'], ...options });

const attributes = 'https://uri.paypal.com/services/paypalattributes';

/** Says who somebody is, and can do nothing for them: https://developer.paypal.com/log-in/build-button/ (2026-07) */
export const login = oauth2({
  title: 'Log in with PayPal',
  authorize: {
    url: (_input, own) =>
      `https://www.${environmentOfApp(own) === 'live' ? '' : 'sandbox.'}paypal.com/signin/authorize`,
    params: { flowEntry: 'static' },
  },
  token: { url: (_input, own) => `${apiUrl(environmentOfApp(own))}/v1/oauth2/token`, clientAuth: 'basic' },
  scopes: {
    ask: ['openid', 'profile', 'email', attributes],
    known: {
      openid: 'Know you again.',
      profile: 'Read your name.',
      email: 'Read your email address.',
      address: 'Read your address.',
      [attributes]: 'Read the id of your PayPal account, and whether it is verified.',
    },
  },
  // Documented neither for nor against; the code is exchanged with the secret of the app.
  pkce: 'none',
  refresh: { rotation: 'unknown' },
  example: {
    access_token: 'A23AAFvmZcYO1zOdG4eS8nG7PSVJoxkS7l4lZ4n2b0WJ5y6h1w3p8XEXAMPLE',
    token_type: 'Bearer',
    expires_in: 28_800,
    refresh_token: 'R23AAEnRj0YkK3l2Lk8oWbq4mJ9x7cVdTqEXAMPLE',
    scope: `openid profile email ${attributes}`,
  },
});

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
