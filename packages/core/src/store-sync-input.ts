/** What every store refuses of its calls about streams: see store-input.ts. */
import { invalidInput } from './errors.ts';
import { bytes, checkFields, date, integer, jsonObject, list, nullable, text, type Rules } from './field-rules.ts';
import { checkOrganizationId } from './store-input.ts';
import type { OwnedStream, StreamData, StreamDueRequest, StreamHold, StreamKey } from './store-sync.ts';

const longestLeaseMs = 24 * 3_600_000;
const mostRows = 10_000;
const count = integer(0, Number.MAX_SAFE_INTEGER);

// A connection's id is judged where it is looked up: an unknown one is a miss.
const key: Rules<StreamKey> = { connectionId: () => undefined, stream: text(64) };
const leaseMs = integer(1, longestLeaseMs);
const data: Rules<StreamData> = {
  accountId: nullable(text(512)),
  // 16 KB of a vendor's cursor, sealed.
  cursor: nullable(bytes(20 * 1024)),
  mark: nullable(date),
  startedAt: nullable(date),
  finishedAt: nullable(date),
  records: count,
  pages: count,
  lastError: nullable(jsonObject(16 * 1024, 10)),
  failCount: integer(0, 1_000_000),
  dueAt: nullable(date),
};
const hold: Rules<StreamHold> = { leaseFence: integer(0), leaseMs: nullable(leaseMs) };
const due: Rules<StreamDueRequest> = {
  provider: text(64),
  stream: key.stream,
  limit: integer(1, mostRows),
  leaseMs,
  except: list(mostRows, text(256)),
};

export function checkStreamKey({ connectionId, stream }: StreamKey): void {
  checkFields('The stream', { connectionId, stream }, key);
}

export function checkStreamLease(value: number): void {
  checkFields('The lease', { leaseMs: value }, { leaseMs });
}

/** Refuses `undefined` too: it could be meant as null or as «leave it». */
export function checkStreamSave(holdValue: StreamHold, change: Partial<StreamData>): void {
  checkFields('The hold', holdValue, hold);
  const given = Object.entries(data).filter(([field]) => Object.hasOwn(Object(change) as object, field));
  checkFields('The change', change, Object.fromEntries(given) as Rules<typeof change>);
  if (change.dueAt === undefined || holdValue.leaseMs === null) return;
  throw invalidInput('The change', [{ path: 'dueAt', message: 'is given only where the lease ends' }]);
}

export function checkSchedule(streams: readonly OwnedStream[]): void {
  checkFields('The schedule', { streams: [...streams] }, { streams: list(mostRows, () => undefined) });
  for (const { organizationId, ...stream } of streams) {
    checkOrganizationId(organizationId);
    checkStreamKey(stream);
  }
}

export function checkStreamDue(value: StreamDueRequest): void {
  checkFields('The claim', value, due);
}
