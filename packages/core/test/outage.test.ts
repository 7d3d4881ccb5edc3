/** D21: what single health results add up to, and what is written and told of it. */
import { describe, expect, test } from 'vitest';

import type { HealthResult } from '../src/provider.ts';
import type { ConnectionRow } from '../src/store.ts';
import { acmeProvider, createRig, drive, organizationId } from './support/rig.ts';

const healthy: HealthResult = { status: 'healthy' };
const slow: HealthResult = { status: 'degraded', reason: 'slow' };
const results = { g: healthy, b: slow, u: { status: 'unknown' } } as const;

async function connected(wrap?: Parameters<typeof createRig>[2]) {
  let found: HealthResult = healthy;
  const rig = createRig({ health: () => found }, { cacheMs: 0 }, wrap);
  await rig.connect('default', { scopes: ['read', 'write'] });
  const heard: string[] = [];
  rig.board.on('connection.attention', ({ reason }) => void heard.push(reason));
  rig.board.on('connection.recovered', ({ connection }) => void heard.push(`recovered ${connection.label}`));
  const check = () => drive(rig, rig.board.health('acme', { organizationId }));
  const row = async () => (await rig.row())!;
  return {
    ...rig,
    heard,
    check,
    row,
    set: async (change: Partial<ConnectionRow>) =>
      rig.store.connections.update(organizationId, (await row()).id, {}, change),
    finds: (result: HealthResult) => void (found = result),
    /** Checks once for each letter: good, bad, unknown. */
    async checks(letters: string): Promise<string> {
      const seen: string[] = [];
      for (const letter of letters) {
        found = results[letter as keyof typeof results];
        await check();
        seen.push((await row()).status === 'active' ? '+' : '-');
      }
      return seen.join('');
    },
  };
}

describe('D21 three bad results of the last five', () => {
  test.each([
    ['bbb', '++-'],
    ['bbgb', '+++-'],
    ['bgbgb', '++++-'],
    ['bggbgb', '++++++'],
    ['bbubuu', '+++---'],
    ['bbbgg', '++---'],
    ['bbbggg', '++---+'],
    ['bbbuuuuuu', '++-------'],
    ['bbbbbgggg', '++-----++'],
  ])('%s is told as %s', async (letters, expected) => expect(await (await connected()).checks(letters)).toBe(expected));

  test('are told once, and so is the end', async () => {
    const { checks, heard, board, row } = await connected();
    await checks('bbbbggggg');
    expect(heard).toEqual(['health_failing', 'recovered default']);
    const { items } = await board.audit.list({ organizationId });
    const changes = items.filter(({ type }) => type === 'connection.status');
    const entry = { connectionId: (await row()).id, provider: 'acme', actor: 'system' };
    expect(changes).toMatchObject([
      { ...entry, data: { before: 'degraded', after: 'active', reason: null } },
      { ...entry, data: { before: 'active', after: 'degraded', reason: 'health_failing' } },
    ]);
  });

  test('of a server that does not answer are an outage, which ends like every other', async () => {
    const { answer, check, checks, heard, row } = await connected();
    answer(() => new Response('down', { status: 503 }));
    for (let turn = 0; turn < 3; turn++) await check();
    expect(await row()).toMatchObject({ status: 'degraded', statusReason: 'vendor_outage' });
    answer(() => undefined);
    await checks('ggg');
    expect(heard).toEqual(['vendor_outage', 'recovered default']);
  });
});

test('what was found is kept with the time of the store, and the last five of it', async () => {
  const { checks, clock, row } = await connected();
  await clock.advance(60_000);
  await checks('ggbgbb');
  const checkedAt = new Date(clock.now()).toISOString();
  await checks('u');
  expect((await row()).health).toEqual({
    status: 'unknown',
    reason: null,
    checkedAt,
    history: [false, true, false, true, true],
  });
  await checks('b');
  expect((await row()).health).toMatchObject({ status: 'degraded', reason: 'slow' });
});

test.each<[string, unknown]>([
  ['none', undefined],
  ['no list', 'bad'],
  ['a list of other things', ['true', 1, null, true, true]],
])('a history that is %s is read as far as it is one', async (_what, history) => {
  const { check, finds, row, set } = await connected();
  await set({ health: { status: 'degraded', history } as never });
  finds(slow);
  await check();
  const known = Array.isArray(history) ? [true, true] : [];
  expect((await row()).health).toMatchObject({ history: [...known, true] });
  expect((await row()).status).toBe(known.length > 0 ? 'degraded' : 'active');
});

