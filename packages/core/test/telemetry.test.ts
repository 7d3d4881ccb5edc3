import diagnostics from 'node:diagnostics_channel';

import { context, metrics, SpanKind, SpanStatusCode, trace, type Meter, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { PlugboardError, type ErrorKind } from '../src/errors.ts';
import { createScrubbingProcessor, createTelemetry, metricLabels, spanAttributes } from '../src/telemetry.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { serveHttp, type HttpLoopback } from './support/loopback.ts';
import { transportKit } from './support/transport-kit.ts';

const canary = 'canary-0123456789';

afterEach(() => {
  trace.disable();
  context.disable();
  metrics.disable();
});

/** A registered SDK, as a host has one. */
function registerSdk(scrub = false): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  const exporting = new SimpleSpanProcessor(exporter);
  const provider = new BasicTracerProvider({
    spanProcessors: scrub ? [createScrubbingProcessor(), exporting] : [exporting],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return exporter;
}

/** What instrumentations of HTTP clients do: a span with the whole URL for each request that undici makes. */
async function withInstrumentation<T>(run: () => Promise<T>): Promise<T> {
  const onRequest = (message: unknown) => {
    const { request } = message as { request: { origin: string; path: string; headers: string[] } };
    const url = new URL(request.path, request.origin);
    const attributes = { 'url.full': url.href, 'url.query': url.search, 'http.request.header': request.headers.join() };
    trace.getTracer('instrumentation').startSpan('GET', { kind: SpanKind.CLIENT, attributes }, context.active()).end();
  };
  diagnostics.subscribe('undici:request:create', onRequest);
  try {
    return await run();
  } finally {
    diagnostics.unsubscribe('undici:request:create', onRequest);
  }
}

/** Everything that a backend gets to see of the spans. */
const dump = (spans: readonly ReadableSpan[]) =>
  JSON.stringify(
    spans.map(({ name, attributes, events, links, status }) => ({ name, attributes, events, links, status })),
  );

const server = (): Promise<HttpLoopback> =>
  serveHttp(({ path }, response) => {
    response.writeHead(path.startsWith('/bad') ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { code: canary, message: canary } }));
  });

