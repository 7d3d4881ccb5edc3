/** How a shop is named, and how the vendor proves that a message is its own: https://shopify.dev/docs/apps/build/authentication-authorization (2026-10). */
import {
  at,
  checkAnswer,
  classifyOAuth,
  encodeHex,
  encodeUtf8,
  equalText,
  hmac,
  invalidInput,
  isPlugboardError,
  loaded,
  member,
  number,
  PlugboardError,
  readTokenAnswer,
} from '@plugboard/core';
import { reveal, text, type Api, type Classify, type Grant, type JsonObject, type OAuthClient } from '@plugboard/core';
import { z } from '@plugboard/core/fields';

import { errors } from './graphql.ts';

/** Exactly `name.myshopify.com`; the vendor's own helpers accept more hosts than a merchant's shop can have. */
export const shopDomain = z
  .string()
  .trim()
  // Before lower case is made: other scripts have letters that become ASCII by it.
  .regex(/^[a-z0-9][a-z0-9-]{0,61}\.myshopify\.com$/i, { error: 'must be a shop domain: name.myshopify.com' })
  .toLowerCase()
  .meta({ title: 'Shop domain', description: 'name.myshopify.com', examples: ['snowdevil.myshopify.com'] });

const held = z.looseObject({ shop: shopDomain });

/** The shop of a connection: given before the redirect, proved by a session token, or typed in with a token. */
export function shopOf(api: Pick<Api, 'metadata' | 'credentials'>): string {
  const named = member(member(api.metadata, 'input'), 'shop') ?? member(api.metadata, 'shop');
  return named === undefined
    ? api.credentials(held).shop
    : checkAnswer(held, { shop: named }, 'The stored connection').shop;
}

/** An address at the shop; without one, a host that no call may reach. */
export const atShop = (path: string) => (input: JsonObject) =>
  `https://${text(input['shop']) ?? 'none.invalid'}${path}`;

const longestAgeSeconds = 90;
type CallbackClient = Pick<OAuthClient, 'app' | 'now'>;
const clientSecret = ({ app }: Pick<OAuthClient, 'app'>) => reveal(app['clientSecret'] ?? '');

/** Names that come more than once count as one, as the vendor joins them. */
function joined(params: URLSearchParams): Readonly<Record<string, string>> {
  const names = [...new Set(params.keys())];
  return Object.fromEntries(names.map((name) => [name, params.getAll(name).join(',')]));
}

