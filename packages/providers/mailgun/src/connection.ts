/** What every call needs to know of a connection: the key, the domain, and the region that it lives in. */
import { basic, type Api, type Sign } from '@plugboard/core';
import { given, secret, text, z } from '@plugboard/core/fields';

const looksLikeDomain = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, { error: 'does not look like: Domain' });
/** Without an example, so that calls speak of the connection's domain. */
export const domainName = looksLikeDomain.meta({ title: 'Domain', description: 'The sending domain.' });

export const credentials = given(
  {
    apiKey: secret('API key', {
      help: 'Settings > API security. A sending key of the domain can send, and nothing else.',
    }),
    domain: domainName,
  },
  {
    region: z
      .enum(['us', 'eu'])
      .meta({ title: 'Region', description: 'us or eu: where the domain was made. Default us.' }),
    subaccount: text('Subaccount', { help: 'Id of the subaccount that a key of its parent acts for.' }),
    webhookSigningKey: secret('Webhook signing key', { help: 'Sending > Webhooks. It is not the API key.' }),
    parentSigningKey: secret('Signing key of the parent account', { help: 'Where the domain is of a subaccount.' }),
  },
);

export const settings = given(
  {},
  { domain: looksLikeDomain.meta({ title: 'Sending domain', description: 'Instead of the one that was connected.' }) },
);

/** The user name of every key is `api`. */
const named = basic('user', 'apiKey');
export const sign: Sign = {
  places: named.places,
  apply: (request, context) =>
    named.apply(request, { ...context, credentials: { ...context.credentials, user: 'api' } }),
};

/** Accounts and domains of one region are unknown in the other. */
export function baseUrl(api: Api): string {
  return api.credentials(credentials).region === 'eu' ? 'https://api.eu.mailgun.net' : 'https://api.mailgun.net';
}

export function headers(api: Api): Record<string, string> {
  const { subaccount } = api.credentials(credentials);
  return subaccount === undefined ? {} : { 'x-mailgun-on-behalf-of': subaccount };
}

export interface MaybeDomain {
  readonly domain?: string | undefined;
}

/** The domain of a call: its own, else that of the settings, else that of the connection. */
export function domainOf({ domain }: MaybeDomain, api: Api): string {
  return domain ?? api.settings(settings).domain ?? api.credentials(credentials).domain;
}
