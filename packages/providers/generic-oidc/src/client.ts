/**
 * How the client proves itself: as the deployment says, or as the issuer announces.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication (2026-11-28)
 */
import { invalidInput, reveal } from '@plugboard/core';
import type { AppValues, ClientAssertion, ClientAuth, JsonObject, PlugboardError } from '@plugboard/core';

import { app } from './app.ts';
import { announced, issuerOf, listOf, refused } from './issuer.ts';

/** By registered name, with what proves it; `raw_basic` is for servers that do not undo the encoding of the parts. */
const proofs = {
  client_secret_basic: 'clientSecret',
  client_secret_post: 'clientSecret',
  client_secret_jwt: 'clientSecret',
  raw_basic: 'clientSecret',
  private_key_jwt: 'privateKey',
  none: undefined,
} as const;
type Method = keyof typeof proofs;

/**
 * @throws PlugboardError code `invalid_input`, naming the environment name; kind `configuration`, code
 * `client_auth_unsupported`, for an issuer that takes nothing the deployment has.
 */
export function clientAuth(input: JsonObject, values: AppValues): ClientAuth {
  const method = methodOf(input, values);
  if (method === 'client_secret_basic') return 'basic';
  if (method === 'client_secret_post') return 'post';
  if (method === 'raw_basic' || method === 'none') return method;
  const assertion = { key: proofs[method], audience: audienceOf(input, values) };
  if (method === 'client_secret_jwt') return { ...assertion, algorithm: signable(input, 'HS256') };
  const [keyId, algorithm = 'RS256'] = [given(values, 'privateKeyId'), given(values, 'privateKeyAlgorithm')];
  const known = oneOf(keyAlgorithms, algorithm, 'privateKeyAlgorithm');
  return { ...assertion, algorithm: signable(input, known), ...(keyId !== undefined && { keyId }) };
}

function methodOf({ discovered }: JsonObject, values: AppValues): Method {
  const wanted = given(values, 'tokenEndpointAuthMethod');
  if (wanted !== undefined) {
    const method = oneOf(Object.keys(proofs) as Method[], wanted, 'tokenEndpointAuthMethod');
    const proof = proofs[method];
    if (proof !== undefined && given(values, proof) === undefined) throw bad(proof, `is missing for ${method}`);
    return method;
  }
  const [secret, key] = [given(values, 'clientSecret'), given(values, 'privateKey')];
  if (secret === undefined && key === undefined) return 'none';
  const offered = listOf(discovered, 'token_endpoint_auth_methods_supported', 'client_secret_basic');
  const ways = [...(key === undefined ? [] : keyWays), ...(secret === undefined ? [] : secretWays(values, secret))];
  const way = ways.find((name) => offered.includes(name));
  if (way !== undefined) return way;
  const hint = `Allow ${ways.join(' or ')} there, or set ${app.tokenEndpointAuthMethod.env}.`;
  throw refused('client_auth_unsupported', 'takes nothing that this client proves itself by', hint);
}

const keyWays = ['private_key_jwt'] as const;

/** Basic is what every issuer takes; but not all undo the encoding of its parts, and in the body there is none. */
function secretWays(values: AppValues, secret: string): readonly Method[] {
  const plain = [secret, given(values, 'clientId') ?? ''].every((text) => /^[\w.*-]*$/.test(text));
  const both = ['client_secret_basic', 'client_secret_post'] as const;
  return [...(plain ? both : both.toReversed()), 'client_secret_jwt'];
}

/** The issuer, unless the deployment says otherwise: no other server takes what is meant for it. */
function audienceOf(input: JsonObject, values: AppValues): string {
  const wanted = oneOf(audiences, given(values, 'assertionAudience') ?? 'issuer', 'assertionAudience');
  return wanted === 'issuer' ? issuerOf(values, input) : announced('token_endpoint')(input);
}

const audiences = ['issuer', 'token_endpoint'] as const;
const keyAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

/** An issuer that says what it verifies must say this. */
function signable({ discovered }: JsonObject, algorithm: ClientAssertion['algorithm']): ClientAssertion['algorithm'] {
  const offered = listOf(discovered, 'token_endpoint_auth_signing_alg_values_supported', algorithm);
  if (offered.includes(algorithm)) return algorithm;
  const hint = `Use one that it lists: ${app.privateKeyAlgorithm.env} names that of the private key.`;
  throw refused('client_auth_unsupported', `takes no assertion signed with ${algorithm}`, hint);
}

function oneOf<T extends string>(known: readonly T[], text: string, field: keyof typeof app): T {
  const found = known.find((name) => name === text);
  if (found !== undefined) return found;
  throw bad(field, `must be one of ${known.join(', ')}`);
}

/** What is empty is not given. */
function given(values: AppValues, field: keyof typeof app): string | undefined {
  const value = values[field];
  return value === undefined || reveal(value) === '' ? undefined : reveal(value);
}

function bad(field: keyof typeof app, message: string): PlugboardError {
  return invalidInput('The client authentication', [{ path: app[field].env, message }]);
}
