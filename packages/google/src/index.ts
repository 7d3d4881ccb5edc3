export { googleErrors, reasonOf, refusal } from './errors.ts';
export { exampleJwk, exampleKeyFile, examplePrivateKey } from './example-key.ts';
export { googleAccount, identity, identityHost, type GoogleAccount } from './identity.ts';
export { googleApp, googleHosts, googleOAuth, googleScope, identityScopes, type GoogleOAuthOptions } from './oauth.ts';
export { pubSubKeys, pubSubSecret, readPubSub, signPubSub, verifyPubSub } from './pub-sub.ts';
export type { PubSubMessage } from './pub-sub.ts';
export {
  googleServiceAccount,
  keyFile,
  readKeyFile,
  scopesField,
  signAssertion,
  signJwt,
  subject,
} from './service-account.ts';
export type { AssertionOptions, GoogleServiceAccountOptions, ServiceAccountKey } from './service-account.ts';
