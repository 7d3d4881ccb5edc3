import type { Clock } from '../clock.ts';
import { configurationError, invalidInput, isPlugboardError, type PlugboardError } from '../errors.ts';
import { silentLog, type Log } from '../log.ts';
import { defaultRetryPolicy, retryDelayMs } from '../retry.ts';
import { createTelemetry, type CallProgress, type Telemetry } from '../telemetry.ts';
import { checkUrl, createEgressPolicy, type EgressException, type EgressPolicy } from '../url.ts';
import { createAnswer, longestAnswer, readBody } from './answer.ts';
import { createBudgets } from './budgets.ts';
import { Call } from './call.ts';
import { classifyByStatus } from './classify.ts';
import { startDeadline } from './deadline.ts';
import { defaultWire } from './default-wire.ts';
import { answerError, brokenStreamError, isUnsent, locate, lostError } from './failures.ts';
import { checkHeaders } from './headers.ts';
import { createLimiter, type Limiter, type Release } from './limiter.ts';
import { isRedirect, redirectTarget } from './redirect.ts';
import { tryAgain } from './retry-loop.ts';
import { StreamBody } from './stream-body.ts';
import type {
  Answer,
  Failure,
  StreamedAnswer,
  Transport,
  TransportRequest,
  Wire,
  WireAnswer,
  WireRequest,
} from './transport.ts';

export interface TransportOptions {
  readonly clock: Clock;
  /** Default: undici on Node, `fetch` elsewhere. */
  readonly wire?: Wire;
  /** Exceptions from «https, port 443, public addresses». Default none. */
  readonly egress?: EgressPolicy;
  /** Default: limits counted in this process. */
  readonly limiter?: Limiter;
  /** Default: through the host's OpenTelemetry SDK, if one is registered. */
  readonly telemetry?: Telemetry;
  readonly log?: Log;
  readonly limits?: Partial<TransportLimits>;
}

/** What holds for every call of a transport. */
export interface TransportLimits {
  /** Most tries of one call, the first included. Default 4. */
  readonly maxTries: number;
  /** Longest wait in milliseconds that an answer can impose on its key. Default one hour. */
  readonly maxRetryAfterMs: number;
}

const byPurpose = {
  api: { deadlineMs: 30_000, maxBytes: longestAnswer },
  token: { deadlineMs: 45_000, maxBytes: 256 * 1024 },
} as const;
const defaultIdleMs = 120_000;

/** The body of a success is left to its reader, or every body is read at once. */
type Mode = 'stream' | 'whole';

