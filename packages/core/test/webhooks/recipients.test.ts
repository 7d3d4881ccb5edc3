/** E10: whom an event is for, and that each has it once. */
import { describe, expect, test, vi } from 'vitest';

import type { Engine, ProviderRuntime } from '../../src/engine.ts';
import { createMemoryStore } from '../../src/memory-store.ts';
import type { ConnectionRow } from '../../src/store.ts';
import { eachOnce } from '../../src/webhooks/each-once.ts';
import { scopeOf } from '../../src/webhooks/ownership.ts';
import { logFailure, recipientsOf, rememberMs } from '../../src/webhooks/recipients.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const day = 86_400_000;

function rowOf(id: string, change: Partial<ConnectionRow> = {}): ConnectionRow {
  const account = { id: 'a1', name: 'One' };
  const row = { id, organizationId: `org-of-${id}`, provider: 'acme', status: 'active', stub: false, account };
  return { ...row, metadata: {}, ...change } as ConnectionRow;
}

function runtimeOf(change: object = {}, webhooks: object = {}): ProviderRuntime {
  return { definition: { id: 'acme', webhooks }, stub: false, ...change } as unknown as ProviderRuntime;
}

interface Said {
  readonly accountId?: string;
  readonly otherAccountIds?: readonly string[];
}

/** The ids of the connections that an event reaches. */
async function reached(
  said: Said,
  { addressed = null, runtime = runtimeOf(), known = {} }: Reach = {},
): Promise<readonly (string | null)[] | 'foreign'> {
  const findByAccount = async (provider: string, id: string) => (provider === 'acme' ? (known[id] ?? []) : []);
  const engine = { store: { connections: { findByAccount } } } as unknown as Engine;
  const event = { type: 'ping', data: null, ...said };
  const rows = await recipientsOf(engine, runtime, { event, id: 'e1', addressed, channel: null });
  return rows === 'foreign' ? rows : rows.map((row) => row?.id ?? null);
}

interface Reach {
  readonly addressed?: ConnectionRow | null;
  readonly runtime?: ProviderRuntime;
  readonly known?: Readonly<Record<string, readonly ConnectionRow[]>>;
}

describe('an event that came by the address of a connection', () => {
  test.each<[string, Said, Partial<ConnectionRow>, readonly string[] | 'foreign']>([
    ['names nobody', {}, {}, ['c1']],
    ['names its account', { accountId: 'a1' }, {}, ['c1']],
    ['names its account among others', { accountId: 'a9', otherAccountIds: ['a8', 'a1'] }, {}, ['c1']],
    ['names another account', { accountId: 'a9' }, {}, 'foreign'],
    ['names others alone', { otherAccountIds: ['a9'] }, {}, 'foreign'],
    ['names a further id of it', { accountId: 'a2' }, { metadata: { alsoKnownAs: ['a2'] } }, ['c1']],
    ['names what is no further id', { accountId: 'a3' }, { metadata: { alsoKnownAs: ['a2'] } }, 'foreign'],
    ['names a part of what is no list', { accountId: 'a2' }, { metadata: { alsoKnownAs: 'a22' } }, 'foreign'],
    ['names one, where nobody knows the account', { accountId: 'a9' }, { account: null }, ['c1']],
    ['comes after its end', {}, { status: 'disconnected' }, []],
    ['comes to what a stub made', {}, { stub: true }, []],
  ])('%s', async (_what, said, change, expected) => {
    expect(await reached(said, { addressed: rowOf('c1', change) })).toEqual(expected);
  });

  test('reaches what a stub made where a stub is the vendor', async () => {
    const runtime = runtimeOf({ stub: true });
    expect(await reached({}, { addressed: rowOf('c1', { stub: true }), runtime })).toEqual(['c1']);
  });
});

describe('an event that came by the address of the app', () => {
  const platform = runtimeOf({ platform: { method: 'apiKey', credentials: {} } });
  const ended = rowOf('c3', { status: 'disconnected' });

  test('and names nobody is of no organization', async () => {
    expect(await reached({}, { known: { a1: [rowOf('c1')] } })).toEqual([null]);
  });

  test('reaches every live connection to each account that it names, once', async () => {
    const [one, two] = [rowOf('c1'), rowOf('c2')];
    const known = { a1: [one, ended], a2: [two, one], a3: [rowOf('c4', { stub: true })] };
    expect(await reached({ accountId: 'a1' }, { known })).toEqual(['c1']);
    expect(await reached({ accountId: 'a1', otherAccountIds: ['a2', 'a3'] }, { known })).toEqual(['c1', 'c2']);
    expect(await reached({ otherAccountIds: ['a2'] }, { known, runtime: platform })).toEqual(['c2', 'c1']);
  });

  test('reaches nobody where nobody is connected, but for the platform itself', async () => {
    expect(await reached({ accountId: 'a9' }, { known: { a9: [ended] } })).toEqual([]);
    expect(await reached({ accountId: 'a9' }, { known: { a9: [ended] }, runtime: platform })).toEqual([null]);
  });
});

