/** Google Calendar: events, calendars, free and busy times, and word of changes. */
import { collect, defineProvider } from '@plugboard/core';
import type { Meaning } from '@plugboard/core';
import { given, z } from '@plugboard/core/fields';
import { channelWebhooks, googleApp, googleAuth, googleErrors, googleHosts, googleUser } from '@plugboard/google';
import { identity, notified, probe, quotaUser, refusal } from '@plugboard/google';

import { calendars, channels, events, freeBusy } from './operations.ts';
import { needs, scopes, settings } from './schemas.ts';

const tooOld: Meaning = {
  kind: 'conflict',
  hint: 'Leave the sync token out and read everything; `events.changes` does.',
};
const weekMs = 7 * 86_400_000;

/** With `calendar.app.created` an app reads the calendars that it made, and not the user's own. */
const seesPrimary = (need: readonly string[]) => [need.filter((scope) => scope !== scopes.own)];

/** A minute that has passed: what the vendor says of it does not matter. */
const aMinute = { timeMin: '2026-11-20T00:00:00Z', timeMax: '2026-11-20T00:01:00Z', calendarIds: ['primary'] };

export const googleCalendar = defineProvider({
  id: 'google-calendar',
  name: 'Google Calendar',
  category: 'calendar',
  summary: 'Read and write events, find free time, and hear of changes.',
  docs: {
    home: 'https://calendar.google.com',
    keys: 'https://console.cloud.google.com/apis/credentials',
    reference: 'https://developers.google.com/workspace/calendar/api/v3/reference',
    checked: '2026-11-20',
  },
  hosts: ['www.googleapis.com', ...googleHosts],
  app: googleApp,

  auth: googleAuth({
    ask: {
      [scopes.events]: 'Read and write events.',
      [scopes.listsRead]: 'Know which calendars there are.',
      [scopes.freeBusy]: 'See when you are busy.',
    },
    more: {
      [scopes.all]: 'See, change and share calendars.',
      [scopes.read]: 'See calendars and their events.',
      [scopes.eventsRead]: 'Read events.',
      [scopes.eventsOwned]: 'Read and write events of your own calendars.',
      [scopes.eventsFreeBusy]: 'See when you are busy, on calendars that you reach.',
      [scopes.lists]: 'Add calendars to your list and take them off.',
      [scopes.calendars]: 'Make calendars and change them.',
      [scopes.calendarsRead]: 'Read the name and time zone of calendars.',
      [scopes.own]: 'Make calendars, and read and write events in them.',
    },
    // Its own calendars, those shared with it, or with `subject` those of a user of the Workspace.
    serviceAccount: { scopes: [scopes.all] },
  }),

  api: {
    baseUrl: 'https://www.googleapis.com/calendar/v3',
    headers: quotaUser,
    // Since 1 May 2026: https://developers.google.com/workspace/calendar/api/guides/quota (2026-11-20)
    limits: [
      { requests: 600, perMs: 60_000 },
      { requests: 10_000, perMs: 60_000, per: 'app' },
    ],
    errors: googleErrors(
      {
        forbiddenForNonOrganizer: { kind: 'permission', hint: 'Only the organizer may change this of an event.' },
        duplicate: { kind: 'conflict', hint: 'An event with this id exists already: read it.' },
        conditionNotMet: { kind: 'conflict', hint: 'Somebody changed the event meanwhile: read it again.' },
        deleted: 'not_found',
        fullSyncRequired: tooOld,
        updatedMinTooLongAgo: tooOld,
      },
      {
        notOrganizer: refusal(403, 'forbiddenForNonOrganizer', 'permission'),
        limitExceeded: refusal(
          403,
          'quotaExceeded',
          { kind: 'rate_limited', retryable: true },
          { domain: 'usageLimits', message: 'Calendar usage limits exceeded.' },
        ),
        duplicate: refusal(409, 'duplicate', 'conflict'),
        conditionNotMet: refusal(412, 'conditionNotMet', 'conflict'),
        deleted: refusal(410, 'deleted', 'not_found', { message: 'Resource has been deleted' }),
        syncTokenTooOld: refusal(410, 'fullSyncRequired', 'conflict'),
      },
    ),
  },

  ...googleUser(
    probe(calendars.list, { maxResults: 1 }),
    probe(events.list, { calendarId: 'primary', maxResults: 1 }, seesPrimary(needs.see)),
    probe(calendars.get, { calendarId: 'primary' }, seesPrimary(needs.seeCalendars)),
    probe(freeBusy.query, aMinute),
  ),

  settings: {
    schema: settings,
    choices: {
      calendarId: (api) =>
        collect(api.pages(calendars.list, { maxResults: 250 }), ({ items }) =>
          items.map(({ id, summary, summaryOverride }) => ({ value: id, label: summaryOverride ?? summary ?? id })),
        ),
    },
    scopes: { calendarId: [needs.see] },
  },

  webhooks: channelWebhooks({
    docs: 'https://developers.google.com/workspace/calendar/api/guides/push',
    params: given({}, { calendarId: z.string(), of: z.enum(['events', 'calendarList']) }),
    open: (api, { calendarId, of }, ask) =>
      of === 'calendarList'
        ? api.call(channels.watchList, ask(weekMs))
        : api.call(channels.watchEvents, { ...ask(weekMs), ...(calendarId !== undefined && { calendarId }) }),
    stop: channels.stop,
    states: ['exists', 'not_exists'],
    vectors: [notified('a change', 'exists', ['exists']), notified('the greeting of a channel', 'sync', [])],
  }),

  operations: { calendars, events, freeBusy, channels, identity },
});
