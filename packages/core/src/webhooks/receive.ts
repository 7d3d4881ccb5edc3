/** From a vendor's post to the host's handlers: verified on raw bytes, once, for the right organization. */
import { routeOf } from '../channels/route.ts';
import { platformFields } from '../connections/platform-access.ts';
import { openCredentials } from '../connections/envelope.ts';
import type { Sessions } from '../connections/session.ts';
import type { Credentials } from '../auth/auth.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { checkId, providerOf } from '../engine.ts';
import { invalidInput, isPlugboardError, type PlugboardError } from '../errors.ts';
import { errorFields, type Unsubscribe } from '../events.ts';
import { hashText } from '../hash.ts';
import { secretsOf } from '../previous-secrets.ts';
import type { WebhookDefinition } from '../provider.ts';
import { Secret } from '../secret.ts';
import type { ConnectionRow } from '../store.ts';
import { rowOfWebhookKey } from './address.ts';
import { readBody } from './body.ts';
import type { Handlers, WebhookHandler } from './handlers.ts';
import type { Intake } from './intake.ts';
import { scopeOf } from './ownership.ts';
import { readEvents } from './read-events.ts';
import { rememberMs } from './recipients.ts';
import { liveSecrets } from './secrets.ts';
import { claimBody } from './one-body.ts';
import { problem, refusal, responseOf } from './reply.ts';
import { verifyTools } from './verify-tools.ts';
import type { Delivery, WebhookReply } from './webhook.ts';

export interface WebhookTarget {
  /** From the address of one connection, as `board.webhooks.address` made it: what follows the provider's name. */
  readonly key?: string;
  /** For hosts with routes of their own, which know the connection already; nobody outside may choose it. */
  readonly organizationId?: string;
  readonly label?: string;
}

export interface WebhookService {
  /**
   * Answers as the vendor wants: 2xx only after every handler has finished, or in the background every event is stored;
   * 401 for a bad signature, 503 where no secret is configured, 5xx when a handler fails, so that the vendor sends again.
   */
  receive(provider: string, request: Request, target?: WebhookTarget): Promise<Response>;
  /** `type` as the vendor spells it, or `*` for all. */
  on(provider: string, type: string, handler: WebhookHandler): Unsubscribe;
}

const defaultMaxBytes = 1_048_576;

/** A mistake of the host, and none that a vendor could be told of. */
function requireRequest(request: unknown): void {
  const { method, url, headers } = Object(request) as Partial<Request>;
  if (typeof method === 'string' && typeof url === 'string' && typeof headers?.get === 'function') return;
  const message = 'must be a `Request` whose body was not read: wrap what your framework calls one';
  throw invalidInput('The webhook', [{ path: 'request', message }]);
}

export interface WebhookParts {
  readonly sessions: Sessions;
  readonly handlers: Handlers;
  readonly intake: Intake;
}

export function createWebhooks(engine: Engine, { sessions, handlers, intake }: WebhookParts): WebhookService {
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
    const source = { app: runtime.app, credentials, ...proven };
    const secrets = liveSecrets(secretsOf(webhooks, source, runtime.previousSecrets), delivery.receivedAt);
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
    // Of no use where the signature covers the body, and each event has an id of its own.
    let hashed: Promise<string> | undefined;
    const bodyHash = () => (hashed ??= hashText('sha256', delivery.body, 'hex'));
    const claim = await claimBody(engine.store.once, verdict, {
      provider: scopeOf(provider, addressed),
      bodyHash,
      rememberMs: rememberMs(runtime),
    });
    if (claim === 'replayed') return refusal(claim, webhooks.refusals);
    const events = readEvents(engine, provider, webhooks, delivery);
    if ('status' in events) return events;
    // An id that the signature does not cover could be renewed by whoever replays the body.
    const signedId = verdict.deliveryIdSigned === true ? verdict.deliveryId : undefined;
    const fallbackId = events.every(({ id }) => id !== undefined) ? '' : (signedId ?? (await bodyHash()));
    const channel = route && { id: route.channel.id, params: route.channel.params };
    const items = events.map((event, index) => {
      const id = event.id ?? (events.length === 1 ? fallbackId : `${fallbackId}/${index}`);
      return { event, id, addressed, channel };
    });
    const replies = await intake.take(runtime, items);
    // The other events of the delivery may be another organization's.
    const failed = replies.find((reply) => reply !== undefined && reply.status >= 300);
    if (failed !== undefined) {
      await claim.release();
      return failed;
    }
    const asked = replies.find((reply) => reply !== undefined);
    return asked ?? webhooks.reply?.(delivery, events) ?? { status: 200 };
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
      requireRequest(request);
      try {
        return responseOf(await receive(provider, request, target));
      } catch (error) {
        if (!isPlugboardError(error)) throw error;
        engine.log.error({ provider, ...errorFields(error) }, 'a webhook could not be received');
        return responseOf(problem(statusOfError(error), error.code));
      }
    },
    on: handlers.on,
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
