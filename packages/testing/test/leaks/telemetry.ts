/** An OpenTelemetry SDK as hosts register one, with the instrumentations of HTTP servers and clients, kept in memory. */
import { createRequire } from 'node:module';

import { createScrubbingProcessor } from '@plugboard/core';
import { context, metrics, trace, type MeterProvider } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

export interface Recorded {
  /** Everything that an exporter gets to see of the spans so far. */
  spans(): readonly unknown[];
  /** Everything that was measured, with its labels. */
  readonly metrics: readonly unknown[];
}

/** @param scrub With the span processor of @plugboard/core before the one that exports. */
export function registerTelemetry(scrub: boolean): Recorded {
  const exporter = new InMemorySpanExporter();
  const exporting = new SimpleSpanProcessor(exporter);
  const provider = new BasicTracerProvider({
    spanProcessors: scrub ? [createScrubbingProcessor(), exporting] : [exporting],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const measured: unknown[] = [];
  metrics.setGlobalMeterProvider(recordingMeters(measured));
  for (const instrumentation of [new HttpInstrumentation(), new UndiciInstrumentation()]) {
    instrumentation.setTracerProvider(provider);
    instrumentation.enable();
  }
  // The server's part is on its prototype, and put there when somebody requires the module.
  createRequire(import.meta.url)('node:http');
  return {
    metrics: measured,
    spans: () =>
      exporter
        .getFinishedSpans()
        .map(({ name, kind, attributes, events, links, status, resource, instrumentationScope }) => {
          return {
            name,
            kind,
            attributes,
            events,
            links,
            status,
            resource: resource.attributes,
            by: instrumentationScope.name,
          };
        }),
  };
}

function recordingMeters(records: unknown[]): MeterProvider {
  const instrument = (name: string, options: unknown) => {
    const keep = (value: number, labels: unknown) => void records.push({ name, options, value, labels });
    return { add: keep, record: keep };
  };
  const observable = () => ({ addCallback: () => undefined, removeCallback: () => undefined });
  const meter = {
    createHistogram: instrument,
    createCounter: instrument,
    createUpDownCounter: instrument,
    createGauge: instrument,
    createObservableGauge: observable,
    createObservableCounter: observable,
    createObservableUpDownCounter: observable,
    addBatchObservableCallback: () => undefined,
    removeBatchObservableCallback: () => undefined,
  };
  return { getMeter: () => meter } as unknown as MeterProvider;
}
