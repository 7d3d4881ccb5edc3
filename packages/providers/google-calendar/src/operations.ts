/** What the client offers: https://developers.google.com/workspace/calendar/api/v3/reference (2026-11-20). */
import { endpoint, isPlugboardError, operation } from '@plugboard/core';
import type { Api, CallOptions } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';
import { channel, channelBody, pageToken, readAll, stopChannel, texts, webHook } from '@plugboard/google';

import { calendar, event, eventChange, eventEnd, eventPage, eventPages, inCalendar, instant } from './schemas.ts';
import { listPage, listPages, needs, newEvent, on, sendUpdates, timeZone, upTo } from './schemas.ts';

/** What the reference says of an operation: its page, and the scopes of which any will do. */
const facts = (page: string, need: readonly string[]) => ({
  docs: `https://developers.google.com/workspace/calendar/api/v3/reference/${page}`,
  scopes: [need],
});
const syncToken = z.string().min(1);

export const calendars = {
  list: endpoint('GET /users/me/calendarList', {
    summary: 'Lists the calendars that the user sees, with what they may do there.',
    ...facts('calendarList/list', needs.seeLists),
    input: given(
      {},
      {
        maxResults: upTo(250),
        minAccessRole: z.enum(['freeBusyReader', 'reader', 'writer', 'owner']),
        showHidden: z.boolean(),
        syncToken,
        pageToken,
      },
    ),
    output: listPage,
    paging: listPages,
  }),
  get: endpoint('GET /calendars/{calendarId}', {
    summary: 'Reads one calendar.',
    ...facts('calendars/get', needs.seeCalendars),
    input: given({}, on),
    encode: inCalendar,
    output: calendar,
  }),
  create: endpoint('POST /calendars', {
    summary: 'Makes a calendar of its own.',
    ...facts('calendars/insert', needs.calendars),
    input: given({ summary: 'Team' }, { description: z.string(), location: z.string(), timeZone }),
    output: calendar,
  }),
  delete: endpoint('DELETE /calendars/{calendarId}', {
    summary: 'Deletes a calendar and all that is in it.',
    ...facts('calendars/delete', needs.calendars),
    input: given({ calendarId: 'team@group.calendar.google.com' }),
    output: nothing,
    example: { status: 204 },
  }),
};

/** Only if nobody changed the event since. */
const ifMatch = (etag?: string) => etag !== undefined && { headers: { 'if-match': etag } };

function encodeEvent({ calendarId, eventId, sendUpdates: updates, etag, ...json }: Written, api: Api) {
  const query = {
    sendUpdates: updates,
    // Without these the vendor drops the fields in silence.
    conferenceDataVersion: json.conferenceData && 1,
    supportsAttachments: json.attachments && true,
  };
  return { ...inCalendar({ calendarId, eventId }, api), query, json, ...ifMatch(etag) };
}
type Written = Partial<z.output<typeof eventChange>>;

const listed = {
  ...on,
  maxResults: upTo(2500),
  showDeleted: z.boolean(),
  singleEvents: z.boolean(),
  timeZone,
  eventTypes: texts(),
};
/** The vendor refuses them beside a sync token. */
const narrowing = {
  /** Ends after this. */
  timeMin: instant('2026-11-20T00:00:00Z'),
  /** Starts before this. */
  timeMax: instant('2026-11-27T00:00:00Z'),
  orderBy: z.enum(['startTime', 'updated']),
  q: z.string().min(1),
  updatedMin: instant(),
  iCalUID: z.string().min(1),
  privateExtendedProperty: texts(),
  sharedExtendedProperty: texts(),
};
const narrows = Object.keys(narrowing) as (keyof typeof narrowing)[];

const list = endpoint('GET /calendars/{calendarId}/events', {
  summary: 'Lists events, all or those of a time; with a sync token what has changed since.',
  ...facts('events/list', needs.see),
  input: given({}, { ...listed, ...narrowing, syncToken, pageToken })
    .refine(({ orderBy, singleEvents }) => orderBy !== 'startTime' || singleEvents === true, {
      error: 'goes with singleEvents: true only',
      path: ['orderBy'],
    })
    .refine((input) => input.syncToken === undefined || narrows.every((name) => input[name] === undefined), {
      error: `goes without ${narrows.join(', ')}`,
      path: ['syncToken'],
    }),
  encode: inCalendar,
  output: eventPage,
  paging: eventPages,
});

const changed = given({}, { ...listed, syncToken: 'CPDAlvWDx70CEPDAlvWDx70CGAU=' });

/** All pages, because only the last one holds the next token. */
async function readChanges(api: Api, input: z.output<typeof changed>, options: CallOptions) {
  const { items, last } = await readAll(api.pages(list, input, options), (page) => page.items);
  return { items, nextSyncToken: last?.nextSyncToken ?? null, isFull: input.syncToken === undefined };
}

