/** Writes a proven grant as a connection: new, or in place of the same one. */
import type { AuthMethod, Credentials, Grant } from '../auth/auth.ts';
import { missingScopes } from '../auth/scopes.ts';
import { encodeHex, encodeUtf8 } from '../bytes.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import { member, type JsonObject } from '../json.ts';
import type { AccountResult } from '../provider.ts';
import { randomUuid } from '../random.ts';
import { reveal } from '../secret.ts';
import type { AccountRef, ConnectionData, ConnectionRow } from '../store.ts';
import { openCredentials, sealCredentials } from './envelope.ts';
import { decidingFacts, factsOf, vendorFacts } from './facts.ts';
import { canRefresh, lifetimeOf } from './lifetime.ts';
import { viewOf, type Connection } from './view.ts';
import { keptWebhookKeys } from './webhook-keys.ts';

export interface NewGrant {
  readonly organizationId: string;
  readonly label: string;
  readonly method: string;
  readonly grant: Grant;
  readonly account: AccountResult | null;
  /** Scopes that were asked for; what is missing makes the connection `degraded`. */
  readonly asked?: readonly string[];
  /** Id of the connection whose credentials are good again: they stay as they are. */
  readonly keeps?: string;
  readonly allowAccountChange: boolean;
  readonly actor: string;
}

/** @throws PlugboardError kind `conflict`, code `account_mismatch`; the stored connection is untouched. */
export async function saveGrant(engine: Engine, runtime: ProviderRuntime, wanted: NewGrant): Promise<Connection> {
  const { store, events } = engine;
  const provider = runtime.definition.id;
  const key = { provider, label: wanted.label };
  // Two writers of one key: the loser sees the winner's row at its next turn.
  for (let turn = 0; turn < 5; turn++) {
    const existing = await store.connections.find(wanted.organizationId, key);
    if (wanted.keeps !== undefined && (existing?.id !== wanted.keeps || existing.credentials === null)) break;
    const row =
      existing === null ? await insert(engine, runtime, wanted) : await replace(engine, runtime, wanted, existing);
    if (row === null) continue;
    const connection = viewOf(row);
    await events.audit({
      organizationId: row.organizationId,
      connectionId: row.id,
      provider,
      type: existing === null ? 'connection.connected' : 'connection.reconnected',
      actor: wanted.actor,
      data: {
        method: row.method,
        status: row.status,
        account: row.account?.id ?? null,
        before: existing?.status ?? null,
      },
    });
    await events.emit('connection.connected', { connection, reconnected: existing !== null });
    if (row.status === 'degraded') await events.attention(connection, row.statusReason ?? 'degraded');
    return connection;
  }
  throw new PlugboardError({
    kind: 'conflict',
    code: 'connection_busy',
    message: 'The connection is being changed by somebody else.',
    retryable: true,
    hint: 'Try again.',
    provider,
  });
}

async function insert(engine: Engine, runtime: ProviderRuntime, wanted: NewGrant): Promise<ConnectionRow | null> {
  const id = randomUuid();
  const identity = { id, organizationId: wanted.organizationId, provider: runtime.definition.id };
  const data = await columns(engine, runtime, wanted, null);
  const credentials = await sealCredentials(engine, { ...identity, ...data }, wanted.grant.credentials, 1);
  return engine.store.connections.insert(wanted.organizationId, {
    id,
    provider: identity.provider,
    label: wanted.label,
    settings: {},
    lastSyncAt: null,
    attemptHash: null,
    attemptAt: null,
    writeId: null,
    ...data,
    credentials,
  });
}

async function replace(
  engine: Engine,
  runtime: ProviderRuntime,
  wanted: NewGrant,
  existing: ConnectionRow,
): Promise<ConnectionRow | null> {
  if (existing.stub && !runtime.stub && engine.mode === 'production') {
    await engine.store.connections.remove(existing.organizationId, existing.id);
    return null;
  }
  // What is kept is what it is now: a refresh may have told more since the step began.
  const current = wanted.keeps === undefined ? {} : factsOf(existing);
  const data = await columns(engine, runtime, { ...wanted, grant: { ...wanted.grant, ...current } }, existing);
  const { connections } = engine.store;
  const guard = { version: existing.version };
  const sealed = (credentials: Credentials) =>
    sealCredentials(engine, { ...existing, ...data }, credentials, existing.credentialsVersion + 1);
  if (wanted.keeps !== undefined) {
    const { tokenExpiresAt, refreshExpiresAt, refreshAt } = existing;
    const due = tokenExpiresAt !== null && canRefresh(methodOf(runtime, wanted.method)) ? data.connectedAt : null;
    const lives = { tokenExpiresAt, refreshExpiresAt, refreshAt: refreshAt ?? due };
    // The account may have told new facts, which the seal of the credentials must know.
    const same = decidingFacts(existing) === decidingFacts(data);
    const seals = same ? {} : { credentials: await sealed(await openCredentials(engine, existing)) };
    return connections.update(existing.organizationId, existing.id, guard, { ...data, ...lives, ...seals });
  }
  const credentials = await sealed(wanted.grant.credentials);
  const change = { ...data, credentials, attemptHash: null, attemptAt: null };
  return connections.update(existing.organizationId, existing.id, guard, change);
}

type Columns = Omit<
  ConnectionData,
  'credentials' | 'settings' | 'lastSyncAt' | 'attemptHash' | 'attemptAt' | 'writeId'
