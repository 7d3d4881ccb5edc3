import { conformance, providerContract } from '@plugboard/testing';

import { refusalsAgree } from '../../../google/test/refusals.ts';
import { scopesAgree } from '../../../google/test/scopes.ts';
import { googleCalendar } from '../src/index.ts';

const start = { dateTime: '2026-11-20T10:00:00+01:00', timeZone: 'Europe/Paris' };

conformance(googleCalendar.definition, {
  exceptions: { 'identity.me': 'Is of another API, and compared where it is declared.' },
  inputs: {
    'calendars.list': [{ maxResults: 250, minAccessRole: 'writer', showHidden: true, syncToken: 'token' }],
    'calendars.create': [{ summary: 'Team', description: 'Ours.', location: 'Berlin', timeZone: 'Europe/Berlin' }],
    'events.list': [
      {
        calendarId: 'a@b.example',
        maxResults: 2500,
        showDeleted: true,
        singleEvents: true,
        timeZone: 'UTC',
        eventTypes: ['default', 'focusTime'],
        timeMin: '2026-11-20T00:00:00Z',
        timeMax: '2026-11-20T00:00:00+01:00',
        orderBy: 'startTime',
        q: 'plan',
        updatedMin: '2026-11-20T00:00:00Z',
        iCalUID: 'uid',
        privateExtendedProperty: ['a=1', 'b=2'],
        sharedExtendedProperty: ['c=3'],
      },
      { syncToken: 'token' },
    ],
    'events.create': [
      {
        id: 'a0b1c2d3',
        summary: 'Planning',
        description: 'All of it.',
        location: 'Berlin',
        status: 'tentative',
        start,
        end: start,
        sendUpdates: 'externalOnly',
        attendees: [{ email: 'a@b.example', displayName: 'A', optional: true, responseStatus: 'accepted' }],
        recurrence: ['RRULE:FREQ=WEEKLY;COUNT=5'],
        reminders: { useDefault: false, overrides: [{ method: 'popup', minutes: 10 }] },
        extendedProperties: { private: { a: '1' }, shared: { b: '2' } },
        transparency: 'transparent',
        visibility: 'private',
        colorId: '7',
        guestsCanModify: true,
        guestsCanInviteOthers: false,
        guestsCanSeeOtherGuests: false,
        attachments: [{ fileUrl: 'https://drive.google.com/file/d/1', title: 'Plan', mimeType: 'text/plain' }],
        conferenceData: { createRequest: { requestId: 'r-1', conferenceSolutionKey: { type: 'hangoutsMeet' } } },
      },
    ],
    'events.update': [{ eventId: 'abc123', end: { date: '2026-11-21' }, sendUpdates: 'all', etag: '"1"' }],
    'events.delete': [{ eventId: 'abc123', sendUpdates: 'none', etag: '"1"' }],
    'events.quickAdd': [{ text: 'Tea at four', sendUpdates: 'none' }],
    'events.instances': [{ eventId: 'abc123', maxResults: 9, timeMin: '2026-11-20T00:00:00Z', showDeleted: true }],
    'freeBusy.query': [
      {
        timeMin: '2026-11-20T00:00:00Z',
        timeMax: '2026-11-21T00:00:00Z',
        calendarIds: ['a', 'b'],
        timeZone: 'UTC',
        groupExpansionMax: 100,
      },
    ],
  },
});

scopesAgree(googleCalendar.definition);
refusalsAgree(googleCalendar, ({ client }) => client().calendars.get({}), [
  [403, 'forbidden', 'permission'],
  [403, 'forbiddenForNonOrganizer', 'permission'],
  [403, 'quotaExceeded', 'rate_limited', true],
  [409, 'duplicate', 'conflict'],
  [410, 'deleted', 'not_found'],
  [410, 'fullSyncRequired', 'conflict'],
  [410, 'updatedMinTooLongAgo', 'conflict'],
  [412, 'conditionNotMet', 'conflict'],
]);

providerContract(googleCalendar, {
  account: { id: '110169484474386276334', name: 'user@example.com' },
  accounts: { serviceAccount: { id: 'user@example.com', name: 'user@example.com' } },
  exceptions: {
    'answer freeBusy.query: members that the schema does not know survive':
      'Each member of `calendars` is a calendar: none of them is unknown.',
    'E05 webhooks: every changed byte of the body is refused': 'A notification has no body.',
  },
});
