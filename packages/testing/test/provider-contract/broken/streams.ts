/** Plugins whose streams cannot be resumed, or are not what they say. */
import { streamBy, streamOf } from '@plugboard/core';
import { z } from 'zod';

import { broken, type Broken } from './broken.ts';
import type { Sound } from '../sound.ts';

const cursor = z.looseObject({});
const summary = 'Items.';
const withItems = (stream: (definition: Sound) => object) => (definition: Sound) => ({
  ...definition,
  streams: { items: stream(definition) },
});
const name = {
  ends: 'stream items: reads page after page, and ends',
  resumes: 'stream items: goes on from each place at which a run can end',
  asks: 'stream items: a later pass asks for what changed since',
};

export const brokenStreams: readonly Broken[] = [
  broken('a stream without an end', {
    fails: name.ends,
    because: /this stream has no end/,
    change: withItems(() =>
      streamBy({
        summary,
        cursor,
        async *read() {
          for (let page = 1; ; page++) yield { records: ['again'], cursor: { page } };
        },
      }),
    ),
  }),
  broken('a stream that brings nothing', {
    fails: name.ends,
    because: /pages with records/,
    change: withItems(() => streamBy({ summary, cursor, async *read() {} })),
  }),
  broken('a stream that begins anew whatever its cursor', {
    fails: name.resumes,
    because: /pages around an end before page 2/,
    change: withItems(() =>
      streamBy({
        summary,
        cursor,
        async *read() {
          yield { records: ['first'], cursor: { page: 2 } };
          yield { records: ['second'], cursor: null };
        },
      }),
    ),
  }),
  broken('a stream that refuses its own cursor', {
    fails: name.resumes,
    because: /pages around an end before page 2/,
    change: withItems(() =>
      streamBy({
        summary,
        cursor: z.strictObject({ page: z.literal(3) }),
        async *read(_api, position) {
          if (position.cursor === null) yield { records: ['first'], cursor: { page: 2 as 3 } };
          yield { records: ['second'], cursor: null };
        },
      }),
    ),
  }),
  broken('a stream that asks for the same whatever changed', {
    fails: name.asks,
    because: /the first request of the second pass/,
    change: withItems(({ operations }) => streamOf(operations.items.list, { summary, since: () => ({}) })),
  }),
  broken('a stream that asks in a way that its operation refuses', {
    fails: name.asks,
    because: /since/,
    change: withItems(({ operations }) => streamOf(operations.items.list, { summary, since: () => ({ since: '' }) })),
  }),
];
