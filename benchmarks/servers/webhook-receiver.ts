/** A host that receives webhooks over HTTP, in a process of its own, and counts what its handlers hear. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import pg from 'pg';

import { toNodeHandler } from '../../packages/http/src/node.ts';
import { createSenderBoard, type BoardInput } from '../../packages/testing/test/processes/webhook-vendor.ts';

export interface ReceiverInput extends BoardInput {
  readonly database: string;
}

export interface Heard {
  readonly events: number;
  /** Events that were handed over more than once. */
  readonly twice: number;
  readonly forged: number;
  /** Microseconds of CPU since the start. */
  readonly cpuUs: number;
}

const input = JSON.parse(process.argv[2] ?? '') as ReceiverInput;
const pool = new pg.Pool({ connectionString: input.database, max: 16, idleTimeoutMillis: 0 });
const board = createSenderBoard(pool, input);
const heard = new Map<string, number>();
board.on('sender', 'thing.happened', ({ id }) => void heard.set(id, (heard.get(id) ?? 0) + 1));
await board.ready();
if (input.webhooks?.dispatch === 'background') board.start({ jobs: ['webhooks'] });

const server = createServer(toNodeHandler((request) => board.webhooks.receive('sender', request))).listen(0);
server.once('listening', () => process.send?.((server.address() as AddressInfo).port));
process.on('message', () => {
  const times = [...heard.entries()];
  const { user, system } = process.cpuUsage();
  const report: Heard = {
    events: times.length,
    twice: times.filter(([, count]) => count > 1).length,
    forged: times.filter(([id]) => id.startsWith('forged')).length,
    cpuUs: user + system,
  };
  process.send?.(report);
});
process.once('disconnect', () => process.exit());