/** Puts the policies around a wire: hosts, egress, limits, retries, deadline, size, redirects, errors, telemetry. */
export function createTransport(options: TransportOptions): Transport & Required<Pick<Transport, 'pause'>> {
  const { clock, log = silentLog } = options;
  const telemetry = options.telemetry ?? createTelemetry({ clock });
  const wire = options.wire ?? defaultWire();
  const egress = options.egress ?? createEgressPolicy();
  const limiter = options.limiter ?? createLimiter({ clock });
  const policy = { ...defaultRetryPolicy, maxTries: options.limits?.maxTries ?? defaultRetryPolicy.maxTries };
  const maxRetryAfterMs = options.limits?.maxRetryAfterMs ?? 3_600_000;
  const budgets = createBudgets();
  const usedExceptions = new Set<EgressException>();
  let closed = false;

  /** Everything that is checked before anything is sent. */
  function admit(request: TransportRequest): EgressException | undefined {
    if (closed) throw configurationError('transport_closed', 'The transport is closed.', 'Create a new board.');
    const exception = egress.exceptionFor(request.url, request.organizationId);
    checkUrl(request.url, request.hosts, exception);
    checkHeaders(request.headers);
    checkPositive(request.deadlineMs, 'deadlineMs');
    checkPositive(request.maxBytes, 'maxBytes');
    checkPositive(request.idleMs, 'idleMs');
    if (exception !== undefined) logOnce(request, exception);
    return exception;
  }

  /** Once for each exception, not for each organization that uses it: there may be any number of those. */
  function logOnce({ provider, organizationId, url }: TransportRequest, exception: EgressException): void {
    if (usedExceptions.has(exception)) return;
    usedExceptions.add(exception);
    const { addresses } = exception;
    log.info({ provider, organizationId, host: url.host, addresses }, 'a call uses an exception of the egress policy');
  }

  function admitted(request: TransportRequest): EgressException | undefined {
    try {
      return admit(request);
    } catch (error) {
      throw isPlugboardError(error) ? locate(error, request) : error;
    }
  }

  function begin(request: TransportRequest, progress: CallProgress): Call {
    const exception = admitted(request);
    budgets.deposit(request.url.host);
    const deadlineMs = request.deadlineMs ?? byPurpose[request.purpose].deadlineMs;
    return new Call(request, exception, startDeadline(clock, deadlineMs, request.signal), progress);
  }

  /** The first try is nearly always the only one: the loop of the others, and what it needs, is made after a failure. */
  async function tryAll(call: Call, mode: Mode): Promise<Answer | WireAnswer> {
    try {
      return await attempt(call, mode);
    } catch (error) {
      if (!(await afterFailure(call, error))) throw error;
    }
    return tryAgain(
      () => attempt(call, mode),
      (error) => afterFailure(call, error),
    );
  }

  async function run(request: TransportRequest, progress: CallProgress): Promise<Answer> {
    const call = begin(request, progress);
    try {
      return (await tryAll(call, 'whole')) as Answer;
    } finally {
      call.deadline.cancel();
    }
  }

  /** Hands the answer over at its headers, and resolves at the end of its body. */
  async function runStream(
    request: TransportRequest,
    progress: CallProgress,
    opened: (answer: StreamedAnswer) => void,
  ): Promise<void> {
    const call = begin(request, progress);
    const { deadline } = call;
    let head: WireAnswer;
    try {
      head = (await tryAll(call, 'stream')) as WireAnswer;
    } catch (error) {
      deadline.cancel();
      throw error;
    }
    deadline.lift();
    await new Promise<void>((resolve, reject) => {
      const closed = (error?: PlugboardError) => {
        call.kept?.();
        if (error === undefined) resolve();
        else reject(error);
      };
      const failureOf = (cause: unknown) => brokenStreamError({ cause, stopped: deadline.stopped() }, request);
      const { maxBytes = Number.POSITIVE_INFINITY, idleMs = defaultIdleMs } = request;
      const body = new StreamBody({ body: head.body, clock, idleMs, maxBytes, deadline, failureOf, closed });
      opened({ status: head.status, headers: head.headers, body });
    });
  }

  async function attempt(call: Call, mode: Mode): Promise<Answer | WireAnswer> {
    const entered = limiter.enter(call);
    // Awaited only where there is something to wait for: nearly every call is within its limits.
    const release = typeof entered === 'function' ? entered : await turnOf(entered, call);
    try {
      const answer = await exchange(call, mode);
      if ('bytes' in answer) return judged(answer, call);
      call.kept = release;
      return answer;
    } finally {
      if (call.kept === undefined) release();
    }
  }

  async function turnOf(entered: Promise<Release>, call: Call): Promise<Release> {
    call.progress.limitWaits++;
    try {
      return await entered;
    } catch (cause) {
      throw isPlugboardError(cause) ? locate(cause, call.request) : lost(call, cause);
    }
  }

  /** One exchange and the redirects that it may follow. */
  async function exchange(call: Call, mode: Mode): Promise<Answer | WireAnswer> {
    const { request } = call;
    const maxBytes = request.maxBytes ?? byPurpose[request.purpose].maxBytes;
    call.unsent = false;
    try {
      let { url } = request;
      for (let hop = 0; ; hop++) {
        const head = await wire(wireRequest(call, url));
        call.progress.status = head.status;
        if (mode === 'stream' && head.status >= 200 && head.status < 300) return head;
        const read = readBody(head, maxBytes);
        const bytes = read instanceof Promise ? await read : read;
        const answer = createAnswer(head, bytes);
        if (!isRedirect(head.status)) return answer;
        const location = head.headers.get('location');
        // Whoever sends a call nowhere may say why in the body: some vendors name the right region there.
        if (location === null && isJudged(answer, request)) return answer;
        url = redirectTarget(request, url, location, hop);
        checkUrl(url, request.hosts, call.exception);
      }
    } catch (cause) {
      call.unsent = isUnsent(cause);
      throw lost(call, cause);
    }
  }

  function judged(answer: Answer, { request }: Call): Answer {
    const failure = classify(answer, request, clock.now());
    if (failure === undefined) return answer;
    throw answerError(failure, answer, request, { now: clock.now(), maxRetryAfterMs });
  }

  /** Waits as long as the policy says; false when there is to be no other try. */
  async function afterFailure(call: Call, error: unknown): Promise<boolean> {
    const { request, deadline, progress, unsent } = call;
    // Without a status it was the limiter that spoke: it has weighed the wait against the deadline already.
    if (!isPlugboardError(error) || (error.kind === 'rate_limited' && error.status === undefined)) return false;
    if (error.retryable && error.retryAfterMs !== undefined) limiter.pause(request.limitKey, error.retryAfterMs);
    // Of token calls that may be lost only those that were lost: what a server says of them is for the refresh to judge.
    const repeatable = request.repeat !== 'never' && (request.purpose === 'api' || error.kind === 'network');
    const tried = { error, unsent, repeatable, tries: progress.retries + 1 };
    const delayMs = retryDelayMs({ ...tried, remainingMs: deadline.remainingMs(), random: clock.random() }, policy);
    if (delayMs === undefined || !budgets.withdraw(request.url.host)) return false;
    progress.retries++;
    try {
      await clock.sleep(delayMs, deadline.signal);
      return true;
    } catch (cause) {
      throw lost(call, cause);
    }
  }

  return {
    send: (request) => telemetry.run(request, (progress) => run(request, progress)),
    stream: (request) =>
      new Promise((resolve, reject) => {
        telemetry.run(request, (progress) => runStream(request, progress, resolve)).catch(reject);
      }),
    pause: (limitKey, ms) => limiter.pause(limitKey, Math.min(ms, maxRetryAfterMs)),
    async close() {
      closed = true;
      await wire.close?.();
    },
  };
}

