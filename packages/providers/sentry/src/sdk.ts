/** The official SDK on a client of its own: nothing global, and nothing of the host's own Sentry goes along. */
import {
  addListeners,
  operation,
  PlugboardError,
  sdkFetch,
  type Api,
  type ErrorContext,
  type ErrorReportingCapability,
} from '@plugboard/core';
import { given, z } from '@plugboard/core/fields';
import type { CaptureContext, Event, NodeClient, Scope } from '@sentry/node';

import { dsnOf, held, ingest } from './access.ts';

/** What the SDK threw away, of what was worth keeping. */
const losses: Readonly<Record<string, string>> = {
  network_error: 'not_sent',
  queue_overflow: 'queue_full',
  ratelimit_backoff: 'rate_limited',
  send_error: 'refused',
};
const flushMs = 10_000;
const closeMs = 5_000;
const mostCauses = 5;

/**
 * A scope whose client is this connection's, as the vendor does it for several clients in one process:
 * https://docs.sentry.io/platforms/javascript/best-practices/multiple-sentry-instances/ (2026-11). Its DSN has a
 * placeholder for the key; the transport puts the true one on.
 */
export async function loadSdk(api: Api): Promise<Scope> {
  const { createTransport, defaultStackParser, NodeClient: Client, Scope: OwnScope } = await import('@sentry/node');
  const { environment = 'production', release } = api.credentials(held);
  const { protocol, host, path, projectId, publicKey } = dsnOf(api);
  const send = sdkFetch(api);
  const isolation = new OwnScope();

  class OwnClient extends Client {
    /** The host's own isolation scope holds its users and its requests. */
    protected override _prepareEvent(...[event, hint, current]: Parameters<NodeClient['_prepareEvent']>) {
      return super._prepareEvent(event, hint, current, isolation);
    }

    override recordDroppedEvent(...given: Parameters<NodeClient['recordDroppedEvent']>): void {
      const [why, , count = 1] = given;
      const reason = losses[why];
      if (reason !== undefined) api.reportLoss({ count, reason });
      super.recordDroppedEvent(...given);
    }

    /** Of all refusals the SDK itself notices one, what is too large. */
    override async sendEnvelope(envelope: Parameters<NodeClient['sendEnvelope']>[0]) {
      const answer = await super.sendEnvelope(envelope);
      const { statusCode = 200 } = answer;
      const reason = statusCode === 429 ? 'rate_limited' : 'refused';
      if (statusCode >= 400 && statusCode !== 413) api.reportLoss({ count: envelope[1].length, reason });
      return answer;
    }
  }

  // What it adds for the end of the process is for buffers that nothing here fills.
  const { result: client, takeOff } = addListeners(
    ['beforeExit'],
    () =>
      new OwnClient({
        dsn: `${protocol}://plugboard@${host}${path}/${projectId}`,
        environment,
        ...(release !== undefined && { release }),
        integrations: [],
        stackParser: defaultStackParser,
        attachStacktrace: false,
        // The machine's name is nobody's business but the host's.
        includeServerName: false,
        // Both would change how the whole process loads modules and traces.
        enableRuntimeChannelInjection: false,
        traceLifecycle: 'static',
        transport: (options) =>
          createTransport(options, async ({ body }) => {
            const headers = { 'content-type': 'application/x-sentry-envelope' };
            const answer = await send(`${ingest(api)}/envelope/`, { method: 'POST', headers, body: body as string });
            await answer.arrayBuffer();
            // Limits may come with a success, and are for the SDK to keep.
            const header = (name: string) => answer.headers.get(name);
            const limits = {
              'x-sentry-rate-limits': header('x-sentry-rate-limits'),
              'retry-after': header('retry-after'),
            };
            return { statusCode: answer.status, headers: limits };
          }),
      }),
  );
  takeOff();
  client.on('createDsc', (context) => void (context.public_key = publicKey));
  const scope = new OwnScope();
  scope.setClient(client);
  return scope;
}

const clientOf = (scope: Scope) => scope.getClient<NodeClient>()!;

export async function closeSdk(scope: Scope): Promise<void> {
  await clientOf(scope).close(closeMs);
}

export function errorReporting(api: Api): ErrorReportingCapability {
  const sdk = () => api.sdk(loadSdk);
  return {
    async captureException(error, context = {}) {
      const scope = await sdk();
      // Not `scope.captureException`: it reports an error once in its life, whoever else had it before.
      const event = await eventOf(clientOf(scope), error);
      return { id: scope.captureEvent(event, { captureContext: contextOf(context) }) };
    },
    async captureMessage(message, context = {}) {
      return { id: (await sdk()).captureMessage(message, undefined, { captureContext: contextOf(context) }) };
    },
    async setErrorContext(context) {
      (await sdk()).update(contextOf(context));
    },
    async flush() {
      if (await clientOf(await sdk()).flush(flushMs)) return;
      throw new PlugboardError({
        kind: 'timeout',
        code: 'flush_unfinished',
        message: `Reports were still on their way after ${flushMs / 1000} seconds.`,
        hint: 'They go on; listen to `provider.loss` for those that do not arrive.',
      });
    },
  };
}

/** With what caused it, the first cause first. */
async function eventOf(client: NodeClient, error: unknown): Promise<Event> {
  const event = await client.eventFromException(error, { syntheticException: new Error('No error was thrown.') });
  const values = [...(event.exception?.values ?? [])];
  let cause = causeOf(error);
  for (let left = mostCauses; cause !== undefined && left > 0; left--) {
    values.unshift(...((await client.eventFromException(cause)).exception?.values ?? []));
    cause = causeOf(cause);
  }
  return { ...event, exception: { values } };
}

function causeOf(error: unknown): Error | undefined {
  return error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
}

function contextOf({ user, tags, extra, level }: ErrorContext): Exclude<CaptureContext, Function | Scope> {
  const { id, email, name } = user ?? {};
  const known = { ...(id && { id }), ...(email && { email }), ...(name && { username: name }) };
  return {
    ...(user && { user: known }),
    ...(tags && { tags: { ...tags } }),
    ...(extra && { extra: { ...extra } }),
    ...(level && { level }),
  };
}

export const watchProcess = operation({
  summary: 'Reports what nobody catches in this process, until the board stops or the credentials change.',
  docs: 'https://docs.sentry.io/platforms/javascript/guides/node/configuration/integrations/unhandledrejection/',
  input: given({}, { rejections: z.enum(['strict', 'warn', 'none']) }),
  /** `strict`: the process ends, as Node itself would end it. */
  async run(api, { rejections = 'strict' }) {
    const client = clientOf(await api.sdk(loadSdk));
    // There by now: where it is missing, the line before has said so.
    const sentry = await import('@sentry/node');
    const present = sentry.getClient();
    if (present === client) return;
    if (present !== undefined) {
      throw new PlugboardError({
        kind: 'conflict',
        code: 'process_watched',
        message: 'Another Sentry client watches this process already.',
        hint: 'Let one connection watch it, or the Sentry SDK that the host itself started.',
      });
    }
    const { takeOff } = addListeners(['uncaughtException', 'unhandledRejection'], () => {
      client.addIntegration(sentry.onUncaughtExceptionIntegration());
      client.addIntegration(sentry.onUnhandledRejectionIntegration({ mode: rejections }));
    });
    // Both report for the process' current client alone.
    sentry.setCurrentClient(client);
    client.on('close', () => {
      takeOff();
      if (sentry.getClient() === client) sentry.getCurrentScope().setClient(undefined);
    });
  },
});
