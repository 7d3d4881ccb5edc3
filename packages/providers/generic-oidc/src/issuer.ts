/**
 * What the deployment says of its issuer, and what the issuer says of itself.
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html (2026-11-28)
 */
import { at, checkAnswer, configurationError, invalidInput, PlugboardError, reveal, text } from '@plugboard/core';
import type { Api, AppFields, AppValues, JsonObject, JwtAlgorithm, OAuthClient } from '@plugboard/core';
import { hostOf } from '@plugboard/core/fields';
import { z } from 'zod';

export const app = {
  issuer: {
    title: 'Issuer',
    env: 'OIDC_ISSUER',
    help: 'An https address, spelt as in its discovery document, with or without a slash at the end.',
    example: 'https://id.example.com/realms/main',
  },
  clientId: { title: 'Client id', env: 'OIDC_CLIENT_ID' },
  clientSecret: {
    title: 'Client secret',
    env: 'OIDC_CLIENT_SECRET',
    secret: true,
    optional: true,
    help: 'A public client has none.',
  },
  clientAuth: {
    title: 'Client authentication',
    env: 'OIDC_CLIENT_AUTH',
    optional: true,
    help: '`basic`, `post`, or `raw_basic` for servers that do not decode. Default: what the issuer announces.',
    example: 'basic',
  },
  authorizeParams: {
    title: 'Parameters of the authorization',
    env: 'OIDC_AUTHORIZE_PARAMS',
    optional: true,
    help: 'As a query: `access_type=offline&prompt=consent` at Google, `audience=...` at Auth0.',
    example: '',
  },
} satisfies AppFields;

/** Signatures that anybody can check: never `none`, and no HS256, whose key would be the secret of this client. */
export const algorithms: readonly JwtAlgorithm[] = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
];

const list = z.array(z.string()).nullish();
const metadata = z.looseObject({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  jwks_uri: z.string(),
  userinfo_endpoint: z.string().nullish(),
  revocation_endpoint: z.string().nullish(),
  end_session_endpoint: z.string().nullish(),
  code_challenge_methods_supported: list,
  token_endpoint_auth_methods_supported: list,
  id_token_signing_alg_values_supported: list,
  authorization_response_iss_parameter_supported: z.boolean().nullish(),
});

/** Reads the discovery document (section 4) and keeps what a flow, a refresh and a logout need. */
export async function discover(client: OAuthClient): Promise<JsonObject> {
  const issuer = issuerOf(client.app);
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = (await client.request({ method: 'GET', url })).json();
  const document = checkAnswer(metadata, answer, 'The discovery document');
  // Section 4.3: exactly the same text, or somebody else's keys would vouch for this issuer.
  if (document.issuer !== issuer) {
    throw refused('issuer_mismatch', 'is of another issuer', 'Copy `issuer` from the document into OIDC_ISSUER.');
  }
  const pkce = document.code_challenge_methods_supported;
  if (pkce && !pkce.includes('S256')) throw refused('pkce_unsupported', 'offers no PKCE with S256', 'Enable it there.');
  if (algorithmsOf(document).length === 0) {
    throw refused('algorithm_unsupported', 'offers no signature with a public key', 'Choose RS256 or ES256 there.');
  }
  const said = Object.entries(document).filter(([, value]) => value !== undefined && value !== null);
  const kept = said.filter(([name]) => Object.hasOwn(metadata.shape, name));
  const discovered = Object.fromEntries(kept) as JsonObject;
  clientAuth({ discovered }, client.app);
  return discovered;
}

/** @throws PlugboardError kind `invalid_request`, naming the environment name. */
export function issuerOf(values: AppValues): string {
  hostOf(values['issuer'], app.issuer.env);
  return reveal(values['issuer']!);
}

/** Where the issuer said its endpoint is; empty where it has none. */
export const announced = (name: keyof typeof metadata.shape) => (input: JsonObject) =>
  text(at(input, 'discovered', name)) ?? '';

/** The same for a connection. @throws PlugboardError code `not_offered`. */
export function endpointOf({ metadata: { input = {} } }: Api, name: keyof typeof metadata.shape): string {
  const url = announced(name)(input as JsonObject);
  if (url !== '') return url;
  throw configurationError('not_offered', `The issuer announces no \`${name}\`.`, 'Use an issuer that does.');
}

/** What the issuer may sign with (section 3): its own list, cut to what is accepted here. */
export function algorithmsOf(discovered: unknown): readonly JwtAlgorithm[] {
  const offered = listOf(discovered, 'id_token_signing_alg_values_supported', 'RS256');
  return algorithms.filter((name) => offered.includes(name));
}

const ways = { basic: 'client_secret_basic', post: 'client_secret_post', raw_basic: 'client_secret_basic' } as const;

/** The client authentication that the deployment wants, or the first one that the issuer announces. */
export function clientAuth(input: JsonObject, values: AppValues): keyof typeof ways | 'none' {
  if (values['clientSecret'] === undefined) return 'none';
  const wanted = values['clientAuth'] && reveal(values['clientAuth']);
  if (wanted !== undefined && wanted !== '') {
    if (Object.hasOwn(ways, wanted)) return wanted as keyof typeof ways;
    const message = `must be one of ${Object.keys(ways).join(', ')}`;
    throw invalidInput('The client authentication', [{ path: app.clientAuth.env, message }]);
  }
  const offered = listOf(input['discovered'], 'token_endpoint_auth_methods_supported', ways.basic);
  const way = (['basic', 'post'] as const).find((name) => offered.includes(ways[name]));
  if (way !== undefined) return way;
  throw refused('client_auth_unsupported', 'takes no client secret', 'Allow client_secret_basic or _post there.');
}

function listOf(discovered: unknown, name: string, fallback: string): readonly unknown[] {
  const value = at(discovered, name);
  return Array.isArray(value) ? value : [fallback];
}

function refused(code: string, problem: string, hint: string): PlugboardError {
  return new PlugboardError({ kind: 'configuration', code, message: `The discovery document ${problem}.`, hint });
}
