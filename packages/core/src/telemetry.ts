/**
 * Spans and metrics of vendor calls (OpenTelemetry). Names, codes and counts only: what a span may say is a closed list,
 * and tracing below it is suppressed, because instrumentations of HTTP clients record whole URLs.
 */
import type { Attributes, Context, Counter, Histogram, Meter, Span, Tracer } from '@opentelemetry/api';

import type { Clock } from './clock.ts';
import { isPlugboardError } from './errors.ts';

/** What is known of a call before it is sent. */
export interface CallFacts {
  readonly provider: string;
  readonly operation: string;
  readonly method: string;
}

/** What the transport notes while a call runs. */
export interface CallProgress {
  /** Status of the last answer. */
  status?: number;
  /** Tries after the first. */
  retries: number;
  /** Times that the call had to wait for a rate limit. */
  limitWaits: number;
}

export interface Telemetry {
  /** Runs a call under a span of its own. Never fails by itself. */
  run<T>(facts: CallFacts, call: (progress: CallProgress) => Promise<T>): Promise<T>;
}

export interface TelemetryOptions {
  readonly clock: Clock;
  /** Default: the tracer of the globally registered SDK, if any. */
  readonly tracer?: Tracer;
  /** Default: the meter of the globally registered SDK, if any. */
  readonly meter?: Meter;
}

/** Everything a span can carry. */
export const spanAttributes = [
  'plugboard.provider',
  'plugboard.operation',
  'plugboard.retries',
  'plugboard.limit_waits',
  'http.request.method',
  'http.response.status_code',
  'error.type',
] as const;

/** Everything a metric can be split by. */
export const metricLabels = ['plugboard.provider', 'plugboard.operation', 'plugboard.outcome'] as const;

type SpanAttributes = Partial<Record<(typeof spanAttributes)[number], string | number>>;
type MetricLabels = Record<(typeof metricLabels)[number], string>;
type Api = typeof import('@opentelemetry/api');

const scope = 'plugboard';
/** Under this key the API keeps what the host has registered; absent, nothing needs to be loaded. */
const registration = Symbol.for('opentelemetry.js.api.1');
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const safeName = /^[\w.:-]{1,100}$/;

/** Reports through the host's OpenTelemetry SDK. Costs one look-up per call while there is none. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  let loading: Promise<Api | undefined> | undefined;
  let instruments: Instruments | undefined;
  const wanted = () => options.tracer !== undefined || options.meter !== undefined || registration in globalThis;

  function instrumentsOf(api: Api): Instruments {
    const meter = options.meter ?? api.metrics.getMeter(scope);
    if (instruments?.meter !== meter) instruments = createInstruments(meter);
    return instruments;
  }

  async function report<T>(facts: CallFacts, call: (progress: CallProgress) => Promise<T>): Promise<T> {
    const progress: CallProgress = { retries: 0, limitWaits: 0 };
    const api = await (loading ??= import('@opentelemetry/api').catch(() => undefined));
    if (api === undefined) return call(progress);
    const startedAt = options.clock.monotonic();
    const span = quietly(() => startSpan(api, options.tracer ?? api.trace.getTracer(scope), facts));
    let failure: unknown;
    try {
      return await api.context.with(withoutTracing(api.context.active()), () => call(progress));
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      const seconds = (options.clock.monotonic() - startedAt) / 1000;
      quietly(() => span && endSpan(api, span, attributesOf(facts, progress, failure)));
      quietly(() => record(instrumentsOf(api), seconds, progress, labelsOf(facts, failure)));
    }
  }

  return { run: (facts, call) => (wanted() ? report(facts, call) : call({ retries: 0, limitWaits: 0 })) };
}

function startSpan(api: Api, tracer: Tracer, facts: CallFacts): Span {
  const name = `plugboard.${named(facts.provider)}.${named(facts.operation)}`;
  return tracer.startSpan(name, { kind: api.SpanKind.CLIENT });
}

function endSpan(api: Api, span: Span, attributes: SpanAttributes): void {
  span.setAttributes(attributes);
  if (attributes['error.type'] !== undefined) span.setStatus({ code: api.SpanStatusCode.ERROR });
  span.end();
}

function attributesOf(facts: CallFacts, progress: CallProgress, failure: unknown): SpanAttributes {
  return {
    'plugboard.provider': named(facts.provider),
    'plugboard.operation': named(facts.operation),
    'plugboard.retries': progress.retries,
    'plugboard.limit_waits': progress.limitWaits,
    'http.request.method': methods.has(facts.method) ? facts.method : '_OTHER',
    ...(progress.status !== undefined && { 'http.response.status_code': progress.status }),
    ...(failure !== undefined && { 'error.type': errorType(failure) }),
  };
}

function labelsOf(facts: CallFacts, failure: unknown): MetricLabels {
  return {
    'plugboard.provider': named(facts.provider),
    'plugboard.operation': named(facts.operation),
    'plugboard.outcome': failure === undefined ? 'ok' : isPlugboardError(failure) ? failure.kind : 'error',
  };
}

function errorType(failure: unknown): string {
  return isPlugboardError(failure) ? `${failure.kind}.${named(failure.code)}` : 'error';
}

/** Names come from definitions; anything that is not one is not repeated. */
function named(text: string): string {
  return safeName.test(text) ? text : '_OTHER';
}

