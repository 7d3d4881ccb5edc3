/** Turns at a refresh: what becomes of them when somebody else, or the end of the process, comes in between. */
import { describe, expect, test } from 'vitest';

import { isPlugboardError, PlugboardError } from '../src/errors.ts';
import type { Store } from '../src/store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createMintingBoard } from './support/minting.ts';
import { createRig, drive, organizationId } from './support/rig.ts';
import { createStepRig } from './support/step-rig.ts';

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
  const wire = handlerWire(rig.handle);
  return { ...rig, row, wire, list: () => rig.board.client('acme', { organizationId }).orders.list() };
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

describe('who waits for another’s refresh', () => {
  test('gives up after a minute, and goes on where the other died before that', async () => {
    const rig = await expired({ rotation: 'stable' });
    const { id, credentialsVersion } = await rig.row();
    await rig.store.connections.lease(organizationId, id, { credentialsVersion, leaseMs });
    const startedAt = rig.clock.monotonic();
    const error: unknown = await drive(rig, rig.list()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'timeout', code: 'refresh_busy', provider: 'acme' });
    const waitedMs = rig.clock.monotonic() - startedAt;
    expect(waitedMs).toBeGreaterThanOrEqual(60_000);
    expect(waitedMs).toBeLessThan(61_000);
    expect(await codeOf(drive(rig, rig.list()))).toBe('resolved');
    expect(rig.clock.monotonic() - startedAt).toBeLessThan(leaseMs + 1_000);
    expect(rig.tokenCalls()).toHaveLength(2);
  });

  test('asks again after a part of a second, which is drawn', async () => {
    for (const [chance, waitMs] of [[0, 50], [1, 200]] as const) {
      const rig = await expired({ rotation: 'stable' });
      rig.clock.setRandom(chance);
      const { id, credentialsVersion } = await rig.row();
      const leased = await rig.store.connections.lease(organizationId, id, { credentialsVersion, leaseMs });
      const waiting = codeOf(rig.list());
      await rig.clock.untilPending(1);
      await rig.store.connections.release(organizationId, id, leased!.leaseFence, null);
      await rig.clock.advance(waitMs - 1);
      expect(rig.tokenCalls()).toHaveLength(1);
      await rig.clock.advance(1);
      expect(await drive(rig, waiting)).toBe('resolved');
      expect(rig.tokenCalls()).toHaveLength(2);
    } // prettier-ignore
  });

  test('gets what the other has stored', async () => {
    const rig = await expired({ rotation: 'stable' });
    const other = createRig({ rotation: 'stable' }, { cacheMs: 0, store: rig.store, clock: rig.clock, wire: rig.wire });
    rig.oauth.switches.token.next({ hold: 'before' });
    const first = codeOf(rig.list());
    await rig.oauth.gate.whenHeld();
    const second = codeOf(other.board.client('acme', { organizationId }).orders.list());
    await rig.clock.advance(1_000);
    rig.oauth.gate.release();
    expect(await drive(rig, Promise.all([first, second]))).toEqual(['resolved', 'resolved']);
    expect(rig.tokenCalls()).toHaveLength(2);
    expect(new Set(rig.calls.slice(-2).map(({ authorization }) => authorization)).size).toBe(1);
  });

  test('hears of the failure of the other', async () => {
    const rig = await expired({ rotation: 'stable' });
    const other = createRig({ rotation: 'stable' }, { cacheMs: 0, store: rig.store, clock: rig.clock, wire: rig.wire });
    rig.oauth.switches.token.next({ hold: 'before', error: 'invalid_grant' });
    const first = codeOf(rig.list());
    await rig.oauth.gate.whenHeld();
    const second = codeOf(other.board.client('acme', { organizationId }).orders.list());
    await rig.clock.advance(1_000);
    rig.oauth.gate.release();
    expect(await drive(rig, Promise.all([first, second]))).toEqual(['refresh_refused', 'refresh_cooling_down']);
    expect(rig.tokenCalls()).toHaveLength(2);
  });
});

test('callers of one process share a refresh', async () => {
  const rig = await expired({ rotation: 'stable' });
  expect(await Promise.all([rig.list(), rig.list(), rig.list()].map(codeOf))).toEqual(Array(3).fill('resolved'));
  expect(rig.tokenCalls()).toHaveLength(2);
});

