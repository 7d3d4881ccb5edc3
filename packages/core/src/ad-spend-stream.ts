/** The stream that every provider has whose capability is `adSpend`: one row for each campaign and day. */
import type { AdSpendCapability, AdSpendRow } from './capabilities.ts';
import type { Api } from './endpoint.ts';
import { text } from './json.ts';
import type { Schema } from './schema.ts';
import { streamBy, type StreamPage, type SyncStream } from './sync-stream.ts';

export interface AdSpendRecord extends AdSpendRow {
  /** Names the row for good, within the account: writing it under this key again corrects what the vendor restated. */
  readonly key: string;
}

interface Days {
  /** The day to read next, and the last one of the pass: `YYYY-MM-DD`. */
  readonly day: string;
  readonly until: string;
}

const dayMs = 24 * 3_600_000;
/** Vendors go on attributing conversions to days that have passed, and correct their cost. */
const restatedMs = 7 * dayMs;
const historyMs = 90 * dayMs;
/** Of one day, handled at a time: accounts may have any number of campaigns. */
const batch = 1000;

/** @param make the provider's capability. */
export function adSpendStream(make: (api: Api) => AdSpendCapability): SyncStream<AdSpendRecord> {
  return streamBy({
    summary:
      'Cost and results of each campaign by the day; the last seven days are read again, as vendors restate them.',
    cursor: daysSchema,
    overlapMs: restatedMs,
    historyMs,
    async *read(api, { cursor, since, startedAt }) {
      const days = cursor ?? { day: dayOf(api, since ?? startedAt), until: dayOf(api, startedAt) };
      for (let { day } = days; day <= days.until; day = nextDay(day)) {
        yield* readDay(make(api), { day, until: days.until });
      }
    },
  });
}

async function* readDay(spend: AdSpendCapability, here: Days): AsyncGenerator<StreamPage<AdSpendRecord, Days>> {
  let records: AdSpendRecord[] = [];
  for await (const row of spend({ since: here.day, until: here.day })) {
    records.push({ ...row, key: `${row.date}/${row.campaignId}` });
    if (records.length < batch) continue;
    // Within a day there is no place to go on at.
    yield { records, cursor: here };
    records = [];
  }
  const next = nextDay(here.day);
  yield { records, cursor: next > here.until ? null : { ...here, day: next } };
}

/** The day in the account's time zone where the connection knows it, else in UTC. */
function dayOf({ metadata }: Api, at: Date): string {
  const utc = at.toISOString().slice(0, 10);
  const timeZone = text(metadata['timezone']);
  if (timeZone === undefined) return utc;
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`;
  } catch {
    // A name that this runtime does not know.
    return utc;
  }
}

function nextDay(day: string): string {
  return new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10);
}

const daysSchema: Schema<Days> = {
  '~standard': {
    version: 1,
    vendor: 'plugboard',
    validate(value) {
      const { day, until } = Object(value) as Partial<Days>;
      return isDay(day) && isDay(until) ? { value: { day, until } } : { issues: [{ message: 'must be two days' }] };
    },
  },
};

function isDay(value: unknown): value is string {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === value;
}
