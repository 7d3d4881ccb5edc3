/** A vendor that notes when each call comes, and judges what it saw. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface Recorder {
  readonly origin: string;
  /** Arrivals of a key, or of all, in milliseconds of one clock. */
  arrivals(key?: string): readonly number[];
  /** Resolves as soon as so many calls came. */
  until(count: number): Promise<void>;
  /** Most calls that were in flight at once. */
  mostAtOnce(): number;
  /** Most calls in any window of that length. */
  mostIn(windowMs: number, key?: string): number;
  close(): Promise<void>;
}

export async function startRecorder({ answerAfterMs = 0 } = {}): Promise<Recorder> {
  const seen: { readonly at: number; readonly key: string }[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  let inFlight = 0;
  let most = 0;
  const server = createServer((request, response) => {
    seen.push({ at: performance.now(), key: decodeURIComponent((request.url ?? '/').slice(1)) });
    most = Math.max(most, ++inFlight);
    for (const { count, resolve } of waiting) if (seen.length >= count) resolve();
    const end = () => {
      inFlight--;
      response.end();
    };
    if (answerAfterMs === 0) end();
    else setTimeout(end, answerAfterMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const arrivals = (key?: string) =>
    seen
      .filter((call) => key === undefined || call.key === key)
      .map(({ at }) => at)
      .toSorted((a, b) => a - b);
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    until: (count) => new Promise((resolve) => void waiting.push({ count, resolve })),
    mostAtOnce: () => most,
    mostIn(windowMs, key) {
      const times = arrivals(key);
      let first = 0;
      let found = 0;
      for (const [index, at] of times.entries()) {
        while (at - times[first]! >= windowMs) first++;
        found = Math.max(found, index - first + 1);
      }
      return found;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