test.each([
  [25_000, 'resolved', 2],
  [25_001, 'refresh_busy', 1],
])('a process that slept for %i ms after its claim: %s', async (sleptMs, outcome, calls) => {
  const rig: Awaited<ReturnType<typeof expired>> = await expired({ rotation: 'stable' }, {}, (inner) => {
    const { lease } = inner.connections;
    const sleeping: typeof lease = async (...args) => {
      const leased = await lease.apply(inner.connections, args);
      await rig.clock.advance(sleptMs);
      return leased;
    };
    return { ...inner, connections: { ...inner.connections, lease: sleeping } };
  });
  expect(await codeOf(rig.list())).toBe(outcome);
  expect(rig.tokenCalls()).toHaveLength(calls);
  // The turn is another's at once.
  expect(await rig.row()).toMatchObject({ leaseUntil: null, attemptHash: null });
});

test.each(['stable', 'strict'] as const)(
  'a life counts from the answer, not from the question: %s',
  async (rotation) => {
    const rig = await expired({ rotation });
    rig.oauth.switches.token.next({ delayBeforeMs: 10_000 });
    await drive(rig, rig.list());
    const { tokenExpiresAt } = await rig.row();
    expect(tokenExpiresAt!.getTime() - rig.clock.now()).toBe(3_600_000);
    expect(rig.clock.monotonic()).toBeGreaterThanOrEqual(3_610_000);
  },
);

describe('under the row lock', () => {
  /** Something happens between the lease and the lock. */
  const between = (happens: (rig: Awaited<ReturnType<typeof expired>>, inner: Store) => Promise<unknown>) => {
    let happened = false;
    return expired({ rotation: 'strict' }, {}, (inner) => {
      const lock = lockOf(inner);
      const late: typeof lock = async (organization, id, work) => {
        if (!happened) {
          happened = true;
          await happens(await made, inner);
        }
        return lock(organization, id, work);
      };
      return { ...inner, connections: { ...inner.connections, lock: late } };
    });
  };
  let made: ReturnType<typeof between>;

  test('what another has stored meanwhile is used, and nothing is spent', async () => {
    made = between((rig, { connections }) =>
      rig.row().then(({ id, credentials }) => connections.update(organizationId, id, {}, { credentials })),
    );
    const rig = await made;
    expect(await codeOf(drive(rig, rig.list()))).not.toBe('resolved');
    expect(rig.tokenCalls()).toHaveLength(1);
    expect(await rig.row()).toMatchObject({ credentialsVersion: 2, failCount: 0 });
  });

  test('nothing is spent once another has taken the turn', async () => {
    made = between(async (rig, { connections }) => {
      const { id, credentialsVersion } = await rig.row();
      await rig.clock.advance(leaseMs);
      await connections.lease(organizationId, id, { credentialsVersion, leaseMs, attemptHash: 'k1.another' });
    });
    const rig = await made;
    expect(await codeOf(drive(rig, rig.list()))).toBe('refresh_busy');
    expect(rig.tokenCalls()).toHaveLength(1);
    expect((await rig.row()).leaseUntil).not.toBeNull();
    expect((await rig.row()).attemptHash).toBe('k1.another');
  });

  test('what another has refreshed meanwhile is handed out', async () => {
    made = between(async (rig, store) => {
      const { id, leaseFence } = await rig.row();
      await store.connections.release(organizationId, id, leaseFence, null);
      const other = { store, clock: rig.clock, wire: rig.wire };
      const { board } = createRig({ rotation: 'strict' }, { cacheMs: 0, ...other });
      await board.client('acme', { organizationId }).orders.list();
    });
    const rig = await made;
    expect(await codeOf(drive(rig, rig.list()))).toBe('resolved');
    expect(rig.tokenCalls()).toHaveLength(2);
  });

  test.each<[string, () => Error, string | RegExp]>([
    ['of ours is told', () => new PlugboardError({ kind: 'unavailable', code: 'no_lock', message: 'x' }), 'no_lock'],
    ['of another kind as well', () => new TypeError('broken'), /^foreign/],
  ])('an error %s, and the turn is given back where it is known that nothing was sent', async (_kind, error, code) => {
    made = between(() => Promise.reject(error()));
    const rig = await made;
    const outcome = await codeOf(drive(rig, rig.list()));
    expect(outcome).toMatch(code);
    expect(rig.tokenCalls()).toHaveLength(1);
    const isOurs = typeof code === 'string';
    expect((await rig.row()).leaseUntil === null).toBe(isOurs);
    expect((await rig.row()).attemptHash === null).toBe(isOurs);
  });

  test('a connection that was removed meanwhile is not connected', async () => {
    made = between(async (rig, { connections }) => connections.remove(organizationId, (await rig.row()).id));
    const rig = await made;
    expect(await codeOf(drive(rig, rig.list()))).toBe('not_connected');
    expect(rig.tokenCalls()).toHaveLength(1);
  });
});

