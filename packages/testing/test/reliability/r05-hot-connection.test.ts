/** One connection that is used again and again. */
import { expect, test } from 'vitest';

import { createFleet } from '../../../core/test/support/fleet.ts';
import { organizationId } from '../../../core/test/support/rig.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const calls = sized(2_000, 100_000);

test.for([
  [0, 1],
  [5_000, 0],
] as const)(
  'R05 with a row cache of %i ms a call costs %i reads of the store',
  { timeout: sized(60_000, 600_000) },
  async ([cacheMs, reads], context) => {
    let found = 0;
    let others = 0;
    const fleet = createFleet({}, { cacheMs }, (inner) => {
      const connections = new Proxy(inner.connections, {
        get(target, name: keyof typeof inner.connections) {
          const member = target[name];
          if (typeof member !== 'function') return member;
          return (...args: never[]) => {
            if (name === 'find') found++;
            else others++;
            return (member as (...given: never[]) => unknown).apply(target, args);
          };
        },
      });
      return { ...inner, connections };
    });
    await fleet.connect();
    const client = fleet.board.client('acme', { organizationId });
    await client.orders.list();
    found = 0;
    others = 0;
    const startedAt = performance.now();
    for (let call = 0; call < calls; call++) await client.orders.list();
    const perSecond = Math.round((calls / (performance.now() - startedAt)) * 1_000);
    await noteRow(context, 'R05', { cacheMs, calls, callsPerSecond: perSecond });
    expect([found, others]).toEqual([calls * reads, 0]);
    expect(fleet.tokenCalls()).toHaveLength(1);
  },
);
