/** The wire of Node: pooled sockets, guarded connects. Loaded at the first call, because undici costs 60 ms of start. */
import { Agent, type Dispatcher } from 'undici';

import { BodyQueue, type Flow } from './body-queue.ts';
import { acceptedEncodings, decodeBody } from './decode.ts';
import { guardedConnector, type Lookup } from './guarded-connector.ts';
import type { Wire, WireAnswer, WireRequest } from './transport.ts';

export interface UndiciWireOptions {
  /** Most sockets to one origin. Default 128. */
  readonly connections?: number;
  /** Resolves names instead of the system's resolver. */
  readonly lookup?: Lookup;
}

type RawHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Timers of the calls themselves are the transport's: no other may cut a token call short. */
const agentOptions = { allowH2: false, headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 32 * 1024 } as const;

export function createUndiciWire({ connections = 128, lookup }: UndiciWireOptions = {}): Wire {
  const agents = new Map<string, Agent>();

  /** Sockets are shared only among calls that may reach the same addresses. */
  function agentFor({ addresses = [], ownSocket }: WireRequest): Agent {
    const key = `${ownSocket ?? 'pooled'} ${String(addresses)}`;
    const known = agents.get(key);
    if (known !== undefined) return known;
    const connect = guardedConnector(addresses, lookup);
    const agent = new Agent({ ...agentOptions, ...poolingOf(ownSocket), connect });
    agents.set(key, agent);
    return agent;
  }

  /** Pipelining 0 closes each socket after its answer. */
  function poolingOf(ownSocket: WireRequest['ownSocket']) {
    if (ownSocket === undefined) return { pipelining: 1, connections };
    return { pipelining: ownSocket === 'fresh' ? 0 : 1 };
  }

  return Object.assign((request: WireRequest) => exchange(agentFor(request), request), {
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.close()));
      agents.clear();
    },
  });
}

function exchange(agent: Agent, request: WireRequest): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    if (request.signal.aborted) return reject(aborted(true));
    const { url } = request;
    agent.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: headerList(request.headers),
        body: request.body ?? null,
      },
      new Exchange(request.signal, resolve, reject),
    );
  });
}

/** One exchange as undici tells of it, and its socket as the body asks of it. */
class Exchange implements Dispatcher.DispatchHandler, Flow {
  readonly #signal: AbortSignal;
  readonly #resolve: (answer: WireAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #stop = () => this.#onStop();
  #controller: Dispatcher.DispatchController | undefined;
  #body: BodyQueue | undefined;

  constructor(signal: AbortSignal, resolve: (answer: WireAnswer) => void, reject: (error: Error) => void) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener('abort', this.#stop, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) this.#onStop();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: RawHeaders): void {
    // Informational answers (RFC 9110 section 15.2) come before the real one.
    if (status < 200) return;
    this.#body = new BodyQueue(this);
    this.#resolve(answerOf(status, headers, this.#body));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener('abort', this.#stop);
    this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#signal.removeEventListener('abort', this.#stop);
    if (this.#body === undefined) this.#reject(error);
    else this.#body.fail(error);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  cancel(): void {
    this.#controller?.abort(aborted(false));
  }

  #onStop(): void {
    this.cancel();
    // Still waiting for a socket: undici forgets the request when it gets to it.
    if (this.#controller === undefined) this.#reject(aborted(true));
  }
}

function answerOf(status: number, raw: RawHeaders, body: BodyQueue): WireAnswer {
  let headers: Headers | undefined;
  const encoding = raw['content-encoding'];
  return {
    status,
    get headers() {
      return (headers ??= headersOf(raw));
    },
    body: encoding === undefined ? body : decodeBody(body, String(encoding)),
  };
}

function headerList(headers: Headers): string[] {
  const list: string[] = [];
  for (const [name, value] of headers) list.push(name, value);
  if (!headers.has('accept-encoding')) list.push('accept-encoding', acceptedEncodings);
  return list;
}

function headersOf(raw: RawHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const item of typeof value === 'string' ? [value] : (value ?? [])) append(headers, name, item);
  }
  return headers;
}

/** A header that the web's `Headers` refuses (text beyond Latin-1) is no reason to lose the answer. */
function append(headers: Headers, name: string, value: string): void {
  try {
    headers.append(name, value);
  } catch {
    // Left out.
  }
}

function aborted(unsent: boolean): Error {
  return Object.assign(new Error('The exchange was stopped.'), { name: 'AbortError', code: 'ABORT_ERR', unsent });
}
