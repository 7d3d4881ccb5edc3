/** What an authorization server publishes about itself (RFC 8414 section 2, OpenID Connect Discovery 1.0 section 3). */
import { text, type JsonObject } from '../../json.ts';

/** All endpoints are below the issuer. */
export function serverMetadata(issuer: string): JsonObject {
  const base = issuer.replace(/\/$/, '');
  return {
    issuer,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    revocation_endpoint: `${base}/revoke`,
    userinfo_endpoint: `${base}/userinfo`,
    jwks_uri: `${base}/jwks`,
    end_session_endpoint: `${base}/logout`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}

/** Where it is published: OpenID Connect appends to the issuer, RFC 8414 section 3.1 puts its name before the path. */
export function isMetadataAddress(metadata: JsonObject, { origin, pathname }: URL): boolean {
  const issuer = new URL(text(metadata['issuer']) ?? 'https://issuer.example');
  const path = issuer.pathname.replace(/\/$/, '');
  if (origin !== issuer.origin) return false;
  return (
    pathname === `${path}/.well-known/openid-configuration` ||
    pathname === `/.well-known/oauth-authorization-server${path}`
  );
}
