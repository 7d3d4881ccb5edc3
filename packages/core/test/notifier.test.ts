import { expect, test } from 'vitest';

import { defineProvider } from '../src/define-provider.ts';
import { PlugboardError } from '../src/errors.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import type { Notice, NoticeText } from '../src/notice.ts';
import type { NotificationOptions } from '../src/notifier.ts';
import type { AnyProvider } from '../src/provider.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { acmeProvider, createRig, drive, organizationId } from './support/rig.ts';

const dayMs = 86_400_000;

interface Sent {
  readonly via: string;
  readonly kind: Notice['kind'];
  readonly text: string;
}

/** A route that writes down what it is given. */
function recorder(sent: Sent[], via = 'function') {
  return (notice: Notice, { title, text }: NoticeText) =>
    void sent.push({ via, kind: notice.kind, text: `${title}: ${text}` });
}

async function rigWith(notifications: NotificationOptions, options: Parameters<typeof createRig>[0] = {}) {
  const rig = createRig(options, { cacheMs: 0, notifications });
  await rig.connect();
  return rig;
}

type Rig = Awaited<ReturnType<typeof rigWith>>;

/** The vendor takes the grant back, and the engine finds out for certain. */
async function end(rig: Rig): Promise<void> {
  rig.oauth.revokeAll();
  await rig.clock.advance(3_600_000);
  for (let turn = 0; turn < 2; turn++) {
    await drive(rig, rig.board.client('acme', { organizationId }).orders.list()).catch(() => undefined);
    await rig.clock.advance(90_000);
  }
}

const walk = (rig: Rig) => drive(rig, rig.board.jobs.find(({ name }) => name === 'health')!.run());

test('an end is told once, with the way back, and so is the return', async () => {
  const sent: Sent[] = [];
  const rig = await rigWith({ through: [recorder(sent)] });
  await end(rig);
  await walk(rig);
  await walk(rig);
  expect(sent.map(({ kind }) => kind)).toEqual(['attention']);
  expect(sent[0]!.text).toContain('https://app.example.com/integrations/connect/acme');
  expect(sent[0]!.text).toContain('Acme (Acme One) stopped working: revoked');
  await rig.connect();
  await rig.clock.advance(0);
  expect(sent.map(({ kind }) => kind)).toEqual(['attention', 'recovered']);
  // A second end is another episode.
  await end(rig);
  expect(sent.map(({ kind }) => kind)).toEqual(['attention', 'recovered', 'attention']);
});

test('a connection that its organization ends itself is no news', async () => {
  const sent: Sent[] = [];
  const rig = await rigWith({ through: [recorder(sent)] });
  await end(rig);
  await rig.board.disconnect('acme', { organizationId });
  await rig.connect();
  await rig.clock.advance(0);
  expect(sent.map(({ kind }) => kind)).toEqual(['attention']);
});

test('what passes by itself is not told, unless the host wants to hear of it', async () => {
  for (const [tells, told] of [
    [undefined, 0],
    [() => true, 2],
  ] as const) {
    const sent: Sent[] = [];
    const rig = await rigWith({ through: [recorder(sent)], ...(tells && { tells }) });
    const check = () => drive(rig, rig.board.health('acme', { organizationId }));
    rig.answer(() => new Response(null, { status: 503 }));
    for (let turn = 0; turn < 4; turn++) await check();
    rig.answer(() => undefined);
    for (let turn = 0; turn < 4; turn++) await check();
    await rig.clock.advance(0);
    expect((await rig.row())?.status).toBe('active');
    expect(sent).toHaveLength(told);
  }
});

test('a route that fails passes the message on; where nobody takes it, the next walk tells it', async () => {
  const sent: Sent[] = [];
  let works = false;
  const failing = () => {
    throw new PlugboardError({ kind: 'unavailable', code: 'down', message: 'down' });
  };
  const last: NotificationOptions['through'][number] = (notice, text) =>
    works ? recorder(sent)(notice, text) : failing();
  const rig = await rigWith({ through: [failing, last] });
  await end(rig);
  expect(sent).toEqual([]);
  works = true;
  await walk(rig);
  await rig.clock.advance(0);
  expect(sent.map(({ kind }) => kind)).toEqual(['attention']);
});

test('a message that was lost with its process is sent by another, later', async () => {
  const sent: Sent[] = [];
  let dead = true;
  const rig = await rigWith({
    through: [(notice, text) => (dead ? new Promise<void>(() => undefined) : recorder(sent)(notice, text))],
  });
  await end(rig);
  dead = false;
  await walk(rig);
  expect(sent).toEqual([]);
  await rig.clock.advance(600_000);
  await walk(rig);
  await rig.clock.advance(0);
  expect(sent.map(({ kind }) => kind)).toEqual(['attention']);
});

