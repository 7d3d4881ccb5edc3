/** What a DSN is for: https://develop.sentry.dev/sdk/foundations/envelopes/ (2026-11). */
import { encodeUtf8, endpoint, text, type Api, type Encoded } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { ingest } from './access.ts';

const hexId = z
  .string()
  .regex(/^[0-9a-f]{32}$/, { error: 'must be 32 hexadecimal digits in lower case' })
  .meta({ examples: ['fc6d8c0c43fc4630ad850ee518f1b9d0'] });

/** A text, or what becomes JSON. */
const payload = z.union([z.string(), z.looseObject({})]);

interface Item {
  readonly type: string;
  readonly payload: string | object;
  readonly [header: string]: unknown;
}

/** One line for the header, two for each item, whose length is told: a text may hold line breaks of its own. */
export function writeEnvelope(header: object, items: readonly Item[]): string {
  const lines = items.flatMap(({ payload: content, ...rest }) => {
    const body = typeof content === 'string' ? content : JSON.stringify(content);
    return [JSON.stringify({ ...rest, length: encodeUtf8(body).length }), body];
  });
  return [JSON.stringify(header), ...lines].join('\n');
}

function encodeEnvelope(items: readonly Item[], api: Api, eventId?: string): Encoded {
  const named = eventId ?? items.map((item) => text((item.payload as { event_id?: unknown }).event_id)).find(Boolean);
  const header = { ...(named && { event_id: named }), sent_at: new Date(api.clock.now()).toISOString() };
  return { body: writeEnvelope(header, items), headers: { 'content-type': 'application/x-sentry-envelope' } };
}

const taken = like({}, { id: 'fc6d8c0c43fc4630ad850ee518f1b9d0' });

export const envelopes = {
  send: endpoint('POST /envelope/', {
    summary: 'Sends items as they are: events, messages, check-ins, feedback, client reports.',
    baseUrl: ingest,
    input: given(
      {
        items: z
          .array(
            z
              .looseObject({ type: z.string().regex(/^[a-z_]+$/), payload })
              .meta({ examples: [{ type: 'event', payload: { message: { formatted: 'Hello' }, level: 'info' } }] }),
          )
          .min(1)
          .max(100),
      },
      { event_id: hexId },
    ),
    encode: ({ items, event_id: id }, api) => encodeEnvelope(items as readonly Item[], api, id),
    output: taken,
  }),
  checkIn: endpoint('POST /envelope/', {
    summary: 'Tells a monitor that a job began or ended; with `monitor_config` the monitor need not exist yet.',
    baseUrl: ingest,
    repeat: 'safe',
    input: given(
      { check_in_id: hexId, monitor_slug: 'nightly-report', status: z.enum(['in_progress', 'ok', 'error']) },
      { duration: 12.5, environment: 'production', release: z.string().min(1), monitor_config: z.looseObject({}) },
    ),
    encode: (checkIn, api) => encodeEnvelope([{ type: 'check_in', payload: checkIn }], api),
    output: taken,
  }),
};