function wireRequest({ request, exception, signal }: Call, url: URL): WireRequest {
  const { method, headers, body } = request;
  return {
    method,
    url,
    headers,
    signal,
    ...(body !== undefined && { body }),
    ...(request.purpose === 'token' && {
      ownSocket: request.repeat === 'never' ? ('fresh' as const) : ('kept' as const),
    }),
    ...(exception !== undefined && { addresses: exception.addresses }),
  };
}

/** True where the provider itself knows what a failure means. */
function isJudged(answer: Answer, request: TransportRequest): boolean {
  try {
    return request.classify(answer) !== undefined;
  } catch {
    return false;
  }
}

/** The provider's judgement, then the status'. A rule that stumbles over the body says nothing about the call. */
function classify(answer: Answer, request: TransportRequest, now: number): Failure | undefined {
  try {
    return request.classify(answer) ?? classifyByStatus(answer, now);
  } catch (error) {
    const code = isPlugboardError(error) ? error.code : 'unreadable_answer';
    return classifyByStatus(answer, now) ?? { kind: 'invalid_response', code, message: 'the answer cannot be read' };
  }
}

function lost(call: Call, cause: unknown): PlugboardError {
  return lostError({ cause, unsent: call.unsent, stopped: call.deadline.stopped() }, call.request);
}

/** NaN would end a call at once, and not be noticed as what it is. */
function checkPositive(value: number | undefined, name: string): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return;
  throw invalidInput('The call', [{ path: name, message: 'must be a number above 0' }]);
}
