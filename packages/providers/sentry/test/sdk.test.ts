import { getClient, getGlobalScope, getIsolationScope, type NodeClient } from '@sentry/node';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { dsn, key, rig } from './rig.ts';

async function connected() {
  const given = rig();
  await given.connect({ dsn, environment: 'staging', release: 'shop@1.2.3' });
  const { errorReporting } = given.client;
  const reports = () => given.envelopes().map(({ items }) => items[0]![1]);
  return { ...given, errorReporting, reports };
}

describe('reports', () => {
  test('go to the project with what is known, and their receipt is their id', async () => {
    const { client, errorReporting, envelopes, sent } = await connected();
    await errorReporting.setErrorContext({ user: { id: 'u1', name: 'Ada' }, tags: { plan: 'pro', area: 'shop' } });
    const context = { tags: { area: 'checkout' }, extra: { order: { id: 7 } }, level: 'fatal' as const };
    const { id } = await errorReporting.captureException(new TypeError('It broke.'), context);
    await errorReporting.flush();
    const [{ header, items }] = envelopes() as [ReturnType<typeof envelopes>[number]];
    expect(items.map(([{ type }]) => type)).toEqual(['event']);
    expect(items[0]![1]).toMatchObject({
      event_id: id,
      level: 'fatal',
      platform: 'node',
      environment: 'staging',
      release: 'shop@1.2.3',
      user: { id: 'u1', username: 'Ada' },
      tags: { plan: 'pro', area: 'checkout' },
      extra: { order: { id: 7 } },
      exception: { values: [{ type: 'TypeError', value: 'It broke.', mechanism: { handled: true } }] },
    });
    expect(items[0]![1]).not.toHaveProperty('server_name');
    expect(header).toMatchObject({ event_id: id, trace: { public_key: key, release: 'shop@1.2.3' } });
    expect(sent.map(({ url }) => url.href)).toEqual(['https://o42.ingest.us.sentry.io/api/4507/envelope/']);
    expect(sent[0]!.headers.get('x-sentry-auth')).toContain(`sentry_key=${key}`);
    expect((await client.sdk()).getClient()!.getDsn()!.publicKey).toBe('plugboard');
  });

  test('tell what caused an error, the first cause first, and what is no error at all', async () => {
    const { errorReporting, reports } = await connected();
    const root = new Error('No disk.');
    await errorReporting.captureException(new Error('No order.', { cause: new Error('No file.', { cause: root }) }));
    await errorReporting.captureException('just a text');
    await errorReporting.captureMessage('Hello.');
    await errorReporting.captureMessage('Careful.', { level: 'warning' });
    await errorReporting.flush();
    const [chain, text, ...messages] = reports();
    expect(chain!.exception!.values.map(({ value }) => value)).toEqual(['No disk.', 'No file.', 'No order.']);
    expect(text!.exception!.values).toMatchObject([{ value: 'just a text' }]);
    expect(messages.map(({ message, level }) => [message, level])).toEqual([
      ['Hello.', 'info'],
      ['Careful.', 'warning'],
    ]);
  });

  test('of one error reach everyone to whom it is reported', async () => {
    const { errorReporting, reports } = await connected();
    const error = new Error('Shared.');
    // As if the host's own Sentry had reported it before.
    Object.defineProperty(error, '__sentry_captured__', { value: true });
    await errorReporting.captureException(error);
    await errorReporting.captureException(error);
    await errorReporting.flush();
    expect(reports()).toHaveLength(2);
  });

  test('hold nothing of the host’s own users, requests and trails', async () => {
    const { client, errorReporting, sent } = await connected();
    const host = getIsolationScope().setUser({ id: 'host-user' }).addBreadcrumb({ message: 'host-trail' });
    host.setTag('host', 'host-tag').setExtra('request', 'host-extra');
    await errorReporting.captureException(new Error('x'));
    (await client.sdk()).captureException(new Error('y'));
    await errorReporting.flush();
    expect(sent).toHaveLength(2);
    for (const { text } of sent) expect(text).not.toMatch(/host-(user|trail|tag|extra)/);
  });

  test('leave nothing global behind, however many connections report', async () => {
    const before = process.listenerCount('beforeExit');
    const { board, errorReporting } = await connected();
    await errorReporting.captureMessage('x');
    expect(getClient()).toBeUndefined();
    expect(getGlobalScope().getClient()).toBeUndefined();
    expect(process.listenerCount('beforeExit')).toBe(before);
    await board.stop();
    expect(process.listenerCount('beforeExit')).toBe(before);
  });

  test('that are on their way when the board stops are waited for', async () => {
    const { answer, board, errorReporting, sent, losses } = await connected();
    const { promise, resolve } = Promise.withResolvers<Response>();
    answer(() => promise);
    await errorReporting.captureMessage('x');
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    let stopped = false;
    const stopping = board.stop().then(() => (stopped = true));
    await new Promise((done) => setImmediate(done));
    expect(stopped).toBe(false);
    resolve(Response.json({}));
    await stopping;
    expect(losses).toEqual([]);
  });
});

