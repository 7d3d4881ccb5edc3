/** What is sealed in a row: every credential of the connection together, so that two generations never mix. */
import type { Credentials } from '../auth/auth.ts';
import { decodeUtf8, encodeUtf8 } from '../bytes.ts';
import type { Engine } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import { member, parseJson } from '../json.ts';
import { revealAll, Secret } from '../secret.ts';
import type { ConnectionRow } from '../store.ts';

const schemaVersion = 1;

export interface Identity {
  readonly id: string;
  readonly organizationId: string;
  readonly provider: string;
}

/** @param version The credentials version that the write will have; a ciphertext rolled back alone is thereby seen. */
export async function sealCredentials(
  engine: Engine,
  row: Identity,
  credentials: Credentials,
  version: number,
): Promise<Uint8Array> {
  const envelope = { s: schemaVersion, v: version, c: revealAll(credentials) };
  return engine.vault.seal(contextOf(row), encodeUtf8(JSON.stringify(envelope)));
}

/**
 * @throws PlugboardError codes of the vault, or `credentials_rolled_back`, `credentials_unreadable`. All mean: the row
 * was changed behind the library's back; nothing was sent.
 */
export async function openCredentials(engine: Engine, row: ConnectionRow): Promise<Credentials> {
  if (row.credentials === null) throw unreadable('credentials_missing', 'The connection holds no credentials.');
  const opened = await engine.vault.open(contextOf(row), row.credentials);
  const envelope = parseJson(decodeUtf8(opened) ?? '');
  if (member(envelope, 's') !== schemaVersion) {
    throw unreadable('credentials_unreadable', 'The stored credentials are of a newer format than this version knows.');
  }
  if (member(envelope, 'v') !== row.credentialsVersion) {
    throw unreadable('credentials_rolled_back', 'The stored credentials are not those of this version of the row.');
  }
  const values = Object.entries((member(envelope, 'c') ?? {}) as object);
  const texts = values.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts.map(([name, value]) => [name, new Secret(value)]));
}

/** The same envelope for the next version of its row: what a reseal writes. Bytes that are no envelope stay as they are. */
export function renumber(plaintext: Uint8Array, version: number): Uint8Array {
  try {
    const envelope = parseJson(decodeUtf8(plaintext) ?? '');
    if (member(envelope, 'v') === undefined) return plaintext;
    return encodeUtf8(JSON.stringify({ ...(envelope as object), v: version }));
  } catch {
    return plaintext;
  }
}

function contextOf({ organizationId, id, provider }: Identity) {
  return { organizationId, connectionId: id, provider, purpose: 'credentials' } as const;
}

function unreadable(code: string, message: string): PlugboardError {
  return new PlugboardError({
    kind: 'configuration',
    code,
    message,
    hint: 'Restore the row from a backup, or reconnect.',
  });
}
