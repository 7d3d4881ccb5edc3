/** How the registered client proves itself at a token or revocation endpoint. */
import { encodeBase64, encodeUtf8 } from '../bytes.ts';
import { configurationError } from '../errors.ts';
import { encodeFormText } from '../form-encoding.ts';
import { reveal } from '../secret.ts';
import { parseUrl } from '../url.ts';
import type { AppValues, OAuth2Method, OAuthRequest } from './auth.ts';
import { assertionParams, type ClientAuth } from './client-assertion.ts';

/** Who calls, and when: wall time in milliseconds. */
export interface Caller {
  readonly app: AppValues;
  readonly now: number;
}

type TokenEndpoint = Omit<OAuth2Method['token'], 'clientAuth'> & {
  readonly url: string;
  readonly clientAuth: ClientAuth;
};

/** The request that hands parameters to a token endpoint, in its encoding. */
export async function tokenRequest(
  token: TokenEndpoint,
  caller: Caller,
  params: Readonly<Record<string, string>>,
): Promise<OAuthRequest> {
  const { url, encoding = 'form', clientAuth, headers } = token;
  const base = { url, headers: { accept: 'application/json', ...headers } };
  if (encoding === 'query') {
    const target = parseUrl(url);
    const all = { ...params, ...(await clientParams(clientAuth, caller)) };
    for (const [name, value] of Object.entries(all)) target.searchParams.set(name, value);
    return { ...base, method: 'GET', url: target.href };
  }
  const signed = await authenticate({ ...base, method: 'POST', form: params }, clientAuth, caller);
  if (encoding === 'form') return signed;
  const { form, ...rest } = signed;
  return { ...rest, json: form ?? {} };
}

/**
 * Proves who the client is (RFC 6749 section 2.3), anew for each request.
 * @throws PlugboardError kind `configuration`: `app_credentials_missing`, `bad_client_key`.
 */
export async function authenticate(
  request: OAuthRequest,
  clientAuth: ClientAuth,
  caller: Caller,
): Promise<OAuthRequest> {
  if (clientAuth !== 'basic' && clientAuth !== 'raw_basic') {
    return { ...request, form: { ...request.form, ...(await clientParams(clientAuth, caller)) } };
  }
  const [id, secret] = [appValue(caller.app, 'clientId'), appValue(caller.app, 'clientSecret')];
  // Each part is form-encoded before joining, or a colon in the id would move the border.
  const pair = clientAuth === 'raw_basic' ? `${id}:${secret}` : `${encodeFormText(id)}:${encodeFormText(secret)}`;
  const authorization = `Basic ${encodeBase64(encodeUtf8(pair))}`;
  return { ...request, headers: { ...request.headers, authorization } };
}

/** The app field that proves the client; undefined where nothing does. */
export function proofOf(clientAuth: ClientAuth): string | undefined {
  if (typeof clientAuth === 'object') return clientAuth.key;
  return clientAuth === 'none' ? undefined : 'clientSecret';
}

async function clientParams(clientAuth: ClientAuth, { app, now }: Caller): Promise<Readonly<Record<string, string>>> {
  if (typeof clientAuth === 'object') return assertionParams(clientAuth, app, now);
  if (clientAuth !== 'post' && clientAuth !== 'none') return {};
  const id = app['clientId'];
  const secret = clientAuth === 'post' ? app['clientSecret'] : undefined;
  return {
    ...(id !== undefined && { client_id: reveal(id) }),
    ...(secret !== undefined && { client_secret: reveal(secret) }),
  };
}

function appValue(app: AppValues, name: string): string {
  const value = app[name];
  if (value !== undefined) return reveal(value);
  throw configurationError(
    'app_credentials_missing',
    `The app credential \`${name}\` is not configured.`,
    'Pass it to the provider or set its environment name.',
  );
}
