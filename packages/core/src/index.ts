export { createPlugboard } from './board.ts';
export type { Plugboard, PlugboardOptions } from './plugboard.ts';
export type { FlagClient, FlagState } from './flags.ts';
export type { Mode, Restored } from './engine.ts';
export type { ProviderSetup } from './runtimes.ts';
export type { Connection, HealthRecord, HealthStatus } from './connections/view.ts';
export type { Authorization, AuthorizeInput, CallbackInput, CallbackResult } from './connections/authorize.ts';
export type { FlowCookie } from './connections/state.ts';
export type { Prepared, PrepareInput } from './connections/browser-step.ts';
export type { ConnectInput } from './connections/connect.ts';
export type { DisconnectInput, DisconnectResult } from './connections/disconnect.ts';
export type { Health } from './health.ts';
export type { StreamOptions, StreamStatus, SyncInput } from './sync/service.ts';
export type { StreamHandler, SyncContext, SyncResult } from './sync/task.ts';
export type { SyncCounts, SyncEvents } from './sync/events.ts';
export type { BoardEventName, BoardEvents, Revocation, Unsubscribe } from './events.ts';
export type { Job, JobName, JobRun } from './job.ts';
export type { BackgroundOptions } from './jobs.ts';
export type { Notice, NoticeTemplate, NoticeText } from './notice.ts';
export { plainNotice } from './notice.ts';
export type { NotificationFunction, NotificationOptions, NotificationRoute } from './notifier.ts';
export type { KeyReport, Operator, OperatorConnection, OperatorFilter, ProviderReport } from './operator/operator.ts';
export type { LiveProcess } from './operator/presence.ts';
export type { WebhookSetup } from './operator/webhook-setup.ts';
export { inspectProviders, type ProviderInspection } from './operator/inspect-providers.ts';
export { environmentNames, type EnvironmentName } from './environment-names.ts';
export type { Log } from './log.ts';
export { silentLog } from './log.ts';
export { consoleLog, pinoLog, redactedLog, type PinoLogger, type RedactedLogOptions } from './redacted-log.ts';
export { isStub } from './client/stub.ts';
export { sdkFetch, type SdkFetchOptions } from './client/sdk-fetch.ts';

export { channels } from './channel.ts';
export type * from './channel.ts';
export type { Channel } from './channels/channels.ts';
export { defineProvider } from './define-provider.ts';
export type * from './provider.ts';
export { endpoint, operation, stream } from './endpoint.ts';
export type { AdSpendRecord } from './ad-spend-stream.ts';
export type { StreamsOf } from './provider-streams.ts';
export { streamBy, streamOf } from './sync-stream.ts';
export type * from './sync-stream.ts';
export { emailAddressPattern, formatAddress, formatAddresses, requireContent } from './email.ts';
export { collect } from './collect.ts';
export { vendorErrors, type Meaning, type VendorErrorOptions } from './errors-by-code.ts';
export { camelNames, snakeCase, snakeNames, type CamelNames } from './names.ts';
export type * from './endpoint.ts';
export type * from './capabilities.ts';
export { chatAnswer, imageAddress, standInAnswer, toolInput } from './capabilities/chat-kit.ts';
export type { ChatParts, StandInAnswer, StandInQuestion } from './capabilities/chat-kit.ts';
export type * from './emulator/contract.ts';
export type * from './auth/auth.ts';
export {
  apiKey,
  basicAuth,
  botToken,
  browserStep,
  clientCredentials,
  dsn,
  incomingWebhook,
  noAuth,
  oauth2,
  serviceAccount,
  sigv4,
} from './auth/methods.ts';
export { basic, bearer, bodyMember, header, need, query, unsigned } from './auth/sign.ts';
export { refreshPolicyOf } from './auth/auth.ts';
export { missingScopes } from './auth/scopes.ts';
export { classifyOAuth, readTokenAnswer, splitScopes } from './auth/token-answer.ts';

