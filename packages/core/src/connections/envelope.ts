/**
 * What is sealed in a row: every credential of the connection together, so that two generations never mix, and a hash of
 * the facts that decide where they go, so that whoever writes to the database cannot send them elsewhere.
 */
import type { Credentials } from '../auth/auth.ts';
import { decodeUtf8, encodeUtf8 } from '../bytes.ts';
import { providerOf, type Engine } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import { hashText } from '../hash.ts';
import { factsNameHosts, inputOf } from '../hosts.ts';
import { member, parseJson, type Json } from '../json.ts';
import { revealAll, Secret } from '../secret.ts';
import type { ConnectionRow } from '../store.ts';
import { decidingFacts } from './facts.ts';

const schemaVersion = 1;
/** A hash has 43 characters, and no bracket. */
const longestPlain = 43;

export interface Identity {
  readonly id: string;
  readonly organizationId: string;
  readonly provider: string;
}

type Sealable = Identity & Pick<ConnectionRow, 'method' | 'metadata'>;
type Openable = Sealable & Pick<ConnectionRow, 'credentials' | 'credentialsVersion'>;

/**
 * @param row As it will be written: its facts are sealed with the credentials.
 * @param version The credentials version that the write will have; a ciphertext rolled back alone is thereby seen.
 */
export async function sealCredentials(
  engine: Engine,
  row: Sealable,
  credentials: Credentials,
  version: number,
): Promise<Uint8Array> {
  const hashed = factsHash(row);
  const f = typeof hashed === 'string' ? hashed : await hashed;
  const envelope = { s: schemaVersion, v: version, f, c: revealAll(credentials) };
  return engine.vault.seal(contextOf(row), encodeUtf8(JSON.stringify(envelope)));
}

/**
 * @throws PlugboardError codes of the vault, or `credentials_rolled_back`, `credentials_unreadable`, `facts_altered`. All
 * mean: the row was changed behind the library's back; nothing was sent. Code `facts_not_sealed` for a row of an earlier
 * version of this library whose facts name hosts of their own.
 */
export async function openCredentials(engine: Engine, row: Openable): Promise<Credentials> {
  if (row.credentials === null) throw unreadable('credentials_missing', 'The connection holds no credentials.');
  const opened = await engine.vault.open(contextOf(row), row.credentials);
  const envelope = parseJson(decodeUtf8(opened) ?? '');
  if (member(envelope, 's') !== schemaVersion) {
    throw unreadable('credentials_unreadable', 'The stored credentials are of a newer format than this version knows.');
  }
  if (member(envelope, 'v') !== row.credentialsVersion) {
    throw unreadable('credentials_rolled_back', 'The stored credentials are not those of this version of the row.');
  }
  const credentials: Record<string, Secret> = {};
  const texts = (member(envelope, 'c') ?? {}) as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(texts)) {
    const text = texts[name];
    if (typeof text === 'string') credentials[name] = new Secret(text);
  }
  const sealed = member(envelope, 'f');
  if (sealed === undefined) requireDeclaredHosts(engine, row, credentials);
  else {
    const hashed = factsHash(row);
    requireSealedFacts(sealed, typeof hashed === 'string' ? hashed : await hashed);
  }
  return credentials;
}

function requireSealedFacts(sealed: Json, hashed: string): void {
  if (sealed === hashed) return;
  throw unreadable(
    'facts_altered',
    'The facts that decide where the stored credentials go are not those they came with.',
  );
}

/** Rows that were written before facts were sealed: nothing vouches for them, so they name no host. */
function requireDeclaredHosts(engine: Engine, { provider, metadata }: Openable, credentials: Credentials): void {
  const { definition, app } = providerOf(engine, provider);
  if (!factsNameHosts(definition, { app, credentials, input: inputOf(metadata), metadata })) return;
  throw new PlugboardError({
    kind: 'configuration',
    code: 'facts_not_sealed',
    message: 'The facts that decide where the stored credentials go were stored by an earlier version, unprotected.',
    hint: 'Reconnect once: the connection keeps its id and settings.',
    provider,
  });
}

/** The facts themselves where they are shorter than a hash would be: most connections have none. */
function factsHash(row: Sealable): string | Promise<string> {
  const facts = decidingFacts(row);
  return facts.length <= longestPlain ? facts : hashText('sha256', facts, 'base64url');
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