>;

async function columns(
  engine: Engine,
  runtime: ProviderRuntime,
  wanted: NewGrant,
  existing: ConnectionRow | null,
): Promise<Columns> {
  const { grant } = wanted;
  const now = await engine.store.now();
  const method = methodOf(runtime, wanted.method);
  const settled = await settleAccount(engine, runtime, wanted, existing);
  const missing = missingScopes(method, wanted.asked ?? [], grant.scopes ?? wanted.account?.scopes);
  const { status, statusReason } = statusOf(settled.account, settled.choices, missing);
  return {
    method: wanted.method,
    status,
    statusReason,
    ...lifetimeOf(grant, method, now, engine.clock),
    account: settled.account,
    scopes: grant.scopes ?? wanted.account?.scopes ?? null,
    metadata: {
      ...grant.metadata,
      ...vendorFacts(wanted.account?.metadata),
      ...keptChannels(existing, settled.account),
      ...keptWebhookKeys(existing),
      ...(wanted.account?.alsoKnownAs && { alsoKnownAs: wanted.account.alsoKnownAs }),
      ...(settled.choices && { accountChoices: settled.choices.map(plainRef) }),
      ...(settled.choices && missing.length > 0 && { missingScopes: missing }),
    },
    health: null,
    lastError: null,
    connectedAt: now,
    disconnectedAt: null,
    stub: runtime.stub,
    failCount: 0,
  };
}

function statusOf(account: AccountRef | null, choices: readonly AccountRef[] | null, missing: readonly string[]) {
  if (choices !== null) return { status: 'pending', statusReason: 'account_choice' } as const;
  if (missing.length > 0) return { status: 'degraded', statusReason: 'scopes_missing' } as const;
  if (account === null) return { status: 'degraded', statusReason: 'account_unknown' } as const;
  return { status: 'active', statusReason: null } as const;
}

interface SettledAccount {
  readonly account: AccountRef | null;
  readonly choices: readonly AccountRef[] | null;
}

async function settleAccount(
  engine: Engine,
  runtime: ProviderRuntime,
  wanted: NewGrant,
  existing: ConnectionRow | null,
): Promise<SettledAccount> {
  const result = wanted.account;
  if (result === null) return { account: wanted.grant.account ?? existing?.account ?? null, choices: null };
  if (result.kind === 'derived') {
    const text = identifyingText(wanted.grant.credentials, methodOf(runtime, wanted.method));
    const id = await fingerprint(engine, runtime.definition.id, text, existing?.account?.id);
    return { account: { id, name: result.name }, choices: null };
  }
  if (result.kind === 'known') {
    refuseOtherAccount(existing, [result.account], wanted.allowAccountChange, runtime.definition.id);
    return { account: result.account, choices: null };
  }
  const same = result.choices.find((choice) => choice.id === existing?.account?.id);
  if (same !== undefined) return { account: same, choices: null };
  refuseOtherAccount(existing, result.choices, wanted.allowAccountChange, runtime.definition.id);
  const [only] = result.choices;
  if (only === undefined) return { account: null, choices: null };
  return result.choices.length === 1 ? { account: only, choices: null } : { account: null, choices: result.choices };
}

/** Another account under the same connection would mix the data of two. */
function refuseOtherAccount(
  existing: ConnectionRow | null,
  found: readonly AccountRef[],
  allowed: boolean,
  provider: string,
): void {
  const current = existing?.account;
  if (allowed || current === null || current === undefined || existing?.stub === true) return;
  if (found.some((account) => account.id === current.id)) return;
  throw new PlugboardError({
    kind: 'conflict',
    code: 'account_mismatch',
    message: 'The grant is for another account than the one this connection is to.',
    hint: 'Connect it under another label, or pass allowAccountChange to replace the account.',
    provider,
  });
}

/**
 * A stable id where the vendor names nobody: keyed, so that it tells nothing about the credential. The key's id is part
 * of it, so that the same credential keeps its id when the keys were rotated in between.
 */
async function fingerprint(
  engine: Engine,
  provider: string,
  text: string,
  current: string | undefined,
): Promise<string> {
  const { vault } = engine;
  const idUnder = async (keyId: string) => {
    const mac = await vault.mac(`account.fingerprint/${provider}`, encodeUtf8(text), keyId);
    return `key_${keyId}_${encodeHex(mac).slice(0, 24)}`;
  };
  const before = /^key_([A-Za-z0-9_-]+)_[0-9a-f]{24}$/.exec(current ?? '')?.[1];
  const same = before !== undefined && vault.keyIds.includes(before) && (await idUnder(before)) === current;
  return same ? current : idUnder(vault.primaryKeyId);
}

/** The first field of the method's example comes first in its form: what tells accounts apart (a SID, a key). */
function identifyingText(credentials: Credentials, method: AuthMethod): string {
  const [first = ''] = Object.keys('example' in method ? method.example : {});
  return reveal(credentials[first] ?? Object.values(credentials)[0] ?? '');
}

/** They belong to the vendor's account: the same one goes on notifying. */
function keptChannels(existing: ConnectionRow | null, account: AccountRef | null): JsonObject {
  const channels = existing?.status === 'disconnected' ? undefined : member(existing?.metadata, 'channels');
  return channels === undefined || existing?.account?.id !== account?.id ? {} : { channels };
}

function plainRef({ id, name }: AccountRef): JsonObject {
  return { id, name };
}
