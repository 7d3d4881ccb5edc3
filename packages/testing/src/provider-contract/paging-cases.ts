/** Reading on until the end. */
import { expect } from 'vitest';

import { jsonResponse, readAll } from './answers.ts';
import { ableTo, providerCase, type ProviderCase, type Subject } from './case.ts';
import { endpointsOf } from './declared.ts';
import { withConnection, type World } from './world.ts';

export function pagingCases(subject: Subject): readonly ProviderCase[] {
  const paged = endpointsOf(subject.factory().definition).filter(({ declared }) => declared.paging !== undefined);
  return paged.flatMap(({ name, declared }) => [
    providerCase(`paging ${name}: reads the next page, and ends after the last`, () =>
      withConnection(ableTo(subject, declared), async (world) => {
        const items = await readAll(pagesOf(world, name, declared.example.input));
        // The example shows a page that is not the last one; the emulator makes the last one of it.
        expect(world.edge.requests.length, 'requests').toBe(2);
        expect(
          new Set(world.edge.requests.map(({ url, text }) => `${url.href} ${text}`)).size,
          'different requests',
        ).toBe(2);
        const first = declared.paging!.items((await world.call(name, declared.example.input)) as never);
        expect(items.length).toBeGreaterThanOrEqual(first.length);
        expect(first.length, 'items of the example').toBeGreaterThan(0);
      }),
    ),
    providerCase(`paging ${name}: a vendor that always names the same next page is an error`, () =>
      withConnection(ableTo(subject, declared), async (world) => {
        const { answer, status = 200, headers = {} } = declared.example;
        world.edge.respond(() => jsonResponse(answer, { status, headers }));
        const error = await world.refusal(readAll(pagesOf(world, name, declared.example.input)));
        expect(error).toMatchObject({ kind: 'invalid_response', code: 'paging_loop' });
        expect(world.edge.requests.length).toBeLessThanOrEqual(3);
      }),
    ),
  ]);
}

function pagesOf(world: World, name: string, input: unknown): AsyncIterable<unknown> {
  const [group = '', member = ''] = name.split('.');
  return world.client()[group]![member]!(input) as AsyncIterable<unknown>;
}