test('an id is one of its provider, or of the connection whose address it came by', () => {
  expect([scopeOf('acme', null), scopeOf('acme', rowOf('c1'))]).toEqual(['acme', 'acme:c1']);
});

test('events are remembered for three days, or as many as the vendor may take to send again', () => {
  expect([rememberMs(runtimeOf()), rememberMs(runtimeOf({}, { rememberDays: 10 }))]).toEqual([3 * day, 10 * day]);
});

test.each([rowOf('c1'), null])('a failure is told with the connection that it is of, if it is of one', (row) => {
  const lines: unknown[] = [];
  const log = { error: (...line: unknown[]) => void lines.push(line) } as unknown as Engine['log'];
  const item = { event: { type: 'ping', data: null }, id: 'e1', channel: null };
  logFailure({ log }, runtimeOf(), item, { row, error: new TypeError('canary') });
  const whose = row === null ? {} : { organizationId: 'org-of-c1', connectionId: 'c1' };
  const told = expect.objectContaining({ provider: 'acme', type: 'ping', ...whose }) as unknown;
  expect(lines).toEqual([[told, 'a webhook handler failed; the vendor will send again']]);
  if (row === null) expect(JSON.stringify(lines)).not.toContain('onnectionId');
  expect(JSON.stringify(lines)).not.toContain('canary');
});

describe('what is done for each', () => {
  const mark = { key: 'webhook:acme:e1', ttlMs: 1_000 };
  const rows = ['c1', 'c2', 'c3'].map((id) => rowOf(id));

  test('is done for the others where it fails for one, and for that one alone the next time', async () => {
    const clock = createFakeClock();
    const { once } = createMemoryStore({ clock });
    const done: (string | undefined)[] = [];
    const failing = new Set(['c1', 'c3']);
    const run = () =>
      eachOnce(once, mark, rows, async (row) => {
        if (failing.has(row!.id)) throw new Error(row!.id);
        done.push(row!.id);
        return row!.id === 'c2' ? undefined : `result of ${row!.id}`;
      });
    const first = await run();
    expect([first.result, done]).toEqual([undefined, ['c2']]);
    expect(first.failures).toEqual([
      { row: rows[0], error: new Error('c1') },
      { row: rows[2], error: new Error('c3') },
    ]);
    failing.clear();
    expect(await run()).toEqual({ result: 'result of c1', failures: [] });
    expect(done).toEqual(['c2', 'c1', 'c3']);
    expect(await run()).toEqual({ result: undefined, failures: [] });
    await clock.advance(1_001);
    await run();
    expect(done).toHaveLength(6);
  });

  test('leaves no mark of its own where there is one alone, and looks at one that is there', async () => {
    const { once } = createMemoryStore();
    const work = async () => 'done';
    expect(await eachOnce(once, mark, [rows[0]!], work)).toEqual({ result: 'done', failures: [] });
    expect(await once.peek(`${mark.key}:c1`)).toBeNull();
    expect(await eachOnce(once, mark, [rows[0]!], work)).toEqual({ result: 'done', failures: [] });
    await eachOnce(once, mark, rows, work);
    expect(await once.peek(`${mark.key}:c1`)).toBe('done');
    expect(await eachOnce(once, mark, [rows[0]!], work)).toEqual({ result: undefined, failures: [] });
  });

  test('of no organization is marked by the event itself', async () => {
    const { once } = createMemoryStore();
    const work = async (row: ConnectionRow | null) => row?.id ?? 'nobody';
    for (let turn = 0; turn < 2; turn++)
      expect(await eachOnce(once, mark, [null], work)).toEqual({ result: 'nobody', failures: [] });
    const [peeked, set] = [vi.spyOn(once, 'peek'), vi.spyOn(once, 'set')];
    await eachOnce(once, mark, [null, ...rows], work);
    const keys = rows.map(({ id }) => `${mark.key}:${id}`);
    expect([peeked, set].map(({ mock }) => mock.calls.map(([key]) => key))).toEqual([keys, keys]);
  });
});
