/**
 * The contract of every provider, SDKs of vendors included, in the runtimes that are not Node: a fixed set of cases.
 * PLUGBOARD_RUNTIMES=whole takes all cases, in every runtime.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { prepare, type Prepared } from '../harness/given.ts';
import { createPrograms } from '../harness/programs.ts';
import { unableInWorkers } from '../../tools/where-it-runs.ts';
import { allProviders } from '../harness/providers.ts';
import { runProgram } from '../harness/run.ts';
import { isHere, needs, nodes, others, type Runtime } from '../harness/runtimes.ts';
import type { Report } from '../program/report.ts';

const whole = process.env['PLUGBOARD_RUNTIMES'] === 'whole';
const hour = 3_600_000;

const programs = createPrograms();
let prepared: Prepared;

beforeAll(async () => {
  prepared = await prepare();
});
afterAll(async () => {
  await prepared.close();
  programs.remove();
});

async function run(runtime: Runtime, ids: readonly string[]): Promise<Report[]> {
  const file = await programs.contract(runtime.platform, ids);
  return runProgram(runtime, file, prepared.given(whole ? 'contract' : 'contract-set'));
}

describe.each(whole ? [...nodes, ...others] : others)('$name', (runtime) => {
  const unable = runtime.platform === 'workerd-node' ? unableInWorkers : [];
  const reports = new Map<string, Report[]>();

  beforeAll(async () => {
    if (!isHere(runtime)) return;
    const ids = allProviders().filter((id) => !unable.includes(id));
    for (const entry of await run(runtime, ids)) {
      const [id = ''] = entry.check.split(' > ');
      reports.set(id, [...(reports.get(id) ?? []), entry]);
    }
  }, hour);

  test.for(allProviders())('%s keeps its contract', async (id, context) => {
    needs(context, runtime);
    if (unable.includes(id)) {
      await expect(run(runtime, [id])).rejects.toThrow();
      return;
    }
    const own = reports.get(id) ?? [];
    expect(own.filter(({ ok }) => !ok)).toEqual([]);
    expect(own.length).toBeGreaterThan(10);
  });
});
