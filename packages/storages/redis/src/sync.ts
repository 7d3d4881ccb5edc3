import {
  checkOrganizationId,
  checkSchedule,
  checkStreamDue,
  checkStreamKey,
  checkStreamLease,
  checkStreamSave,
  isConnectionId,
  type StreamRow,
  type SyncStore,
} from '@plugboard/core/store-kit';

import { decodeStream, encodeStream } from './fields.ts';
import { claimRows, rowsOf } from './rows.ts';
import { inChunks, type Session } from './session.ts';
import { syncScripts as scripts } from './sync-scripts.ts';

export function createSync({ run }: Session): SyncStore {
  return {
    async get(organizationId, key) {
      checkOrganizationId(organizationId);
      checkStreamKey(key);
      if (!isConnectionId(key.connectionId)) return null;
      return firstRow(await run(scripts.get, organizationId, key.connectionId, key.stream));
    },

    async list(organizationId, connectionId) {
      checkOrganizationId(organizationId);
      if (!isConnectionId(connectionId)) return [];
      return rowsOf(await run(scripts.list, organizationId, connectionId), decodeStream);
    },

    async lease(organizationId, { connectionId, stream }, leaseMs) {
      checkOrganizationId(organizationId);
      checkStreamKey({ connectionId, stream });
      checkStreamLease(leaseMs);
      if (!isConnectionId(connectionId)) return null;
      return firstRow(await run(scripts.lease, organizationId, connectionId, stream, leaseMs));
    },

    async save(organizationId, { connectionId, stream }, hold, change) {
      checkOrganizationId(organizationId);
      checkStreamKey({ connectionId, stream });
      checkStreamSave(hold, change);
      if (!isConnectionId(connectionId)) return null;
      const { leaseFence, leaseMs } = hold;
      const values = [connectionId, stream, leaseFence, leaseMs ?? '', ...encodeStream(change)];
      return firstRow(await run(scripts.save, organizationId, ...values));
    },

    async schedule(streams) {
      checkSchedule(streams);
      const known = streams.filter(({ connectionId }) => isConnectionId(connectionId));
      await inChunks(known, async (chunk) => {
        const values = chunk.flatMap(({ organizationId, connectionId, stream }) => [
          organizationId,
          connectionId,
          stream,
        ]);
        return [await run(scripts.schedule, ...values)];
      });
    },

    async claimDue(request) {
      checkStreamDue(request);
      const { provider, stream, limit, leaseMs, except } = request;
      return claimRows(limit, (most) => run(scripts.claim, provider, stream, leaseMs, most, ...except), decodeStream);
    },
  };
}

function firstRow(reply: unknown): StreamRow | null {
  return rowsOf(reply, decodeStream)[0] ?? null;
}
