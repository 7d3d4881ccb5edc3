/**
 * The levels of packages/core/src. A file imports from its own level or below, types included.
 * Keys are files or folders (with a slash at the end) below src; the longest match wins, and every file needs one.
 */
export const levels: Readonly<Record<string, number>> = {
  // 0: values and time; know nothing of vendors, stores or HTTP
  'bytes.ts': 0,
  'clock.ts': 0,
  'collect.ts': 0,
  'env.ts': 0,
  'errors.ts': 0,
  'example-key.ts': 0,
  'field-rules.ts': 0,
  'fields.ts': 0,
  'form-field.ts': 0,
  'host-name.ts': 0,
  'hash.ts': 0,
  'json.ts': 0,
  'log.ts': 0,
  'names.ts': 0,
  'notifications.ts': 0,
  'random.ts': 0,
  'schema.ts': 0,
  'schema-example.ts': 0,
  'shapes.ts': 0,
  'secret.ts': 0,

  // 1: pure decisions, and the contract of the store
  'form.ts': 1,
  'memory-connections.ts': 1,
  'memory-store.ts': 1,
  'multipart.ts': 1,
  'redact.ts': 1,
  'retry.ts': 1,
  'server-sent-events.ts': 1,
  'store-cursor.ts': 1,
  'store-input.ts': 1,
  'store-kit.ts': 1,
  'store.ts': 1,
  'template.ts': 1,
  'url.ts': 1,

  // 2: one concern each: how to authenticate, to send, to verify, to seal
  'auth/': 2,
  'telemetry.ts': 2,
  'transport/': 2,
  'vault/': 2,
  'webhooks/': 2,

  // 3: what a provider declares, and its stand-in
  'capabilities.ts': 3,
  'channel.ts': 3,
  'capabilities/': 3,
  'client/request.ts': 3,
  'define-provider.ts': 3,
  'email.ts': 3,
  'emulator.ts': 3,
  'emulator/': 3,
  'endpoint.ts': 3,
  'hosts.ts': 3,
  'errors-by-code.ts': 3,
  'provider-kit.ts': 3,
  'provider.ts': 3,
  'sandbox-url.ts': 3,
  'stub-app.ts': 3,
  'stub-wire.ts': 3,

  // 4: the flows
  'accounts.ts': 4,
  'channels/': 4,
  'client/': 4,
  'config.ts': 4,
  'connections/': 4,
  'engine.ts': 4,
  'events.ts': 4,
  'flags.ts': 4,
  'health.ts': 4,
  'jobs.ts': 4,
  'runtimes.ts': 4,
  'settings.ts': 4,
  'webhooks/read-events.ts': 4,
  'webhooks/receive.ts': 4,

  // 5: what users hold
  'board.ts': 5,
  'plugboard.ts': 5,
  'index.ts': 5,
};
