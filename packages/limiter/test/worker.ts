/** One of several processes that call a vendor as fast as their limiter lets them. */
import { request as send } from 'node:http';

import { isPlugboardError, type Limiter } from '@plugboard/core';
import type { RateLimit } from '@plugboard/core/limiter-kit';

import { sharedLimiter } from '../src/index.ts';
import { openStore, type StorePlace } from './stores.ts';

export interface Work {
  readonly limits: readonly RateLimit[];
  /** Keys of calls; each is called by so many at once. */
  readonly keys: readonly string[];
  readonly callers: number;
  /** Milliseconds that it goes on for. */
  readonly forMs: number;
  readonly vendor: string;
}

export interface Done {
  readonly sent: number;
  readonly refused: number;
  readonly failures: readonly string[];
}

const place = JSON.parse(process.env['PLACE'] ?? '') as StorePlace;
const opened = await openStore(place);
const limiter = sharedLimiter(opened.limits);

process.on('message', (work: Work) => void run(work).then((done) => process.send?.(done)));
process.once('disconnect', () => void opened.close());
process.send?.('ready');

async function run(work: Work): Promise<Done> {
  const end = performance.now() + work.forMs;
  const all = work.keys.flatMap((key) => Array.from({ length: work.callers }, () => callOn(limiter, work, key, end)));
  const done = await Promise.all(all);
  return {
    sent: done.reduce((sum, one) => sum + one.sent, 0),
    refused: done.reduce((sum, one) => sum + one.refused, 0),
    failures: [...new Set(done.flatMap(({ failures }) => failures))],
  };
}

async function callOn(limits: Limiter, work: Work, key: string, end: number): Promise<Done> {
  let sent = 0;
  let refused = 0;
  const failures: string[] = [];
  while (performance.now() < end) {
    const signal = AbortSignal.timeout(Math.ceil(Math.max(end - performance.now(), 1)));
    try {
      const release = await limits.enter({
        request: { provider: 'acme', limitKey: key, limits: work.limits },
        signal,
        remainingMs: () => Math.max(end - performance.now(), 0),
      });
      await call(work.vendor, key);
      release();
      sent++;
    } catch (error) {
      if (isPlugboardError(error) && error.kind === 'rate_limited') {
        refused++;
        break;
      }
      if (!signal.aborted) failures.push(String(error));
      break;
    }
  }
  return { sent, refused, failures };
}

function call(vendor: string, key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    send(`${vendor}/${encodeURIComponent(key)}`, (answer) => {
      answer.resume();
      answer.once('end', resolve);
    })
      .once('error', reject)
      .end();
  });
}
