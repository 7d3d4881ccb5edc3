/** B12: what a dump of the heap holds after a thousand refreshes. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';

import { createCanaries, createFakeOAuthServer } from '@plugboard/testing';
import { expect, test } from 'vitest';

import type { HeapReport } from './heap-host.ts';

test(
  'B12 after 1,000 refreshes the heap holds no key of the vault, and no more tokens than are in use',
  { timeout: 120_000 },
  async () => {
    const { clientSecret } = createCanaries('clientSecret');
    const vendor = await createFakeOAuthServer({
      rotation: 'strict',
      pkce: 'required',
      client: { id: 'client', secret: clientSecret },
    });
    const child = fork(new URL('heap-host.ts', import.meta.url), [vendor.origin, clientSecret], {
      execArgv: ['--conditions=@plugboard/source', '--expose-gc', '--no-warnings', '--unhandled-rejections=strict'],
    });
    try {
      const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with ${String(code)}`)));
      ended.catch(() => undefined);
      const [report] = (await Promise.race([once(child, 'message'), ended])) as [HeapReport];
      const snapshot = await readFile(report.file, 'latin1');
      await rm(report.file);
      const all = vendor.ledger.families().flatMap((family) => vendor.ledger.tokens(family.id));
      // A code that was spent is the host's own: it parsed the callback.
      const issued = all.filter(({ kind }) => kind !== 'code').map((token) => token.text.reveal());
      const current = new Set(
        vendor.ledger.snapshot().families.flatMap(({ current: token, accessToken }) => [token, accessToken]),
      );
      const found = issued.filter((text) => snapshot.includes(text));

      expect(report.refreshes).toBe(1_000);
      expect(new Set(issued).size).toBeGreaterThan(1_000);
      expect(report.keys).toBe(0);
      // The board keeps what it opened for five seconds: one access token and one refresh token for each connection.
      expect(found.length).toBeLessThanOrEqual(2 * report.connections);
      expect(found.filter((text) => !current.has(text))).toEqual([]);
      // The search does see secrets: the app's own, which the host has passed on its command line.
      expect(snapshot).toContain(JSON.stringify(clientSecret).slice(1, -1));
    } finally {
      child.kill('SIGKILL');
      await vendor.close();
    }
  },
);
