/** What a host gets without naming the vendor: portable capabilities, and a working product without keys. */
import type {
  AdSpendRow,
  CapabilityName,
  ConversionReceipt,
  FileInfo,
  FilesCapability,
  MessageReceipt,
} from '@plugboard/core';
import { isStub } from '@plugboard/core';
import { expect } from 'vitest';

import { readAll } from './answers.ts';
import { ableTo, providerCase, type ProviderCase, type Subject } from './case.ts';
import { declarationsOf } from './declared.ts';
import { languageRuns } from './language-runs.ts';
import { expectReceipt, observeRuns } from './observe-runs.ts';
import { withConnection, withWorld, type World } from './world.ts';

/** What one capability must do with ordinary input. */
export type Run = (capability: never, world: World) => Promise<void>;

const at = new Date(Date.UTC(2026, 0, 1));
const person = {
  email: 'Jane.Doe@Example.com ',
  phone: '+14155552671',
  firstName: 'Jane',
  lastName: 'Doe',
  country: 'US',
};

/** What every implementation of a capability must do with ordinary input. */
const runs: Readonly<Record<CapabilityName, Run>> = {
  email: async ({ send }: { send(message: object): Promise<MessageReceipt> }) => {
    expectReceipt(
      await send({
        from: 'Shop <shop@example.com>',
        to: ['a@example.com', { email: 'b@example.com', name: 'B' }],
        subject: 'Hello',
        html: '<p>Hi</p>',
        text: 'Hi',
      }),
    );
  },
  sms: async ({ send }: { send(message: object): Promise<MessageReceipt> }) => {
    expectReceipt(await send({ to: '+14155552671', from: '+14155552672', text: 'Hi' }));
  },
  notify: async ({ send }: { send(message: object): Promise<MessageReceipt> }) => {
    expectReceipt(await send({ title: 'Order', text: 'One more', type: 'order.created' }));
  },
  conversions: async ({ send }: { send(conversions: readonly object[]): Promise<ConversionReceipt> }, world) => {
    const receipt = await send([
      { name: 'purchase', id: 'order-1', at, value: 9.5, currency: 'USD', orderId: '1', person, source: 'website' },
    ]);
    expect(receipt.accepted + receipt.rejected.length).toBe(1);
    // Vendors get hashes of people, or the people of an own account; never an address with its capitals and spaces.
    for (const { text } of world.edge.requests) expect(text).not.toContain(person.email);
  },
  adSpend: async (capability: (query: object) => AsyncIterable<AdSpendRow>) => {
    const rows = (await readAll(capability({ since: '2026-01-01', until: '2026-01-02' }))) as AdSpendRow[];
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(row.currency).toMatch(/^[A-Z]{3}$/);
      for (const value of [row.spend, row.impressions, row.clicks]) expect(Number.isFinite(value)).toBe(true);
      expect(row.campaignId).toMatch(/\S/);
    }
  },
  files: async (files: FilesCapability, world) => {
    const text = 'The contract writes this.';
    const stored = await files.put({ name: 'contract.txt', data: text, contentType: 'text/plain' });
    expect(stored.id).toMatch(/\S/);
    const found = (await readAll(files.list())) as FileInfo[];
    expect(
      found.map(({ id }) => id),
      'the list holds what was put',
    ).toContain(stored.id);
    const chunks = (await readAll((await files.get(stored.id)).body)) as Uint8Array[];
    expect(Buffer.concat(chunks).toString(), 'what was put comes back').toBe(text);
    expect((await files.url(stored.id)).url).toMatch(/^https:\/\//);
    await files.delete(stored.id);
    const { kind } = await world.refusal(files.get(stored.id));
    expect(kind, 'what was deleted is gone').toBe('not_found');
  },
  ...languageRuns,
  ...observeRuns,
};

export function capabilityCases(subject: Subject): readonly ProviderCase[] {
  const { definition } = subject.factory();
  const names = Object.keys(definition.capabilities ?? {}) as CapabilityName[];
  return names.map((name) =>
    providerCase(`capability ${name}: does what its interface says`, () =>
      withConnection(subject, async (world) => {
        const capability = (world.client() as Record<string, unknown>)[name];
        await runs[name](capability as never, world);
        expect(world.edge.requests.length, 'requests').toBeGreaterThan(0);
      }),
    ),
  );
}

export function stubCases(subject: Subject): readonly ProviderCase[] {
  return [
    providerCase('stub: without any key every operation works, is marked, and nothing leaves', async () => {
      // Each on a vendor of its own: what one operation leaves behind is not what the next example speaks of.
      for (const { name, declared } of declarationsOf(subject.factory().definition)) {
        const silent =
          declared.kind !== 'endpoint' && !(await sends(ableTo(subject, declared), name, declared.example.input));
        const use = async (world: World) => {
          const result = await world.platform(name, declared.example.input);
          const markable = typeof result === 'object' && result !== null && declared.kind !== 'stream';
          if (markable) expect(isStub(result), `${name} is marked`).toBe(true);
          expect(
            world.edge.requests.map(({ url }) => url.pathname),
            `requests of ${name}`,
          ).toEqual([]);
          // What is computed here and sent nowhere has nothing to tell.
          if (!silent) expect(world.logged.length, `lines about what ${name} would have sent`).toBeGreaterThan(0);
        };
        await withWorld(subject, use, 'stubbed');
      }
    }),
  ];
}

/** Whether an operation asks its vendor anything at all. */
async function sends(subject: Subject, name: string, input: unknown): Promise<boolean> {
  let requests = 0;
  await withConnection(subject, async (world) => {
    await Promise.resolve(world.call(name, input)).catch(() => undefined);
    requests = world.edge.requests.length;
  });
  return requests > 0;
}
