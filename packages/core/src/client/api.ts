/** One connection's view of its vendor: runs declared endpoints and raw requests under every policy. */
import type { Engine } from '../engine.ts';
import type { Api, CallOptions, Endpoint, Method, RawRequest, StreamOptions } from '../endpoint.ts';
import { isPlugboardError, PlugboardError } from '../errors.ts';
import type { Loss } from '../loss.ts';
import type { AnyDefinition } from '../provider.ts';
import { randomUuid } from '../random.ts';
import { redactor } from '../redact.ts';
import { checkAnswer, checkInput, type Input, type Output, type Schema } from '../schema.ts';
import { allTexts, revealAll } from '../secret.ts';
import type { Answer, StreamedAnswer } from '../transport/transport.ts';
import type { Access, Session } from './access.ts';
import { checkCallOptions } from './call-options.ts';
import { createLoopGuard } from './page-loop.ts';
import { checkLoader } from './sdk-cache.ts';
import { sendCall, streamCall, type Call } from './send.ts';
import { brandStub } from './stub.ts';
import { buildRequest, encodeInput, encodeRaw } from './request.ts';

type AnyEndpoint = Endpoint<Schema, Schema, unknown>;

/** @param operation Dotted name for errors and spans of calls that the `Api` makes. */
export function createApi(engine: Engine, session: Session, access: Access, operation: string): Api {
  return new ConnectionApi(engine, session, access, operation);
}

/** Made for every call. A class, because a closure for each of its methods would take longer than all else in memory. */
class ConnectionApi implements Api {
  readonly method: string;
  readonly account: Api['account'];
  readonly metadata: Api['metadata'];
  readonly scopes: Api['scopes'];
  readonly app: Api['app'];
  readonly apiVersion: string;
  readonly stub: boolean;
  readonly clock: Api['clock'];
  readonly #engine: Engine;
  readonly #session: Session;
  readonly #access: Access;
  readonly #operation: string;

  constructor(engine: Engine, session: Session, access: Access, operation: string) {
    this.method = access.method;
    this.account = access.account;
    this.metadata = access.metadata;
    this.scopes = access.scopes;
    this.app = session.runtime.app;
    this.apiVersion = session.runtime.apiVersion;
    this.stub = access.stub;
    this.clock = engine.clock;
    this.#engine = engine;
    this.#session = session;
    this.#access = access;
    this.#operation = operation;
  }

