/**
 * The address of one connection for its vendor: `/webhooks/<provider>/<key>`. The key says which connection is meant and
 * proves that whoever calls was told so; of its 32 random bytes the store holds a hash. What comes in is still judged
 * by its signature: the address opens nothing by itself.
 */
import { decodeBase64url, decodeUtf8, encodeBase64url, encodeUtf8, equalText } from '../bytes.ts';
import { liveRow, nothingConnected, type ConnectionTarget } from '../connections/live-row.ts';
import { webhookKeysMember, webhookKeysOf, type WebhookKey } from '../connections/webhook-keys.ts';
import { providerOf, type Engine, type ProviderRuntime } from '../engine.ts';
import { isPlugboardError, PlugboardError } from '../errors.ts';
import { hashText } from '../hash.ts';
import { parseJson, type Json } from '../json.ts';
import { randomToken } from '../random.ts';
import type { ConnectionRow } from '../store.ts';

/** For how long a replaced address works: the vendor has to be told the new one. */
const graceMs = 7 * 86_400_000;
/** The newest, and those that end: more than a handful would be a leak of its own. */
const mostKeys = 5;
const shape = /^([\w-]{4,2400})\.([\w-]{43})$/;

/**
 * Makes a new address, which is not shown again. The one before works for another week.
 * @throws PlugboardError kind `auth`, code `not_connected`; kind `configuration`, code `no_webhooks`.
 */
export async function makeWebhookAddress(
  engine: Engine,
  provider: string,
  { userId = 'system', ...target }: ConnectionTarget & { readonly userId?: string },
): Promise<string> {
  const { definition } = providerOf(engine, provider);
  if (definition.webhooks === undefined) throw noWebhooks(provider);
  const secret = randomToken(32);
  const made: WebhookKey = { hash: await hashOf(secret), until: null };
  const row = await addKey(engine, await liveRow(engine, provider, target), made);
  const { organizationId, id: connectionId } = row;
  const type = 'connection.webhook_address_made';
  await engine.events.audit({ organizationId, connectionId, provider, type, actor: userId, data: {} });
  const address = encodeBase64url(encodeUtf8(JSON.stringify([organizationId, connectionId])));
  return `${engine.url}/webhooks/${provider}/${address}.${secret}`;
}

/** The connection of a key; null for every other text, whatever is wrong with it. */
export async function rowOfWebhookKey(
  engine: Engine,
  { definition, stub }: ProviderRuntime,
  key: string,
): Promise<ConnectionRow | null> {
  const [, address = '', secret = ''] = shape.exec(key) ?? [];
  const named = readAddress(address);
  if (named === undefined) return null;
  const row = await engine.store.connections.get(...named);
  const given = await hashOf(secret);
  const now = row?.readAt.toISOString() ?? '';
  const known = (row === null ? [] : webhookKeysOf(row)).filter(({ until }) => until === null || until > now);
  // All of them are compared, whichever fits.
  const fitting = known.filter((held) => equalText(held.hash, given));
  if (row === null || fitting.length === 0) return null;
  const usable = row.provider === definition.id && row.status !== 'disconnected' && (!row.stub || stub);
  return usable ? row : null;
}

/** Of two that make an address at once both are kept, and the later one is the newest. */
async function addKey(engine: Engine, from: ConnectionRow, made: WebhookKey): Promise<ConnectionRow> {
  const { connections } = engine.store;
  for (
    let row: ConnectionRow | null = from;
    row !== null && row.status !== 'disconnected';
    row = await connections.get(row.organizationId, row.id)
  ) {
    const now = row.readAt.toISOString();
    const end = new Date(row.readAt.getTime() + graceMs).toISOString();
    const older = webhookKeysOf(row)
      .filter(({ until }) => until === null || until > now)
      .map((key) => ({ ...key, until: key.until ?? end }));
    const metadata = { ...row.metadata, [webhookKeysMember]: [made, ...older].slice(0, mostKeys) };
    const written = await connections.update(row.organizationId, row.id, { version: row.version }, { metadata });
    if (written !== null) return written;
  }
  throw nothingConnected(from.provider);
}

function readAddress(text: string): readonly [organizationId: string, connectionId: string] | undefined {
  const json = decodeUtf8(decodeBase64url(text) ?? new Uint8Array());
  const value = json === undefined ? undefined : parsed(json);
  if (!Array.isArray(value) || value.length !== 2 || json !== JSON.stringify(value)) return undefined;
  const [organizationId, connectionId] = value as readonly Json[];
  const fits = typeof organizationId === 'string' && organizationId !== '' && typeof connectionId === 'string';
  // What no store could hold is nobody's.
  if (!fits || organizationId.length > 256 || organizationId.includes('\0') || !organizationId.isWellFormed()) return;
  return [organizationId, connectionId];
}

function parsed(json: string) {
  try {
    return parseJson(json);
  } catch (error) {
    if (isPlugboardError(error)) return undefined;
    throw error;
  }
}

function hashOf(secret: string): Promise<string> {
  return hashText('sha256', secret, 'hex');
}

function noWebhooks(provider: string): PlugboardError {
  return new PlugboardError({
    kind: 'configuration',
    code: 'no_webhooks',
    message: `Provider \`${provider}\` has no webhooks.`,
    hint: 'Nothing to do.',
    provider,
  });
}
