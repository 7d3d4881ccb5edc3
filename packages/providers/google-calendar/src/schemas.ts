/** Scopes, settings and shapes: https://developers.google.com/workspace/calendar/api/v3/reference (2026-11-20). */
import type { Api } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';
import { googleScope, pages } from '@plugboard/google';

export const scopes = {
  all: googleScope('calendar'),
  read: googleScope('calendar.readonly'),
  events: googleScope('calendar.events'),
  eventsRead: googleScope('calendar.events.readonly'),
  eventsOwned: googleScope('calendar.events.owned'),
  freeBusy: googleScope('calendar.freebusy'),
  eventsFreeBusy: googleScope('calendar.events.freebusy'),
  lists: googleScope('calendar.calendarlist'),
  listsRead: googleScope('calendar.calendarlist.readonly'),
  calendars: googleScope('calendar.calendars'),
  calendarsRead: googleScope('calendar.calendars.readonly'),
  /** Calendars that the app made itself, and all that is in them. */
  own: googleScope('calendar.app.created'),
} as const;

const { all, read, lists, listsRead } = scopes;
const writing = [scopes.events, scopes.eventsOwned, scopes.own, all];
/** Any one of them is enough, by the vendor's description of revision 20260708; the first allows the least. */
export const needs = {
  write: writing,
  see: [scopes.eventsRead, scopes.eventsFreeBusy, ...writing, read],
  freeBusy: [scopes.freeBusy, scopes.eventsFreeBusy, read, all],
  seeLists: [listsRead, lists, read, all],
  seeCalendars: [scopes.calendarsRead, scopes.calendars, scopes.own, read, all],
  calendars: [scopes.calendars, scopes.own, all],
  stop: [scopes.eventsRead, scopes.eventsFreeBusy, ...writing, listsRead, lists, read],
} as const;

const calendarId = z.string().min(1).meta({ title: 'Calendar', description: 'Used where a call names none.' });
export const settings = z.strictObject({ calendarId: calendarId.optional() });

/** An id, or `primary`; default: the setting, else `primary`. */
export const on = { calendarId: 'primary' };
export const upTo = (most: number) => z.int().min(1).max(most);
const instantBase = z.iso.datetime({ offset: true });
/** With an offset, as the vendor wants it. */
export const instant = (example?: string) =>
  example === undefined ? instantBase : instantBase.meta({ examples: [example] });
export const timeZone = z
  .string()
  .regex(/^[\w+\-/]+$/)
  .meta({ examples: ['Europe/Paris'] });
export const sendUpdates = z.enum(['all', 'externalOnly', 'none']);

interface Asked {
  readonly calendarId?: string | undefined;
  readonly eventId?: string | undefined;
}

/** What is not part of the path goes into the query. */
export const inCalendar = ({ calendarId: id, eventId, ...query }: Asked, api: Api) => ({
  path: {
    calendarId: id ?? api.settings(settings).calendarId ?? 'primary',
    ...(eventId !== undefined && { eventId }),
  },
  query,
});

const local = z.iso.datetime({ offset: true, local: true }).meta({ examples: ['2026-11-20T10:00:00+01:00'] });
const moment = z.union([
  given({ dateTime: local }, { timeZone }).refine(
    (time) => time.timeZone !== undefined || /(Z|[+-]\d\d:\d\d)$/.test(time.dateTime),
    { error: 'without an offset it needs the time zone', path: ['timeZone'] },
  ),
  // A whole day; as an end it is the day after the last.
  given({ date: z.iso.date() }),
]);
const answers = z.enum(['needsAction', 'declined', 'tentative', 'accepted']);
const override = given({ method: z.enum(['email', 'popup']), minutes: z.int().min(0).max(40_320) });
const texts = z.record(z.string(), z.string());

const fields = {
  summary: 'Planning',
  description: z.string(),
  location: z.string(),
  status: z.enum(['confirmed', 'tentative', 'cancelled']),
  attendees: z.array(
    given({ email: 'ada@example.com' }, { displayName: z.string(), optional: z.boolean(), responseStatus: answers }),
  ),
  /** `RRULE:FREQ=WEEKLY;COUNT=5` */
  recurrence: z.array(z.string().regex(/^(RRULE|EXRULE|RDATE|EXDATE)[:;][^\r\n]+$/)),
  reminders: given({ useDefault: z.boolean() }, { overrides: z.array(override).max(5) }),
  extendedProperties: given({}, { private: texts, shared: texts }),
  transparency: z.enum(['opaque', 'transparent']),
  visibility: z.enum(['default', 'public', 'private', 'confidential']),
  colorId: z.string(),
  guestsCanModify: z.boolean(),
  guestsCanInviteOthers: z.boolean(),
  guestsCanSeeOtherGuests: z.boolean(),
  attachments: z.array(given({ fileUrl: z.url() }, { title: z.string(), mimeType: z.string() })).max(25),
  /** Asks for a Meet link; it may be `pending` at first. */
  conferenceData: given({
    createRequest: given({ requestId: 'planning-1' }, { conferenceSolutionKey: given({ type: 'hangoutsMeet' }) }),
  }),
  sendUpdates,
};

/** Chosen by the caller, so that a repeated call cannot make a second event. */
const id = z.string().regex(/^[a-v0-9]{5,1024}$/, { error: 'must be 5 to 1024 characters of a-v and 0-9' });
/** Only if nobody changed it since. */
const etag = z.string().min(1);

export const newEvent = given({ start: moment, end: moment }, { ...on, ...fields, id }).refine(
  ({ recurrence, start }) => recurrence === undefined || 'date' in start || start.timeZone !== undefined,
  { error: 'a recurring event needs the time zone', path: ['start', 'timeZone'] },
);
export const eventChange = given({ eventId: 'abc123' }, { ...on, ...fields, start: moment, end: moment, etag });
export const eventEnd = given({ eventId: 'abc123' }, { ...on, sendUpdates, etag });

const when = like({}, { dateTime: '2026-11-20T10:00:00+01:00', timeZone: 'Europe/Paris', date: z.string() });
/** Of a deleted one hardly more than `id` and `status: cancelled` is left. */
export const event = like(
  { id: 'abc123' },
  {
    status: 'confirmed',
    etag: '"3181161784712000"',
    htmlLink: 'https://www.google.com/calendar/event?eid=YWJjMTIz',
    summary: 'Planning',
    start: when,
    end: when,
    attendees: z.array(like({}, { email: z.string(), responseStatus: z.string() })),
    recurringEventId: z.string(),
    originalStartTime: when,
    hangoutLink: z.string(),
    updated: '2026-11-19T09:12:33.000Z',
  },
);
const nextPageToken = 'EiAKGjBpNDd2Nmp2Zml2cXRwYjBpOXA';
/** The token for the next changes is on the last page alone. */
export const eventPage = like(
  { items: [event] },
  { timeZone: 'Europe/Paris', nextPageToken, nextSyncToken: z.string() },
);
export const eventPages = pages((page: z.output<typeof eventPage>) => page.items);

export const calendar = like({ id: 'team@group.calendar.google.com' }, { summary: 'Team', timeZone: 'Europe/Paris' });
const entry = like(
  { id: 'user@example.com', accessRole: 'owner' },
  { summary: 'user@example.com', summaryOverride: z.string(), timeZone: 'Europe/Paris', primary: true },
);
export const listPage = like({ items: [entry] }, { nextPageToken, nextSyncToken: z.string() });
export const listPages = pages((page: z.output<typeof listPage>) => page.items);
