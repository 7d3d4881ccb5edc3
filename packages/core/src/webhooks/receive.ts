/** From a vendor's post to the host's handlers: verified on raw bytes, once, for the right organization. */
import type { ChannelRecord } from '../channels/records.ts';
import { routeOf } from '../channels/route.ts';
import { endConnection } from '../connections/disconnect.ts';
import { platformFields } from '../connections/platform-access.ts';
import { openCredentials } from '../connections/envelope.ts';
import type { Sessions } from '../connections/session.ts';
import { viewOf, type Connection } from '../connections/view.ts';
import type { Credentials } from '../auth/auth.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { checkId, providerOf } from '../engine.ts';
import { isPlugboardError, type PlugboardError } from '../errors.ts';
import { errorFields, type Unsubscribe } from '../events.ts';
import { hashText } from '../hash.ts';
import type { HealthService } from '../health.ts';
import type { Json, JsonObject } from '../json.ts';
import type { WebhookDefinition } from '../provider.ts';
import { checkAnswer, type Schema } from '../schema.ts';
import { Secret } from '../secret.ts';
import type { ConnectionRow } from '../store.ts';
import { rowOfWebhookKey } from './address.ts';
import { readBody } from './body.ts';
import { inTime } from './handler-time.ts';
import { isForeign, scopeOf } from './ownership.ts';
import { readEvents } from './read-events.ts';
import { liveSecrets } from './secrets.ts';
import { eachOnce, type EachOutcome } from './each-once.ts';
import { claimBody } from './one-body.ts';
import { checkReply, problem, refusal, responseOf } from './reply.ts';
import { verifyTools } from './verify-tools.ts';
import type { Delivery, WebhookEvent, WebhookReply } from './webhook.ts';

/** What a handler learns besides the event's data. */
export interface WebhookContext {
  readonly provider: string;
  readonly type: string;
  /** The vendor's id of the event, or one derived from the signed body. */
  readonly id: string;
  /** Null for events of the platform's own account. */
  readonly organizationId: string | null;
  readonly connection: Connection | null;
  readonly accountId: string | null;
  readonly occurredAt: Date | null;
  /** Through which channel it came, for vendors that have them. */
  readonly channel: { readonly id: string; readonly params: JsonObject } | null;
}

/** What a handler returns becomes the answer to the vendor; of several the first. Most return nothing. */
export type WebhookHandler<Data = Json> = (
  data: Data,
  context: WebhookContext,
) => HandlerResult | Promise<HandlerResult>;
// `void` lets handlers be written as functions without a result.
// oxlint-disable-next-line typescript/no-invalid-void-type
type HandlerResult = WebhookReply | undefined | void;

export interface WebhookTarget {
  /** From the address of one connection, as `board.webhooks.address` made it: what follows the provider's name. */
  readonly key?: string;
  /** For hosts with routes of their own, which know the connection already; nobody outside may choose it. */
  readonly organizationId?: string;
  readonly label?: string;
}

export interface WebhookService {
  /**
   * Answers as the vendor wants: 2xx only after every handler has finished, 401 for a bad signature, 503 where no secret
   * is configured, 5xx when a handler fails, so that the vendor sends again.
   */
  receive(provider: string, request: Request, target?: WebhookTarget): Promise<Response>;
  /** `type` as the vendor spells it, or `*` for all. */
  on(provider: string, type: string, handler: WebhookHandler): Unsubscribe;
}

const defaultMaxBytes = 1_048_576;
const processingMs = 60_000;
const dayMs = 86_400_000;

