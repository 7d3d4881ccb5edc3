import { configurationError, PlugboardError } from '../errors.ts';

/** One answer for everything that does not authenticate: the reason would help only who altered the bytes. */
export function authFailed(): PlugboardError {
  return configurationError(
    'vault_auth_failed',
    'A sealed value is altered, cut off, or belongs to another organization, connection, provider, purpose or environment.',
    'Find out who wrote the row: a restored backup, a row moved by hand, or a wrong environment name. Reconnect to replace it.',
  );
}

/** The bytes name a key that the ring does not hold. Nothing was tried with another key. */
export function unknownKey(keyId: string): PlugboardError {
  return configurationError(
    'key_unavailable',
    `A sealed value needs the key ${keyId}, which is not in the key ring.`,
    `Put ${keyId} back into the key ring (after the first entry), or reseal from a process that has it.`,
  );
}

/** The key is in the ring, but its source did not deliver. The next use asks the source again. */
export function keyNotLoaded(keyId: string, cause: unknown): PlugboardError {
  return new PlugboardError({
    kind: 'unavailable',
    code: 'key_unavailable',
    message: `The source of the key ${keyId} failed or did not answer in time.`,
    hint: 'Check the key service and this process’s permission to use it; the next call asks it again.',
    cause,
  });
}

/** Written by a newer release. */
export function newerFormat(version: number): PlugboardError {
  return configurationError(
    'vault_version',
    `A sealed value has format version ${version}; this release reads version 1.`,
    'Finish the upgrade: run the release that wrote the value on every process.',
  );
}

/** A key that must not be used. Names its id, never its value. */
export function badKey(keyId: string, reason: string): PlugboardError {
  return configurationError(
    'bad_key',
    `The key ${keyId} ${reason}.`,
    'Use 32 random bytes as base64 or base64url, for example from `openssl rand -base64 32`, without the line end.',
  );
}