describe('spans', () => {
  it('name provider and operation, and carry what the list allows', async () => {
    const exporter = registerSdk();
    const { origin } = await server();
    const { send, fail } = transportKit([origin]);
    await send(`${origin}/ok`);
    await fail(`${origin}/bad`, { method: 'POST', repeat: 'never' });
    const [good, bad] = exporter.getFinishedSpans();
    expect(good).toMatchObject({
      name: 'plugboard.acme.things.list',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
    });
    expect(good?.attributes).toEqual({
      'plugboard.provider': 'acme',
      'plugboard.operation': 'things.list',
      'plugboard.retries': 0,
      'plugboard.limit_waits': 0,
      'http.request.method': 'GET',
      'http.response.status_code': 200,
    });
    expect(bad).toMatchObject({ status: { code: SpanStatusCode.ERROR } });
    expect(bad?.attributes).toMatchObject({
      'error.type': 'invalid_request.bad_request',
      'http.response.status_code': 400,
    });
    expect(exporter.getFinishedSpans()).toHaveLength(2);
  });

  it('count retries and waits', async () => {
    const exporter = registerSdk();
    let turn = 0;
    const { origin } = await serveHttp((_request, response) => response.writeHead(turn++ === 0 ? 503 : 200).end());
    const { send, clock } = transportKit([origin]);
    const limits = [{ requests: 1, perMs: 1_000 }];
    const call = send(origin, { limits });
    await clock.untilPending(2);
    await clock.advance(250);
    await clock.untilPending(2);
    await clock.advance(1_000);
    await call;
    expect(exporter.getFinishedSpans()[0]?.attributes).toMatchObject({
      'plugboard.retries': 1,
      'plugboard.limit_waits': 1,
    });
  });

  it('are children of the host’s span', async () => {
    const exporter = registerSdk();
    const { origin } = await server();
    const { send } = transportKit([origin]);
    const parent = trace.getTracer('host').startSpan('request');
    await context.with(trace.setSpan(context.active(), parent), () => send(origin));
    expect(exporter.getFinishedSpans()[0]?.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
  });

  it('go to the tracer that the host hands over', async () => {
    const provider = new BasicTracerProvider({ spanProcessors: [] });
    const names: string[] = [];
    const tracer = provider.getTracer('own');
    const spying = { startSpan: (name: string) => (names.push(name), tracer.startSpan(name)) } as Tracer;
    const { origin } = await server();
    const telemetry = createTelemetry({ clock: createFakeClock(), tracer: spying });
    await transportKit([origin], { telemetry }).send(origin);
    expect(names).toEqual(['plugboard.acme.things.list']);
  });
});

describe('B04 instrumented HTTP clients', () => {
  it('record nothing of a vendor call', async () => {
    const exporter = registerSdk();
    const { origin, requests } = await server();
    const { send, fail } = transportKit([origin]);
    const secret = { headers: { authorization: `Bearer ${canary}` }, secrets: [canary] };
    await withInstrumentation(async () => {
      await send(`${origin}/ok?access_token=${canary}`, secret);
      await send(`${origin}/ok/${canary}?code=${canary}`, {
        ...secret,
        purpose: 'token',
        method: 'POST',
        repeat: 'never',
        body: canary,
      });
      await fail(`${origin}/bad?key=${canary}`, secret);
    });
    expect(requests).toHaveLength(3);
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(Array(3).fill('plugboard.acme.things.list'));
    expect(dump(exporter.getFinishedSpans())).not.toContain('canary');
  });

  it('do record what is not ours, so that the test above means something', async () => {
    const exporter = registerSdk();
    const { origin } = await server();
    const { request } = await import('undici');
    await withInstrumentation(async () => (await request(`${origin}/ok?access_token=${canary}`)).body.dump());
    expect(dump(exporter.getFinishedSpans())).toContain(canary);
  });

  it('are cleaned by the scrubbing processor: the query of a callback does not reach the exporter', async () => {
    const exporter = registerSdk(true);
    const attributes = {
      'url.full': `https://app.example.com/callback?code=${canary}#${canary}`,
      'url.query': `code=${canary}`,
      'http.url': `https://app.example.com/callback?state=${canary}`,
      'http.target': `/callback?state=${canary}`,
      'url.path': '/callback',
    };
    trace.getTracer('http').startSpan('GET /callback', { attributes }).end();
    const [span] = exporter.getFinishedSpans();
    expect(dump([span!])).not.toContain('canary');
    expect(span?.attributes).toMatchObject({ 'url.full': 'https://app.example.com/callback', 'url.path': '/callback' });
  });
});

describe('metrics', () => {
  /** Keeps what is recorded, as an exporter would. */
  function recordingMeter() {
    const records: { name: string; value: number; labels: Record<string, string> }[] = [];
    const instrument = (name: string) => {
      const keep = (value: number, labels: Record<string, string>) => void records.push({ name, value, labels });
      return { add: keep, record: keep };
    };
    return { records, meter: { createHistogram: instrument, createCounter: instrument } as unknown as Meter };
  }

  it('B07 have four names and three labels', async () => {
    const { records, meter } = recordingMeter();
    const clock = createFakeClock();
    const telemetry = createTelemetry({ clock, meter });
    const facts = { provider: 'acme', operation: 'things.list', method: 'GET' };
    await telemetry.run(facts, async (progress) => {
      progress.retries = 2;
      progress.limitWaits = 1;
      await clock.advance(1_500);
    });
    const failing = telemetry.run(facts, () =>
      Promise.reject(new PlugboardError({ kind: 'auth', code: 'x', message: canary })),
    );
    await expect(failing).rejects.toThrow();
    const labels = { 'plugboard.provider': 'acme', 'plugboard.operation': 'things.list', 'plugboard.outcome': 'ok' };
    expect(Object.keys(labels)).toEqual([...metricLabels]);
    expect(records).toEqual([
      { name: 'plugboard.client.duration', value: 1.5, labels },
      { name: 'plugboard.client.calls', value: 1, labels },
      { name: 'plugboard.client.retries', value: 2, labels },
      { name: 'plugboard.client.limit_waits', value: 1, labels },
      { name: 'plugboard.client.duration', value: 0, labels: { ...labels, 'plugboard.outcome': 'auth' } },
      { name: 'plugboard.client.calls', value: 1, labels: { ...labels, 'plugboard.outcome': 'auth' } },
    ]);
  });

  it('B07 take no free text, whatever a vendor or a caller brings', async () => {
    const exporter = registerSdk();
    const kinds: readonly ErrorKind[] = ['auth', 'unavailable', 'network', 'invalid_response'];
    const words = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 150 }), fc.string({ unit: 'binary-ascii' }));
    await fc.assert(
      fc.asyncProperty(fc.tuple(words, words, words, words), fc.constantFrom(...kinds), async (texts, kind) => {
        const [provider, operation, method, code] = texts;
        exporter.reset();
        const { records, meter } = recordingMeter();
        const telemetry = createTelemetry({ clock: createFakeClock(), meter });
        const error = new PlugboardError({ kind, code, message: code, vendor: { code, message: code } });
        await telemetry.run({ provider, operation, method }, () => Promise.reject(error)).catch(() => undefined);
        const [span] = exporter.getFinishedSpans();
        expect(spanAttributes).toEqual(expect.arrayContaining(Object.keys(span?.attributes ?? {})));
        const said = [
          span?.name,
          ...Object.values(span?.attributes ?? {}),
          ...records.flatMap(({ labels }) => Object.values(labels)),
        ];
        for (const value of said) expect(String(value)).toMatch(/^[\w.:-]{1,250}$/);
        expect(span?.events).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('R35 telemetry that fails', () => {
  it('fails no call', async () => {
    const broken = () => {
      throw new Error('broken');
    };
    const { origin } = await server();
    const telemetries = [
      createTelemetry({
        clock: createFakeClock(),
        tracer: { startSpan: broken, startActiveSpan: broken } as unknown as Tracer,
      }),
      createTelemetry({
        clock: createFakeClock(),
        tracer: { startSpan: () => ({ setAttributes: broken, setStatus: broken, end: broken }) } as unknown as Tracer,
        meter: { createHistogram: broken, createCounter: broken } as unknown as Meter,
      }),
    ];
    for (const telemetry of telemetries) {
      const { send, fail } = transportKit([origin], { telemetry });
      expect((await send(origin)).status).toBe(200);
      expect((await fail(`${origin}/bad`)).status).toBe(400);
    }
  });
});
