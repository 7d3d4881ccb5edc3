import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { createFakeOAuthServer } from '../src/fake-oauth-server.ts';

const worker = fileURLToPath(new URL('support/oauth-worker.ts', import.meta.url));
const count = 4;

interface Report {
  readonly status: number;
  readonly seen: number;
}

async function message<T>(child: ChildProcess): Promise<T> {
  const [received] = (await once(child, 'message')) as [T];
  return received;
}

test('D02 of several processes with one refresh token one wins, and the reuse costs the family', async () => {
  const server = await createFakeOAuthServer({ rotation: 'strict' });
  const { refresh_token: token } = server.issue({ clientId: 'app' }) as { refresh_token: string };
  const execArgv = ['--conditions=@plugboard/source'];
  const children = Array.from({ length: count }, () => fork(worker, [server.origin, token], { execArgv }));
  try {
    await Promise.all(children.map((child) => message(child)));
    // Held at the server until all have arrived: they are at work at the same time for certain.
    server.switches.token.always({ hold: 'before' });
    const reports = children.map((child) => message<Report>(child));
    for (const child of children) child.send('start');
    await server.gate.whenHeld(count);
    server.gate.release();
    const results = await Promise.all(reports);

    expect(results.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: count - 1 }, () => 400),
    ]);
    expect(results.every(({ seen }) => seen === count)).toBe(true);
    expect(server.ledger.reuses).toHaveLength(1);
    expect(server.ledger.current('family-1')).toBeUndefined();
  } finally {
    for (const child of children) child.kill();
    await server.close();
  }
});
