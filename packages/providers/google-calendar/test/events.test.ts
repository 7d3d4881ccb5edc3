import { exampleKeyFile } from '@plugboard/google';
import { expect, test } from 'vitest';

import { createGoogleRig, organizationId, target } from '../../../google/test/rig.ts';
import { googleCalendar } from '../src/index.ts';
import { scopes } from '../src/schemas.ts';

const createRig = () => createGoogleRig(googleCalendar);
const refused = (status: number, reason: string) =>
  Response.json({ error: { code: status, message: 'No.', errors: [{ domain: 'calendar', reason }] } }, { status });

test('ids of calendars are written so that they stay one segment, and the setting serves where none is named', async () => {
  const { board, client, connect, sent } = createRig();
  await connect();
  await client().events.get({ calendarId: 'en.usa#holiday@group.v.calendar.google.com', eventId: 'abc123' });
  expect(sent[0]?.url.pathname).toBe(
    '/calendar/v3/calendars/en.usa%23holiday%40group.v.calendar.google.com/events/abc123',
  );
  await client().events.get({ eventId: 'abc123' });
  expect(sent[1]?.url.pathname).toBe('/calendar/v3/calendars/primary/events/abc123');
  await board.settings.update('google-calendar', { ...target, settings: { calendarId: 'team@example.com' } });
  await client().events.list({});
  expect(sent[2]?.url.pathname).toBe('/calendar/v3/calendars/team%40example.com/events');
});

test('what the vendor would drop in silence is asked for, and an unchanged event is asked for by its tag', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const start = { dateTime: '2026-11-20T10:00:00', timeZone: 'Europe/Paris' };
  await client().events.create({
    start,
    end: start,
    conferenceData: { createRequest: { requestId: 'r1' } },
    attachments: [{ fileUrl: 'https://drive.google.com/file/d/1' }],
    sendUpdates: 'all',
  });
  expect(Object.fromEntries(sent[0]!.url.searchParams)).toEqual({
    conferenceDataVersion: '1',
    supportsAttachments: 'true',
    sendUpdates: 'all',
  });
  await client().events.update({ eventId: 'abc123', summary: 'Other', etag: '"7"' });
  expect(sent[1]?.headers.get('if-match')).toBe('"7"');
  expect(sent[1]!.json).toEqual({ summary: 'Other' });
});

const day = { date: '2026-11-20' };
test.each([
  ['an id with a capital', { start: day, end: day, id: 'ABCDE' }, 'id'],
  [
    'a recurring event without a time zone',
    { start: { dateTime: '2026-11-20T10:00:00Z' }, end: day, recurrence: ['RRULE:FREQ=DAILY'] },
    'start.timeZone',
  ],
  ['a local time without a time zone', { start: { dateTime: '2026-11-20T10:00:00' }, end: day }, 'start'],
  ['a rule with a line break', { start: day, end: day, recurrence: ['RRULE:FREQ=DAILY\nX:1'] }, 'recurrence.0'],
])('%s is refused before anything is sent', async (_what, event, path) => {
  const { client, connect, sent } = createRig();
  await connect();
  await expect(client().events.create(event)).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ path: expect.stringContaining(path) as string }],
  });
  expect(sent).toEqual([]);
});

test('a sync token goes without what narrows a list', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const refusal = { code: 'invalid_input', fields: [{ path: 'syncToken' }] };
  await expect(client().events.list({ syncToken: 's', q: 'x' })).rejects.toMatchObject(refusal);
  await expect(client().events.list({ syncToken: 's', timeMin: '2026-11-20T00:00:00Z' })).rejects.toMatchObject(
    refusal,
  );
  await expect(client().events.list({ orderBy: 'startTime' })).rejects.toMatchObject({ code: 'invalid_input' });
  expect(sent).toEqual([]);
});

test('changes are read to the last page, whose token is the next one', async () => {
  const { client, connect, answer, sent } = createRig();
  await connect();
  answer(({ url }) =>
    url.searchParams.has('pageToken')
      ? Response.json({ items: [{ id: 'b', status: 'cancelled' }], nextSyncToken: 's2' })
      : Response.json({ items: [{ id: 'a' }], nextPageToken: 'p2' }),
  );
  expect(await client().events.changes({ syncToken: 's1' })).toEqual({
    items: [{ id: 'a' }, { id: 'b', status: 'cancelled' }],
    nextSyncToken: 's2',
    isFull: false,
  });
  expect(sent.map(({ url }) => url.search)).toEqual(['?syncToken=s1', '?syncToken=s1&pageToken=p2']);
});

test('a sync token that has become too old gives way to everything, and says so', async () => {
  const { client, connect, answer, sent } = createRig();
  await connect();
  answer(({ url }) =>
    url.searchParams.has('syncToken')
      ? refused(410, 'fullSyncRequired')
      : Response.json({ items: [{ id: 'a' }], nextSyncToken: 's2' }),
  );
  expect(await client().events.changes({ syncToken: 'old' })).toMatchObject({ isFull: true, nextSyncToken: 's2' });
  expect(sent.length).toBe(2);
  answer(() => refused(410, 'fullSyncRequired'));
  await expect(client().events.changes({})).rejects.toMatchObject({ code: 'full_sync_required' });
});

test('a calendar that could not be read is not free', async () => {
  const { client, connect, answer } = createRig();
  await connect();
  const calendars = { a: { busy: [] }, b: { busy: [], errors: [{ domain: 'global', reason: 'notFound' }] } };
  answer(() => Response.json({ kind: 'calendar#freeBusy', calendars }));
  const day = { timeMin: '2026-11-20T00:00:00Z', timeMax: '2026-11-21T00:00:00Z' };
  expect(await client().freeBusy.query({ ...day, calendarIds: ['a', 'b'] })).toEqual({
    kind: 'calendar#freeBusy',
    calendars,
    unreadable: [{ id: 'b', reason: 'notFound' }],
  });
});

