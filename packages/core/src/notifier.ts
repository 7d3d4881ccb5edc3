/**
 * Tells people that a connection needs them, and that it works again: one message per episode, through the host's own
 * providers or a function of its own. A messenger that is broken itself refuses, and the next one is asked; what fails
 * here is an episode of that messenger at most, so nothing is sent in circles.
 */
import type { CapabilityMap } from './capabilities.ts';
import { viewOf, type Connection } from './connections/view.ts';
import { providerOf, type Engine } from './engine.ts';
import { configurationError } from './errors.ts';
import { errorFields } from './events.ts';
import { plainNotice, type Notice, type NoticeTemplate, type NoticeText } from './notice.ts';
import type { ConnectionRow } from './store.ts';

export interface NotificationOptions {
  /** Tried in this order; the first that takes the message is enough. */
  readonly through: readonly (NotificationRoute | NotificationFunction)[];
  /**
   * Which reasons are worth a message. Default: all that somebody can do something about, so no outage of a vendor, which
   * passes.
   */
  readonly tells?: (reason: string) => boolean;
  /** Default: plain English. */
  readonly template?: NoticeTemplate;
}

/** Sends it any way the host likes; a throw sends it through the next route. */
export type NotificationFunction = (notice: Notice, text: NoticeText) => void | Promise<void>;

/** A provider of this board with the capability `notify`, or else `email`. */
export interface NotificationRoute {
  readonly provider: string;
  /** Whose connection sends. Default: nobody's, so the platform's own credentials. */
  readonly organizationId?: string | ((notice: Notice) => string);
  readonly label?: string;
  /** A channel, or addresses. Default for `notify`: what the connection's settings say. Undefined: this route has nobody to tell. */
  readonly to?: string | readonly string[] | ((notice: Notice) => string | readonly string[] | undefined);
  /** Sender, where the route is `email`. */
  readonly from?: string;
}

export interface Notifier {
  /** Told again for a row that was found so: a message that was lost in a crash is made up for. */
  reconcile(row: ConnectionRow): Promise<void>;
  /** Waits for messages under way. */
  drain(): Promise<void>;
}

export type ClientOf = (
  provider: string,
  target?: { readonly organizationId: string; readonly label?: string },
) => Partial<CapabilityMap>;

/** Ended by themselves, or nothing that the organization could mend. */
const passing: ReadonlySet<string> = new Set(['vendor_outage', 'health_failing', 'refresh_failing']);
/** Longer than any message takes: after it a message that was begun and not finished counts as lost. */
const sendingMs = 600_000;
const toldMs = 90 * 86_400_000;