test('who is slow to be told holds up nothing but the end of the board', async () => {
  const sent: Sent[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const rig = await rigWith({
    through: [async (notice, text) => promise.then(() => recorder(sent)(notice, text))],
  });
  await end(rig);
  expect((await rig.row())?.status).toBe('expired');
  const stopped = rig.board.stop();
  resolve();
  await stopped;
  expect(sent).toHaveLength(1);
});

test('the end of a grant is told a week ahead, once for each end', async () => {
  const sent: Sent[] = [];
  const rig = await rigWith({ through: [recorder(sent)] });
  const row = (await rig.row())!;
  const refreshExpiresAt = new Date(rig.clock.now() + 60 * dayMs);
  await rig.store.connections.update(organizationId, row.id, {}, { refreshExpiresAt });
  await walk(rig);
  await rig.clock.advance(52 * dayMs);
  await walk(rig);
  expect(sent).toEqual([]);
  await rig.clock.advance(2 * dayMs);
  await walk(rig);
  await walk(rig);
  await rig.clock.advance(0);
  expect(sent.map(({ kind }) => kind)).toEqual(['expiring']);
  expect(sent[0]!.text).toContain(refreshExpiresAt.toISOString().slice(0, 10));
  const { items } = await rig.board.audit.list({ organizationId });
  expect(items[0]).toMatchObject({ type: 'connection.expiring' });
});

test('the end of a grant is told by a later walk where the store has noted it and never said so', async () => {
  const sent: Sent[] = [];
  const rig = await rigWith({ through: [recorder(sent)] });
  const row = (await rig.row())!;
  const refreshExpiresAt = new Date(rig.clock.now() + 60 * dayMs);
  await rig.store.connections.update(organizationId, row.id, {}, { refreshExpiresAt });
  await rig.clock.advance(54 * dayMs);
  const { put } = rig.store.once;
  let lost = 0;
  Object.assign(rig.store.once, {
    async put(request: Parameters<typeof put>[0]) {
      const answer = await put(request);
      if (!request.key.startsWith('expiring:') || lost++ > 0) return answer;
      throw new PlugboardError({ kind: 'unavailable', code: 'database_unavailable', message: 'The answer was lost.' });
    },
  });
  await walk(rig);
  await walk(rig);
  expect(sent).toEqual([]);
  for (let day = 0; day < 3; day++) {
    await rig.clock.advance(dayMs);
    await walk(rig);
  }
  expect(sent.map(({ kind }) => kind)).toEqual(['expiring']);
});

/** A vendor that messages go through, with connections like any other. */
function messenger(id: string, sent: Sent[], capability: 'notify' | 'email') {
  const { capabilities: _, ...definition } = acmeProvider().definition;
  const say = (text: string) => void sent.push({ via: id, kind: 'attention', text });
  return defineProvider({
    ...definition,
    id,
    name: id,
    capabilities: {
      [capability]: (api: { call(of: unknown, input: object): Promise<unknown> }) => ({
        async send(message: { to?: unknown; title?: string; subject?: string; text?: string }) {
          await api.call(definition.operations.users.me, {});
          say(`${String(message.to)} ${message.title ?? message.subject}`);
          return { id: 'm-1' };
        },
      }),
    } as never,
  })({ clientId: 'client', clientSecret: 'client-secret', signingSecret: 'signing-secret' }) as AnyProvider;
}

test('a broken messenger does not carry the news of itself, nor is anything sent in circles', async () => {
  const sent: Sent[] = [];
  const rig = createRig(
    {},
    {
      cacheMs: 0,
      more: [messenger('chat', sent, 'notify'), messenger('mail', sent, 'email')],
      notifications: {
        through: [
          { provider: 'chat', organizationId: 'host', to: '#ops' },
          { provider: 'mail', organizationId: 'host', to: 'ops@example.com', from: 'app@example.com' },
        ],
      },
    },
  );
  const connectAll = async () => {
    for (const provider of ['chat', 'mail'] as const) {
      await rig.board.connect(provider as 'acme', { organizationId: 'host', credentials: { apiKey: 'acme-key' } });
    }
  };
  await connectAll();
  await rig.connect();
  await end(rig as Rig);
  expect(sent.map(({ via, text }) => `${via} ${text}`)).toEqual(['chat #ops Acme is disconnected']);

  // The chat breaks: its own end goes out by mail.
  const key = { provider: 'chat', label: 'default' };
  const chat = (await rig.store.connections.find('host', key))!;
  await rig.store.connections.update('host', chat.id, {}, { status: 'expired', statusReason: 'revoked' });
  await walk(rig as Rig);
  await rig.clock.advance(0);
  expect(sent.slice(1).map(({ via, text }) => `${via} ${text}`)).toEqual(['mail ops@example.com chat is disconnected']);

  // Both broken: nobody can be told, which costs one try in each walk and no more.
  const mail = (await rig.store.connections.find('host', { ...key, provider: 'mail' }))!;
  await rig.store.connections.update('host', mail.id, {}, { status: 'expired', statusReason: 'revoked' });
  const before = rig.calls.length;
  await walk(rig as Rig);
  await walk(rig as Rig);
  await rig.clock.advance(0);
  expect(rig.calls.length - before).toBeLessThanOrEqual(4);
  expect(sent).toHaveLength(2);
});

test.each([
  [{ through: [] }, 'invalid_notifications'],
  [{ through: 'slack' as never }, 'invalid_notifications'],
  [{ through: [{ provider: 'nobody' }] }, 'unknown_provider'],
  [{ through: [{ provider: 'acme' }] }, 'no_capability'],
])('options that name nobody to tell are refused at start: %o', (notifications, code) => {
  expect(() => createRig({}, { notifications, store: createMemoryStore({ clock: createFakeClock() }) })).toThrow(
    expect.objectContaining({ code }),
  );
});
