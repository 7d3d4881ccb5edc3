/**
 * Processes that allow less: what Node can forbid, the packages do without. Beside each run stands a script that does the
 * forbidden thing, so that a flag that does nothing is seen.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { prepare, type Prepared } from '../harness/given.ts';
import { createPrograms } from '../harness/programs.ts';
import { allProviders } from '../harness/providers.ts';
import { runProgram } from '../harness/run.ts';
import { needs, nodes, type Runtime } from '../harness/runtimes.ts';
import type { Report } from '../program/report.ts';

interface Hardening {
  readonly name: string;
  args(runtime: Runtime): readonly string[];
  /** Scripts, each with a part of the error that must end it. */
  readonly forbidden: readonly (readonly [string, string])[];
}

const whole = process.env['PLUGBOARD_RUNTIMES'] === 'whole';
const programs = createPrograms();
let prepared: Prepared;

const noProto: Hardening = {
  name: '--disable-proto=throw',
  args: () => ['--disable-proto=throw'],
  forbidden: [['({}).__proto__', 'ERR_PROTO_ACCESS']],
};
const noEval: Hardening = {
  name: '--disallow-code-generation-from-strings',
  args: () => ['--disallow-code-generation-from-strings'],
  forbidden: [
    ["new Function('return 1')", 'EvalError'],
    ["eval('1')", 'EvalError'],
  ],
};
const permissions: Hardening = {
  name: '--permission',
  args: ({ name }) => [
    name === 'Node 22.12' ? '--experimental-permission' : '--permission',
    `--allow-fs-read=${programs.dir}/*`,
    ...(name === 'Node 26' ? ['--allow-net'] : []),
  ],
  forbidden: [
    ["require('node:fs').writeFileSync(require('node:path').join(process.argv[1], 'x'), '')", 'ERR_ACCESS_DENIED'],
    ["require('node:fs').readFileSync('/etc/hostname')", 'ERR_ACCESS_DENIED'],
    ["require('node:child_process').spawnSync('true')", 'ERR_ACCESS_DENIED'],
    ["new (require('node:worker_threads').Worker)('', { eval: true })", 'ERR_ACCESS_DENIED'],
  ],
};
const frozen: Hardening = {
  name: '--frozen-intrinsics',
  args: () => ['--frozen-intrinsics'],
  forbidden: [["'use strict'; Array.prototype.push = null", 'TypeError']],
};
const all: Hardening = {
  name: 'all but frozen intrinsics',
  args: (runtime) => [noProto, noEval, permissions].flatMap(({ args }) => args(runtime)),
  forbidden: [noProto, noEval, permissions].flatMap(({ forbidden }) => forbidden),
};

beforeAll(async () => {
  prepared = await prepare();
});
afterAll(async () => {
  await prepared.close();
  programs.remove();
});

const failures = (reports: readonly Report[]) => reports.filter(({ ok, skipped }) => !ok || skipped !== undefined);

describe.each(nodes)('$name', (runtime) => {
  test.for([noProto, noEval, permissions, frozen, all])(
    'S10 G05 a board runs with $name',
    { timeout: 120_000 },
    async (hardening, context) => {
      needs(context, runtime);
      const hardened = { ...runtime, args: hardening.args(runtime) };
      for (const [script, error] of hardening.forbidden) expect(await fails(hardened, script), script).toContain(error);
      const reports = await runProgram(hardened, await programs.smoke('node'), prepared.given('smoke'));
      expect(failures(reports)).toEqual([]);
      expect(reports).toHaveLength(20);
    },
  );
});

describe('the fixed set of the contract', () => {
  const [, runtime] = nodes;
  /** Frozen intrinsics make an engine slow: one provider of each way to sign, to bring an SDK and to read keys. */
  const some = ['aws-s3', 'gmail', 'openai', 'plaid', 'sentry', 'stripe'];
  test.each([
    { hardening: all, name: all.name, providers: allProviders(), atLeast: 900 },
    { hardening: frozen, name: frozen.name, providers: whole ? allProviders() : some, atLeast: whole ? 900 : 200 },
  ])(
    'S10 G05 is kept with $name',
    async ({ hardening, providers, atLeast }) => {
      const hardened = { ...runtime!, args: hardening.args(runtime!) };
      const file = await programs.contract('node', providers);
      const reports = await runProgram(hardened, file, prepared.given('contract-set'));
      expect(failures(reports)).toEqual([]);
      expect(reports.length).toBeGreaterThan(atLeast);
    },
    300_000,
  );
});

/** What a script that must fail writes to the standard error. */
async function fails({ executable, args }: Runtime, script: string): Promise<string> {
  return promisify(execFile)(executable!, [...args, '--eval', script, programs.dir]).then(
    () => 'it did not fail',
    (error: unknown) => (error as { stderr: string }).stderr,
  );
}
