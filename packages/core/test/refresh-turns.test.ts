/** Turns at a refresh: what becomes of them when somebody else, or the end of the process, comes in between. */
import { expect, test } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import type { Store } from '../src/store.ts';
import { createRig, drive, organizationId } from './support/rig.ts';

const leaseMs = 75_000;

const codeOf = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );

async function expired(...options: Parameters<typeof createRig>) {
  const [acme, board, wrap] = options;
  const rig = createRig(acme, { cacheMs: 0, ...board }, wrap);
  await rig.connect();
  await rig.clock.advance(3_600_000);
  const row = async () => (await rig.row())!;
  return { ...rig, row, list: () => rig.board.client('acme', { organizationId }).orders.list() };
}

test.each(['on demand', 'in the background'])(
  'K9 what a refresh %s brings once a disconnection has begun is revoked, and not stored',
  async (path) => {
    const rig = await expired({ rotation: 'stable' });
    const before = await rig.row();
    rig.oauth.switches.token.next({ hold: 'after' });
    const ending: Promise<unknown> = path === 'on demand' ? codeOf(rig.list()) : rig.board.jobs[0]!.run();
    await rig.oauth.gate.whenHeld();
    // The first step of a disconnection: the vendor is told after it, and the secrets go last.
    await rig.store.connections.update(organizationId, before.id, {}, { status: 'disconnected', refreshAt: null });
    rig.oauth.gate.release();
    const ended = await drive(rig, ending);
    expect(ended).toEqual(path === 'on demand' ? 'not_connected' : { processed: 1, more: false });
    expect((await rig.row()).credentialsVersion).toBe(before.credentialsVersion);
    expect(rig.oauth.ledger.families()).toMatchObject([{ revokedBy: 'request' }]);
  },
);

test('K9 under the row lock nothing is spent for a connection that somebody has begun to end', async () => {
  const rig = await expired({ rotation: 'strict' }, {}, (inner) => {
    const { connections } = inner;
    const lock = lockOf(inner);
    const ending: typeof lock = async (organization, id, work) => {
      await connections.update(organization, id, {}, { status: 'disconnected', refreshAt: null });
      return lock(organization, id, work);
    };
    return { ...inner, connections: { ...connections, lock: ending } };
  });
  expect(await codeOf(drive(rig, rig.list()))).toBe('not_connected');
  expect(rig.tokenCalls()).toHaveLength(1);
});

test('the job gives a claim back that a caller of the same process waits for', async () => {
  let caller: Promise<string> | undefined;
  const rig: Awaited<ReturnType<typeof expired>> = await expired({ rotation: 'stable' }, {}, (inner) => {
    const { claimDue } = inner.connections;
    const claiming: typeof claimDue = async (request) => {
      const rows = await claimDue.call(inner.connections, request);
      if (rows.length > 0) {
        caller ??= codeOf(rig.list());
        // It has asked for the turn, and sleeps before it asks again.
        await rig.clock.untilPending(1);
      }
      return rows;
    };
    return { ...inner, connections: { ...inner.connections, claimDue: claiming } };
  });
  const startedAt = rig.clock.monotonic();
  await drive(rig, rig.board.jobs[0]!.run());
  expect(await caller).toBe('resolved');
  expect(rig.clock.monotonic() - startedAt).toBeLessThan(10_000);
  expect(rig.tokenCalls()).toHaveLength(2);
});

test('R21 who waits for a turn is refused as soon as the board stops', async () => {
  const rig = await expired({ rotation: 'stable' });
  const { id, credentialsVersion } = await rig.row();
  await rig.store.connections.lease(organizationId, id, { credentialsVersion, leaseMs });
  const startedAt = rig.clock.monotonic();
  const waiting = codeOf(rig.list());
  await rig.clock.untilPending(1);
  await drive(rig, rig.board.stop());
  expect(await waiting).toBe('board_stopping');
  expect(rig.clock.monotonic() - startedAt).toBeLessThan(5_000);
  expect(rig.tokenCalls()).toHaveLength(1);
});

test('R21 under the row lock nothing is spent after the board has stopped, and the turn is given back unmarked', async () => {
  let stopping: Promise<unknown> | undefined;
  const rig: Awaited<ReturnType<typeof expired>> = await expired({ rotation: 'strict' }, {}, (inner) => {
    const lock = lockOf(inner);
    const late: typeof lock = (organization, id, work) => {
      stopping = rig.board.stop();
      return lock(organization, id, work);
    };
    return { ...inner, connections: { ...inner.connections, lock: late } };
  });
  expect(await codeOf(drive(rig, rig.list()))).toBe('board_stopping');
  await stopping;
  expect(rig.tokenCalls()).toHaveLength(1);
  expect(await rig.row()).toMatchObject({ attemptHash: null, leaseUntil: null, status: 'active' });
});

test('a mark that another has made since the row was read is not taken for one’s own', async () => {
  let raced = false;
  const rig: Awaited<ReturnType<typeof expired>> = await expired({ rotation: 'strict' }, {}, (inner) => {
    const { lease } = inner.connections;
    const racing: typeof lease = async (organization, id, request) => {
      // Another takes the turn first, spends the token, and dies; the vendor has rotated.
      if (!raced) {
        raced = true;
        await lease.call(inner.connections, organization, id, request);
        await rig.oauth.handle(await spending(rig));
        await rig.clock.advance(leaseMs);
      }
      return lease.call(inner.connections, organization, id, request);
    };
    return { ...inner, connections: { ...inner.connections, lease: racing } };
  });
  for (let turn = 0; turn < 3; turn++) {
    await codeOf(drive(rig, rig.list()));
    await rig.clock.advance(120_000);
  }
  expect(await rig.row()).toMatchObject({ status: 'expired', statusReason: 'rotation_lost' });
});

function lockOf({ connections }: Store): NonNullable<Store['connections']['lock']> {
  if (connections.lock === undefined) throw new Error('The store has no lock.');
  return connections.lock.bind(connections);
}

/** A refresh by whoever holds the current token. */
async function spending(rig: Pick<ReturnType<typeof createRig>, 'oauth'>): Promise<Request> {
  const { families } = rig.oauth.ledger.snapshot();
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: families[0]?.current ?? '',
    client_id: 'client',
    client_secret: 'client-secret',
  });
  return new Request('https://auth.acme.example.com/token', { method: 'POST', body });
}
