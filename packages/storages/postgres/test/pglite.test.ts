import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll } from 'vitest';

import { storeContract } from '../../../testing/src/store-contract.ts';
import { createStore } from './fixture.ts';

let pglite: PGlite;

beforeAll(async () => {
  pglite = await PGlite.create();
});
afterAll(() => pglite.close());

storeContract({
  name: 'PGlite',
  create: (clock) => createStore(pglite, clock),
  skip: {
    lock: 'PGlite has one connection for everything: a lock held during a vendor call would stop every statement.',
  },
});
