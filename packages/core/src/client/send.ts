/** One call on its way to the transport: credentials of the moment, signed, once more after a forced refresh. */
import type { OutgoingRequest, ScopeNeed } from '../auth/auth.ts';
import { missingScopes } from '../auth/scopes.ts';
import type { Engine } from '../engine.ts';
import { methodOf } from '../engine.ts';
import type { StreamOptions } from '../endpoint.ts';
import { isPlugboardError, PlugboardError } from '../errors.ts';
import { hostsFor, inputOf } from '../hosts.ts';
import type { AnyDefinition } from '../provider.ts';
import { allTexts, headerTexts, secretTexts } from '../secret.ts';
import type { Answer, RateLimit, Repeat, StreamedAnswer, Transport, TransportRequest } from '../transport/transport.ts';
import type { Access, Session } from './access.ts';
import { isRefusal } from './credential-breaker.ts';
import type { BuiltRequest } from './request.ts';
import { showAsIs } from '../redacted-log.ts';
import { describeStubCall } from './stub.ts';

export interface Call {
  readonly operation: string;
  /** The request, before its credentials are put on. */
  readonly build: (access: Access) => BuiltRequest;
  readonly repeat: Repeat;
  readonly limits: readonly RateLimit[];
  readonly cost?: number | undefined;
  readonly needs?: Needs;
  readonly deadlineMs?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly options: StreamOptions;
}

/** What the declaration of an operation asks of a connection. */
export interface Needs {
  /** Every one of them is needed. */
  readonly scopes?: readonly ScopeNeed[] | undefined;
  /** Any one of them will do. */
  readonly methods?: readonly string[] | undefined;
}

interface Sent<A> {
  readonly answer: A;
  readonly access: Access;
}

export function sendCall(engine: Engine, session: Session, call: Call): Promise<Sent<Answer>> {
  return send(engine, session, call, (transport, request) => transport.send(request));
}

/** With `refusals: 'answer'` what the vendor refused at last is an answer as well, as it came. */
export async function streamCall(engine: Engine, session: Session, call: Call): Promise<StreamedAnswer> {
  let last: Answer | undefined;
  const deliver: Deliver<StreamedAnswer> = (transport, request) => {
    const classify: TransportRequest['classify'] = (answer) => {
      last = answer;
      return request.classify(answer);
    };
    return transport.stream({ ...request, classify });
  };
  try {
    return (await send(engine, session, call, deliver)).answer;
  } catch (error) {
    const refused = isPlugboardError(error) && error.status !== undefined && error.status === last?.status;
    if (call.options.refusals !== 'answer' || !refused || last === undefined) throw error;
    return { status: last.status, headers: last.headers, body: onlyChunk(last.bytes) };
  }
}

async function* onlyChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes;
}

type Deliver<A> = (transport: Transport, request: TransportRequest) => Promise<A>;

async function send<A>(engine: Engine, session: Session, call: Call, deliver: Deliver<A>): Promise<Sent<A>> {
  let access = await session.access();
  let earlier: readonly string[] = [];
  requireNeeds(session.runtime.definition, call.operation, access, call.needs ?? {});
  const passage = engine.credentialBreaker.enter(session, access, call.operation);
  for (let forced = false; ; forced = true) {
    try {
      const { request, sent } = await prepare(engine, session, call, access);
      // A vendor may quote a token that it refused.
      const secrets = [...request.secrets, ...earlier];
      const answer = await deliver(session.runtime.transport, { ...request, secrets });
      passage.accepted();
      sent();
      return { answer, access };
    } catch (error) {
      passage.failed(error);
      // A dead access token that looked alive: one refresh for its version, then the error stands.
      const renewed = isRefusal(error) && !forced ? await session.renew(access.version) : null;
      if (renewed === null) throw error;
      passage.renewed(renewed);
      earlier = allTexts(access.credentials);
      access = renewed;
    }
  }
}

