/** One connection's view of its vendor: runs declared endpoints and raw requests under every policy. */
import type { OutgoingRequest } from '../auth/auth.ts';
import type { Engine } from '../engine.ts';
import { methodOf } from '../engine.ts';
import type { Api, CallOptions, Endpoint, Method, RawRequest } from '../endpoint.ts';
import { isPlugboardError, PlugboardError } from '../errors.ts';
import type { AnyDefinition } from '../provider.ts';
import { randomUuid } from '../random.ts';
import { checkAnswer, checkInput, type Input, type Output, type Schema } from '../schema.ts';
import { revealAll, secretTexts } from '../secret.ts';
import type { Answer, RateLimit, Repeat } from '../transport/transport.ts';
import type { Access, Session } from './access.ts';
import { brandStub, describeStubCall } from './stub.ts';
import { buildRequest, encodeInput, encodeRaw, type BuiltRequest } from './request.ts';

type AnyEndpoint = Endpoint<Schema, Schema, unknown>;

interface Call {
  readonly operation: string;
  readonly build: (api: Api) => BuiltRequest;
  readonly repeat: Repeat;
  readonly limits: readonly RateLimit[];
  readonly deadlineMs?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly options: CallOptions;
  /** Credentials of an earlier try of the same call: a vendor may quote a token that it refused. */
  readonly earlier?: readonly string[];
}

/** @param operation Dotted name for errors and spans of calls that the `Api` makes. */
export function createApi(engine: Engine, session: Session, access: Access, operation: string): Api {
  const { runtime } = session;
  const api: Api = {
    method: access.method,
    account: access.account,
    metadata: access.metadata,
    scopes: access.scopes,
    app: runtime.app,
    apiVersion: runtime.apiVersion,
    stub: access.stub,
    clock: engine.clock,
    call: (endpoint, input, options = {}) =>
      callEndpoint(engine, session, {
        endpoint: endpoint as unknown as AnyEndpoint,
        input,
        options,
        operation,
      }) as never,
    pages: (endpoint, input, options = {}) =>
      pagesOf(engine, session, { endpoint: endpoint as unknown as AnyEndpoint, input, options, operation }) as never,
    async request(request, options = {}) {
      const call = rawCall(runtime.definition, request, options, operation);
      return (await send(engine, session, call)).answer;
    },
    settings: (schema) => checkAnswer(schema, access.settings, 'the stored settings'),
    credentials: (schema) => readCredentials(schema, access),
  };
  return api;
}

export interface EndpointCall {
  readonly endpoint: AnyEndpoint;
  readonly input: unknown;
  readonly options: CallOptions;
  readonly operation: string;
}

/** Checks the input, sends, checks the answer. */
export async function callEndpoint(engine: Engine, session: Session, call: EndpointCall): Promise<unknown> {
  const { endpoint, options, operation } = call;
  const { definition } = session.runtime;
  const input = checkInput(endpoint.input, call.input ?? {}, `${definition.id} ${operation}`);
  const key = endpoint.idempotency === undefined ? undefined : (options.idempotencyKey ?? randomUuid());
  const build = (api: Api) => {
    const encoded = encodeInput(endpoint, input, api);
    const built = buildRequest(definition, api, {
      method: endpoint.method,
      target: endpoint.path,
      baseUrl: endpoint.baseUrl,
      encoded,
    });
    if (endpoint.idempotency !== undefined && key !== undefined) built.headers.set(endpoint.idempotency.header, key);
    return built;
  };
  const { answer, access } = await send(
    engine,
    session,
    {
      operation,
      build,
      options,
      repeat: endpoint.repeat ?? (key !== undefined ? 'keyed' : isRead(endpoint.method) ? 'safe' : 'never'),
      limits: [...(definition.api.limits ?? []), ...(endpoint.limits ?? [])],
      deadlineMs: endpoint.deadlineMs,
      maxBytes: endpoint.maxBytes,
    },
    endpoint.scopes,
  );
  const output = readAnswer(definition, endpoint, answer, operation);
  return access.stub ? brandStub(output) : output;
}

/** Every page of a paged endpoint; asking twice for the same page is an error, not an endless loop. */
export async function* pagesOf(engine: Engine, session: Session, call: EndpointCall): AsyncGenerator<unknown> {
  const { paging } = call.endpoint;
  let input: unknown = call.input ?? {};
  const seen = new Set<string>();
  for (;;) {
    const page = await callEndpoint(engine, session, { ...call, input });
    yield page;
    const next = paging?.next(page as never, input as never);
    if (next === undefined) return;
    const asked = JSON.stringify(next);
    if (seen.has(asked)) {
      throw new PlugboardError({
        kind: 'invalid_response',
        code: 'paging_loop',
        message: 'The vendor announced a page that was already read.',
        provider: session.runtime.definition.id,
        operation: call.operation,
      });
    }
    seen.add(asked);
    input = next;
  }
}