describe('what is lost is told', () => {
  test.each([
    [400, 'refused'],
    [403, 'refused'],
    [413, 'refused'],
    [429, 'rate_limited'],
    [500, 'refused'],
  ])('an answer of status %i as %s', async (status, reason) => {
    const { answer, errorReporting, losses } = await connected();
    answer(() => Response.json({}, { status }));
    await errorReporting.captureMessage('x');
    await errorReporting.flush();
    expect(losses).toEqual([{ count: 1, reason }]);
  });

  test('no answer at all as not_sent', async () => {
    const { answer, errorReporting, losses } = await connected();
    answer(() => Promise.reject(new TypeError('the line is cut')));
    await errorReporting.captureMessage('x');
    await errorReporting.flush();
    expect(losses).toEqual([{ count: 1, reason: 'not_sent' }]);
  });

  test('more than are taken in at once as queue_full', async () => {
    const { answer, errorReporting, losses } = await connected();
    const { promise, resolve } = Promise.withResolvers<void>();
    answer(async () => {
      await promise;
      return Response.json({});
    });
    for (let count = 0; count < 70; count++) await errorReporting.captureMessage(`report ${count}`);
    expect(losses).toEqual(Array.from({ length: 6 }, () => ({ count: 1, reason: 'queue_full' })));
    resolve();
    await errorReporting.flush();
    expect(losses).toHaveLength(6);
  });

  test('a limit that came with a success is kept, by category', async () => {
    const { answer, client, errorReporting, losses, sent } = await connected();
    const headers = { 'x-sentry-rate-limits': '60:error:organization:quota_exceeded' };
    answer(() => Response.json({ id: 'x' }, { headers }));
    await errorReporting.captureMessage('the last');
    await errorReporting.flush();
    await errorReporting.captureMessage('over the limit');
    await errorReporting.flush();
    expect(sent).toHaveLength(1);
    expect(losses).toEqual([{ count: 1, reason: 'rate_limited' }]);
    (await client.sdk()).getClient<NodeClient>()!.captureCheckIn({ monitorSlug: 'job', status: 'ok' });
    await errorReporting.flush();
    expect(sent, 'monitors have a limit of their own').toHaveLength(2);
  });
});

describe('what nobody catches', () => {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const listening = () => events.flatMap((event) => process.listeners(event as 'uncaughtException'));
  afterEach(() => expect(getClient()).toBeUndefined());

  test('is reported by the connection that watches the process, as long as the board runs', async () => {
    const { board, client, errorReporting, reports } = await connected();
    const before = listening();
    await client.errors.watchProcess({ rejections: 'none' });
    await client.errors.watchProcess();
    const [onException, onRejection, ...more] = listening().filter((listener) => !before.includes(listener));
    expect(more).toEqual([]);
    // Vitest listens as well, so that the process goes on.
    onException!(new Error('Nobody caught me.'), 'uncaughtException');
    (onRejection as unknown as (reason: unknown, promise: unknown) => void)(new Error('Nor me.'), Promise.resolve());
    await errorReporting.flush();
    expect(
      reports().map(({ level, exception }) => [
        level,
        exception!.values[0]!.value,
        (exception!.values[0] as unknown as { mechanism: { handled: boolean } }).mechanism.handled,
      ]),
    ).toEqual([
      ['fatal', 'Nobody caught me.', false],
      ['error', 'Nor me.', false],
    ]);
    await board.stop();
    expect(listening()).toEqual(before);
  });

  test('is left to whoever watches the process already', async () => {
    const [first, second] = [await connected(), await connected()];
    await first.client.errors.watchProcess();
    const before = listening();
    await expect(second.client.errors.watchProcess()).rejects.toMatchObject({
      kind: 'conflict',
      code: 'process_watched',
    });
    expect(listening()).toEqual(before);
    await first.board.stop();
    await second.client.errors.watchProcess();
    await second.board.stop();
  });
});