describe('a token that nothing renews', () => {
  async function unrenewed() {
    const rig = createRig({ oauth: { refresh: 'none' } }, { cacheMs: 0 });
    await rig.connect();
    const ended: string[] = [];
    rig.board.on('connection.attention', ({ reason }) => void ended.push(reason));
    return { ...rig, ended, list: () => codeOf(rig.board.client('acme', { organizationId }).orders.list()) };
  }

  test('is used to its end, and then the connection has ended', async () => {
    const rig = await unrenewed();
    await rig.clock.advance(3_599_999);
    expect(await rig.list()).toBe('resolved');
    await rig.clock.advance(1);
    expect(await rig.list()).toBe('reconnect_required');
    expect(await rig.row()).toMatchObject({ status: 'expired', statusReason: 'token_expired' });
    expect(rig.ended).toEqual(['token_expired']);
    expect(rig.tokenCalls()).toHaveLength(1);
  });
});

describe('a token that is due but good', () => {
  const due = async (oauth: object = {}) => {
    const rig = createRig({ rotation: 'stable', oauth }, { cacheMs: 0 });
    await rig.connect();
    await rig.clock.advance(0.7 * 3_600_000);
    return { ...rig, list: () => codeOf(rig.board.client('acme', { organizationId }).orders.list()) };
  };

  test('is renewed behind the caller from the drawn moment on, and awaited in its last minute', async () => {
    const early = createRig({ rotation: 'stable' }, { cacheMs: 0 });
    await early.connect();
    await early.clock.advance(0.7 * 3_600_000 - 1);
    await early.board.client('acme', { organizationId }).orders.list();
    await early.clock.advance(0);
    expect(early.tokenCalls()).toHaveLength(1);

    const rig = await due();
    rig.oauth.switches.token.next({ hold: 'before' });
    expect(await rig.list()).toBe('resolved');
    await rig.oauth.gate.whenHeld();
    rig.oauth.gate.release();
    await rig.clock.advance(0);
    expect(rig.tokenCalls()).toHaveLength(2);
  });

  test.each([
    [60_001, true],
    [60_000, false],
  ])('with %i ms left is handed out: %s', async (leftMs, handedOut) => {
    const rig = await due();
    const { id, readAt } = (await rig.row())!;
    await rig.store.connections.update(organizationId, id, {}, { tokenExpiresAt: new Date(readAt.getTime() + leftMs) });
    rig.oauth.switches.token.next({ error: 'invalid_grant' });
    expect(await rig.list()).toBe(handedOut ? 'resolved' : 'refresh_refused');
  });

  test('that is not due yet is awaited in its last minute all the same', async () => {
    const rig = await due();
    const { id, readAt } = (await rig.row())!;
    const [tokenExpiresAt, refreshAt] = [60_000, 1_000].map((ms) => new Date(readAt.getTime() + ms));
    await rig.store.connections.update(
      organizationId,
      id,
      {},
      { tokenExpiresAt: tokenExpiresAt!, refreshAt: refreshAt! },
    );
    expect(await rig.list()).toBe('resolved');
    expect(rig.tokenCalls()).toHaveLength(2);
  });

  test('is renewed where the lease of another has ended', async () => {
    const rig = await due();
    const { id, credentialsVersion } = (await rig.row())!;
    await rig.store.connections.lease(organizationId, id, { credentialsVersion, leaseMs: 1_000 });
    await rig.clock.advance(1_000);
    expect(await rig.list()).toBe('resolved');
    await rig.clock.advance(0);
    expect(rig.tokenCalls()).toHaveLength(2);
  });

  test('is awaited where the old one dies with the refresh', async () => {
    const rig = await due({ refresh: { rotation: 'stable', oldAccessTokenDies: true } });
    const [before] = rig.calls.slice(-1);
    expect(await rig.list()).toBe('resolved');
    expect(rig.calls.at(-1)?.authorization).not.toBe(before?.authorization);
  });

  test('is left to whoever is at it already', async () => {
    const rig = await due();
    const { id, credentialsVersion } = (await rig.row())!;
    const leased = await rig.store.connections.lease(organizationId, id, { credentialsVersion, leaseMs });
    // A lease moves the point of the refresh behind its own end.
    await rig.store.connections.update(organizationId, id, {}, { refreshAt: leased!.readAt });
    expect(await rig.list()).toBe('resolved');
    await rig.clock.advance(0);
    expect([rig.clock.pending, rig.tokenCalls().length]).toEqual([0, 1]);
  });
});