  call(endpoint: unknown, input: unknown, options: CallOptions = {}): Promise<never> {
    return callEndpoint(this.#engine, this.#session, this.#callOf(endpoint, input, options)) as Promise<never>;
  }

  pages(endpoint: unknown, input: unknown, options: CallOptions = {}): AsyncIterable<never> {
    return pagesOf(this.#engine, this.#session, this.#callOf(endpoint, input, options)) as AsyncIterable<never>;
  }

  async request(request: RawRequest, options: CallOptions = {}): Promise<Answer> {
    return (await sendCall(this.#engine, this.#session, this.#raw(request, options))).answer;
  }

  async stream(request: RawRequest, options: StreamOptions = {}): Promise<StreamedAnswer> {
    return streamCall(this.#engine, this.#session, this.#raw(request, options));
  }

  async sdk<Sdk>(load: (api: Api) => Promise<Sdk>): Promise<Sdk> {
    checkLoader(this.#session.runtime.definition, load);
    const make = () => load(createApi(this.#engine, this.#session, this.#access, 'sdk'));
    return this.#engine.sdks.use(this.#session, this.#access, make);
  }

  reportLoss({ count, reason }: Loss): void {
    const { runtime, organizationId = null } = this.#session;
    const loss = { provider: runtime.definition.id, organizationId, count, reason };
    this.#engine.log.warn(loss, 'what was taken in for a vendor will not reach it');
    void this.#engine.events.emit('provider.loss', loss);
  }

  settings<S extends Schema>(schema: S): Output<S> {
    return checkAnswer(schema, this.#access.settings, 'the stored settings');
  }

  credentials<S extends Schema>(schema: S): Output<S> {
    return readCredentials(schema, this.#access);
  }

  #callOf(endpoint: unknown, input: unknown, options: CallOptions): EndpointCall {
    return { endpoint: endpoint as AnyEndpoint, input, options, operation: this.#operation };
  }

  #raw(request: RawRequest, options: StreamOptions): Call {
    const { definition } = this.#session.runtime;
    const { method, url: target, operation = this.#operation, cost } = request;
    return {
      operation,
      build: (current) =>
        buildRequest(definition, createApi(this.#engine, this.#session, current, this.#operation), {
          method,
          target,
          encoded: encodeRaw(request),
        }),
      repeat: request.repeat ?? (isRead(method) ? 'safe' : 'never'),
      limits: this.#session.runtime.limitsOf(),
      cost,
      maxBytes: options.maxBytes,
      options,
    };
  }
}

const longestMessage = 2_000;

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
  checkCallOptions(options, definition.id, operation);
  const input = checkInput(endpoint.input, call.input ?? {}, `${definition.id} ${operation}`);
  const key = endpoint.idempotency === undefined ? undefined : (options.idempotencyKey ?? randomUuid());
  const build = (current: Access) => {
    const api = createApi(engine, session, current, operation);
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
  const { answer, access } = await sendCall(engine, session, {
    operation,
    build,
    options,
    repeat: endpoint.repeat ?? (key !== undefined ? 'keyed' : isRead(endpoint.method) ? 'safe' : 'never'),
    limits: session.runtime.limitsOf(endpoint),
    cost: endpoint.cost,
    needs: endpoint,
    deadlineMs: endpoint.deadlineMs,
    maxBytes: endpoint.maxBytes,
  });
  const output = readAnswer(definition, endpoint, { answer, operation, secrets: allTexts(access.credentials) });
  return access.stub ? brandStub(output) : output;
}

/** Every page of a paged endpoint; asking twice for the same page is an error, not an endless loop. */
export async function* pagesOf(engine: Engine, session: Session, call: EndpointCall): AsyncGenerator<unknown> {
  const { paging } = call.endpoint;
  let input: unknown = call.input ?? {};
  const isRepeated = createLoopGuard(input);
  for (;;) {
    const page = await callEndpoint(engine, session, { ...call, input });
    yield page;
    const next = paging?.next(page as never, input as never);
    if (next === undefined) return;
    if (isRepeated(next)) {
      throw new PlugboardError({
        kind: 'invalid_response',
        code: 'paging_loop',
        message: 'The vendor announced a page that was already read.',
        provider: session.runtime.definition.id,
        operation: call.operation,
      });
    }
    input = next;
  }
}

function isRead(method: Method): boolean {
  return method === 'GET' || method === 'HEAD';
}

interface ToRead {
  readonly answer: Answer;
  readonly operation: string;
  readonly secrets: readonly string[];
}

function readAnswer(definition: AnyDefinition, endpoint: AnyEndpoint, { answer, operation, secrets }: ToRead): unknown {
  try {
    const raw =
      endpoint.decode === undefined ? (answer.bytes.length === 0 ? undefined : answer.json()) : endpoint.decode(answer);
    return checkAnswer(endpoint.output, raw, `The answer to ${definition.id} ${operation}`);
  } catch (error) {
    const known = isPlugboardError(error) ? error : unreadable(definition, operation);
    // Names of members are quoted, and a vendor may have made one of what it was sent.
    const clean = redactor(secrets);
    const fields = known.fields?.map(({ path, message }) => ({ path: clean(path), message: clean(message) }));
    const message = clean(known.message, { maxLength: longestMessage });
    throw known.with({ message, fields, provider: definition.id, operation, status: answer.status });
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

function readCredentials<S extends Schema>(schema: S, access: Access): Output<S> {
  const plain = revealAll(access.credentials) as Input<S>;
  return checkAnswer(schema, plain, 'the stored credentials');
}