/** What the vendor signs of a callback: every other parameter, sorted, spaces as `%20`. */
async function callbackMac(params: Readonly<Record<string, string>>, client: CallbackClient): Promise<string> {
  const { hmac: _hmac, signature: _signature, ...signed } = params;
  const sorted = new URLSearchParams(Object.entries(signed).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return encodeHex(await hmac('sha256', clientSecret(client), sorted.toString().replaceAll('+', '%20')));
}

/** @throws PlugboardError kind `auth`, code `callback_forged`: the vendor did not send it just now, or not for this shop. */
export async function verifyCallback(
  params: URLSearchParams,
  client: CallbackClient & Pick<OAuthClient, 'input'>,
): Promise<void> {
  const given = joined(params);
  const genuine = equalText(given['hmac'] ?? '', await callbackMac(given, client));
  const age = Math.abs(client.now / 1000 - (number(given['timestamp']) ?? 0));
  if (genuine && age <= longestAgeSeconds && given['shop']?.toLowerCase() === client.input['shop']) return;
  const reason = !genuine ? 'its hmac is wrong' : age > longestAgeSeconds ? 'it is too old' : 'it names another shop';
  throw new PlugboardError({
    kind: 'auth',
    code: 'callback_forged',
    message: `The callback is refused: ${reason}.`,
    hint: 'Start the connect flow again.',
  });
}

export async function signCallback(
  params: URLSearchParams,
  client: CallbackClient & { readonly authorizeUrl: URL },
): Promise<Record<string, string>> {
  const extra = { shop: client.authorizeUrl.host, timestamp: String(Math.floor(client.now / 1000)) };
  return { ...extra, hmac: await callbackMac({ ...joined(params), ...extra }, client) };
}

/**
 * The shop that a session token of an embedded app speaks for.
 * https://shopify.dev/docs/apps/build/authentication-authorization/session-tokens (2026-10)
 */
async function shopOfSession(token: string, client: OAuthClient): Promise<string> {
  const { jwtVerify } = await loaded(import('jose'));
  const refused = (message: string) => invalidInput('The session token', [{ path: 'sessionToken', message }]);
  const { payload } = await jwtVerify(token, encodeUtf8(clientSecret(client)), {
    algorithms: ['HS256'],
    audience: reveal(client.app['clientId'] ?? ''),
    clockTolerance: 10,
    currentDate: new Date(client.now),
    requiredClaims: ['dest', 'exp', 'nbf'],
  }).catch(() => Promise.reject(refused('is not a live token of this app')));
  const dest = text(payload['dest']) ?? '';
  const shop = shopDomain.safeParse(URL.canParse(dest) ? new URL(dest).hostname : dest);
  if (!shop.success) throw refused('names no shop');
  return shop.data;
}

/** A spent refresh token and a stale session token end the same way; some refusals come in the shape of the API. */
const classifyToken: Classify = (answer) => {
  const failure = classifyOAuth(answer);
  const dead = answer.status === 401 || text(at(answer.tryJson(), 'error')) === 'invalid_subject_token';
  return failure !== undefined && dead && failure.kind !== 'configuration'
    ? { ...failure, kind: 'auth', code: 'invalid_grant' }
    : failure;
};

/** Client credentials in the JSON body: https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens (2026-10). */
export async function tokenAt(
  shop: string,
  client: OAuthClient,
  params: Readonly<Record<string, string>>,
): Promise<Grant> {
  const json = { client_id: reveal(client.app['clientId'] ?? ''), client_secret: clientSecret(client), ...params };
  const url = atShop('/admin/oauth/access_token')({ shop });
  const answer = await client.request({ method: 'POST', url, json, classify: classifyToken });
  return { ...readTokenAnswer(answer.json(), ','), metadata: { shop } };
}

const urn = 'urn:ietf:params:oauth';

/** RFC 8693: an expiring offline token for a session token. */
export async function exchangeSession(client: OAuthClient): Promise<Grant> {
  const sessionToken = reveal(client.credentials['sessionToken'] ?? '');
  return tokenAt(await shopOfSession(sessionToken, client), client, {
    grant_type: `${urn}:grant-type:token-exchange`,
    subject_token: sessionToken,
    subject_token_type: `${urn}:token-type:id_token`,
    requested_token_type: 'urn:shopify:params:oauth:token-type:offline-access-token',
    expiring: '1',
  });
}

/** Every use brings a new pair, at the shop that the connection is to. */
export function renew(client: OAuthClient): Promise<Grant> {
  return tokenAt(shopOfClient(client), client, {
    grant_type: 'refresh_token',
    refresh_token: reveal(client.credentials['refreshToken'] ?? ''),
  });
}

const shopOfClient = ({ metadata, input }: OAuthClient) => text(metadata['shop']) ?? text(input['shop']) ?? '';
/** Errors of the mutation that mean: there is nothing left to end. */
const gone: ReadonlySet<string | undefined> = new Set(['APP_NOT_FOUND', 'APP_NOT_INSTALLED']);

/**
 * Uninstalls the app, which is what ends its tokens: there is no revocation endpoint. A token of an hour may be over, and
 * what follows it ends as well.
 */
export async function uninstall(client: OAuthClient): Promise<void> {
  const { accessToken, refreshToken } = client.credentials;
  try {
    await sendUninstall(client, reveal(accessToken ?? ''));
  } catch (error) {
    if (!isPlugboardError(error)) throw error;
    if (gone.has(error.vendor?.code)) return;
    if (error.status !== 401 || refreshToken === undefined) throw error;
    await sendUninstall(client, reveal((await renew(client)).credentials['accessToken'] ?? ''));
  }
}

async function sendUninstall(client: OAuthClient, token: string): Promise<void> {
  await client.request({
    method: 'POST',
    url: atShop('/admin/api/{version}/graphql.json')({ shop: shopOfClient(client) }),
    headers: { 'x-shopify-access-token': token },
    json: { query: 'mutation { appUninstall { app { id } userErrors { code field message } } }' },
    classify: errors.classify,
  });
}
