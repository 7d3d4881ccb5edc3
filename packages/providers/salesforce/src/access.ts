/**
 * Where an organization logs in, and what it brings home: tokens without an end, and the address of its API.
 * @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm (2026-11-20)
 */
import { classifyOAuth, configurationError, member, need, PlugboardError, readPrivateKey } from '@plugboard/core';
import { readTokenAnswer, reveal, signJwt, text as textOf } from '@plugboard/core';
import type { Api, AppValues, Classify, Failure, Grant, Json, JsonObject, OAuthClient } from '@plugboard/core';
import { secret, text, z } from '@plugboard/core/fields';

/** A My Domain has one label more in a sandbox or another partition: `acme--uat.sandbox.my.salesforce.com`. */
const domains = ['salesforce.com', 'salesforce.mil', 'sfcrmproducts.cn'];
export const hosts = [
  ...domains.flatMap((domain) => [`*.${domain}`, `*.my.${domain}`, `*.*.my.${domain}`]),
  '*.my.site.com',
  '*.*.my.site.com',
];

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const vendor = domains.join('|').replaceAll('.', '\\.');
const ownDomain = `${label}\\.(?:${label}\\.)?my\\.(?:${vendor}|site\\.com)`;
const loginPattern = new RegExp(`^(?:(?:login|test)\\.(?:${vendor})|${ownDomain})$`);
const instancePattern = new RegExp(`^https://(?:${label}\\.(?:${vendor})|${ownDomain})$`);
const userInterface = /\.lightning\.(?:force|salesforce)\.com$|\.salesforce-setup\.com$/;
const home = 'login.salesforce.com';

function hostField(title: string, help: string, example: string, pattern: RegExp) {
  return text(title, { help, example }).superRefine((host, context) => {
    const message = userInterface.test(host)
      ? 'is an address of the user interface; write acme.my.salesforce.com'
      : 'must be a login host or a My Domain of Salesforce, without https:// and path';
    if (!pattern.test(host)) context.addIssue({ code: 'custom', message });
  });
}

const loginHelp = 'login.salesforce.com, test.salesforce.com for sandboxes, or the My Domain of the organization.';
export const loginHost = hostField('Login host', loginHelp, home, loginPattern);
const myDomain = 'Setup > My Domain: acme.my.salesforce.com.';
const domain = hostField('My Domain', myDomain, 'acme.my.salesforce.com', new RegExp(`^${ownDomain}$`));

/** An address at the host that the tenant named before the redirect, else at the deployment's. */
export const atLogin = (path: string) => (input: JsonObject, app: AppValues) => {
  const given = textOf(input['loginHost']) ?? reveal(app['loginUrl'] ?? home).replace(/^https:\/\/|\/$/g, '');
  if (loginPattern.test(given)) return `https://${given}${path}`;
  throw configurationError('login_host', 'The login URL is not one of Salesforce.', 'Correct SALESFORCE_LOGIN_URL.');
};

/** The API lives where the last token answer said; it moves with the organization. */
export function instanceOf({ metadata, stub }: Pick<Api, 'metadata' | 'stub'>): string {
  const url = textOf(metadata['instanceUrl']) ?? (stub ? `https://${home}` : undefined);
  if (url !== undefined) return url;
  const hint = 'Connect the organization again.';
  throw new PlugboardError({ kind: 'auth', code: 'instance_unknown', message: 'The API has no address.', hint });
}

/** `full` stands for everything but the right to stay. */
const included: Readonly<Record<string, readonly string[]>> = {
  full: ['api', 'id', 'openid', 'profile', 'email'],
  offline_access: ['refresh_token'],
};

export function readGrant(answer: Json): Grant {
  const { scopes = [], ...grant } = readTokenAnswer(answer);
  const granted = [...new Set(scopes.flatMap((scope) => [scope, ...(included[scope] ?? [])]))];
  const instanceUrl = textOf(member(answer, 'instance_url')) ?? '';
  const metadata = { ...(instancePattern.test(instanceUrl) && { instanceUrl }), ...readIdentity(member(answer, 'id')) };
  return { ...grant, ...(granted.length > 0 && { scopes: granted }), metadata };
}

