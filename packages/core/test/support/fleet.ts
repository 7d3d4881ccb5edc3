/** Thousands of connections over hours of simulated time: what the tests of load and of vendors in trouble share. */
import type { Job } from '../../src/job.ts';
import type { ConnectionRow, ConnectionStore, Store } from '../../src/store.ts';
import { handlerWire } from '../../src/transport/handler-wire.ts';
import { createRig, drive, type AcmeOptions } from './rig.ts';

export type Fleet = ReturnType<typeof createRig>;

export async function allRows(store: Store): Promise<ConnectionRow[]> {
  const rows: ConnectionRow[] = [];
  for (let after: string | null = null; ;) {
    const page = await store.connections.scan(after, 200);
    rows.push(...page);
    const last = page.at(-1);
    if (last === undefined) return rows;
    after = last.id;
  }
}

/** Runs the refresh job every `stepMs` for so long. */
export async function runFor(rig: Pick<Fleet, 'board' | 'clock'>, ms: number, stepMs: number): Promise<void> {
  const end = rig.clock.monotonic() + ms;
  while (rig.clock.monotonic() < end) {
    const next = rig.clock.monotonic() + stepMs;
    await drive(rig, refreshJob(rig).run());
    await rig.clock.advance(Math.max(0, next - rig.clock.monotonic()));
  }
}

export function refreshJob(rig: { readonly board: { readonly jobs: readonly Job[] } }): Job {
  return rig.board.jobs.find(({ name }) => name === 'refresh')!;
}

/** The same draws in every run: a failure can be looked at again (mulberry32). */
export function seededChance(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What stands between the board and the token endpoint; undefined lets the request through. */
export type TokenFault = (refreshToken: string, request: Request) => Response | Promise<Response> | undefined;

/** A rig with chance in its draws, between whose board and token endpoint a test can stand. */
export function createFleet(
  options: AcmeOptions = {},
  board: NonNullable<Parameters<typeof createRig>[1]> = {},
  wrap?: (inner: Store) => Store,
) {
  const between: { fault: TokenFault | undefined } = { fault: undefined };
  const wire = handlerWire(async (request) => {
    if (!new URL(request.url).pathname.endsWith('/token')) return rig.handle(request);
    const token = new URLSearchParams(await request.clone().text()).get('refresh_token') ?? '';
    const fault = between.fault?.(token, request);
    return fault ?? rig.handle(request);
  });
  const rig = createRig(options, { cacheMs: 0, wire, ...board }, wrap);
  Object.assign(rig.clock, { random: seededChance() });
  return { ...rig, wire, between };
}

/** Adds one to the count of a key. */
export function count(counts: Map<string, number>, key: string): number {
  const next = (counts.get(key) ?? 0) + 1;
  counts.set(key, next);
  return next;
}

/** A rig whose store counts how often each function of its connections is called. */
export function countingRig(options: Parameters<typeof createRig>[0] = {}) {
  const counts = new Map<string, number>();
  const rig = createRig(options, {}, (inner) => {
    const connections = new Proxy(inner.connections, {
      get(target, name: keyof ConnectionStore) {
        const found = target[name];
        if (typeof found !== 'function') return found;
        return (...args: never[]) => {
          counts.set(name, (counts.get(name) ?? 0) + 1);
          return (found as (...given: never[]) => unknown).apply(target, args);
        };
      },
    });
    return { ...inner, connections };
  });
  return { ...rig, counts };
}
