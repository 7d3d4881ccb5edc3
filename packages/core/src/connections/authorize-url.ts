/** Where the browser is sent when an OAuth flow starts. */
import type { AppValues, OAuth2Method } from '../auth/auth.ts';
import { computed } from '../auth/discovery.ts';
import { refuseReservedParams } from '../auth/methods.ts';
import { atVersion } from '../auth/oauth-client.ts';
import type { JsonObject } from '../json.ts';
import { reveal } from '../secret.ts';
import { parseUrl } from '../url.ts';

interface AuthorizeValues {
  readonly input: JsonObject;
  readonly scopes: readonly string[];
  readonly redirectUri: string;
  readonly state: string;
  readonly challenge: string;
  readonly nonce: string | undefined;
  readonly apiVersion: string;
}

/** RFC 6749 section 4.1.1 with RFC 7636 section 4.3. */
export function authorizeUrl(method: OAuth2Method, app: AppValues, values: AuthorizeValues): string {
  const { authorize: target, pkce, scopes } = method;
  const known = { input: values.input, app };
  const url = parseUrl(atVersion(computed(target.url, known), values.apiVersion));
  const extra = computed(target.params ?? {}, known);
  refuseReservedParams(Object.keys(extra), 'authorize.params');
  // Apart from the URL, which would be written anew for each parameter.
  const params = new URLSearchParams(url.search);
  for (const [name, value] of Object.entries(extra)) params.set(name, value);
  params.set('response_type', 'code');
  params.set('client_id', reveal(app['clientId'] ?? 'stub-client'));
  params.set('redirect_uri', values.redirectUri);
  params.set('state', values.state);
  if (target.formPost === true) params.set('response_mode', 'form_post');
  if (values.scopes.length > 0) params.set('scope', values.scopes.join(scopes.separator ?? ' '));
  if (values.nonce !== undefined) params.set('nonce', values.nonce);
  if (pkce !== 'none') {
    params.set('code_challenge', values.challenge);
    params.set('code_challenge_method', 'S256');
  }
  url.search = params.toString();
  return url.href;
}
