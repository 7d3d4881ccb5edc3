import { describe, expect, test } from 'vitest';

import type { Access, Session } from '../src/client/access.ts';
import {
  createCredentialBreaker,
  firstPauseMs,
  longestPauseMs,
  refusalLimit,
  refusalWindowMs,
} from '../src/client/credential-breaker.ts';
import { PlugboardError } from '../src/errors.ts';
import { createRig, drive, organizationId, userId } from './support/rig.ts';

const unauthorized = () => Response.json({ error: 'unauthorized' }, { status: 401 });

type Rig = ReturnType<typeof createRig>;

function codeOf(work: PromiseLike<unknown>): Promise<string> {
  return Promise.resolve(work).then(
    () => 'ok',
    (error: PlugboardError) => `${error.kind} ${error.code}`,
  );
}

/** Connected by an API key that the vendor has come to refuse. */
async function withDeadKey() {
  const rig = createRig();
  const connect = () =>
    rig.board.connect('acme', { organizationId, userId, method: 'apiKey', credentials: { apiKey: 'acme-key' } });
  await connect();
  rig.answer(unauthorized);
  rig.calls.length = 0;
  return { ...rig, connect };
}

function me(rig: Pick<Rig, 'board' | 'clock'>): Promise<string> {
  return codeOf(drive(rig, rig.board.client('acme', { organizationId }).users.me({})));
}

async function exhaust(rig: Pick<Rig, 'board' | 'clock'>): Promise<void> {
  for (let call = 0; call < refusalLimit; call++) expect(await me(rig)).toBe('auth unauthorized');
}

describe('a credential that the vendor keeps refusing', () => {
  test('is held back after some refusals in a row, before anything is sent', async () => {
    const rig = await withDeadKey();
    await exhaust(rig);
    const error = await rig.board
      .client('acme', { organizationId })
      .users.me({})
      .then(
        () => undefined,
        (reason: unknown) => reason as PlugboardError,
      );
    expect(error).toMatchObject({
      kind: 'auth',
      code: 'credentials_refused',
      provider: 'acme',
      operation: 'users.me',
      hint: expect.stringContaining('connect again') as string,
    });
    expect(error?.retryAfterMs).toBeGreaterThan(firstPauseMs - 1_000);
    expect(error?.status).toBeUndefined();
    expect(rig.calls).toHaveLength(refusalLimit);
  });

  test('is an error of health that asks nobody', async () => {
    const rig = await withDeadKey();
    await exhaust(rig);
    expect(await rig.board.health('acme', { organizationId })).toMatchObject({
      status: 'error',
      reason: 'credentials_refused',
    });
    expect(rig.calls).toHaveLength(refusalLimit);
  });

  test('is probed by one call after the pause, then after twice the time', async () => {
    const rig = await withDeadKey();
    await exhaust(rig);
    await rig.clock.advance(firstPauseMs);
    const codes = await Promise.all([me(rig), me(rig), me(rig)]);
    expect(codes.toSorted()).toEqual(['auth credentials_refused', 'auth credentials_refused', 'auth unauthorized']);
    await rig.clock.advance(firstPauseMs);
    expect(await me(rig)).toBe('auth credentials_refused');
    await rig.clock.advance(firstPauseMs);
    expect(await me(rig)).toBe('auth unauthorized');
    expect(rig.calls).toHaveLength(refusalLimit + 2);
  });

  test('is forgiven by one success', async () => {
    const rig = await withDeadKey();
    await exhaust(rig);
    rig.answer(() => undefined);
    await rig.clock.advance(firstPauseMs);
    expect([await me(rig), await me(rig)]).toEqual(['ok', 'ok']);
    rig.answer(unauthorized);
    await exhaust(rig);
    expect(await me(rig)).toBe('auth credentials_refused');
  });

  test('is forgotten when the organization connects again', async () => {
    const rig = await withDeadKey();
    await exhaust(rig);
    rig.answer(() => undefined);
    await rig.connect();
    expect(await me(rig)).toBe('ok');
  });

  test('does not touch the connection of another organization', async () => {
    const rig = await withDeadKey();
    await exhaust(rig);
    rig.answer(() => undefined);
    const other = { organizationId: 'org-2', userId, method: 'apiKey', credentials: { apiKey: 'acme-key' } } as const;
    await rig.board.connect('acme', other);
    expect(await codeOf(rig.board.client('acme', { organizationId: 'org-2' }).users.me({}))).toBe('ok');
    expect(await me(rig)).toBe('auth credentials_refused');
  });

  test('is counted across forced refreshes, whether they fail or bring another token that is refused', async () => {
    const rig = createRig();
    await rig.connect();
    rig.answer(unauthorized);
    rig.calls.length = 0;
    const codes: string[] = [];
    for (let call = 0; call < 10; call++) codes.push(await me(rig));
    expect(new Set(codes)).toEqual(new Set(['auth unauthorized', 'auth credentials_refused']));
    expect(codes.at(-1)).toBe('auth credentials_refused');
    // The call that reached the limit still tried its new token.
    expect(rig.calls.length).toBeLessThanOrEqual(refusalLimit + 1);
  });

  test('is counted for the credentials of the deployment as well', async () => {
    const rig = createRig({}, { env: { ACME_API_KEY: 'dead' }, mode: 'production', acknowledgeSingleProcess: true });
    const call = () => codeOf(drive(rig, rig.board.client('acme').users.me({})));
    for (let turn = 0; turn < refusalLimit; turn++) expect(await call()).toBe('auth unauthorized');
    expect(await call()).toBe('auth credentials_refused');
    expect(rig.calls).toHaveLength(refusalLimit);
  });
});