test('a token that is refused while its refresh just failed is not asked for again at once', async () => {
  const rig = await expired({ rotation: 'stable' });
  const { id, readAt } = await rig.row();
  const failed = { failCount: 1, attemptAt: readAt, attemptHash: 'k1.0', refreshAt: null };
  const alive = { tokenExpiresAt: new Date(readAt.getTime() + 3_600_000) };
  await rig.store.connections.update(organizationId, id, {}, { ...failed, ...alive });
  expect(await codeOf(rig.list())).toBe('refresh_cooling_down');
  await rig.clock.advance(29_999);
  expect(await codeOf(rig.list())).toBe('refresh_cooling_down');
  expect(rig.tokenCalls()).toHaveLength(1);
  await rig.clock.advance(1);
  expect(await codeOf(rig.list())).toBe('resolved');
  expect(rig.tokenCalls()).toHaveLength(2);
});

describe('the mark of an earlier use', () => {
  test('that is of a key that is gone says nothing, and that of another token neither', async () => {
    for (const attemptHash of ['k0.00', `k1.${'0'.repeat(32)}`]) {
      const rig = await expired({ rotation: 'strict' });
      const { id, readAt } = await rig.row();
      await rig.store.connections.update(organizationId, id, {}, { attemptHash, attemptAt: readAt });
      rig.oauth.switches.token.next({ error: 'invalid_grant' });
      expect(await codeOf(drive(rig, rig.list()))).toBe('refresh_refused');
      expect((await rig.row()).lastError).not.toHaveProperty('unknown');
    }
  });

  test('is found by the job as well', async () => {
    const rig = await expired({ rotation: 'stable' });
    rig.oauth.switches.token.always({ status: 503 });
    await codeOf(drive(rig, rig.list()));
    const { refreshAt, attemptHash } = await rig.row();
    expect(attemptHash).not.toBeNull();
    rig.oauth.switches.token.clear();
    rig.oauth.switches.token.next({ error: 'invalid_grant' });
    await rig.clock.advance(refreshAt!.getTime() - rig.clock.now());
    await drive(rig, rig.board.jobs[0]!.run());
    expect((await rig.row()).lastError).toMatchObject({ code: 'refresh_refused', unknown: true });
  });

  test('stays when the turn is given back', async () => {
    let late = false;
    let stopping: Promise<unknown> | undefined;
    const rig: Awaited<ReturnType<typeof expired>> = await expired({ rotation: 'strict' }, {}, (inner) => {
      const lock = lockOf(inner);
      const stopped: typeof lock = (organization, id, work) => {
        if (late) stopping = rig.board.stop();
        return lock(organization, id, work);
      };
      return { ...inner, connections: { ...inner.connections, lock: stopped } };
    });
    rig.oauth.switches.token.next({ drop: 'after' });
    await codeOf(drive(rig, rig.list()));
    await rig.clock.advance(120_000);
    late = true;
    await expect(drive(rig, rig.list())).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'board_stopping',
      provider: 'acme',
    });
    await stopping;
    expect((await rig.row()).attemptHash).toMatch(/^k1\./);
  });

  test('stays where the failure after it could not be written', async () => {
    const rig = await expired({ rotation: 'strict' }, {}, (inner) => {
      const lock = lockOf(inner);
      const away = new PlugboardError({ kind: 'unavailable', code: 'store_unavailable', message: 'away' });
      const readOnly: typeof lock = (organization, id, work) =>
        lock(organization, id, (row) => work(row, () => Promise.reject(away)));
      return { ...inner, connections: { ...inner.connections, lock: readOnly } };
    });
    rig.oauth.switches.token.next({ drop: 'after' });
    expect(await codeOf(drive(rig, rig.list()))).toBe('store_unavailable');
    expect((await rig.row()).attemptHash).toMatch(/^k1\./);
  });
});

