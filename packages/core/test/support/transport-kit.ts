/** A transport on a clock that the test moves, and the request it sends unless told otherwise. */
import { onTestFinished } from 'vitest';

import { isPlugboardError, type PlugboardError } from '../../src/errors.ts';
import { createTransport, type TransportOptions } from '../../src/transport/create-transport.ts';
import type { Answer, TransportRequest } from '../../src/transport/transport.ts';
import { createUndiciWire } from '../../src/transport/undici-wire.ts';
import { createEgressPolicy, type EgressOptions } from '../../src/url.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

export type TestRequest = Partial<Omit<TransportRequest, 'url' | 'headers'>> & {
  readonly headers?: Readonly<Record<string, string>>;
};

export interface TransportKit {
  readonly clock: FakeClock;
  readonly transport: ReturnType<typeof createTransport>;
  send(url: string, request?: TestRequest): Promise<Answer>;
  /** The error of a call that must fail. */
  fail(url: string, request?: TestRequest): Promise<PlugboardError>;
}

/** Trusts the given origins; everything else keeps the default rules. */
export function transportKit(
  origins: readonly string[],
  options: Partial<Omit<TransportOptions, 'egress'>> & { readonly egress?: EgressOptions } = {},
): TransportKit {
  const clock = createFakeClock();
  const egress = createEgressPolicy({ allowOrigins: origins, ...options.egress });
  const transport = createTransport({ clock, wire: createUndiciWire(), ...options, egress });
  onTestFinished(() => transport.close());
  const send: TransportKit['send'] = (url, request) => transport.send(requestTo(url, request));
  return { clock, transport, send, fail: (url, request) => failureOf(send(url, request)) };
}

export function requestTo(url: string, { headers, ...rest }: TestRequest = {}): TransportRequest {
  const target = new URL(url);
  return {
    provider: 'acme',
    operation: 'things.list',
    method: 'GET',
    url: target,
    headers: new Headers(headers),
    hosts: [target.hostname],
    classify: () => undefined,
    repeat: 'safe',
    purpose: 'api',
    limitKey: 'acme:connection-1',
    secrets: [],
    ...rest,
  };
}

export async function failureOf(call: Promise<unknown>): Promise<PlugboardError> {
  try {
    await call;
  } catch (error) {
    if (isPlugboardError(error)) return error;
    throw error;
  }
  throw new Error('The call should have failed.');
}