function rawCall(definition: AnyDefinition, request: RawRequest, options: CallOptions, operation: string): Call {
  return {
    operation: request.operation ?? operation,
    build: (api) =>
      buildRequest(definition, api, { method: request.method, target: request.url, encoded: encodeRaw(request) }),
    repeat: request.repeat ?? (isRead(request.method) ? 'safe' : 'never'),
    limits: definition.api.limits ?? [],
    options,
  };
}

function isRead(method: Method): boolean {
  return method === 'GET' || method === 'HEAD';
}

async function send(
  engine: Engine,
  session: Session,
  call: Call,
  scopes: readonly string[] = [],
): Promise<{ answer: Answer; access: Access }> {
  let access = await session.access();
  let earlier: readonly string[] = [];
  requireScopes(session.runtime.definition.id, call.operation, access, scopes);
  for (let forced = false; ; forced = true) {
    try {
      return { answer: await sendOnce(engine, session, { ...call, earlier }, access), access };
    } catch (error) {
      // A dead access token that looked alive: one refresh for its version, then the error stands.
      const refused = isPlugboardError(error) && error.kind === 'auth' && error.status !== undefined && !forced;
      const renewed = refused ? await session.renew(access.version) : null;
      if (renewed === null) throw error;
      earlier = secretTexts(access.credentials);
      access = renewed;
    }
  }
}

async function sendOnce(engine: Engine, session: Session, call: Call, access: Access): Promise<Answer> {
  const { runtime } = session;
  const { definition } = runtime;
  const api = createApi(engine, session, access, call.operation);
  const built = call.build(api);
  const before = new Set(built.headers.values());
  const described = access.stub ? describeStubCall(built) : undefined;
  await signRequest(engine, runtime, access, built);
  const placed = [...built.headers.values()].filter((value) => !before.has(value));
  const { signal, priority, deadlineMs = call.deadlineMs } = call.options;
  const answer = await runtime.transport.send({
    provider: definition.id,
    operation: call.operation,
    ...built,
    hosts: definition.hosts,
    classify: (candidate) => definition.api.errors.classify?.(candidate),
    repeat: call.repeat,
    purpose: 'api',
    limitKey: session.limitKey,
    ...(session.organizationId !== undefined && { organizationId: session.organizationId }),
    ...(definition.api.requestId !== undefined && { requestIdHeader: definition.api.requestId }),
    limits: call.limits,
    secrets: [...secretTexts(access.credentials), ...secretTexts(runtime.app), ...placed, ...(call.earlier ?? [])],
    ...(signal && { signal }),
    ...(priority !== undefined && { priority }),
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(call.maxBytes !== undefined && { maxBytes: call.maxBytes }),
  });
  if (described !== undefined) engine.log.info(described, `stub: ${definition.id} ${call.operation} would have sent`);
  return answer;
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

function readAnswer(definition: AnyDefinition, endpoint: AnyEndpoint, answer: Answer, operation: string): unknown {
  try {
    const raw =
      endpoint.decode === undefined ? (answer.bytes.length === 0 ? undefined : answer.json()) : endpoint.decode(answer);
    return checkAnswer(endpoint.output, raw, `The answer to ${definition.id} ${operation}`);
  } catch (error) {
    const known = isPlugboardError(error) ? error : unreadable(definition, operation);
    throw known.with({ provider: definition.id, operation, status: answer.status });
  }
}

/** A `decode` that threw: the vendor answered something that the provider does not know. No cause: it may quote the answer. */
function unreadable(definition: AnyDefinition, operation: string): PlugboardError {
  return new PlugboardError({
    kind: 'invalid_response',
    code: 'unreadable_answer',
    message: `The answer to ${definition.id} ${operation} could not be read.`,
  });
}

/** @throws PlugboardError kind `permission`, code `insufficient_scope`, before anything is sent. */
export function requireScopes(provider: string, operation: string, access: Access, needed: readonly string[]): void {
  if (access.scopes === null) return;
  const missing = needed.filter((scope) => !access.scopes?.includes(scope));
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

function readCredentials<S extends Schema>(schema: S, access: Access): Output<S> {
  const plain = revealAll(access.credentials) as Input<S>;
  return checkAnswer(schema, plain, 'the stored credentials');
}
