/** From a vendor's post to the host's handlers: verified on raw bytes, once, for the right organization. */
import { encodeHex } from '../bytes.ts';
import { endConnection } from '../connections/disconnect.ts';
import { createPlatformAccess } from '../connections/platform-access.ts';
import { openCredentials } from '../connections/envelope.ts';
import type { Sessions } from '../connections/session.ts';
import { viewOf, type Connection } from '../connections/view.ts';
import type { Credentials, OAuthRequest } from '../auth/auth.ts';
import { sendOAuth } from '../auth/oauth-client.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { checkId, providerOf } from '../engine.ts';
import { isPlugboardError, type PlugboardError } from '../errors.ts';
import { errorFields, type Unsubscribe } from '../events.ts';
import { hash } from '../hash.ts';
import type { Json } from '../json.ts';
import type { WebhookDefinition } from '../provider.ts';
import { checkAnswer, type Schema } from '../schema.ts';
import type { ConnectionRow } from '../store.ts';
import { readBody } from './body.ts';
import { createKeyCache } from './key-cache.ts';
import { liveSecrets } from './secrets.ts';
import type { Delivery, RejectReason, WebhookEvent, WebhookReply } from './webhook.ts';

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
}

export type WebhookHandler = (data: Json, context: WebhookContext) => void | Promise<void>;