/** `https://login.salesforce.com/id/<organization>/<user>`. */
export function readIdentity(url: Json | undefined): { organizationId?: string; userId?: string } {
  const [, organizationId, userId] = /\/id\/(00D[A-Za-z0-9]{15})\/(005[A-Za-z0-9]{15})$/.exec(textOf(url) ?? '') ?? [];
  return organizationId === undefined || userId === undefined ? {} : { organizationId, userId };
}

const refusals: Readonly<Record<string, Pick<Failure, 'kind' | 'hint'>>> = {
  invalid_client_id: { kind: 'configuration', hint: 'Check the consumer key.' },
  redirect_uri_mismatch: { kind: 'configuration', hint: 'Add the callback URL to the External Client App.' },
  inactive_user: { kind: 'auth', hint: 'The user was deactivated.' },
  inactive_org: { kind: 'auth', hint: 'The organization is locked or closed.' },
  OAUTH_APP_BLOCKED: { kind: 'permission', hint: 'An administrator must install the app in the organization.' },
};

export const classifyToken: Classify = (answer) => {
  const code = textOf(member(answer.tryJson(), 'error')) ?? '';
  const message = textOf(member(answer.tryJson(), 'error_description'));
  const known = Object.hasOwn(refusals, code) ? refusals[code] : undefined;
  if (known === undefined) return classifyOAuth(answer);
  return { ...known, code: code.toLowerCase(), vendor: { code, message } };
};

/** The client is the tenant's own: nothing it gets refused for may be held against the host's. */
const classifyOwn: Classify = (answer) => {
  const failure = classifyToken(answer);
  return failure?.kind === 'configuration' ? { ...failure, kind: 'auth' } : failure;
};

async function ask({ request }: OAuthClient, host: string, form: Readonly<Record<string, string>>): Promise<Grant> {
  const url = `https://${host}/services/oauth2/token`;
  const grant = readGrant((await request({ method: 'POST', url, form, classify: classifyOwn })).json());
  return { ...grant, metadata: { instanceUrl: `https://${host}`, ...grant.metadata } };
}

const consumerKey = text('Consumer key', { help: 'Of the External Client App.', pattern: /^[\w.-]{20,256}$/ });

export const clientFields = z.strictObject({
  clientId: consumerKey,
  clientSecret: secret('Consumer secret', { pattern: /^\w{16,128}$/ }),
  domain,
});

/** Acts as the user that the app names. Only a My Domain takes this grant. */
export const mintByClient = (client: OAuthClient) =>
  ask(client, need(client.credentials, 'domain'), {
    grant_type: 'client_credentials',
    client_id: need(client.credentials, 'clientId'),
    client_secret: need(client.credentials, 'clientSecret'),
  });

export const jwtFields = z.strictObject({
  clientId: consumerKey,
  username: text('User name', {
    help: 'The user to act as, authorized for the app.',
    example: 'api@acme.example',
    pattern: /^[\w.+'-]+@[\w.-]+$/,
  }),
  privateKey: secret('Private key', {
    help: 'PEM, the half of the certificate that the app holds.',
    maxLength: 16_384,
    pattern: /^-----BEGIN [A-Z ]+-----[A-Za-z0-9+/=\s\\]+-----END [A-Z ]+-----$/,
  }).refine((key) => readPrivateKey(key.reveal()) !== undefined, { error: 'is no RSA key as PEM, PKCS#8 or PKCS#1' }),
  loginHost,
});

/** RFC 7523; the vendor takes an assertion of three minutes at most. */
export async function mintByJwt(client: OAuthClient): Promise<Grant> {
  const { credentials, now } = client;
  const host = need(credentials, 'loginHost');
  const aud = /^test\.|\.sandbox\.my\./.test(host) ? 'https://test.salesforce.com' : `https://${home}`;
  const times = { exp: Math.floor(now / 1000) + 180 };
  const claims = { iss: need(credentials, 'clientId'), sub: need(credentials, 'username'), aud, ...times };
  const key = readPrivateKey(need(credentials, 'privateKey')) ?? new Uint8Array();
  const assertion = await signJwt({ alg: 'RS256' }, claims, key);
  return ask(client, host, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
}
