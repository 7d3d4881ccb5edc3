/** Connecting by a step in the browser that is not OAuth: begun at the vendor, bound to one user, finished once. */
import type { BrowserMethod, BrowserStart, Credentials } from '../auth/auth.ts';
import { createOAuthClient } from '../auth/oauth-client.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { checkId, methodOf, providerOf } from '../engine.ts';
import { invalidInput, PlugboardError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { randomToken } from '../random.ts';
import { checkInput } from '../schema.ts';
import type { ConnectionRow } from '../store.ts';
import { openCredentials } from './envelope.ts';
import { factsOf, withInput } from './facts.ts';
import { storeGrant } from './new-grant.ts';
import { oauthContext, requireApp } from './oauth-context.ts';
import { askInPlace, peekRecord, putRecord, takeRecord, type OneTimeKey, type OneTimeRecord } from './one-time.ts';
import type { Connection } from './view.ts';

const defaultTtlMs = 3_600_000;
const longestTtlMs = 24 * 3_600_000;

export interface PrepareInput {
  readonly organizationId: string;
  /** The host's signed-in user: only they can finish the step. */
  readonly userId: string;
  /** A connection of this label is repaired where the vendor can, else replaced. Default `default`. */
  readonly label?: string;
  /** Default: the provider's first way that has a step in the browser. */
  readonly method?: string;
  /** Values that the vendor needs before the step. */
  readonly input?: JsonObject;
}

export interface Prepared {
  /** What the page needs to open the vendor's widget. */
  readonly page: JsonObject;
  /** Goes to `connect` with the widget's result. Good for one use. */
  readonly flow: string;
}

interface StepRecord extends OneTimeRecord {
  readonly label: string;
  readonly method: string;
  /** Given by the tenant. */
  readonly input: JsonObject;
  /** Kept by `start`. */
  readonly keep: JsonObject;
  /** The connection that is reconnected. */
  readonly connectionId: string | null;
}

/**
 * Makes what the page needs for a step in the browser that is not OAuth.
 * @throws PlugboardError kind `invalid_request` where the provider has no such step; `app_credentials_missing`,
 * `too_many_flows`, or the vendor's refusal.
 */
export async function prepare(engine: Engine, provider: string, input: PrepareInput): Promise<Prepared> {
  const runtime = providerOf(engine, provider);
  const organizationId = checkId(input.organizationId, 'organizationId');
  const userId = checkId(input.userId, 'userId');
  const label = checkId(input.label ?? 'default', 'label');
  const [name, method] = browserMethodOf(runtime, input.method);
  requireApp(runtime, { set: method.appSet });
  const given = checkGiven(method, input.input, provider);
  const row = await reconnected(engine, runtime, { organizationId, label, method: name });
  const credentials = row === null ? {} : await openCredentials(engine, row);
  const client = createOAuthClient(oauthContext(engine, runtime, organizationId), method, {
    input: given,
    credentials,
    metadata: row?.metadata ?? {},
  });
  const webhookUrl = `${engine.url}/webhooks/${provider}`;
  const flow = randomToken(32);
  const flowKey = keyOf(provider, flow);
  const caller = { organizationId, userId, webhookUrl };
  const started = await askInPlace(engine, flowKey, caller, async () => method.start?.(client, caller));
  const { page, keep = {}, expiresInMs = defaultTtlMs }: BrowserStart = started ?? { page: {} };
  const who = { organizationId, userId, label, method: name };
  const record: StepRecord = { ...who, input: given, keep, connectionId: row?.id ?? null };
  await putRecord(engine, flowKey, record, Math.min(Math.max(expiresInMs, 60_000), longestTtlMs));
  return { page, flow };
}

function checkGiven({ input: schema }: BrowserMethod, given: JsonObject | undefined, provider: string): JsonObject {
  const checked = schema === undefined ? {} : checkInput(schema, given ?? {}, `${provider} input`);
  return Object.fromEntries(Object.entries(checked).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

export interface FinishedStep {
  readonly organizationId: string;
  readonly userId: string;
  readonly label: string;
  readonly method: string;
  readonly flow: string | undefined;
  /** What the step handed back, checked. */
  readonly credentials: Credentials;
  readonly allowAccountChange: boolean;
}

/**
 * Stores what a step in the browser brought. The flow is consumed before the vendor hears of it.
 * @throws PlugboardError codes `flow_missing`, `flow_unknown` (used, expired or made up), `tenant_mismatch` (another
 * organization or user), `flow_mismatch` (another label or way to connect), `nothing_to_keep`, `account_mismatch`.
 */
export async function finishStep(engine: Engine, runtime: ProviderRuntime, step: FinishedStep): Promise<Connection> {
  const [name, method] = browserMethodOf(runtime, step.method);
  const record = await takeFlow(engine, runtime, step);
  const context = oauthContext(engine, runtime, step.organizationId);
  const input = { ...record.input, ...record.keep };
  const completed = await method.complete(createOAuthClient(context, method, { credentials: step.credentials, input }));
  const kept = completed === 'keep' ? await keptRow(engine, runtime, record) : undefined;
  const grant =
    completed === 'keep'
      ? { ...factsOf(kept!), credentials: await openCredentials(engine, kept!) }
      : { ...completed, metadata: withInput(completed.metadata, record.input) };
  const { connection } = await storeGrant(engine, runtime, {
    organizationId: step.organizationId,
    label: step.label,
    method: name,
    grant,
    ...(kept && { keeps: kept.id }),
    allowAccountChange: step.allowAccountChange,
    actor: step.userId,
  });
  return connection;
}

async function takeFlow(engine: Engine, runtime: ProviderRuntime, step: FinishedStep): Promise<StepRecord> {
  const provider = runtime.definition.id;
  if (step.flow === undefined) {
    const message = 'is missing: this way to connect begins with board.prepare()';
    throw invalidInput(`${provider} connect`, [{ path: 'flow', message }]).with({ code: 'flow_missing' });
  }
  const key = keyOf(provider, step.flow);
  const record = /^[A-Za-z0-9_-]{43}$/.test(step.flow) ? await peekRecord<StepRecord>(engine, key) : null;
  if (record === null) throw refused('flow_unknown', 'The step was finished already, has expired, or was never begun.');
  const failure = mismatchOf(record, step);
  if (failure !== undefined) {
    await engine.events.audit({
      organizationId: record.organizationId,
      connectionId: record.connectionId,
      provider,
      type: 'connect.refused',
      actor: step.userId,
      data: { reason: failure.code },
    });
    throw failure;
  }
  if (await takeRecord(engine, key)) return record;
  throw refused('flow_unknown', 'The step was finished already.');
}

function mismatchOf(record: StepRecord, step: FinishedStep): PlugboardError | undefined {
  if (record.organizationId !== step.organizationId || record.userId !== step.userId) {
    return refused('tenant_mismatch', 'The step was begun by another organization or user.');
  }
  const same = record.label === step.label && record.method === step.method;
  return same ? undefined : refused('flow_mismatch', 'The step was begun for another label or way to connect.');
}

function refused(code: string, message: string): PlugboardError {
  const hint = 'Begin again with board.prepare(), as the user who finishes the step.';
  return new PlugboardError({ kind: 'permission', code, message, hint });
}

/** The connection that a step may repair: of the same way to connect, and not ended. */
async function reconnected(
  engine: Engine,
  runtime: ProviderRuntime,
  { organizationId, label, method }: Pick<StepRecord, 'organizationId' | 'label' | 'method'>,
): Promise<ConnectionRow | null> {
  const row = await engine.store.connections.find(organizationId, { provider: runtime.definition.id, label });
  const usable = row?.method === method && row.credentials !== null && row.status !== 'disconnected';
  return usable && (!row.stub || runtime.stub) ? row : null;
}

async function keptRow(engine: Engine, runtime: ProviderRuntime, record: StepRecord): Promise<ConnectionRow> {
  const row = await reconnected(engine, runtime, record);
  if (row !== null && row.id === record.connectionId) return row;
  throw new PlugboardError({
    kind: 'conflict',
    code: 'nothing_to_keep',
    message: 'The step repaired credentials of a connection that has ended meanwhile.',
    hint: 'Begin again with board.prepare().',
    provider: runtime.definition.id,
  });
}

function browserMethodOf(runtime: ProviderRuntime, asked: string | undefined): readonly [string, BrowserMethod] {
  const { id, auth } = runtime.definition;
  const name = asked ?? Object.keys(auth).find((key) => auth[key]?.kind === 'browser');
  const method = name === undefined ? undefined : methodOf(runtime, name);
  if (name !== undefined && method?.kind === 'browser') return [name, method];
  throw invalidInput(`${id} prepare`, [{ path: 'method', message: 'this provider has no such step in the browser' }]);
}

/** A flow of another provider is not found at all. */
function keyOf(provider: string, flow: string): OneTimeKey {
  return { kind: 'browser-step', purpose: 'browser.step', provider, handle: `${provider}.${flow}` };
}
