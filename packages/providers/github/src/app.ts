/** What the host registered with GitHub, where that GitHub is, and the app's own proof of itself. */
import { configurationError, exampleRsaPem, hostOf, readPrivateKey, reveal, signJwt } from '@plugboard/core';
import type { AppFields, AppValues } from '@plugboard/core';

export const app = {
  clientId: { title: 'Client id', env: 'GITHUB_CLIENT_ID', help: 'Of an OAuth app or a GitHub App.' },
  clientSecret: { title: 'Client secret', env: 'GITHUB_CLIENT_SECRET', secret: true },
  appId: { title: 'App id', env: 'GITHUB_APP_ID', set: 'app', help: 'GitHub Apps only.', example: '12345' },
  privateKey: {
    title: 'Private key',
    env: 'GITHUB_APP_PRIVATE_KEY',
    set: 'app',
    secret: true,
    help: 'The PEM file of the GitHub App; line breaks may be written as \\n.',
    example: exampleRsaPem,
  },
  slug: {
    title: 'App name in addresses',
    env: 'GITHUB_APP_SLUG',
    set: 'app',
    help: 'The last part of the address of the GitHub App.',
    example: 'plugboard-demo',
  },
  webhookSecret: { title: 'Webhook secret', env: 'GITHUB_WEBHOOK_SECRET', secret: true, set: 'webhooks' },
  host: {
    title: 'Host',
    env: 'GITHUB_HOST',
    set: 'host',
    optional: true,
    help: 'Of an Enterprise Server, or `name.ghe.com`. Default `github.com`.',
    example: 'github.com',
  },
} as const satisfies AppFields;

export const githubOf = ({ host }: AppValues): string =>
  host === undefined ? 'github.com' : hostOf(host, 'GITHUB_HOST');

/** https://docs.github.com/en/enterprise-server/rest/using-the-rest-api/getting-started-with-the-rest-api (2026-11-20) */
export function apiUrl(values: AppValues): string {
  const host = githubOf(values);
  const subdomain = host === 'github.com' || host.endsWith('.ghe.com');
  return subdomain ? `https://api.${host}` : `https://${host}/api/v3`;
}

/** Where people authorize and install; an Enterprise Server has its apps at another path. */
export const siteUrl = (values: AppValues) => `https://${githubOf(values)}`;
export function installUrl(values: AppValues): string {
  const apps = apiUrl(values).endsWith('/api/v3') ? 'github-apps' : 'apps';
  return `${siteUrl(values)}/${apps}/${encodeURIComponent(reveal(ofApp(values, 'slug')))}/installations/new`;
}

/** @throws PlugboardError code `app_credentials_missing` where the host registered no GitHub App. */
function ofApp(values: AppValues, field: 'appId' | 'privateKey' | 'slug') {
  const value = values[field];
  if (value !== undefined) return value;
  const hint = 'Set GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY and GITHUB_APP_SLUG, or connect another way.';
  throw configurationError('app_credentials_missing', 'No GitHub App is configured.', hint);
}

/**
 * The app as itself, for ten minutes: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
 * (2026-11-20). Issued half a minute ago, because clocks differ.
 */
export async function appJwt(values: AppValues, nowMs: number): Promise<string> {
  const key = readPrivateKey(reveal(ofApp(values, 'privateKey')));
  if (key === undefined) {
    const hint = 'Set GITHUB_APP_PRIVATE_KEY to the whole PEM file, its line breaks as they are or as \\n.';
    throw configurationError('bad_private_key', 'The private key of the GitHub App is no PEM of an RSA key.', hint);
  }
  const iat = Math.floor(nowMs / 1000) - 30;
  return signJwt({ alg: 'RS256', typ: 'JWT' }, { iat, exp: iat + 600, iss: reveal(ofApp(values, 'appId')) }, key);
}
