/** What the deployment says of its issuer, and of the client that it registered there. */
import { exampleRsaPem, type AppFields } from '@plugboard/core';

export const app = {
  issuer: {
    title: 'Issuer',
    env: 'OIDC_ISSUER',
    help: 'An https address, spelt as in its discovery document, with or without a slash at the end; or that document.',
    example: 'https://id.example.com/realms/main',
  },
  clientId: { title: 'Client id', env: 'OIDC_CLIENT_ID' },
  clientSecret: {
    title: 'Client secret',
    env: 'OIDC_CLIENT_SECRET',
    secret: true,
    optional: true,
    help: 'A public client has none, nor does one with a private key.',
  },
  privateKey: {
    title: 'Private key',
    env: 'OIDC_PRIVATE_KEY',
    secret: true,
    optional: true,
    help: 'For `private_key_jwt`: PEM (PKCS#8), its public half registered at the issuer; line breaks may be written as \\n.',
    example: exampleRsaPem,
  },
  privateKeyId: {
    title: 'Id of the private key',
    env: 'OIDC_PRIVATE_KEY_ID',
    optional: true,
    help: 'Its `kid`, where the issuer knows several keys of the client.',
    example: '',
  },
  privateKeyAlgorithm: {
    title: 'Algorithm of the private key',
    env: 'OIDC_PRIVATE_KEY_ALGORITHM',
    optional: true,
    help: '`RS256`, `PS256`, `ES256` or `EdDSA`. Default: RS256.',
    example: 'RS256',
  },
  assertionAudience: {
    title: 'Audience of assertions',
    env: 'OIDC_ASSERTION_AUDIENCE',
    optional: true,
    help: 'For `private_key_jwt` and `client_secret_jwt`: `issuer`, or `token_endpoint` for issuers that insist. Default: issuer.',
    example: 'issuer',
  },
  tokenEndpointAuthMethod: {
    title: 'Client authentication',
    env: 'OIDC_TOKEN_ENDPOINT_AUTH_METHOD',
    optional: true,
    help: [
      '`client_secret_basic`, `client_secret_post`, `client_secret_jwt`, `private_key_jwt`, `none`, or `raw_basic` for',
      'servers that do not decode. Default: what the issuer announces.',
    ].join(' '),
    example: 'client_secret_basic',
  },
  authorizeParams: {
    title: 'Parameters of the authorization',
    env: 'OIDC_AUTHORIZE_PARAMS',
    optional: true,
    help: 'As a query: `access_type=offline&prompt=consent` at Google, `audience=...` at Auth0.',
    example: '',
  },
} satisfies AppFields;
