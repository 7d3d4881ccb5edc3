/** The official SDK: it collects events and sends them in batches through the board's transport. */
import {
  at,
  encodeHex,
  hash,
  isPlugboardError,
  parseJson,
  sdkFetch,
  type Api,
  type Cancel,
  type TrackCapability,
} from '@plugboard/core';
import type { PostHog } from 'posthog-node';

import { ingest } from './access.ts';

const mostWaiting = 1000;
const batchSize = 20;
const longestWaitMs = 10_000;
/** Names under which the SDK tells that it took something in. */
const kinds = ['capture', 'identify', 'alias'] as const;

/** Its key is a placeholder: the transport puts the true one in, and tries again where that can help. */
export async function loadSdk(api: Api): Promise<PostHog> {
  const { PostHog: Sdk } = await import('posthog-node');
  const send = sdkFetch(api);
  let waiting = 0;
  let taken = 0;
  let cancel: Cancel | undefined;
  const sdk = new Sdk('phc_plugboard', {
    host: ingest(api),
    fetchRetryCount: 0,
    // The transport reads the body to put the key in.
    disableCompression: true,
    // Flushes are begun below: the SDK writes failures of its own ones to the console.
    flushAt: Number.MAX_SAFE_INTEGER,
    flushInterval: 0,
    before_send(event) {
      if (waiting < mostWaiting) {
        waiting++;
        return event;
      }
      api.reportLoss({ count: 1, reason: 'queue_full' });
      return null;
    },
    async fetch(url, init) {
      const answer = await send(url, init as RequestInit);
      // Too large is sent again in halves; anything else that is refused is thrown away by the SDK.
      if (!answer.ok && answer.status !== 413) {
        const count = eventsIn(init.body);
        waiting -= count;
        api.reportLoss({ count, reason: 'refused' });
      }
      return answer;
    },
  });
  const flush = () => {
    cancel?.();
    cancel = undefined;
    // Refusals are told above; what could not be sent is kept for the next time.
    void sdk.flush().catch(() => undefined);
  };
  for (const kind of kinds) {
    sdk.on(kind, () => {
      // Only captures pass through `before_send`.
      if (kind !== 'capture') waiting++;
      if (++taken % batchSize === 0) flush();
      else cancel ??= api.clock.after(longestWaitMs, flush);
    });
  }
  sdk.on('flush', (sent: readonly unknown[]) => void (waiting -= sent.length));
  return sdk;
}

/** The vendor takes UUIDs alone; the host's own id becomes the same one each time. */
async function uuidOf(id: string): Promise<string> {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return id;
  const hex = encodeHex(await hash('sha256', id));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function eventsIn(body: unknown): number {
  const batch = typeof body === 'string' ? at(parseJson(body), 'batch') : undefined;
  return Array.isArray(batch) ? batch.length : 0;
}

export function track(api: Api): TrackCapability {
  const sdk = () => api.sdk(loadSdk);
  return {
    async capture({ name, personId, properties, groups, id, at: when }) {
      (await sdk()).capture({
        event: name,
        distinctId: personId,
        ...(properties && { properties: { ...(properties as object) } }),
        ...(groups && { groups: { ...groups } }),
        ...(id !== undefined && { uuid: await uuidOf(id) }),
        ...(when && { timestamp: when }),
      });
    },
    async identify({ personId, traits, traitsOnce }) {
      (await sdk()).identify({
        distinctId: personId,
        properties: { ...(traits && { $set: traits }), ...(traitsOnce && { $set_once: traitsOnce }) },
      });
    },
    async alias({ personId, alias }) {
      (await sdk()).alias({ distinctId: personId, alias });
    },
    async group({ type, key, traits }) {
      (await sdk()).groupIdentify({ groupType: type, groupKey: key, ...(traits && { properties: { ...traits } }) });
    },
    async flush() {
      try {
        await (await sdk()).flush();
      } catch (error) {
        // The SDK wraps what its fetch rejected with.
        const cause = [error, (error as Error).cause, ((error as Error).cause as Error | undefined)?.cause].find(
          isPlugboardError,
        );
        throw cause ?? error;
      }
    },
  };
}
