/**
 * The levels of packages/core/src. A file imports from its own level or below, types included.
 * Keys are files or folders (with a slash at the end) below src; the longest match wins, and every file needs one.
 */
export const levels: Readonly<Record<string, number>> = {
  'errors.ts': 0,
  'json.ts': 0,
  'schema.ts': 0,
  'secret.ts': 0,
  'clock.ts': 0,
  'bytes.ts': 0,
  'hash.ts': 0,
  'random.ts': 0,
  'env.ts': 0,
  'log.ts': 0,
  'fields.ts': 0,

  'url/': 1,
  'redact.ts': 1,
  'retry.ts': 1,
  'template.ts': 1,

  'auth/': 2,
  'transport/': 2,
  'webhooks/': 2,
  'paginate.ts': 2,
  'vault/': 2,

  'endpoint.ts': 3,
  'provider.ts': 3,
  'define-provider.ts': 3,
  'store.ts': 3,
  'emulator/': 3,
  'capabilities.ts': 3,

  'connections/': 4,
  'events.ts': 4,
  'engine.ts': 4,
  'config.ts': 4,

  'board.ts': 5,
  'index.ts': 5,
};