interface Instruments {
  readonly meter: Meter;
  readonly duration: Histogram;
  readonly calls: Counter;
  readonly retries: Counter;
  readonly limitWaits: Counter;
}

function createInstruments(meter: Meter): Instruments {
  return {
    meter,
    duration: meter.createHistogram('plugboard.client.duration', { unit: 's', description: 'Time of vendor calls.' }),
    calls: meter.createCounter('plugboard.client.calls', { description: 'Vendor calls by outcome.' }),
    retries: meter.createCounter('plugboard.client.retries', { description: 'Tries after the first.' }),
    limitWaits: meter.createCounter('plugboard.client.limit_waits', { description: 'Waits for a rate limit.' }),
  };
}

function record(instruments: Instruments, seconds: number, progress: CallProgress, labels: MetricLabels): void {
  instruments.duration.record(seconds, labels);
  instruments.calls.add(1, labels);
  if (progress.retries > 0) instruments.retries.add(progress.retries, labels);
  if (progress.limitWaits > 0) instruments.limitWaits.add(progress.limitWaits, labels);
}

/**
 * The key by which the SDK's `suppressTracing` marks a context; the API hands out equal keys for equal names.
 * @see https://github.com/open-telemetry/opentelemetry-js/blob/main/packages/opentelemetry-core/src/trace/suppress-tracing.ts
 */
const suppressTracing = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

function withoutTracing(context: Context): Context {
  return context.setValue(suppressTracing, true);
}

/** A broken exporter or tracer is no reason to fail a call. */
function quietly<T>(task: () => T): T | undefined {
  try {
    return task();
  } catch {
    return undefined;
  }
}

/** What a span processor must be able to do; that of the SDK's `SpanProcessor`. */
export interface ScrubbingProcessor {
  onStart(span: unknown, context: unknown): void;
  onEnd(span: unknown): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Attributes in which instrumentations put URLs, by the current and the former semantic conventions. */
const urlAttributes = ['url.full', 'url.query', 'http.url', 'http.target'] as const;

/**
 * A span processor that takes the query out of the URLs in spans of other instrumentations: an incoming OAuth callback
 * carries `code` and `state` there. Register it before the processor that exports.
 */
export function createScrubbingProcessor(): ScrubbingProcessor {
  return {
    onStart: () => undefined,
    onEnd(span) {
      const { attributes } = span as { attributes?: Attributes };
      for (const name of urlAttributes) {
        const value = attributes?.[name];
        if (typeof value === 'string') attributes![name] = name === 'url.query' ? '' : value.replace(/[?#].*$/s, '');
      }
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}
