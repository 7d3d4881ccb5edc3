/** A token endpoint that is away for half an hour, in each of the ways in which servers are away. */
import { expect, test } from 'vitest';

import { allRows, count, createFleet, runFor, type TokenFault } from '../../../core/test/support/fleet.ts';
import { populate } from '../../../core/test/support/populate.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const minuteMs = 60_000;
const connections = sized(60, 2_000);

function unreachable(code: string): TokenFault {
  return () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code } }));
}

const html = '<html><body>We will be back soon.</body></html>';
const kinds: readonly (readonly [string, TokenFault])[] = [
  ['the connection is refused', unreachable('ECONNREFUSED')],
  ['it answers 503', () => new Response(null, { status: 503 })],
  ['it answers 200 with a page', () => new Response(html, { headers: { 'content-type': 'text/html' } })],
  ['its certificate has run out', unreachable('CERT_HAS_EXPIRED')],
  ['its name is not found', unreachable('ENOTFOUND')],
  ['it never answers', () => new Promise<Response>(() => undefined)],
];

test.for(kinds)(
  'R25 half an hour in which %s ends nobody, costs few calls, and is caught up with',
  { timeout: sized(60_000, 3_600_000) },
  async ([kind, fault], context) => {
    const fleet = createFleet({ rotation: 'strict' });
    await populate(fleet, { count: connections });
    const ended: string[] = [];
    fleet.board.on('connection.attention', ({ connection, reason }) => {
      if (connection.status === 'expired') ended.push(reason);
    });
    // Most are due, as they would be after a night without workers.
    await fleet.clock.advance(50 * minuteMs);
    const calls = new Map<string, number>();
    fleet.between.fault = (token, request) => {
      count(calls, token);
      return fault(token, request);
    };
    await runFor(fleet, 30 * minuteMs, 15_000);
    expect(calls.size).toBeGreaterThan(0);
    expect(Math.max(...calls.values())).toBeLessThanOrEqual(12);
    fleet.between.fault = undefined;
    const back = fleet.clock.monotonic();
    const behind = async () =>
      (await allRows(fleet.store)).filter(({ tokenExpiresAt, readAt }) => tokenExpiresAt! <= readAt).length;
    while ((await behind()) > 0 && fleet.clock.monotonic() - back < 20 * minuteMs) await runFor(fleet, 15_000, 15_000);
    expect(await behind()).toBe(0);
    await noteRow(context, 'R25', {
      fault: kind,
      connections,
      drainedSeconds: (fleet.clock.monotonic() - back) / 1000,
    });
    // Whoever was counted as failing is not any more, once the last have had their turn.
    await runFor(fleet, 10 * minuteMs, 15_000);
    expect(ended).toEqual([]);
    expect((await allRows(fleet.store)).filter(({ status }) => status !== 'active')).toEqual([]);
    expect(fleet.oauth.ledger.reuses).toEqual([]);
    expect(fleet.oauth.ledger.families().filter(({ revokedAt }) => revokedAt !== null)).toEqual([]);
  },
);
