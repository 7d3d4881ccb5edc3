import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll } from 'vitest';

import { storeContract } from '@plugboard/testing';
import { createStoreFactory } from './fixture.ts';

const pglite = new PGlite();
beforeAll(() => pglite.waitReady, 60_000);
afterAll(() => pglite.close());

storeContract({
  name: 'PGlite',
  create: createStoreFactory(pglite).create,
  skip: {
    lock: 'PGlite has one connection for everything: a lock held during a vendor call would stop every statement.',
  },
});
