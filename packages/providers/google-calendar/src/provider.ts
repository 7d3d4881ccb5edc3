/** Google Calendar: events, calendars, free and busy times, and word of changes. */
import { collect, defineProvider } from '@plugboard/core';
import type { Api, Meaning } from '@plugboard/core';
import { given } from '@plugboard/core/fields';
import { channelWebhooks, googleAccount, googleApp, googleErrors, googleHosts, googleOAuth } from '@plugboard/google';
import { googleServiceAccount, holds, identity, identityScopes, keyFields, notified, refusal } from '@plugboard/google';
import { z } from 'zod';

import { calendars, channels, events, freeBusy } from './operations.ts';
import { implies, scopes, settings } from './schemas.ts';

const asked = {
  ...identityScopes,
  [scopes.events]: 'Read and write events.',
  [scopes.listsRead]: 'Know which calendars there are.',
  [scopes.freeBusy]: 'See when you are busy.',
};
const more = {
  [scopes.all]: 'See, change and share calendars.',
  [scopes.read]: 'See calendars and their events.',
  [scopes.eventsRead]: 'Read events.',
  [scopes.eventsOwned]: 'Read and write events of your own calendars.',
  [scopes.eventsFreeBusy]: 'See when you are busy, on calendars that you reach.',
  [scopes.lists]: 'Add calendars to your list and take them off.',
  [scopes.calendars]: 'Make calendars and change them.',
  [scopes.calendarsRead]: 'Read the name and time zone of calendars.',
  [scopes.own]: 'Make calendars, and read and write events in them.',
};

const tooOld: Meaning = {
  kind: 'conflict',
  hint: 'Leave the sync token out and read everything; `events.changes` does.',
};
const weekMs = 7 * 86_400_000;

/** The cheapest call that the grant allows. */
async function probe(api: Api): Promise<unknown> {
  if (holds(api, implies, scopes.listsRead)) return api.call(calendars.list, { maxResults: 1 });
  if (holds(api, implies, scopes.eventsRead)) return api.call(events.list, { maxResults: 1 });
  const now = new Date(api.clock.now()).toISOString();
  return api.call(freeBusy.query, { timeMin: now, timeMax: now, calendarIds: ['primary'] });
}

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

  auth: {
    oauth: googleOAuth({ ask: asked, more, implies }),
    // Its own calendars, those shared with it, or with `subject` those of a user of the Workspace.
    serviceAccount: googleServiceAccount({
      credentials: keyFields({ ...asked, ...more }),
      scopes: [scopes.all],
      implies,
    }),
  },

  api: {
    baseUrl: 'https://www.googleapis.com/calendar/v3',
    // For each user and project, since 1 May 2026: https://developers.google.com/workspace/calendar/api/guides/quota (2026-11-20)
    limits: [{ requests: 600, perMs: 60_000 }],
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

  account: (api) => googleAccount(api, () => probe(api)),
  async healthCheck(api) {
    await probe(api);
    return { status: 'healthy' };
  },

  settings: {
    schema: settings,
    choices: {
      calendarId: (api) =>
        collect(api.pages(calendars.list, { maxResults: 250 }), ({ items }) =>
          items.map(({ id, summary, summaryOverride }) => ({ value: id, label: summaryOverride ?? summary ?? id })),
        ),
    },
    scopes: { calendarId: [scopes.eventsRead] },
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
