/** D08 R28: how long a provider is held back, who may ask meanwhile, and what is told of it. */
import { describe, expect, test } from 'vitest';

import { createBreakers } from '../src/connections/provider-breaker.ts';
import type { Engine, ProviderRuntime } from '../src/engine.ts';
import { isPlugboardError } from '../src/errors.ts';
import { createFakeClock } from './support/fake-clock.ts';

const runtimeOf = (id: string) => ({ definition: { id } }) as ProviderRuntime;
const acme = runtimeOf('acme');
const other = runtimeOf('other');

function createRig() {
  const clock = createFakeClock();
  const heard: unknown[] = [];
  const emit = async (name: string, payload: object) => void heard.push([name, payload]);
  const breakers = createBreakers({ clock, events: { emit } } as unknown as Engine);
  return {
    ...breakers,
    clock,
    heard,
    /** Milliseconds to wait, or undefined where it may ask. */
    waits(runtime = acme): number | undefined {
      try {
        breakers.require(runtime);
        return undefined;
      } catch (error) {
        if (!isPlugboardError(error)) throw error;
        expect(error).toMatchObject({ kind: 'configuration', provider: 'acme', retryable: true });
        return error.retryAfterMs;
      }
    },
    fail: (times: number) => Array.from({ length: times }, () => breakers.failed(acme)),
  };
}

describe('a provider that refuses the app', () => {
  test('is left alone for half a minute, then asked by one', async () => {
    const rig = createRig();
    expect([rig.waits(), rig.holds(acme), rig.admits(acme)]).toEqual([undefined, false, 'all']);
    expect(rig.opened(acme, 'invalid_client').waitMs).toBe(30_000);
    expect([rig.waits(), rig.holds(acme), rig.admits(acme)]).toEqual([30_000, true, 'none']);
    expect([rig.waits(other), rig.holds(other), rig.admits(other)]).toEqual([undefined, false, 'all']);
    await rig.clock.advance(29_999);
    expect(rig.waits()).toBe(1);
    await rig.clock.advance(1);
    expect(rig.waits()).toBeUndefined();
    // Until the one that asks has had time for an answer.
    expect([rig.waits(), rig.admits(acme)]).toEqual([45_000, 'none']);
    await rig.clock.advance(45_000);
    expect([rig.admits(acme), rig.admits(acme), rig.waits()]).toEqual(['one', 'none', 45_000]);
  });

  test('says the code of its refusal', () => {
    const rig = createRig();
    rig.opened(acme, 'unauthorized_client');
    expect(() => rig.require(acme)).toThrow(expect.objectContaining({ code: 'unauthorized_client' }) as Error);
  });

  test('is asked less often each time it refuses again, up to ten minutes', async () => {
    const rig = createRig();
    const waits: number[] = [];
    for (let turn = 0; turn < 7; turn++) {
      waits.push(rig.opened(acme, 'invalid_client').waitMs);
      await rig.clock.advance(waits.at(-1)!);
      expect(rig.waits()).toBeUndefined();
    }
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
  });

  test('is not asked later for calls that were under way when it refused', async () => {
    const rig = createRig();
    rig.opened(acme, 'invalid_client');
    await rig.clock.advance(10_000);
    expect(rig.opened(acme, 'invalid_client').waitMs).toBe(20_000);
    rig.failed(acme);
    expect(rig.waits()).toBe(20_000);
  });

  test('is told once, and so is its end', async () => {
    const rig = createRig();
    const refused = ['provider.attention', { provider: 'acme', reason: 'invalid_client' }];
    await rig.opened(acme, 'invalid_client').announce();
    await rig.opened(acme, 'invalid_client').announce();
    expect(rig.heard).toEqual([refused]);
    rig.closed(acme);
    const recovered = ['provider.recovered', { provider: 'acme' }];
    expect([rig.heard, rig.holds(acme), rig.waits()]).toEqual([[refused, recovered], false, undefined]);
    rig.closed(acme);
    expect(rig.heard).toHaveLength(2);
    // A new episode begins as the first one did.
    expect(rig.opened(acme, 'invalid_client').waitMs).toBe(30_000);
  });
});

describe('a server that is down', () => {
  test('counts as such after ten failures in a row, for work in bulk alone', async () => {
    const rig = createRig();
    rig.fail(9);
    expect(rig.admits(acme)).toBe('all');
    rig.closed(acme);
    rig.fail(9);
    expect([rig.admits(acme), rig.holds(acme)]).toEqual(['all', false]);
    rig.fail(1);
    expect([rig.admits(acme), rig.holds(acme), rig.waits()]).toEqual(['none', true, undefined]);
    await rig.clock.advance(4_999);
    expect(rig.admits(acme)).toBe('none');
    await rig.clock.advance(1);
    expect([rig.admits(acme), rig.admits(acme)]).toEqual(['one', 'none']);
    rig.closed(acme);
    expect([rig.admits(acme), rig.heard]).toEqual(['all', []]);
  });

  test('is asked less often each time, up to a minute', async () => {
    const rig = createRig();
    rig.fail(10);
    for (const waitMs of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      // Failures of calls that were under way change nothing.
      rig.fail(3);
      await rig.clock.advance(waitMs - 1);
      expect([waitMs, rig.admits(acme)]).toEqual([waitMs, 'none']);
      await rig.clock.advance(1);
      expect([waitMs, rig.admits(acme)]).toEqual([waitMs, 'one']);
      rig.fail(1);
    }
  });

  test('that refuses the app once it is back is held back for that, from the first pause on', async () => {
    const rig = createRig();
    rig.fail(10);
    await rig.clock.advance(5_000);
    expect(rig.admits(acme)).toBe('one');
    const { waitMs, announce } = rig.opened(acme, 'invalid_client');
    await announce();
    expect([waitMs, rig.heard.length]).toEqual([30_000, 1]);
    // Whatever fails from here on, the app is what is wrong.
    await rig.clock.advance(30_000);
    expect(rig.waits()).toBeUndefined();
    rig.fail(1);
    expect(rig.waits()).toBe(45_000);
  });

  test('was heard of when it last answered', async () => {
    const rig = createRig();
    expect(rig.heardWithin(acme, 1e12)).toBe(false);
    rig.closed(acme);
    await rig.clock.advance(1_000);
    rig.fail(1);
    expect([rig.heardWithin(acme, 999), rig.heardWithin(acme, 1_000), rig.heardWithin(other, 1e12)]).toEqual([
      false,
      true,
      false,
    ]);
  });
});
