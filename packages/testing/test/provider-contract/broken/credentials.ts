import { Secret, type Sign } from '@plugboard/core';
import { z } from 'zod';

import { broken, withAuth } from './broken.ts';

const key = (pattern: RegExp, error = 'is no key') =>
  z
    .string({ error: 'is required' })
    .regex(pattern, { error })
    .transform((value) => new Secret(value));

const breaks = 'F07 key: `key` with a line break, a NUL or without end is refused by name';

const alsoAt = (apply: Sign['apply']): Sign => ({
  places: ['header:x-acme-key'],
  async apply(request, context) {
    request.headers.set('x-acme-key', String((context.credentials['key'] as Secret).reveal()));
    await apply(request, context);
  },
});

export const brokenCredentials = [
  broken('a key that may hold anything', {
    fails: breaks,
    because: /'credentials_refused' to be 'invalid_input'/,
    change: (definition) => withAuth(definition, 'key', { credentials: z.strictObject({ key: key(/^ak_/) }) }),
  }),
  broken('a refusal that quotes the key', {
    fails: breaks,
    because: /plain/,
    change: (definition) =>
      withAuth(definition, 'key', {
        credentials: z.strictObject({
          key: z.string().superRefine((value, context) => {
            if (!/^ak_\w{1,100}$/.test(value)) context.addIssue({ code: 'custom', message: `${value} is no key` });
          }),
        }),
      }),
  }),
  broken('fields that do not exist are dropped in silence', {
    fails: 'F07 key: a field that does not exist is refused',
    because: /this must be refused/,
    change: (definition) => withAuth(definition, 'key', { credentials: z.object({ key: key(/^ak_\w{1,100}$/) }) }),
  }),
  broken('a copy of the key in another header', {
    fails: 'B05 key: signing touches the declared places and no other',
    because: /header:x-copy/,
    change: (definition) =>
      withAuth(definition, 'key', {
        sign: alsoAt((request) => request.headers.set('x-copy', request.headers.get('x-acme-key') ?? '')),
      }),
  }),
  broken('a copy of the key in the address', {
    fails: 'B05 key: signing touches the declared places and no other',
    because: /query:key/,
    change: (definition) =>
      withAuth(definition, 'key', {
        sign: alsoAt((request) => request.url.searchParams.set('key', request.headers.get('x-acme-key') ?? '')),
      }),
  }),
  broken('a signature that signs nothing', {
    fails: 'B05 key: signing touches the declared places and no other',
    because: /header:x-acme-key/,
    change: (definition) =>
      withAuth(definition, 'key', { sign: { places: ['header:x-acme-key'], apply: () => undefined } }),
  }),
  broken('headers of every request that hold the key as well', {
    fails: 'B05 key: no request shows a credential outside its declared places',
    because: /base64/,
    change: (definition) => ({
      ...definition,
      api: {
        ...definition.api,
        headers: (api: { credentials(schema: unknown): { key: Secret } }) => ({
          'x-debug': btoa(`user:${api.credentials(definition.auth.key.credentials).key.reveal()}`),
        }),
      },
    }),
  }),
];
