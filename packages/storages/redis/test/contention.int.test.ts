import { storeContention } from '@plugboard/testing';
import { Redis } from 'ioredis';
import { beforeEach, inject } from 'vitest';

import { redisStore } from '../src/index.ts';
import { createInspector, randomPrefix } from './fixture.ts';

const url = inject('redisUrl');

beforeEach((context) => context.skip(url === null, 'Redis is not reachable'));

storeContention({
  name: 'redis',
  worker: new URL('./contention-worker.ts', import.meta.url),
  execArgv: ['--conditions=@plugboard/source'],
  async open() {
    if (url === null) return null;
    const prefix = randomPrefix();
    const inspector = await createInspector(url, prefix);
    const client = new Redis(url);
    return {
      store: redisStore(client, { prefix }),
      args: [url, prefix],
      clear: () => inspector.clear(),
      async close() {
        await inspector.clear();
        await inspector.close();
        client.disconnect();
      },
    };
  },
});
