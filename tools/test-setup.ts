/** Runs before each unit test file: a test that prints has forgotten something. */
import { format } from 'node:util';

import { afterEach, beforeEach, vi } from 'vitest';

const methods = ['debug', 'error', 'info', 'log', 'warn'] as const;
let printed: string[] = [];

beforeEach(() => {
  printed = [];
  for (const method of methods) {
    // A test that expects output replaces the implementation and looks at the calls itself.
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => {
      printed.push(`console.${method}: ${format(...args)}`);
    });
  }
});

afterEach(() => {
  const lines = printed;
  vi.restoreAllMocks();
  if (lines.length > 0) throw new Error(`The test printed to the console:\n${lines.join('\n')}`);
});