describe('what came before', () => {
  const bads = { status: 'degraded', reason: 'slow', history: [true, true, true] };

  test('a reconnect leaves a good or unknown result as good as it is', async () => {
    for (const letter of ['g', 'u']) {
      const { checks, set } = await connected();
      await set({ health: bads });
      expect(await checks(letter)).toBe('+');
    }
  });

  test('a result that is not good lifts nothing, whatever is known of those before it', async () => {
    for (const letter of ['u', 'b']) {
      const { checks, set } = await connected();
      await set({ status: 'degraded', statusReason: 'health_failing', health: { ...bads, history: [] } });
      expect(await checks(letter)).toBe('-');
    }
  });

  test('a stub that answers is a good result', async () => {
    const rig = createRig({}, { providers: [acmeProvider()({})] } as never);
    const { id } = await rig.board.connect('acme', { organizationId, credentials: { apiKey: 'acme-key' }, method: 'apiKey' });
    const failing = { status: 'degraded', statusReason: 'health_failing', health: bads } as const;
    await rig.store.connections.update(organizationId, id, {}, { ...failing, health: { ...bads, history: [true, true] } });
    expect(await rig.board.health('acme', { organizationId })).toMatchObject({ status: 'stubbed' });
    expect(await rig.row()).toMatchObject({ status: 'active', statusReason: null, health: { history: [true, true, false] } });
  }); // prettier-ignore
});

describe('a status of another reason', () => {
  test.each(['scopes_missing', 'refresh_failing'])('%s is neither lifted nor replaced', async (statusReason) => {
    const { checks, heard, row, set } = await connected();
    await set({ status: 'degraded', statusReason });
    await checks('gbbbggggg');
    expect(await row()).toMatchObject({ status: 'degraded', statusReason });
    expect(heard).toEqual([]);
  });

  test('is not replaced by what the organization must do either', async () => {
    const { check, finds, row, set } = await connected();
    await set({ status: 'degraded', statusReason: 'scopes_missing' });
    finds({ status: 'degraded', reason: 'login_required', attention: true });
    await check();
    expect(await row()).toMatchObject({ statusReason: 'scopes_missing', health: { attention: 'login_required' } });
  });
});

test('what the organization must do stays known until a good result', async () => {
  const { check, checks, finds, row } = await connected();
  finds({ status: 'degraded', reason: 'login_required', attention: true });
  await check();
  await checks('bu');
  expect((await row()).health).toMatchObject({ attention: 'login_required' });
  expect(await checks('g')).toBe('+');
  expect((await row()).health).not.toHaveProperty('attention');
});

describe('a row that changes while it is checked', () => {
  /** Changes the row before so many of the writes of a result. */
  async function racing(times: number, change: Partial<ConnectionRow>) {
    let writes = 0;
    const rig = await connected((inner) => {
      const update: typeof inner.connections.update = async (organization, id, guard, data) => {
        if ('health' in data && writes++ < times) await inner.connections.update(organization, id, {}, change);
        return inner.connections.update(organization, id, guard, data);
      };
      return { ...inner, connections: { ...inner.connections, update } };
    });
    return { ...rig, writes: () => writes };
  }

  test('is written with what was found, three times at most', async () => {
    const twice = await racing(2, { settings: { channel: 'c1' } });
    expect(await twice.check()).toMatchObject({ status: 'healthy', connection: { health: { status: 'healthy' } } });
    expect([twice.writes(), (await twice.row()).settings]).toEqual([3, { channel: 'c1' }]);
    const always = await racing(9, { settings: { channel: 'c1' } });
    expect(await always.check()).toMatchObject({ status: 'healthy', connection: { settings: { channel: 'c1' } } });
    expect([always.writes(), (await always.row()).health]).toEqual([3, null]);
  });

  test('is gone where somebody removed it', async () => {
    const rig: Awaited<ReturnType<typeof connected>> = await connected((inner) => {
      const update: typeof inner.connections.update = async (organization, id, guard, data) => {
        if ('health' in data) await inner.connections.remove(organization, id);
        return inner.connections.update(organization, id, guard, data);
      };
      return { ...inner, connections: { ...inner.connections, update } };
    });
    expect(await rig.check()).toMatchObject({ status: 'healthy', connection: { status: 'active' } });
    expect(await rig.row()).toBeNull();
  });

  test('stays ended where somebody ended it', async () => {
    const { check, row, writes } = await racing(1, { status: 'disconnected' });
    expect(await check()).toMatchObject({ connection: { status: 'disconnected' } });
    expect([writes(), (await row()).health]).toEqual([1, null]);
  });
});