describe('the breaker', () => {
  const session = { cacheKey: 'acme/1', runtime: { definition: { id: 'acme' } } } as unknown as Session;
  const refusal = failure('auth', 401);

  function failure(kind: PlugboardError['kind'], status?: number): PlugboardError {
    return new PlugboardError({ kind, code: 'x', message: 'x', status });
  }

  function start(maxKept?: number) {
    let time = 0;
    const breaker = createCredentialBreaker(() => time, maxKept);
    const enter = (connectionId = 'c1', version = 1) =>
      breaker.enter(session, { connectionId, version, stub: false } as Access, 'a.b');
    const refuse = (connectionId?: string, version?: number) => {
      for (let turn = 0; turn < refusalLimit; turn++) enter(connectionId, version).failed(refusal);
    };
    return { enter, refuse, pass: (ms: number) => void (time += ms) };
  }

  test('counts only what falls within the window', () => {
    const { enter, pass } = start();
    for (let turn = 0; turn < 3 * refusalLimit; turn++) {
      enter().failed(refusal);
      pass(refusalWindowMs / (refusalLimit - 2));
    }
    expect(() => enter()).not.toThrow();
  });

  test.each([
    ['permission', 403],
    ['not_found', 404],
    ['invalid_request', 422],
  ] as const)('takes %s as a sign that the credential is known', (kind, status) => {
    const { enter } = start();
    for (let turn = 0; turn < 3 * refusalLimit; turn++)
      enter().failed(turn % 3 === 2 ? failure(kind, status) : refusal);
    expect(() => enter()).not.toThrow();
  });

  test('learns nothing from an outage, a limit or a refusal of our own: the next call probes', () => {
    const { enter, refuse, pass } = start();
    refuse();
    pass(firstPauseMs);
    for (const error of [failure('unavailable', 503), failure('rate_limited', 429), failure('auth'), new Error('x')]) {
      const probe = enter();
      expect(() => enter()).toThrow('refused these credentials');
      probe.failed(error);
    }
    expect(() => enter()).not.toThrow();
  });

  test('pauses no longer for answers to calls that were on their way', () => {
    const { enter, refuse, pass } = start();
    const late = [enter(), enter(), enter()];
    refuse();
    for (const passage of late) passage.failed(refusal);
    pass(firstPauseMs);
    expect(() => enter()).not.toThrow();
  });

  test('pauses at most ten minutes', () => {
    const { enter, refuse, pass } = start();
    refuse();
    for (let turn = 0; turn < 8; turn++) {
      pass(longestPauseMs);
      enter().failed(refusal);
    }
    pass(longestPauseMs - 1);
    expect(() => enter()).toThrow('refused these credentials');
    pass(1);
    expect(() => enter()).not.toThrow();
  });

  test('belongs to one version of the credentials, and an older one changes nothing', () => {
    const { enter, refuse } = start();
    const old = enter('c1', 1);
    refuse('c1', 1);
    expect(() => enter('c1', 2)).not.toThrow();
    refuse('c1', 2);
    old.accepted();
    old.failed(refusal);
    expect(() => enter('c1', 2)).toThrow('refused these credentials');
  });

  test('remembers a bounded number of connections', () => {
    const { enter, refuse } = start(2);
    refuse('c1');
    refuse('c2');
    refuse('c3');
    expect(() => enter('c1')).not.toThrow();
    expect(() => enter('c2')).toThrow('refused these credentials');
    expect(() => enter('c3')).toThrow('refused these credentials');
  });

  test('leaves attempts to connect and stubs alone', () => {
    const breaker = createCredentialBreaker(() => 0);
    const access = { connectionId: 'c1', version: 1, stub: false } as Access;
    const { cacheKey: _, ...attempt } = session;
    for (let turn = 0; turn < 2 * refusalLimit; turn++) {
      breaker.enter(attempt as Session, access, 'connect').failed(refusal);
      breaker.enter(session, { ...access, stub: true }, 'a.b').failed(refusal);
    }
    expect(() => breaker.enter(session, access, 'a.b')).not.toThrow();
  });
});