export { addListeners } from './env.ts';
export { configurationError, isPlugboardError, invalidInput, PlugboardError, unsupported } from './errors.ts';
export type { ErrorDetails, ErrorKind, FieldIssue, VendorDetail } from './errors.ts';
export { loaded } from './missing-package.ts';
export { isSecret, reveal, Secret } from './secret.ts';
export { crc32, decodeBase64, encodeBase64, encodeBase64url, encodeHex, encodeUtf8, equalText } from './bytes.ts';
export { hash, hmac } from './hash.ts';
export { exampleEcJwk, exampleEcKey, exampleRsaKey, exampleRsaPem } from './example-key.ts';
export { readPrivateKey, signJwt, type JwtHeader, type SigningAlgorithm } from './auth/sign-jwt.ts';
export type { ClientAssertion, ClientAuth } from './auth/client-assertion.ts';
export { hostOf } from './host-name.ts';
export { at, member, number, parseJson, text } from './json.ts';
export type { Json, JsonObject } from './json.ts';
export { systemClock, type Cancel, type Clock } from './clock.ts';
export { checkAnswer, checkInput, jsonSchemaOf } from './schema.ts';
export type { Input, Output, PlainSchema, Schema } from './schema.ts';

export type * from './store-inbox.ts';
export type * from './store-sync.ts';
export type * from './store.ts';
export { createMemoryStore } from './memory-store.ts';
export { createVault, type KeyUsage, type VaultOptions } from './vault/create-vault.ts';
export { createKey } from './vault/key-bytes.ts';
export { checkKeys } from './vault/check-keys.ts';
export { resealAll, type ResealOptions, type ResealReport } from './connections/reseal.ts';
export { assertRemovable, vaultStatus, type VaultStatus } from './vault/status.ts';
export type { KeyRing, KeySource, SealContext, SealPurpose, Vault } from './vault/vault.ts';

export type {
  Answer,
  Classify,
  Failure,
  RateLimit,
  Repeat,
  StreamedAnswer,
  Transport,
  TransportRequest,
  Wire,
  WireAnswer,
  WireRequest,
} from './transport/transport.ts';
export type { LimitedCall, Limiter, Release } from './transport/limiter.ts';
export { createTelemetry, createScrubbingProcessor, type Telemetry } from './telemetry.ts';
export { classifyByStatus } from './transport/classify.ts';
export { defaultWire } from './transport/default-wire.ts';
export { fetchWire } from './transport/fetch-wire.ts';
export { handlerWire } from './transport/handler-wire.ts';
export { readLines, readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';

export type * from './webhooks/webhook.ts';
export { checkTimestamp, formatTimestamp, type TimestampRule, type TimestampText } from './webhooks/freshness.ts';
export { ed25519Example, ed25519Signature, ed25519Signer } from './webhooks/ed25519-signature.ts';
export { escapedBody } from './webhooks/escaped-body.ts';
export { hmacMatch, hmacSignature, hmacSigner, type HmacSignatureOptions } from './webhooks/hmac-signature.ts';
export { signatureScheme, type Part, type SignatureScheme, type SignedDelivery } from './webhooks/scheme.ts';
export {
  readSignedHeader,
  type HeaderSigner,
  type SignedContent,
  type SignedHeaderOptions,
} from './webhooks/signed-header.ts';
export { certificateKeys } from './webhooks/certificate.ts';
export {
  keySet,
  readKeySet,
  type JwtAlgorithm,
  type KeySource as WebhookKeySource,
  type PublishedKey,
} from './webhooks/key-cache.ts';
export { verifyIdToken, type IdTokenRules } from './auth/id-token.ts';
export { claimsOf, issuerKeys, verifyJwt, type JwtRules } from './auth/jwt.ts';
export { jwtSignature } from './webhooks/jwt-signature.ts';
export { basicToken, staticToken } from './webhooks/static-token.ts';
export { signatureList } from './webhooks/signature-header.ts';
export { jsonReply, problemType } from './webhooks/reply.ts';
export { generateStandardWebhookSecret } from './webhooks/standard-webhook-secret.ts';
export { signStandardWebhook, standardWebhooks } from './webhooks/standard-webhooks.ts';
export { fieldValue, parseForm, parseUrlEncoded, sortFields } from './form.ts';
export type { FormField } from './form-field.ts';
export type { FormPart, MultipartField } from './multipart.ts';
export type { BulkOptions, StoredEvent, StoredEventFilter, StoredEventPage } from './webhooks/dead-letters.ts';
export type { WebhookOptions } from './webhooks/dispatch-options.ts';
export type { EventChannel, WebhookContext, WebhookHandler } from './webhooks/handlers.ts';
export type { WebhookTarget } from './webhooks/receive.ts';
