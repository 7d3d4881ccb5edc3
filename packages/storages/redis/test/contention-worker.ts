import { serveContention } from '@plugboard/testing/contention-worker';
import { createClient } from '@redis/client';

import { redisStore } from '../src/index.ts';

const [url = '', prefix = ''] = process.argv.slice(2);
const client = await createClient({ url }).connect();
serveContention(redisStore(client, { prefix }), async () => client.destroy());