describe('a store and a vendor of another kind', () => {
  test.each([
    ['unknown', 1],
    ['strict', 1],
    ['stable', 0],
    [{ graceSeconds: 60 }, 0],
  ] as const)('a rotation that is %o takes %i row locks', async (rotation, locks) => {
    let taken = 0;
    const rig = await expired({ rotation }, {}, (inner) => {
      const lock = lockOf(inner);
      const counting: typeof lock = (...args) => (taken++, lock(...args));
      return { ...inner, connections: { ...inner.connections, lock: counting } };
    });
    expect(await codeOf(rig.list())).toBe('resolved');
    expect(taken).toBe(locks);
  });

  test('without row locks the lease is enough', async () => {
    const rig = await expired({ rotation: 'strict' }, {}, ({ connections, ...inner }) => {
      const { lock: _lock, ...lockless } = connections;
      return { ...inner, connections: lockless };
    });
    expect(await codeOf(rig.list())).toBe('resolved');
    expect(await rig.row()).toMatchObject({ credentialsVersion: 2, leaseUntil: null });
  });

  /** Tokens that are made from the organization's own fields. */
  async function minted() {
    const answers: (() => Response)[] = [];
    let calls = 0;
    const { board, clock, store } = createMintingBoard(() => {
      calls++;
      return answers.shift()?.() ?? Response.json({ access_token: `token-${calls}`, expires_in: 3600 });
    });
    await board.connect('minting', { organizationId, credentials: { id: 'a', key: 'b' } });
    const ping = () => codeOf(board.client('minting', { organizationId }).probe.ping({}));
    return { board, clock, store, answers, ping, calls: () => calls };
  }

  test('tokens that are made anew spend nothing: the question is repeated, and needs no mark', async () => {
    const rig = await minted();
    await rig.clock.advance(3_600_000);
    const dropped = Promise.withResolvers<void>();
    rig.answers.push(() => {
      dropped.resolve();
      throw Object.assign(new Error('dropped'), { code: 'ECONNRESET' });
    });
    const asked = rig.ping();
    await dropped.promise;
    expect(await drive(rig, asked)).toBe('resolved');
    expect(rig.calls()).toBe(3);
  });

  test('a server that organizations ask for themselves is not held back for all of them', async () => {
    const { board, answers, clock, store } = await minted();
    for (let index = 0; index < 9; index++)
      await board.connect('minting', { organizationId: `org-${index + 2}`, credentials: { id: 'a', key: 'b' } });
    await clock.advance(3_600_000);
    answers.push(...Array.from({ length: 10 }, () => () => new Response('', { status: 503 })));
    const refresh = board.jobs[0]!;
    await drive({ clock }, refresh.run());
    const rows = await store.connections.scan(null, 20);
    expect(rows.map(({ failCount }) => failCount)).toEqual(Array(10).fill(1));
    for (const { organizationId: owner, id, readAt } of rows)
      await store.connections.update(owner, id, {}, { refreshAt: readAt });
    expect(await refresh.run()).toMatchObject({ processed: 10 });
  });

  test('they are made anew behind the caller as well', async () => {
    const rig = await minted();
    await rig.clock.advance(0.8 * 3_600_000);
    expect(await rig.ping()).toBe('resolved');
    await rig.clock.advance(0);
    expect(rig.calls()).toBe(2);
  });

  test('a grant without a refresh token is renewed by what its vendor offers, one without an end never', async () => {
    const grant = { credentials: { accessToken: 'token-0' } };
    const renewing = (expiresInMs?: number) =>
      createStepRig({
        complete: async () => ({ ...grant, ...(expiresInMs && { expiresInMs }) }),
        refresh: {
          rotation: 'strict',
          run: async () => ({ credentials: { accessToken: 'token-1' }, expiresInMs: 1e9 }),
        },
      });
    for (const [expiresInMs, version] of [[3_600_000, 2], [undefined, 1]] as const) {
      const rig = renewing(expiresInMs);
      await rig.connect();
      await rig.clock.advance(30 * 86_400_000);
      expect(await codeOf(rig.call())).toBe('resolved');
      expect((await rig.row())?.credentialsVersion).toBe(version);
    } // prettier-ignore
  });
});

test('the job begins nothing once its board has stopped', async () => {
  const rig = await expired({ rotation: 'stable' });
  await rig.board.stop();
  expect(await rig.board.jobs[0]!.run()).toMatchObject({ processed: 0 });
  expect(await codeOf(rig.list())).toBe('board_stopping');
  expect(rig.tokenCalls()).toHaveLength(1);
});

