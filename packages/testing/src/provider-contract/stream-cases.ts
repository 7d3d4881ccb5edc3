/** Streams: read to their end, resumed from every place at which a run can end, and asked for changes later. */
import type { SyncResult } from '@plugboard/core';
import { streamsOf } from '@plugboard/core/provider-kit';
import { expect } from 'vitest';

import { ableTo, providerCase, type ProviderCase, type Subject } from './case.ts';
import { organizationId, withConnection, type World } from './world.ts';

/** So that streams which read by the day have few of them. */
const backMs = 2 * 24 * 3_600_000;
const mostPages = 50;

export function streamCases(subject: Subject): readonly ProviderCase[] {
  return Object.entries(streamsOf(subject.factory().definition)).flatMap(([name, stream]) => {
    const able = ableTo(subject, (stream.endpoint ?? {}) as { readonly methods?: readonly string[] });
    const connected = (use: (world: World) => Promise<void>) => withConnection(able, use);
    return [
      providerCase(`stream ${name}: reads page after page, and ends`, () =>
        connected(async (world) => {
          const { pages, result } = await readOn(world, name);
          expect(result).toMatchObject({ complete: true });
          // The example shows a page that is not the last one; the emulator makes the last one of it.
          expect(result?.pages, 'pages').toBeGreaterThan(stream.endpoint === undefined ? 0 : 1);
          expect(pages.length, 'pages with records').toBeGreaterThan(0);
          for (const page of pages) expect(page, 'records of a page').toMatch(/^\[\{|^\["/);
        }),
      ),
      providerCase(`stream ${name}: goes on from each place at which a run can end`, async () => {
        let whole: readonly string[] = [];
        await connected(async (world) => void ({ pages: whole } = await readOn(world, name)));
        for (let failAt = 0; failAt < whole.length; failAt++) {
          await connected(async (world) => {
            const before = await readOn(world, name, failAt);
            const asked = requestsOf(world).at(-1);
            world.edge.forget();
            const after = await readOn(world, name);
            // A page of plain code may be several requests.
            if (stream.endpoint !== undefined) expect(requestsOf(world)[0], 'asked for again').toBe(asked);
            expect([...before.pages, ...after.pages], `pages around an end before page ${failAt + 1}`).toEqual(whole);
          });
        }
      }),
      providerCase(
        `stream ${name}: a later pass asks for ${stream.incremental ? 'what changed since' : 'everything'}`,
        () =>
          connected(async (world) => {
            await readOn(world, name);
            const first = requestsOf(world)[0];
            world.edge.forget();
            // Soon enough for every token to be good still.
            await world.clock.advance(60_000);
            expect((await readOn(world, name)).result).toMatchObject({ complete: true });
            const second = requestsOf(world)[0];
            if (stream.incremental) expect(second, 'the first request of the second pass').not.toBe(first);
            else expect(second, 'the first request of the second pass').toBe(first);
          }),
      ),
    ];
  });
}

interface Read {
  /** The records of each page, as JSON. */
  readonly pages: readonly string[];
  readonly result: SyncResult | undefined;
}

/** Runs the stream; `failAt` is the page that its handler refuses. */
async function readOn(world: World, stream: string, failAt?: number): Promise<Read> {
  const pages: string[] = [];
  const refusal = new Error('The contract refuses this page.');
  const handle = (records: readonly unknown[]) => {
    if (pages.length === failAt) throw refusal;
    expect(pages.length, 'pages: this stream has no end').toBeLessThan(mostPages);
    pages.push(JSON.stringify(records));
  };
  const since = new Date(world.clock.now() - backMs);
  const run = world.board.sync(world.definition.id, { organizationId, stream, since, handle });
  const result = await run.catch((error: unknown) => {
    if (error !== refusal) throw error;
    return undefined;
  });
  return { pages, result };
}

function requestsOf({ edge }: World): readonly string[] {
  return edge.requests.map(({ url, text }) => `${url.href} ${text}`);
}
