/** A hundred thousand organizations pass through one process. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { noteRow } from './note.ts';
import { sized } from './size.ts';

/** What is bounded holds 10,000 keys, and every second one is of a kind: from there on nothing may grow. */
const warmUp = 22_000;
const keys = sized(30_000, 1_000_000);
const mostMb = sized(12, 50);

interface Found {
  readonly growthMb: number;
  readonly heapMb: number;
  readonly calls: number;
  readonly listeners: number;
  readonly processListeners: number;
  readonly resources: readonly string[];
}

test(
  'R11 what is remembered of keys is bounded, and nothing is left open or listening',
  { timeout: sized(120_000, 3_600_000) },
  async (context) => {
    const child = fileURLToPath(new URL('memory-child.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', '--conditions=@plugboard/source', '--no-warnings', child, String(keys), String(warmUp)],
      { env: { ...process.env, NODE_ENV: 'test' } },
    );
    const found = JSON.parse(stdout) as Found;
    await noteRow(context, 'R11', { keys, heapMb: found.heapMb, growthMb: found.growthMb });
    expect(found.calls).toBeGreaterThanOrEqual(keys);
    expect(found.growthMb).toBeLessThan(mostMb);
    expect(found).toMatchObject({ listeners: 0, processListeners: 0, resources: [] });
  },
);
