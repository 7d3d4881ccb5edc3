/** Webhook intake at a steady rate over HTTP into PostgreSQL: how long until an event is durable, and who hears what. */
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';

import { createSenderBoard, signedPost } from '../../packages/testing/test/processes/webhook-vendor.ts';
import { databaseUrl } from '../harness/database-url.ts';
import { withDatabase, type Bench } from '../harness/database.ts';
import { shortNumber, type Benchmark } from '../harness/report.ts';
import { quantile } from '../harness/statistics.ts';
import type { Heard, ReceiverInput } from '../servers/webhook-receiver.ts';

const perSecond = 500;
/** Of each hundred deliveries. */
const duplicates = 10;
const forged = 1;

interface Outcome extends Heard {
  /** Milliseconds from the first byte sent to the whole answer, of deliveries that were answered with 2xx. */
  readonly durable: readonly number[];
  readonly statuses: ReadonlyMap<number, number>;
  /** Distinct events that were answered with 2xx. */
  readonly accepted: number;
  readonly seconds: number;
}

export const benchmark: Benchmark = {
  title: 'Webhook intake',
  run: ({ full }) =>
    withDatabase({ k1: randomBytes(32) }, async (bench) => {
      const seconds = full ? 60 : 6;
      const { inline, background } = {
        inline: await measure(bench, 'inline', seconds),
        background: await measure(bench, 'background', seconds),
      };
      const rows = Object.entries({ inline, background });
      return {
        tables: [
          {
            title: `${perSecond} deliveries a second for ${seconds} s, ${duplicates} % of them copies, ${forged} % forged`,
            head: ['mode', 'deliveries/s', 'p50 ms', 'p99 ms', 'largest ms', 'events', 'CPU µs each', 'answers'],
            rows: rows.map(([mode, outcome]) => [
              mode,
              shortNumber(total(outcome.statuses) / outcome.seconds),
              ...[0.5, 0.99, 1].map((part) => shortNumber(quantile(outcome.durable, part))),
              outcome.events.toLocaleString('en-US'),
              shortNumber(outcome.cpuUs / total(outcome.statuses)),
              [...outcome.statuses].map(([status, count]) => `${status}: ${count}`).join(', '),
            ]),
          },
        ],
        goals: rows.flatMap(([mode, outcome]) => [
          { what: `${mode}: p99 until durable`, limit: 100, measured: quantile(outcome.durable, 0.99), unit: 'ms' },
          { what: `${mode}: events handed over twice`, limit: 0, measured: outcome.twice, unit: '' },
          { what: `${mode}: forged events handed over`, limit: 0, measured: outcome.forged, unit: '' },
          { what: `${mode}: events lost`, limit: 0, measured: outcome.accepted - outcome.events, unit: '' },
        ]),
        notes: [
          'An event is durable when its 2xx arrives: sender and receiver are processes of their own on one machine.',
        ],
      };
    }),
};

async function measure({ schema, pool, keys }: Bench, dispatch: 'inline' | 'background', seconds: number) {
  const key = Buffer.from(keys.k1).toString('base64');
  const organizationId = 'org_1';
  const board = createSenderBoard(pool, { schema, key });
  await board.connect('sender', { organizationId, credentials: { account: 'acct-1', key: 'k' } });
  const input: ReceiverInput = { database: databaseUrl, schema, key, webhooks: { dispatch } };
  const child = fork(join(import.meta.dirname, '../servers/webhook-receiver.ts'), [JSON.stringify(input)]);
  const [port] = (await once(child, 'message')) as [number];
  // The first deliveries pay for compiling and for connections.
  const warm = await send(port, `warm-${randomUUID()}`, 2);
  const before = await settled(child, warm.accepted);
  const outcome = await send(port, randomUUID(), seconds);
  const after = await settled(child, before.events + outcome.accepted);
  const heard = { ...after, events: after.events - before.events, cpuUs: after.cpuUs - before.cpuUs };
  child.disconnect();
  await board.stop();
  return { ...outcome, ...heard };
}

/** Sends at the pace of the clock, whether answers come or not. */
async function send(port: number, run: string, seconds: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const durable: number[] = [];
  const statuses = new Map<number, number>();
  const accepted = new Set<string>();
  const sent: string[] = [];
  const running = new Set<Promise<void>>();
  const count = perSecond * seconds;
  const start = performance.now();
  for (let index = 0; index < count; index++) {
    const dueMs = (index / perSecond) * 1000 - (performance.now() - start);
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
    const kind = index % 100;
    const isForged = kind < forged;
    const isCopy = !isForged && kind < forged + duplicates && sent.length > 0;
    const id = isForged ? `forged-${run}-${index}` : isCopy ? sent[(index * 7919) % sent.length]! : `${run}-${index}`;
    if (!isForged && !isCopy) sent.push(id);
    const { body, headers } = await signedPost(id, { forged: isForged });
    const call: Promise<void> = post(agent, port, body, headers).then(({ status, ms }) => {
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status < 300) {
        durable.push(ms);
        accepted.add(id);
      }
      running.delete(call);
    });
    running.add(call);
  }
  await Promise.all(running);
  agent.destroy();
  return { durable, statuses, accepted: accepted.size, seconds: (performance.now() - start) / 1000 };
}

function post(agent: Agent, port: number, body: string, headers: Readonly<Record<string, string>>) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; ms: number }>();
  const start = performance.now();
  const path = '/integrations/webhooks/sender';
  const call = request({ agent, port, host: '127.0.0.1', method: 'POST', path, headers }, (answer) => {
    answer.resume();
    answer.once('end', () => resolve({ status: answer.statusCode ?? 0, ms: performance.now() - start }));
  });
  call.once('error', reject);
  call.end(body);
  return promise;
}

/** What the handlers have heard once they have heard all, or hear nothing more. */
async function settled(child: ChildProcess, accepted: number): Promise<Heard> {
  for (let before = -1, still = 0; ;) {
    child.send('report');
    const [heard] = (await once(child, 'message')) as [Heard];
    still = heard.events === before ? still + 1 : 0;
    if (heard.events >= accepted || still > 20) return heard;
    before = heard.events;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function total(statuses: Outcome['statuses']): number {
  return [...statuses.values()].reduce((sum, count) => sum + count, 0);
}