export interface WebhookTarget {
  /** Needed where the signing secret belongs to one connection. */
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

const statusOfReason: Readonly<Record<RejectReason, number>> = {
  signature_missing: 401,
  signature_invalid: 401,
  timestamp_invalid: 401,
  timestamp_outside_tolerance: 401,
  malformed: 400,
  key_unavailable: 503,
};

export function createWebhooks(engine: Engine, sessions: Sessions): WebhookService {
  const platform = createPlatformAccess(engine);
  const handlers = new Map<string, Set<WebhookHandler>>();
  const keys = createKeyCache();

  /** For schemes that ask the vendor: the app's own credentials, the provider's own hosts. */
  function toolsOf(runtime: ProviderRuntime) {
    const { definition, app, transport, apiVersion } = runtime;
    const context = {
      provider: definition.id,
      hosts: definition.hosts,
      app,
      transport,
      clock: engine.clock,
      apiVersion,
    };
    return { app, request: (init: OAuthRequest) => sendOAuth(context, init) };
  }

  async function receive(provider: string, request: Request, target: WebhookTarget): Promise<WebhookReply> {
    const runtime = providerOf(engine, provider);
    const webhooks = runtime.definition.webhooks as WebhookDefinition | undefined;
    if (webhooks === undefined) return problem(404, 'no_webhooks');
    const body = await readBody(request, webhooks.maxBytes ?? defaultMaxBytes, engine.clock);
    if ('status' in body) return problem(body.status, body.code);
    const delivery: Delivery = {
      method: request.method,
      url: publicUrl(engine, provider, request.url),
      headers: request.headers,
      body: body.bytes,
      receivedAt: engine.clock.now(),
    };
    const addressed = await addressedRow(runtime, target);
    const credentials = await credentialsOf(runtime, addressed);
    const secrets = liveSecrets(webhooks.secrets({ app: runtime.app, credentials }), delivery.receivedAt);
    if (secrets.length === 0) return problem(503, 'webhook_not_configured');
    const challenge = webhooks.challenge?.(delivery, secrets, runtime.app);
    if (challenge !== undefined) return challenge;
    const verdict = await webhooks.verify(delivery, secrets, { ...toolsOf(runtime), keys });
    if (!verdict.ok) return problem(statusOfReason[verdict.reason], verdict.reason);
    const events = webhooks.parse(delivery);
    // An id that the signature does not cover could be renewed by whoever replays the body.
    const signedId = verdict.deliveryIdSigned === true ? verdict.deliveryId : undefined;
    const fallbackId = signedId ?? encodeHex(await hash('sha256', delivery.body));
    for (const [index, event] of events.entries()) {
      const id = event.id ?? (events.length === 1 ? fallbackId : `${fallbackId}/${index}`);
      const refused = await once(runtime, webhooks, { event, id, addressed });
      if (refused !== undefined) return refused;
    }
    return webhooks.reply?.(delivery, events) ?? { status: 200 };
  }

  interface Item {
    readonly event: WebhookEvent;
    readonly id: string;
    readonly addressed: ConnectionRow | null;
  }

  /** Runs the handlers of one event unless they already ran; a crash in between lets the vendor's next try through. */
  async function once(
    runtime: ProviderRuntime,
    webhooks: WebhookDefinition,
    item: Item,
  ): Promise<WebhookReply | undefined> {
    const { once: values } = engine.store;
    const key = `webhook:${runtime.definition.id}:${encodeHex(await hash('sha256', item.id))}`;
    const mark = await values.put({ key, value: 'processing', ttlMs: processingMs });
    if (mark !== 'stored') return (await values.peek(key)) === 'done' ? undefined : problem(503, 'already_processing');
    try {
      const rows = await rowsOf(runtime, item);
      if (rows === 'foreign') {
        await values.take(key);
        return problem(403, 'foreign_account');
      }
      for (const row of rows) await dispatch(runtime, webhooks, item, row);
      await values.set(key, 'done', (webhooks.rememberDays ?? 3) * dayMs);
      return undefined;
    } catch (error) {
      await values.take(key);
      engine.log.error(
        { provider: runtime.definition.id, type: item.event.type, ...errorFields(error) },
        'a webhook handler failed; the vendor will send again',
      );
      return problem(500, 'handler_failed');
    }
  }

  /** Connections the event is for. An event about somebody else's account never passes a connection's own secret. */
  async function rowsOf(
    runtime: ProviderRuntime,
    { event, addressed }: Item,
  ): Promise<readonly (ConnectionRow | null)[] | 'foreign'> {
    if (addressed !== null) {
      const foreign =
        event.accountId !== undefined && addressed.account !== null && addressed.account.id !== event.accountId;
      return foreign ? 'foreign' : [addressed];
    }
    if (event.accountId === undefined) return [null];
    const rows = await engine.store.connections.findByAccount(runtime.definition.id, event.accountId);
    const live = rows.filter((row) => row.status !== 'disconnected' && (!row.stub || runtime.stub));
    // The platform's own account has no row: its events belong to no organization.
    return live.length === 0 && runtime.platform !== undefined ? [null] : live;
  }

  async function dispatch(
    runtime: ProviderRuntime,
    webhooks: WebhookDefinition,
    { event, id }: Item,
    row: ConnectionRow | null,
  ): Promise<void> {
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
    };
    for (const name of [`${provider}/${event.type}`, `${provider}/*`]) {
      for (const handler of handlers.get(name) ?? []) await handler(data, context);
    }
    const ends = typeof webhooks.ends === 'function' ? webhooks.ends(event) : webhooks.ends?.includes(event.type);
    if (row !== null && ends === true) {
      await endConnection(engine, runtime, row, { actor: 'vendor', reason: 'uninstalled', revoke: false });
      sessions.forget(row.id);
    }
  }

  async function addressedRow(runtime: ProviderRuntime, target: WebhookTarget): Promise<ConnectionRow | null> {
    if (target.organizationId === undefined) return null;
    const key = { provider: runtime.definition.id, label: checkId(target.label ?? 'default', 'label') };
    return engine.store.connections.find(checkId(target.organizationId, 'organizationId'), key);
  }

  async function credentialsOf(runtime: ProviderRuntime, row: ConnectionRow | null): Promise<Credentials> {
    if (row !== null && row.credentials !== null) return openCredentials(engine, row);
    return (await platform.of(runtime))?.credentials ?? {};
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

function problem(status: number, code: string): WebhookReply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error: code }) };
}

function responseOf({ status, headers, body }: WebhookReply): Response {
  const safe = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' };
  const bodiless = status === 204 || status === 304;
  return new Response(bodiless ? null : (body ?? ''), { status, headers: { ...safe, ...headers } });
}
