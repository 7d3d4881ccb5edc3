/** How the registered client proves itself at a token or revocation endpoint. */
import { encodeBase64, encodeUtf8 } from '../bytes.ts';
import { configurationError } from '../errors.ts';
import { reveal } from '../secret.ts';
import { parseUrl } from '../url.ts';
import type { AppValues, OAuth2Method, OAuthClient, OAuthRequest } from './auth.ts';

export type ClientAuth = 'basic' | 'raw_basic' | 'post' | 'none';
type TokenEndpoint = Omit<OAuth2Method['token'], 'clientAuth'> & {
  readonly url: string;
  readonly clientAuth: ClientAuth;
};

/** The request that hands parameters to a token endpoint, in its encoding. */
export function tokenRequest(
  token: TokenEndpoint,
  client: OAuthClient,
  params: Readonly<Record<string, string>>,
): OAuthRequest {
  const { url, encoding = 'form', clientAuth, headers } = token;
  const base = { url, headers: { accept: 'application/json', ...headers } };
  if (encoding === 'query') {
    const target = parseUrl(url);
    const all = { ...params, ...clientParams(client.app, clientAuth) };
    for (const [name, value] of Object.entries(all)) target.searchParams.set(name, value);
    return { ...base, method: 'GET', url: target.href };
  }
  const signed = authenticate({ ...base, method: 'POST', form: params }, clientAuth, client.app);
  if (encoding === 'form') return signed;
  const { form, ...rest } = signed;
  return { ...rest, json: form ?? {} };
}

/** Proves who the client is (RFC 6749 section 2.3.1). */
export function authenticate(request: OAuthRequest, clientAuth: ClientAuth, app: AppValues): OAuthRequest {
  if (clientAuth === 'post' || clientAuth === 'none') {
    return { ...request, form: { ...request.form, ...clientParams(app, clientAuth) } };
  }
  const [id, secret] = [appValue(app, 'clientId'), appValue(app, 'clientSecret')];
  // Each part is form-encoded before joining, or a colon in the id would move the border.
  const pair = clientAuth === 'raw_basic' ? `${id}:${secret}` : `${formEncode(id)}:${formEncode(secret)}`;
  const authorization = `Basic ${encodeBase64(encodeUtf8(pair))}`;
  return { ...request, headers: { ...request.headers, authorization } };
}

function clientParams(app: AppValues, clientAuth: string): Record<string, string> {
  if (clientAuth !== 'post' && clientAuth !== 'none') return {};
  const id = app['clientId'];
  const secret = clientAuth === 'post' ? app['clientSecret'] : undefined;
  return {
    ...(id !== undefined && { client_id: reveal(id) }),
    ...(secret !== undefined && { client_secret: reveal(secret) }),
  };
}

function formEncode(value: string): string {
  return new URLSearchParams({ v: value }).toString().slice(2);
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