async function prepare(
  engine: Engine,
  session: Session,
  call: Call,
  access: Access,
): Promise<{ readonly request: TransportRequest; readonly sent: () => void }> {
  const { runtime, organizationId, limitKey, secrets = [] } = session;
  const { definition, app } = runtime;
  const { id, api } = definition;
  const built = call.build(access);
  const before = new Set(built.headers.values());
  const described = access.stub ? describeStubCall(built) : undefined;
  await signRequest(engine, runtime, access, built);
  const placed = [...built.headers.values()].filter((value) => !before.has(value));
  const { signal, priority, idleMs, deadlineMs = call.deadlineMs } = call.options;
  const { credentials, metadata } = access;
  return {
    request: {
      provider: id,
      operation: call.operation,
      ...built,
      hosts: hostsFor(definition, { app, credentials, input: inputOf(metadata), metadata }),
      classify: (candidate) => api.errors.classify?.(candidate),
      repeat: call.repeat,
      purpose: 'api',
      limitKey,
      ...(organizationId !== undefined && { organizationId }),
      ...(api.requestId !== undefined && { requestIdHeader: api.requestId }),
      limits: call.limits,
      ...(call.cost !== undefined && { cost: call.cost }),
      secrets: [...secrets, ...allTexts(credentials), ...secretTexts(app), ...placed.flatMap(headerTexts)],
      ...(signal && { signal }),
      ...(priority !== undefined && { priority }),
      ...(deadlineMs !== undefined && { deadlineMs }),
      ...(idleMs !== undefined && { idleMs }),
      ...(call.maxBytes !== undefined && { maxBytes: call.maxBytes }),
    },
    sent() {
      if (described !== undefined)
        engine.log.info(showAsIs(described), `stub: ${id} ${call.operation} would have sent`);
    },
  };
}

/** Signs; a foreign error is replaced without its cause, because what refuses a value (`Headers.set`) quotes it. */
async function signRequest(
  engine: Engine,
  runtime: Session['runtime'],
  access: Access,
  request: OutgoingRequest,
): Promise<void> {
  const context = { credentials: access.credentials, app: runtime.app, now: engine.clock.now() };
  try {
    await methodOf(runtime, access.method).sign.apply(request, context);
  } catch (error) {
    if (isPlugboardError(error)) throw error;
    throw new PlugboardError({
      kind: 'auth',
      code: 'credential_unusable',
      message: 'The credentials cannot be put into a request: signing failed.',
      hint: 'Enter them again, without line breaks or other control characters.',
      provider: runtime.definition.id,
    });
  }
}

/** @throws PlugboardError kind `permission`, code `wrong_method` or `insufficient_scope`, before anything is sent. */
export function requireNeeds(
  { id: provider, auth }: AnyDefinition,
  operation: string,
  access: Access,
  { methods, scopes }: Needs,
): void {
  // The stub of a host without any connection stands for every way to connect.
  const anyMethod = access.stub && access.connectionId === undefined;
  if (methods !== undefined && !anyMethod && !methods.includes(access.method)) {
    const ways = methods.map((name) => `\`${name}\` (${auth[name]?.title ?? name})`).join(' or ');
    throw new PlugboardError({
      kind: 'permission',
      code: 'wrong_method',
      message: `${provider} ${operation} cannot be done with what \`${access.method}\` connects.`,
      hint: `Connect by ${ways}.`,
      provider,
      operation,
    });
  }
  if (scopes === undefined) return;
  const missing = missingScopes(auth[access.method], scopes, access.scopes);
  if (missing.length === 0) return;
  throw new PlugboardError({
    kind: 'permission',
    code: 'insufficient_scope',
    message: `${provider} ${operation} needs scopes that were not granted: ${missing.join(', ')}.`,
    hint: 'Start the connect flow again asking for these scopes.',
    provider,
    operation,
    missingScopes: missing,
  });
}