export function createWebhooks(engine: Engine, sessions: Sessions, health: HealthService): WebhookService {
  const handlers = new Map<string, Set<WebhookHandler>>();

  async function receive(provider: string, request: Request, target: WebhookTarget): Promise<WebhookReply> {
    const runtime = providerOf(engine, provider);
    const webhooks = runtime.definition.webhooks as WebhookDefinition | undefined;
    if (webhooks === undefined) return problem(404, 'no_webhooks');
    const keyed = target.key === undefined ? null : await rowOfWebhookKey(engine, runtime, target.key);
    if (target.key !== undefined && keyed === null) return problem(404, 'unknown_address');
    const read = await readBody(request, webhooks.maxBytes ?? defaultMaxBytes, engine.clock);
    if ('status' in read) return problem(read.status, read.code);
    const delivery: Delivery = {
      method: request.method,
      url: publicUrl(engine, provider, request.url),
      headers: request.headers,
      body: read.bytes,
      receivedAt: engine.clock.now(),
    };
    const named = webhooks.channels?.read?.(delivery);
    const route = named === undefined ? null : await routeOf(engine, runtime, named);
    const meant = keyed ?? (await addressedRow(runtime, target));
    const expected = meant?.organizationId ?? target.organizationId ?? route?.row.organizationId;
    if (route !== null && expected !== route.row.organizationId) return problem(403, 'foreign_account');
    const addressed = route?.row ?? meant;
    const credentials = await credentialsOf(runtime, addressed);
    const proven = route !== null && named !== undefined && { channelToken: new Secret(named.token) };
    const secrets = liveSecrets(webhooks.secrets({ app: runtime.app, credentials, ...proven }), delivery.receivedAt);
    const closed = secrets.length === 0;
    if (closed && webhooks.channels?.read === undefined) return problem(503, 'webhook_not_configured');
    const challenge = webhooks.challenge?.(delivery, secrets, runtime.app);
    if (challenge !== undefined) return challenge;
    if (closed) return refusal(named === undefined ? 'signature_missing' : 'signature_invalid', webhooks.refusals);
    const verdict = await webhooks.verify(
      delivery,
      secrets,
      verifyTools(engine, sessions, { runtime, row: addressed, credentials }),
    );
    if (!verdict.ok) return refusal(verdict.reason, webhooks.refusals);
    const body = await hashText('sha256', delivery.body, 'hex');
    const rememberMs = (webhooks.rememberDays ?? 3) * dayMs;
    const claim = await claimBody(engine.store.once, verdict, {
      provider: scopeOf(provider, addressed),
      body,
      rememberMs,
    });
    if (claim === 'replayed') return refusal(claim, webhooks.refusals);
    const events = readEvents(engine, provider, webhooks, delivery);
    if ('status' in events) return events;
    // An id that the signature does not cover could be renewed by whoever replays the body.
    const signedId = verdict.deliveryIdSigned === true ? verdict.deliveryId : undefined;
    const fallbackId = signedId ?? body;
    let asked: WebhookReply | undefined;
    let failed: WebhookReply | undefined;
    for (const [index, event] of events.entries()) {
      const id = event.id ?? (events.length === 1 ? fallbackId : `${fallbackId}/${index}`);
      const reply = await once(runtime, webhooks, { event, id, addressed, channel: route?.channel ?? null });
      // The other events of the delivery may be another organization's.
      if (reply !== undefined && reply.status >= 300) failed ??= reply;
      else asked ??= reply;
    }
    if (failed !== undefined) {
      await claim.release();
      return failed;
    }
    return asked ?? webhooks.reply?.(delivery, events) ?? { status: 200 };
  }

  interface Item {
    readonly event: WebhookEvent;
    readonly id: string;
    readonly addressed: ConnectionRow | null;
    readonly channel: ChannelRecord | null;
  }

  /**
   * Runs the handlers of one event unless they already ran; a crash in between lets the vendor's next try through.
   * Answers what a handler replied, a refusal, or nothing in particular.
   */
  async function once(
    runtime: ProviderRuntime,
    webhooks: WebhookDefinition,
    item: Item,
  ): Promise<WebhookReply | undefined> {
    const { once: values } = engine.store;
    const key = `webhook:${scopeOf(runtime.definition.id, item.addressed)}:${await hashText('sha256', item.id, 'hex')}`;
    const mark = await values.put({ key, value: 'processing', ttlMs: processingMs });
    if (mark !== 'stored') return (await values.peek(key)) === 'done' ? undefined : problem(503, 'already_processing');
    try {
      const rows = await rowsOf(runtime, item);
      if (rows === 'foreign') {
        await values.take(key);
        return problem(403, 'foreign_account');
      }
      const ttlMs = (webhooks.rememberDays ?? 3) * dayMs;
      const { result, failures } = await eachOnce(values, { key, ttlMs }, rows, (row) =>
        dispatch(runtime, webhooks, item, row),
      );
      for (const failure of failures) logFailure(runtime, item, failure);
      if (failures.length === 0) {
        await values.set(key, 'done', ttlMs);
        return result;
      }
    } catch (error) {
      logFailure(runtime, item, { row: null, error });
    }
    await values.take(key);
    return problem(500, 'handler_failed');
  }

  function logFailure(
    runtime: ProviderRuntime,
    { event }: Item,
    { row, error }: EachOutcome<never>['failures'][number],
  ) {
    const whose = row && { organizationId: row.organizationId, connectionId: row.id };
    const fields = { provider: runtime.definition.id, type: event.type, ...whose, ...errorFields(error) };
    engine.log.error(fields, 'a webhook handler failed; the vendor will send again');
  }

  /** Connections the event is for. An event about somebody else's account never passes a connection's own secret. */
  async function rowsOf(
    runtime: ProviderRuntime,
    { event, addressed }: Item,
  ): Promise<readonly (ConnectionRow | null)[] | 'foreign'> {
    const { id: provider } = runtime.definition;
    const ids = [...(event.accountId === undefined ? [] : [event.accountId]), ...(event.otherAccountIds ?? [])];
    const isLive = (row: ConnectionRow) => row.status !== 'disconnected' && (!row.stub || runtime.stub);
    if (addressed !== null) return isForeign(addressed, ids) ? 'foreign' : [addressed].filter(isLive);
    if (ids.length === 0) return [null];
    const found = await Promise.all(ids.map((id) => engine.store.connections.findByAccount(provider, id)));
    const rows = [...new Map(found.flat().map((row) => [row.id, row])).values()];
    const live = rows.filter(isLive);
    // The platform's own account has no row: its events belong to no organization.
    return live.length === 0 && runtime.platform !== undefined ? [null] : live;
  }

  async function dispatch(
    runtime: ProviderRuntime,
    webhooks: WebhookDefinition,
    { event, id, channel }: Item,
    row: ConnectionRow | null,
  ): Promise<WebhookReply | undefined> {
    const provider = runtime.definition.id;
    const schema = Object.hasOwn(webhooks.events, event.type) ? (webhooks.events[event.type] as Schema) : undefined;
    const data =
      schema === undefined
        ? event.data
        : (checkAnswer(schema, event.data, `The event ${provider} ${event.type}`) as Json);
    const context: WebhookContext = {
      provider,
      type: event.type,
      id,
      organizationId: row?.organizationId ?? null,
      connection: row === null ? null : viewOf(row),
      accountId: event.accountId ?? null,
      occurredAt: event.occurredAt ?? null,
      channel: channel && { id: channel.id, params: channel.params },
    };
    let asked: WebhookReply | undefined;
    for (const name of [`${provider}/${event.type}`, `${provider}/*`]) {
      for (const handler of handlers.get(name) ?? []) {
        const reply = checkReply(await inTime(engine.clock, provider, () => handler(data, context)));
        asked ??= reply;
      }
    }
    const ends = typeof webhooks.ends === 'function' ? webhooks.ends(event) : webhooks.ends?.includes(event.type);
    if (row !== null && ends === true) {
      await endConnection(engine, runtime, row, { actor: 'vendor', reason: 'uninstalled', revoke: false });
      sessions.forget(row);
    } else if (row !== null && webhooks.checks?.includes(event.type) === true) {
      // What the vendor says when it is asked, not what the event says.
      await health.checkRow(runtime, row);
    }
    return asked;
  }

  async function addressedRow(runtime: ProviderRuntime, target: WebhookTarget): Promise<ConnectionRow | null> {
    if (target.organizationId === undefined) return null;
    const key = { provider: runtime.definition.id, label: checkId(target.label ?? 'default', 'label') };
    return engine.store.connections.find(checkId(target.organizationId, 'organizationId'), key);
  }

  async function credentialsOf(runtime: ProviderRuntime, row: ConnectionRow | null): Promise<Credentials> {
    if (row !== null && row.credentials !== null) return openCredentials(engine, row);
    return platformFields(runtime);
  }

  return {
    async receive(provider, request, target = {}) {
      try {
        return responseOf(await receive(provider, request, target));
      } catch (error) {
        if (!isPlugboardError(error)) throw error;
        engine.log.error({ provider, ...errorFields(error) }, 'a webhook could not be received');
        return responseOf(problem(statusOfError(error), error.code));
      }
    },
    on(provider, type, handler) {
      providerOf(engine, provider);
      const key = `${provider}/${type}`;
      const set = handlers.get(key) ?? new Set();
      handlers.set(key, set.add(handler));
      return () => void set.delete(handler);
    },
  };
}

/** What the vendor called, as it knows it: signatures over URLs must not depend on proxies and Host headers. */
function publicUrl(engine: Engine, provider: string, requested: string): URL {
  const { pathname, search } = new URL(requested);
  const route = `/webhooks/${provider}`;
  const at = pathname.lastIndexOf(route);
  const rest = at < 0 ? '' : pathname.slice(at + route.length);
  return new URL(`${engine.url}${route}${rest}${search}`);
}

function statusOfError(error: PlugboardError): number {
  if (error.code === 'unknown_provider') return 404;
  if (error.kind === 'invalid_response' || error.kind === 'invalid_request') return 400;
  return error.retryable || error.kind === 'configuration' ? 503 : 500;
}
