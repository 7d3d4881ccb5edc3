/**
 * `@plugboard/testing/vitest-setup`: a setup file for vitest. A test fails when it prints to the console, and when a
 * request leaves for a host that no handler answers, also when the code under test swallows the error.
 *
 * Requests to loopback pass: that is where fake servers are.
 */
import { format } from 'node:util';

import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, vi, type MockInstance } from 'vitest';

const methods = ['debug', 'error', 'info', 'log', 'warn'] as const;
const loopback: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The intercepted network: `network.use(...mswHandlers(emulator))`. Handlers are dropped after each test. */
export const network = setupServer();

const problems: string[] = [];
let spies: MockInstance[] = [];

beforeAll(() => {
  network.listen({
    onUnhandledFrame({ frame }) {
      const address = foreignAddress(frame.data);
      if (address === undefined) return;
      problems.push(`No handler answers ${address}`);
      throw unreachable(address);
    },
  });
});

beforeEach(() => {
  problems.length = 0;
  spies = methods.map((method) =>
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => {
      problems.push(`console.${method}: ${format(...args)}`);
    }),
  );
});

afterEach(() => {
  network.resetHandlers();
  for (const spy of spies) spy.mockRestore();
  const found = problems.splice(0);
  if (found.length > 0) throw new Error(`The test left something behind:\n${found.join('\n')}`);
});

afterAll(() => network.close());

/** The failure of a name that does not resolve: msw passes errors of this form on, and turns others into a status 500. */
function unreachable(address: string): Error {
  return Object.assign(new Error(`No handler answers ${address}.`), { code: 'ENOTFOUND', errno: -3008 });
}

/** Without query and body, where secrets may be; undefined for loopback. */
function foreignAddress(data: unknown): string | undefined {
  const request = typeof data === 'object' && data !== null && 'request' in data ? data.request : undefined;
  if (!(request instanceof Request)) return 'a WebSocket';
  const { hostname, origin, pathname } = new URL(request.url);
  return loopback.has(hostname) ? undefined : `${request.method} ${origin}${pathname}`;
}
