export { googleErrors, reasonOf, refusal } from './errors.ts';
export {
  askChannel,
  channel,
  channelBody,
  channelEnd,
  channelWebhooks,
  endChannel,
  notification,
  notified,
  openedChannel,
  readChannel,
} from './channels.ts';
export { exampleJwk, exampleKeyFile } from './example-key.ts';
export { googleAccount, identity, identityHost } from './identity.ts';
export { googleApp, googleHosts, googleOAuth, googleScope, holds, identityScopes, withImplied } from './oauth.ts';
export type { GoogleOAuthOptions, Implied } from './oauth.ts';
export { nothing, pages, pageToken } from './pages.ts';
export { pubSubKeys, pubSubSecret, readPubSub, signPubSub, verifyPubSub } from './pub-sub.ts';
export type { PubSubMessage } from './pub-sub.ts';
export { googleServiceAccount, keyFile, readKeyFile, scopesField, signAssertion, subject } from './service-account.ts';
export type { AssertionOptions, GoogleServiceAccountOptions, ServiceAccountKey } from './service-account.ts';
