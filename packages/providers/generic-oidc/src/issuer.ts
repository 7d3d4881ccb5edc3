/**
 * Which issuer it is, and what that says of itself.
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html (2026-11-28)
 */
import { at, checkAnswer, configurationError, PlugboardError, reveal, text } from '@plugboard/core';
import type { Api, AppValues, JsonObject, JwtAlgorithm, OAuthClient } from '@plugboard/core';
import { hostOf, z } from '@plugboard/core/fields';

import { app } from './app.ts';

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
  token_endpoint_auth_signing_alg_values_supported: list,
  id_token_signing_alg_values_supported: list,
  authorization_response_iss_parameter_supported: z.boolean().nullish(),
});

/** Reads the discovery document (section 4) and keeps what a flow, a refresh and a logout need. */
export async function discover(client: OAuthClient): Promise<JsonObject> {
  const url = `${issuerOf(client.app).replace(/\/$/, '')}${wellKnown}`;
  const answer = (await client.request({ method: 'GET', url })).json();
  const document = checkAnswer(metadata, answer, 'The discovery document');
  // Section 4.3: exactly the same text, or somebody else's keys would vouch for this issuer.
  if (document.issuer !== issuerOf(client.app, { discovered: document as JsonObject })) {
    throw refused('issuer_mismatch', 'is of another issuer', 'Copy `issuer` from the document into OIDC_ISSUER.');
  }
  const pkce = document.code_challenge_methods_supported;
  if (pkce && !pkce.includes('S256')) throw refused('pkce_unsupported', 'offers no PKCE with S256', 'Enable it there.');
  if (algorithmsOf(document).length === 0) {
    throw refused('algorithm_unsupported', 'offers no signature with a public key', 'Choose RS256 or ES256 there.');
  }
  const said = Object.entries(document).filter(([, value]) => value !== undefined && value !== null);
  const kept = said.filter(([name]) => Object.hasOwn(metadata.shape, name));
  return Object.fromEntries(kept) as JsonObject;
}

const wellKnown = '/.well-known/openid-configuration';

/**
 * The issuer of the deployment. Where it gave the address of the document instead, that of the issuer with a slash at the
 * end is the same, so the document says which of the two it is.
 * @throws PlugboardError kind `invalid_request`, naming the environment name.
 */
export function issuerOf(values: AppValues, input: JsonObject = {}): string {
  hostOf(values['issuer'], app.issuer.env);
  const given = reveal(values['issuer']!);
  if (!given.endsWith(wellKnown)) return given;
  const issuer = given.slice(0, -wellKnown.length);
  const slashed = `${issuer}/`;
  return at(input, 'discovered', 'issuer') === slashed ? slashed : issuer;
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

/** A list of the document; where it has none, what the specification says that means. */
export function listOf(discovered: unknown, name: string, fallback: string): readonly unknown[] {
  const value = at(discovered, name);
  return Array.isArray(value) ? value : [fallback];
}

export function refused(code: string, problem: string, hint: string): PlugboardError {
  return new PlugboardError({ kind: 'configuration', code, message: `The discovery document ${problem}.`, hint });
}
