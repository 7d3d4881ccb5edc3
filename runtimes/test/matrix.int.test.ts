/** The same program in every runtime, bundled from the sources as an app is: cryptography, the wire, a board, its routes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { needFlagInWorkers } from '../../tools/where-it-runs.ts';
import { bundle, providerEntry, type Platform } from '../harness/bundle.ts';
import { prepare, type Prepared } from '../harness/given.ts';
import { createPrograms } from '../harness/programs.ts';
import { runProgram } from '../harness/run.ts';
import { isHere, needs, nodes, others, workerd } from '../harness/runtimes.ts';
import type { Report } from '../program/report.ts';
import { ciphers, open, secret, withCipher } from '../program/vault.ts';
import { withoutNode } from '../harness/providers.ts';

const programs = createPrograms();
let prepared: Prepared;
const tags = ciphers.map((cipher) => `vault: short tags and changed bytes are refused with ${cipher}`);
/** What plain workerd cannot do. */
const without = [
  ...['opens with node:crypto what another process sealed', 'seals with node:crypto'].map((name) => `vault: ${name}`),
  tags[0]!,
  'flags: OpenFeature says the declared default',
];

beforeAll(async () => {
  prepared = await prepare();
});
afterAll(async () => {
  await prepared.close();
  programs.remove();
});

describe.each([...nodes, ...others, workerd])('$name', (runtime) => {
  const { platform } = runtime;
  let reports: readonly Report[] = [];

  beforeAll(async () => {
    if (!isHere(runtime)) return;
    const given = prepared.given('smoke', platform === 'workerd' ? 'workerd' : 'other');
    reports = await runProgram(runtime, await programs.smoke(platform), given);
  }, 240_000);

  test('runs a board, its routes, its wire and its vault', async (context) => {
    needs(context, runtime);
    const skipped = reports.filter((report) => report.skipped !== undefined);
    for (const { check, skipped: why } of skipped) await context.annotate(`${check}: ${why}`);
    expect(reports.filter(({ ok }) => !ok)).toEqual([]);
    expect(skipped.map(({ check }) => check)).toEqual(platform === 'workerd' ? expect.arrayContaining(without) : []);
    expect(skipped).toHaveLength(platform === 'workerd' ? without.length : 0);
    expect(reports).toHaveLength(20);
  });

  test('C07 short tags are refused', (context) => {
    needs(context, runtime);
    const refused = reports.filter(({ check, skipped }) => tags.includes(check) && skipped === undefined);
    expect(refused.map(({ ok }) => ok)).toEqual(platform === 'workerd' ? [true] : [true, true]);
  });

  test('what it sealed opens on Node, with either cipher', async (context) => {
    needs(context, runtime);
    const sealed = reports.flatMap(({ check, data }) => (check.startsWith('vault: seals') && data ? [data] : []));
    expect(sealed).toHaveLength(platform === 'workerd' ? 1 : 2);
    for (const cipher of ciphers) {
      for (const text of sealed) {
        expect(await withCipher(cipher, (vault) => open(vault, text as string))).toBe(secret);
      }
    }
  });
});

test('the bundle of core, routes and providers for a Worker without flags needs no module of Node', async () => {
  const { builtins } = await bundle({ contents: providerEntry(withoutNode()), platform: 'workerd' });
  expect(builtins).toEqual([]);
});

test.each(needFlagInWorkers)('%s does need modules of Node in a Worker', async (id) => {
  const { builtins } = await bundle({ contents: providerEntry([id]), platform: 'workerd' });
  expect(builtins.length).toBeGreaterThan(0);
});

test.each<Platform>(['bun', 'deno'])(
  'core and the routes need no module of Node for %s, but for flags',
  async (platform) => {
    const { builtins } = await bundle({ contents: providerEntry([]), platform });
    // What the SDK of OpenFeature asks for, when a flag is first looked at.
    expect(builtins).toEqual(['node:async_hooks', 'node:events']);
  },
);
