/** Handlers of webhooks that throw, hang, or take their time, and a vendor that sends again. */
import { expect, test } from 'vitest';

import { count, createFleet, seededChance } from '../../../core/test/support/fleet.ts';
import { populate } from '../../../core/test/support/populate.ts';
import { drive } from '../../../core/test/support/rig.ts';
import { hmacSigner } from '../../../core/src/webhooks/hmac-signature.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const tenants = sized(30, 200);
const each = sized(10, 50);
/** How long the vendor waits for an answer, and how long before it sends again: as Shopify and Stripe do, in short. */
const patienceMs = 10_000;
const againMs = [5_000, 30_000, 60_000, 120_000, 300_000];

const url = 'https://app.example.com/integrations/webhooks/acme';
const sign = hmacSigner({ header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' });

test(
  'R38 what a handler throws at, hangs on or takes too long for is sent again, and no other tenant notices',
  { timeout: sized(60_000, 600_000) },
  async (context) => {
    const fleet = createFleet({ rotation: 'stable' });
    await populate(fleet, {
      count: tenants,
      organizationOf: (index) => `org-${index}`,
    });
    const { clock, board, store } = fleet;
    for (const row of await store.connections.scan(null, 200)) {
      const account = { id: `acct-${row.organizationId}`, name: row.organizationId };
      await store.connections.update(row.organizationId, row.id, { version: row.version }, { account });
    }
    const chance = seededChance(5);
    const done = new Map<string, number>();
    const fates = { thrown: 0, hung: 0, slow: 0 };
    const delays: number[] = [];
    const sentAt = new Map<string, number>();
    let open = 0;
    board.on('acme', 'order.created', async ({ id }, { organizationId }) => {
      expect(id.startsWith(`${organizationId}/`)).toBe(true);
      const draw = chance();
      if (draw < 0.1) {
        fates.thrown++;
        throw new Error('the handler fails');
      }
      if (draw < 0.11) {
        fates.hung++;
        return new Promise<never>(() => undefined);
      }
      if (draw < 0.16) {
        fates.slow++;
        await clock.sleep(5_000);
      } else delays.push(clock.monotonic() - sentAt.get(id)!);
      count(done, id);
      return undefined;
    });

    /** As a vendor does it: until a 2xx comes in time, and then never again. */
    async function deliver(id: string, account: string): Promise<number> {
      const body = JSON.stringify({ type: 'order.created', id, account, total: 5 });
      for (let tries = 1; ; tries++) {
        sentAt.set(id, clock.monotonic());
        const headers = await sign({ body, url, at: new Date(0) }, 'signing-secret');
        const answer = board.webhooks.receive('acme', new Request(url, { method: 'POST', body, headers }));
        open++;
        void answer.then(() => open--);
        const status = await Promise.race([
          answer.then((response) => response.status),
          clock.sleep(patienceMs).then(() => 0),
        ]);
        if (status >= 200 && status < 300) return tries;
        await clock.sleep(againMs[Math.min(tries, againMs.length) - 1]!);
      }
    }

    const deliveries = Array.from({ length: tenants * each }, (_, index) => {
      const tenant = `org-${index % tenants}`;
      return deliver(`${tenant}/${Math.floor(index / tenants)}`, `acct-${tenant}`);
    });
    const tries = await drive(fleet, Promise.all(deliveries), 1_800_000);
    await noteRow(context, 'R38', { deliveries: tries.length, ...fates, mostTries: Math.max(...tries) });
    expect(fates.thrown).toBeGreaterThan(0);
    expect(fates.hung).toBeGreaterThan(0);
    expect(fates.slow).toBeGreaterThan(0);
    // Each event is worked through, and by one run of the handler.
    expect(done.size).toBe(tenants * each);
    expect([...done.values()].filter((times) => times !== 1)).toEqual([]);
    // No request of the vendor stays open for ever, whatever its handler does.
    await clock.advance(60_000);
    expect(open).toBe(0);
    // Whoever is not held up by its own handler is not held up by another's.
    expect(Math.max(...delays)).toBe(0);
  },
);