test.each(['strict', 'stable'] as const)(
  'credentials that cannot be opened are the fault of one row, on demand and in the job: %s',
  async (rotation) => {
    const rig = createRig({ rotation }, { cacheMs: 0 });
    await rig.connect('one');
    await rig.connect('two');
    const alarms: unknown[] = [];
    rig.board.on('provider.attention', (alarm) => void alarms.push(alarm));
    const [one, two] = [(await rig.row('one'))!, (await rig.row('two'))!];
    await rig.store.connections.update(organizationId, one.id, {}, { credentials: two.credentials });
    await rig.clock.advance(3_600_000);
    const list = (label: string) =>
      codeOf(drive(rig, rig.board.client('acme', { organizationId, label }).orders.list()));
    await drive(rig, rig.board.jobs[0]!.run());
    expect(await rig.row('one')).toMatchObject({ status: 'error', failCount: 0, leaseUntil: null });
    expect(await rig.row('two')).toMatchObject({ credentialsVersion: 2 });
    await rig.clock.advance(120_000);
    expect([await list('one'), await list('two')]).toEqual(['vault_auth_failed', 'resolved']);
    expect(alarms).toEqual([]);
  },
);

test.each(['strict', 'stable'] as const)(
  'credentials that a newer version has sealed wait for one, and hold up nobody else: %s',
  async (rotation) => {
    const rig = createRig({ rotation }, { cacheMs: 0 });
    await rig.connect('one');
    await rig.connect('two');
    const alarms: unknown[] = [];
    rig.board.on('provider.attention', (alarm) => void alarms.push(alarm));
    const one = (await rig.row('one'))!;
    const newer = Uint8Array.from(one.credentials!).fill(2, 0, 1);
    await rig.store.connections.update(organizationId, one.id, {}, { credentials: newer });
    await rig.clock.advance(3_600_000);
    const list = (label: string) =>
      codeOf(drive(rig, rig.board.client('acme', { organizationId, label }).orders.list()));
    await drive(rig, rig.board.jobs[0]!.run());
    expect(await rig.row('two')).toMatchObject({ credentialsVersion: 2 });
    await rig.clock.advance(120_000);
    expect([await list('one'), await list('two')]).toEqual(['vault_version', 'resolved']);
    expect(await rig.row('one')).toMatchObject({ status: 'active', credentials: newer });
    expect(alarms).toEqual([]);
  },
);

test('a wait lasts a minute, and not a step longer', async () => {
  const rig = await expired({ rotation: 'stable' });
  const { id, credentialsVersion } = await rig.row();
  await rig.store.connections.lease(organizationId, id, { credentialsVersion, leaseMs });
  let ended = false;
  const waiting = codeOf(rig.list()).finally(() => (ended = true));
  await rig.clock.untilPending(1);
  // Steps of 125 ms with the rig's chance of 0.5: the last one that is within the minute ends with it.
  await rig.clock.advance(60_000);
  expect(ended).toBe(false);
  await rig.clock.advance(125);
  expect(await waiting).toBe('refresh_busy');
});

test('whoever was refused with an older token goes on with the newer one', async () => {
  const rig = createRig({ rotation: 'stable' }, { cacheMs: 0 });
  await rig.connect();
  const old = rig.calls.at(-1)!.authorization;
  const late = Promise.withResolvers<undefined>();
  let refused = 0;
  rig.answer(async (request) => {
    if (!request.url.includes('/orders') || request.headers.get('authorization') !== old) return undefined;
    if (++refused === 2) await late.promise;
    return Response.json({ error: 'unauthorized' }, { status: 401 });
  });
  const list = () => codeOf(rig.board.client('acme', { organizationId }).orders.list());
  const [first, second] = [list(), list()];
  expect(await first).toBe('resolved');
  expect([refused, rig.tokenCalls().length]).toEqual([2, 2]);
  late.resolve(undefined);
  expect([await second, rig.tokenCalls().length]).toEqual(['resolved', 2]);
});

test('an attempt that failed nobody holds up no refresh that a refusal asks for', async () => {
  const rig = await expired({ rotation: 'stable' });
  const { id, readAt } = await rig.row();
  const attempted = { failCount: 0, attemptAt: readAt, attemptHash: 'k1.0', refreshAt: null };
  const alive = { tokenExpiresAt: new Date(readAt.getTime() + 3_600_000) };
  await rig.store.connections.update(organizationId, id, {}, { ...attempted, ...alive });
  expect(await codeOf(rig.list())).toBe('resolved');
  expect(rig.tokenCalls()).toHaveLength(2);
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
