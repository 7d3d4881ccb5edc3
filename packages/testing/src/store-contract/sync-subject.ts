/** What the cases of streams share. */
import type { OwnedStream, StreamData, StreamRow } from '@plugboard/core/store-kit';

import { insert, minute, organization, type Subject } from './subject.ts';

export const untouched: StreamData = {
  accountId: null,
  cursor: null,
  mark: null,
  startedAt: null,
  finishedAt: null,
  records: 0,
  pages: 0,
  lastError: null,
  failCount: 0,
  dueAt: null,
};

/** A connection and the key of one of its streams. */
export async function streamOf(subject: Subject, stream = 'orders', owner = organization): Promise<OwnedStream> {
  const { id } = await insert(subject, {}, owner);
  return { organizationId: owner, connectionId: id, stream };
}

export async function leased({ store }: Subject, { organizationId, ...key }: OwnedStream): Promise<StreamRow> {
  const row = await store.sync.lease(organizationId, key, minute);
  if (row === null) throw new Error('The store refused the lease of a stream that nobody holds.');
  return row;
}

/** A stream that a job reads, due at the clock's present. */
export async function scheduled(subject: Subject, stream?: string, owner?: string): Promise<OwnedStream> {
  const key = await streamOf(subject, stream, owner);
  await subject.store.sync.schedule([key]);
  return key;
}

export const request = { provider: 'acme', stream: 'orders', limit: 100, leaseMs: minute, except: [] };
export const idsOf = (rows: readonly { readonly connectionId: string }[]) => rows.map((row) => row.connectionId);