export const events = {
  list,
  changes: operation({
    summary: 'Reads what has changed since a sync token, and everything without one or where it has become too old.',
    docs: 'https://developers.google.com/workspace/calendar/api/guides/sync',
    scopes: [needs.see],
    input: changed,
    run: (api, input, options) =>
      readChanges(api, input, options).catch((error: unknown) => {
        const { syncToken: token, ...rest } = input;
        if (token === undefined || !isPlugboardError(error) || error.status !== 410) throw error;
        return readChanges(api, rest, options);
      }),
  }),
  get: endpoint('GET /calendars/{calendarId}/events/{eventId}', {
    summary: 'Reads one event.',
    ...facts('events/get', needs.see),
    input: given({ eventId: 'abc123' }, { ...on, timeZone }),
    encode: inCalendar,
    output: event,
  }),
  create: endpoint('POST /calendars/{calendarId}/events', {
    summary: 'Makes an event; with an id of your own a second call is a conflict and no second event.',
    ...facts('events/insert', needs.write),
    input: newEvent,
    encode: encodeEvent,
    output: event,
  }),
  update: endpoint('PATCH /calendars/{calendarId}/events/{eventId}', {
    summary: 'Changes the fields that are given; a list replaces the whole list.',
    ...facts('events/patch', needs.write),
    input: eventChange,
    encode: encodeEvent,
    output: event,
  }),
  delete: endpoint('DELETE /calendars/{calendarId}/events/{eventId}', {
    summary: 'Deletes an event; one that is gone already is not found.',
    ...facts('events/delete', needs.write),
    input: eventEnd,
    encode: ({ etag, ...input }, api) => ({ ...inCalendar(input, api), ...ifMatch(etag) }),
    output: nothing,
    example: { status: 204 },
  }),
  quickAdd: endpoint('POST /calendars/{calendarId}/events/quickAdd', {
    summary: 'Makes an event of a sentence.',
    ...facts('events/quickAdd', needs.write),
    input: given({ text: 'Planning tomorrow at 10' }, { ...on, sendUpdates }),
    encode: inCalendar,
    output: event,
  }),
  instances: endpoint('GET /calendars/{calendarId}/events/{eventId}/instances', {
    summary: 'Lists the single events of a recurring one.',
    ...facts('events/instances', needs.see),
    input: given(
      { eventId: 'abc123' },
      { ...on, maxResults: upTo(2500), timeMin: instant(), timeMax: instant(), showDeleted: z.boolean(), pageToken },
    ),
    encode: inCalendar,
    output: eventPage,
    paging: eventPages,
  }),
};

const hour = { start: '2026-11-20T09:00:00Z', end: '2026-11-20T10:00:00Z' };
const busy = like({ busy: [like(hour)] }, { errors: z.array(like({ reason: 'notFound' })) });
const busyByCalendar = z.record(z.string(), busy).meta({ examples: [{ 'user@example.com': { busy: [hour] } }] });

export const freeBusy = {
  query: endpoint('POST /freeBusy', {
    summary: 'Reads when calendars are busy; those in `unreadable` could not be read, and are not free.',
    ...facts('freebusy/query', needs.freeBusy),
    input: given(
      {
        timeMin: instant('2026-11-20T00:00:00Z'),
        timeMax: instant('2026-11-21T00:00:00Z'),
        calendarIds: texts(50, ['user@example.com']),
      },
      { timeZone, groupExpansionMax: upTo(100) },
    ),
    encode: ({ calendarIds, ...rest }) => ({
      json: { ...rest, calendarExpansionMax: 50, items: calendarIds.map((id) => ({ id })) },
    }),
    // Of a calendar that could not be read, the vendor says so beside an empty list, with status 200.
    output: like({ calendars: busyByCalendar }).transform((answer) => ({
      ...answer,
      unreadable: Object.entries(answer.calendars).flatMap(([id, { errors }]) =>
        (errors ?? []).map(({ reason }) => ({ id, reason })),
      ),
    })),
    repeat: 'safe',
  }),
};

/** What `board.channels` opens and closes notifications with. */
export const channels = {
  watchEvents: endpoint('POST /calendars/{calendarId}/events/watch', {
    summary: 'Opens a channel for the events of a calendar; board.channels also renews it.',
    ...facts('events/watch', needs.see),
    input: channelBody.extend(given({}, on).shape),
    encode: ({ calendarId, ...json }, api) => ({ ...inCalendar({ calendarId }, api), json: webHook(json) }),
    output: channel,
  }),
  watchList: endpoint('POST /users/me/calendarList/watch', {
    summary: 'Opens a channel for the list of calendars; board.channels also renews it.',
    ...facts('calendarList/watch', needs.seeLists),
    input: channelBody,
    encode: (json) => ({ json: webHook(json) }),
    output: channel,
  }),
  stop: stopChannel(facts('channels/stop', needs.stop)),
};
