import type { Answer, Api } from '@plugboard/core';
import { z } from 'zod';

import { broken, withItem } from './broken.ts';

const loose = z.looseObject({ id: z.string() });
const nonsense = (name: string) =>
  `answer items.${name}: HTML, nothing, half of it and another type are an invalid_response`;

export const brokenOperations = [
  broken('inputs with unknown members', {
    fails: 'input items.add: strict, and refused before anything is sent',
    because: /this must be refused/,
    change: (definition) => withItem(definition, 'add', { input: z.object({ name: z.string() }) }),
  }),
  broken('an operation that asks the vendor before it looks at its input', {
    fails: 'input items.addTwice: strict, and refused before anything is sent',
    because: /this must be refused|to have a length|to deeply equal|invalid_request/,
    change: (definition) => withItem(definition, 'addTwice', { input: z.looseObject({}) }),
  }),
  broken('an example that its own schema refuses', {
    fails: 'input items.get: strict, and refused before anything is sent',
    because: /the example fits its schema/,
    change: (definition) => withItem(definition, 'get', { example: { input: { id: 7 }, answer: {} } }),
  }),
  broken('requests that differ each time', {
    fails: 'request items.add: what is sent is what its example encodes',
    because: /nonce/,
    change: (definition) => {
      let count = 0;
      return withItem(definition, 'add', {
        encode: ({ name }: { name: string }) => ({ json: { name, nonce: ++count } }),
      });
    },
  }),
  broken('an id that is pasted into the query', {
    fails: 'F08 items.get: an id stays one segment of the path',
    because: /to deeply equal/,
    change: (definition) =>
      withItem(definition, 'get', {
        encode: ({ id }: { id: string }) => ({
          path: { id },
          query: Object.fromEntries(new URLSearchParams(`view=${id}`)),
        }),
      }),
  }),
  broken('an operation that pastes an id into a path', {
    fails: 'F08 items.addTwice: texts of the input change the shape of no path',
    because: /GET 4: expected/,
    change: (definition) =>
      withItem(definition, 'addTwice', {
        run: (api: Api, { name }: { name: string }) => api.request({ method: 'GET', url: `/items/${name}` }),
      }),
  }),
  broken('a path of the input that loses its end', {
    fails: 'F08 items.picture: a path in the input stays below its place',
    because: /to include/,
    change: (definition) =>
      withItem(definition, 'picture', {
        encode: ({ id, path }: { id: string; path: string }) => ({ path: { id, path: path.split('?')[0] } }),
      }),
  }),
  broken('a next page that is fetched from wherever the answer says', {
    fails: 'B09 items.list: a next page on another host is never fetched',
    because: /hosts that are not declared/,
    change: (definition) =>
      withItem(definition, 'list', {
        paging: {
          items: ({ data }: { data: readonly unknown[] }) => data,
          next({ next }: { next?: string }) {
            if (next !== undefined) void fetch(next).catch(() => undefined);
            return undefined;
          },
        },
      }),
  }),
  broken('a strict output', {
    fails: 'answer items.get: members that the schema does not know survive',
    because: /unexpected|unrecognized/i,
    change: (definition) =>
      withItem(definition, 'get', { output: z.strictObject({ id: z.string(), name: z.string() }) }),
  }),
  broken('an output that drops what it does not know', {
    fails: 'answer items.get: members that the schema does not know survive',
    because: /kept-although-unknown/,
    change: (definition) => withItem(definition, 'get', { output: z.object({ id: z.string() }) }),
  }),
  broken('an output of which nothing is required', {
    fails: 'answer items.get: a missing required member is an invalid_response',
    because: /members that the schema requires/,
    change: (definition) => withItem(definition, 'get', { output: z.looseObject({ id: z.string().optional() }) }),
  }),
  broken('a decoder that makes up what is missing', {
    fails: 'answer items.get: a missing required member is an invalid_response',
    because: /members that the schema requires/,
    change: (definition) =>
      withItem(definition, 'get', {
        output: loose,
        decode: (answer: Answer) => ({ id: String((answer.json() as { id?: string }).id) }),
      }),
  }),
  broken('a decoder that takes a page in HTML for an empty answer', {
    fails: nonsense('get'),
    because: /this must be refused/,
    change: (definition) =>
      withItem(definition, 'get', {
        output: loose,
        decode: (answer: Answer) => ({ id: '?', ...(answer.tryJson() as object | undefined) }),
      }),
  }),
  broken('an example answer that is not understood', {
    fails: 'answer items.add: the example is understood',
    because: /not what the vendor promises/,
    change: (definition) =>
      withItem(definition, 'add', { example: { input: { name: 'Tea' }, answer: { name: 'Tea' } } }),
  }),
  broken('a list that never ends', {
    fails: 'paging items.list: reads the next page, and ends after the last',
    because: /already read/,
    change: (definition) =>
      withItem(definition, 'list', {
        paging: { items: ({ data }: { data: readonly unknown[] }) => data, next: () => ({ cursor: 'again' }) },
      }),
  }),
  broken('a list of which only the first page is read', {
    fails: 'paging items.list: reads the next page, and ends after the last',
    because: /requests/,
    change: (definition) =>
      withItem(definition, 'list', {
        paging: { items: ({ data }: { data: readonly unknown[] }) => data, next: () => undefined },
      }),
  }),
  broken('a list whose pages hold nothing', {
    fails: 'paging items.list: reads the next page, and ends after the last',
    because: /items of the example/,
    change: (definition) =>
      withItem(definition, 'list', { paging: { ...definition.operations.items.list.paging, items: () => [] } }),
  }),
  broken('an operation that goes past the transport', {
    fails: 'stub: without any key every operation works, is marked, and nothing leaves',
    because: /expected \[/,
    change: (definition) =>
      withItem(definition, 'addTwice', {
        run: async () => {
          await fetch('https://api.acme.example/v1/items', { method: 'POST' });
          return {};
        },
      }),
  }),
  broken('an email that has no id', {
    fails: 'capability email: does what its interface says',
    because: /\\S/,
    change: (definition) => ({
      ...definition,
      capabilities: {
        email: (api: Api) => ({
          send: async () => ({ id: '', ...(await api.request({ method: 'GET', url: '/me' }), {}) }),
        }),
      },
    }),
  }),
  broken('an email that is never sent', {
    fails: 'capability email: does what its interface says',
    because: /requests/,
    change: (definition) => ({ ...definition, capabilities: { email: () => ({ send: async () => ({ id: 'm_1' }) }) } }),
  }),
  broken('conversions with addresses in the clear', {
    fails: 'capability conversions: does what its interface says',
    because: /Jane\.Doe/,
    change: (definition) => ({
      ...definition,
      capabilities: {
        conversions: (api: Api) => ({
          async send(conversions: readonly object[]) {
            await api.request({ method: 'POST', url: '/items', json: { conversions } });
            return { accepted: conversions.length, rejected: [] };
          },
        }),
      },
    }),
  }),
];
