/** A host whose log is full, whose tracer throws, and whose handlers throw or hang: no token pays for it. */
import { describe, expect, test } from 'vitest';

import type { Log } from '../../../core/src/log.ts';
import { createTelemetry } from '../../../core/src/telemetry.ts';
import { allRows, createFleet, refreshJob } from '../../../core/test/support/fleet.ts';
import { populate } from '../../../core/test/support/populate.ts';
import { createRig, drive, organizationId } from '../../../core/test/support/rig.ts';

const connections = 50;
const hourMs = 3_600_000;

function full(): never {
  throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
}
const fullLog: Log = { info: full, warn: full, error: full };
const rejectingLog = { info: reject, warn: reject, error: reject } as unknown as Log;

async function reject(): Promise<never> {
  return full();
}

type BoardOptions = NonNullable<Parameters<typeof createFleet>[1]>;

async function refreshed(options: BoardOptions, change = (_fleet: ReturnType<typeof createFleet>): void => undefined) {
  const fleet = createFleet({ rotation: 'strict' }, options);
  await populate(fleet, { count: connections });
  await fleet.clock.advance(hourMs);
  change(fleet);
  const startedAt = fleet.clock.monotonic();
  const run = await drive(fleet, refreshJob(fleet).run());
  const tookMs = fleet.clock.monotonic() - startedAt;
  expect(run.processed).toBe(connections);
  const rows = await allRows(fleet.store);
  expect(rows.filter(({ credentialsVersion, status }) => credentialsVersion !== 2 || status !== 'active')).toEqual([]);
  expect(fleet.oauth.ledger.reuses).toEqual([]);
  return { tookMs };
}

describe('R35 the refresh goes on', () => {
  test.for([
    ['throws', fullLog],
    ['rejects', rejectingLog],
  ] as const)('with a log that %s, while the database fails and handlers do', async ([, log]) => {
    let failures = 0;
    const fleet = createFleet({ rotation: 'strict' }, { log }, (inner) => {
      const { lock } = inner.connections;
      const connections: typeof inner.connections = {
        ...inner.connections,
        lock: (organization, id, work) =>
          lock!(organization, id, (row, write) =>
            work(row, (change) => ('credentials' in change && failures++ < 20 ? full() : write(change))),
          ),
        update: (organization, id, guard, change) =>
          'credentials' in change && failures++ < 20
            ? Promise.reject(new Error('the database is away'))
            : inner.connections.update(organization, id, guard, change),
      };
      return { ...inner, connections };
    });
    await populate(fleet, { count: connections });
    fleet.board.on('connection.refreshed', full);
    await fleet.clock.advance(hourMs);
    await drive(fleet, refreshJob(fleet).run());
    const rows = await allRows(fleet.store);
    expect(failures).toBeGreaterThan(20);
    expect(rows.filter(({ credentialsVersion }) => credentialsVersion !== 2)).toEqual([]);
    expect(fleet.oauth.ledger.reuses).toEqual([]);
  });

  test('with a tracer and a meter that throw', async () => {
    const fleet = createFleet();
    const tracer = { startSpan: full, startActiveSpan: full } as never;
    const meter = { createHistogram: full, createCounter: full } as never;
    await refreshed({ telemetry: createTelemetry({ clock: fleet.clock, tracer, meter }) });
  });

  test('with handlers that hang, and that are not waited for one by one', async () => {
    const told: string[] = [];
    const { tookMs } = await refreshed({}, ({ board }) => {
      board.on('connection.refreshed', () => new Promise<void>(() => undefined));
      board.on('connection.refreshed', ({ connection }) => void told.push(connection.id));
    });
    expect(new Set(told).size).toBe(connections);
    // All of them together have the time of one.
    expect(tookMs).toBeLessThanOrEqual(20_000);
  });

  test('and whoever asks for a token gets it while a handler hangs', async () => {
    const rig = createRig({ rotation: 'strict' }, { cacheMs: 0 });
    await rig.connect();
    rig.board.on('connection.refreshed', () => new Promise<void>(() => undefined));
    await rig.clock.advance(hourMs);
    // Time stands still: nothing but the vendor is waited for.
    await rig.board.client('acme', { organizationId }).orders.list();
    expect(rig.tokenCalls()).toHaveLength(2);
    // At the end the handler has its time, and no more.
    await drive(rig, rig.board.stop());
  });

  test('and an end is told to all but the handler that hangs, with an address that cannot be made', async () => {
    const heard: string[] = [];
    const fleet = createFleet({}, { reconnectUrl: full });
    await populate(fleet, { count: 1 });
    fleet.board.on('connection.attention', ({ reason }) => void heard.push(reason));
    fleet.oauth.revokeAll();
    await fleet.clock.advance(hourMs);
    for (let turn = 0; turn < 3; turn++) {
      await drive(fleet, refreshJob(fleet).run());
      await fleet.clock.advance(120_000);
    }
    expect((await allRows(fleet.store))[0]).toMatchObject({ status: 'expired', statusReason: 'revoked' });
    expect(heard).toEqual([]);
  });
});