test.each([
  [[scopes.listsRead], '/calendar/v3/users/me/calendarList'],
  [[scopes.eventsRead], '/calendar/v3/calendars/primary/events'],
  [[scopes.eventsFreeBusy], '/calendar/v3/calendars/primary/events'],
  [[scopes.calendarsRead], '/calendar/v3/calendars/primary'],
  [[scopes.freeBusy], '/calendar/v3/freeBusy'],
  // It permits to read the events of calendars that the app made, and of no other.
  [[scopes.own], '/oauth2/v2/userinfo'],
])('health asks what a grant of %j allows, of the user’s own calendar', async (granted, path) => {
  const { board, connect, answer, sent } = createRig();
  await connect(['openid', 'email', ...granted]);
  answer(({ method, text }) => {
    if (method !== 'POST') return undefined;
    const { timeMin, timeMax } = JSON.parse(text) as { timeMin: string; timeMax: string };
    // As the vendor does.
    return timeMin < timeMax ? undefined : refused(400, 'timeRangeEmpty');
  });
  expect(await board.health('google-calendar', target)).toMatchObject({ status: 'healthy' });
  expect(sent.map(({ url }) => url.pathname)).toEqual([path]);
});

test('a calendar of the settings that is gone makes no connection ill', async () => {
  const { board, connect, answer } = createRig();
  await connect(['openid', 'email', scopes.events]);
  await board.settings.update('google-calendar', { ...target, settings: { calendarId: 'gone@example.com' } });
  answer(({ url }) => (url.pathname.includes('gone') ? refused(404, 'notFound') : undefined));
  expect(await board.health('google-calendar', target)).toMatchObject({ status: 'healthy' });
});

test('each user that a service account acts as has limits of its own, under a name that tells nobody’s address', async () => {
  const { board, sent } = createRig();
  const connectAs = (subject?: string) =>
    board.connect('google-calendar', {
      organizationId: `org-${subject}`,
      method: 'serviceAccount',
      credentials: { keyFile: exampleKeyFile, ...(subject && { subject }) },
    });
  const userOf = async (subject?: string) => {
    await connectAs(subject);
    sent.length = 0;
    await board.client('google-calendar', { organizationId: `org-${subject}` }).events.list({});
    return sent.at(-1)?.headers.get('x-goog-quota-user');
  };
  const [ada, max] = [await userOf('ada@example.com'), await userOf('max@example.com')];
  expect(ada).toMatch(/^[0-9a-f]{40}$/);
  expect(max).not.toBe(ada);
  expect(await userOf()).toBeNull();
});

test('a channel is opened for the events of a calendar, heard of once for each message, renewed and stopped', async () => {
  const { board, clock, connect, answer, sent } = createRig();
  await connect();
  const opened: { id: string; token: string; address: string; expiration: string }[] = [];
  answer(({ url, text }) => {
    if (!url.pathname.endsWith('/watch')) return undefined;
    const asked = JSON.parse(text) as (typeof opened)[number];
    opened.push(asked);
    return Response.json({ kind: 'api#channel', id: asked.id, resourceId: 'res-1', expiration: asked.expiration });
  });
  const params = { calendarId: 'team@example.com' };
  const channel = await board.channels.open('google-calendar', { ...target, params });
  expect(sent[0]?.url.pathname).toBe('/calendar/v3/calendars/team%40example.com/events/watch');
  expect(opened[0]).toEqual({
    id: channel.id,
    type: 'web_hook',
    token: expect.any(String) as string,
    address: 'https://app.example.com/integrations/webhooks/google-calendar',
    expiration: String(clock.now() + 604_800_000),
  });

  const heard: unknown[] = [];
  board.on(
    'google-calendar',
    'exists',
    (data, context) => void heard.push([data, context.channel, context.organizationId]),
  );
  const notify = async (state: string, number: number, token = opened[0]!.token, id = channel.id) => {
    const headers = {
      'x-goog-channel-id': id,
      'x-goog-channel-token': token,
      'x-goog-resource-id': 'res-1',
      'x-goog-resource-state': state,
      'x-goog-message-number': String(number),
    };
    const request = new Request('https://app.example.com/integrations/webhooks/google-calendar', {
      method: 'POST',
      headers,
    });
    return (await board.webhooks.receive('google-calendar', request)).status;
  };
  expect(await notify('sync', 1)).toBe(200);
  expect(heard).toEqual([]);
  expect([await notify('exists', 10), await notify('exists', 10)]).toEqual([200, 200]);
  expect(heard).toEqual([
    [{ channelId: channel.id, resourceId: 'res-1', messageNumber: 10 }, { id: channel.id, params }, organizationId],
  ]);
  expect(await notify('exists', 11, 'another-token')).toBe(401);
  expect(await notify('exists', 11, opened[0]!.token, 'another-channel')).toBe(401);

  await clock.advance(6 * 86_400_000);
  await board.jobs.find(({ name }) => name === 'channels')!.run();
  expect(opened.length).toBe(2);
  expect(opened[1]?.id).not.toBe(channel.id);
  expect(sent.at(-1)!.json).toEqual({ id: channel.id, resourceId: 'res-1' });
  expect(sent.at(-1)?.url.pathname).toBe('/calendar/v3/channels/stop');
});

test('the list of calendars is watched like a calendar', async () => {
  const { board, connect, sent } = createRig();
  await connect();
  await board.channels.open('google-calendar', { ...target, params: { of: 'calendarList' } });
  expect(sent[0]?.url.pathname).toBe('/calendar/v3/users/me/calendarList/watch');
});