/** @throws PlugboardError kind `configuration`: `unknown_provider`, `no_capability`, `invalid_notifications`. */
export function createNotifier(engine: Engine, clientOf: ClientOf, options: NotificationOptions): Notifier {
  const { store, events, log, reconnectUrl } = engine;
  const { tells = (reason) => !passing.has(reason), template = plainNotice } = options;
  checkRoutes(engine, options.through);
  const underWay = new Set<Promise<void>>();

  async function sendThrough(route: NotificationRoute, notice: Notice, { title, text }: NoticeText): Promise<boolean> {
    const { provider, label = 'default', from = '' } = route;
    const organizationId =
      typeof route.organizationId === 'function' ? route.organizationId(notice) : route.organizationId;
    const to = typeof route.to === 'function' ? route.to(notice) : route.to;
    if (route.to !== undefined && (to === undefined || to.length === 0)) return false;
    const client = clientOf(provider, organizationId === undefined ? undefined : { organizationId, label });
    if (providerOf(engine, provider).definition.capabilities?.['notify'] !== undefined) {
      for (const channel of typeof to === 'object' ? to : [to]) {
        await client.notify!.send({ title, text, type: `connection.${notice.kind}`, ...(channel && { to: channel }) });
      }
      return true;
    }
    const addresses = typeof to === 'object' ? [...to] : [to ?? ''];
    await client.email!.send({ from, to: addresses, subject: title, text });
    return true;
  }

  async function deliver(notice: Notice): Promise<boolean> {
    const text = template(notice);
    for (const [index, route] of options.through.entries()) {
      try {
        if (typeof route === 'function') {
          await route(notice, text);
          return true;
        }
        if (await sendThrough(route, notice, text)) return true;
      } catch (error) {
        log.warn({ route: index, notice: notice.kind, ...errorFields(error) }, 'a notification could not be sent');
      }
    }
    log.error({ notice: notice.kind, provider: notice.provider }, 'nobody could be told');
    return false;
  }

  /** Of several processes, and of several tries, one sends. */
  async function once(key: string, notice: Notice): Promise<void> {
    if ((await store.once.put({ key, value: 'sending', ttlMs: sendingMs })) !== 'stored') return;
    if (await deliver(notice)) await store.once.set(key, 'told', toldMs);
    // It is told by the next walk over the connections.
    else await store.once.take(key);
  }

  const keyOf = ({ id }: Connection, ended: boolean) => `notice:${id}:${ended ? 'ended' : 'impaired'}`;

  function ofConnection(connection: Connection, reason: string) {
    const { provider } = connection;
    const name = engine.providers.get(provider)?.definition.name ?? provider;
    return { provider, name, connection, reason, reconnectUrl: reconnectUrl(connection) };
  }

  async function attention(connection: Connection, reason: string): Promise<void> {
    const ended = connection.status === 'expired';
    if (!ended && !tells(reason)) return;
    await once(keyOf(connection, ended), { kind: 'attention', ended, ...ofConnection(connection, reason) });
  }

  /** The episode is over; who was told of it is told that, unless they ended it themselves. */
  async function over(connection: Connection, tell: boolean): Promise<void> {
    const told = [await store.once.take(keyOf(connection, false)), await store.once.take(keyOf(connection, true))];
    if (tell && told.includes('told')) await deliver({ kind: 'recovered', ...ofConnection(connection, 'recovered') });
  }

  /** What is told must not hold up what it tells of. */
  function start(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => log.error(errorFields(error), 'a notification failed'))
      .finally(() => underWay.delete(running));
    underWay.add(running);
  }

  events.on('connection.attention', ({ connection, reason }) => start(() => attention(connection, reason)));
  events.on('connection.recovered', ({ connection }) => start(() => over(connection, true)));
  events.on('connection.connected', ({ connection, reconnected }) => start(() => over(connection, reconnected)));
  events.on('connection.disconnected', ({ connection }) => start(() => over(connection, false)));
  events.on('connection.expiring', ({ connection, expiresAt }) =>
    start(() =>
      once(`notice:${connection.id}:expiring:${expiresAt.getTime()}`, {
        kind: 'expiring',
        expiresAt,
        ...ofConnection(connection, 'expiring'),
      }),
    ),
  );
  events.on('provider.attention', ({ provider, reason }) => {
    const name = engine.providers.get(provider)?.definition.name ?? provider;
    start(() => once(`notice:provider:${provider}`, { kind: 'provider', provider, name, reason }));
  });
  events.on('provider.recovered', ({ provider }) =>
    start(async () => void (await store.once.take(`notice:provider:${provider}`))),
  );

  return {
    async reconcile(row) {
      const needsHelp = ['expired', 'degraded', 'error'].includes(row.status);
      if (needsHelp) await attention(viewOf(row), row.statusReason ?? row.status);
    },
    async drain() {
      await Promise.allSettled(underWay);
    },
  };
}

function checkRoutes(engine: Engine, through: NotificationOptions['through']): void {
  if (!Array.isArray(through) || through.length === 0) {
    throw configurationError(
      'invalid_notifications',
      'Option `notifications.through` names nobody to tell.',
      'Name a provider with `notify` or `email`, or pass a function; leave `notifications` out to tell nobody.',
    );
  }
  for (const [index, route] of (through as NotificationOptions['through']).entries()) {
    if (typeof route === 'function') continue;
    if (Object(route) !== route) {
      throw configurationError(
        'invalid_notifications',
        `Option \`notifications.through[${index}]\` is neither a function nor an object.`,
        'Write { provider } with what it needs, or a function.',
      );
    }
    const { capabilities } = providerOf(engine, route.provider).definition;
    if (capabilities?.['notify'] !== undefined) continue;
    const where = `notifications.through[${index}]`;
    if (capabilities?.['email'] === undefined) {
      throw configurationError(
        'no_capability',
        `Option \`${where}\`: \`${route.provider}\` has neither \`notify\` nor \`email\`.`,
        'Name a provider that has one of them.',
      );
    }
    if (route.to === undefined || route.from === undefined) {
      throw configurationError(
        'invalid_notifications',
        `Option \`${where}\` sends mail and lacks \`${route.to === undefined ? 'to' : 'from'}\`.`,
        'Give both: `from` is a sender that the vendor knows.',
      );
    }
  }
}
